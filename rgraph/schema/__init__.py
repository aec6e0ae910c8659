"""The manifest language described: JSON Schemas for editors, and the reference for people.

`docstrings.py` reads what is written under the fields of `manifest/`, `types.py` asks what the types
are. Of both, `build.py` makes the schemas, and `reference.py` the Markdown, with `tables.py` and with
the examples of `examples.py` as `rendered.py` renders them.
"""
