"""The audit: rules that look at a resolved catalogue and return findings.

`interface.py` says what a rule and a finding are, `subject.py` what a rule can look at; one file for each
family of rules; `run.py` applies them, and waivers and policy to what they find. `pages/` holds one page of
documentation for each rule.
"""
