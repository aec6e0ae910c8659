"""The catalogue's files: reader (YAML to plain data, with places) and writer (write, check, diff)."""
