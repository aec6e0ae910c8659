"""Manifests as written: one file for each kind, one for each family of steps.

The types say what may stand in a document; `document.py` turns a parsed document into them and
finds everything that does not fit. Text may still hold `${{ }}` expressions here.
"""
