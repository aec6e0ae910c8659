"""The manifest language described: JSON Schemas for editors, and the reference for people.

`docstrings.py` reads what is written under the fields of `manifest/`; `build.py` makes the schemas of
the types, `reference.py` the Markdown of the same types and of examples that are really rendered.
"""
