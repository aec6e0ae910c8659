"""Generated files: pure text, one file here for each kind of them.

`view.py` holds what they are made of; `all_files` gives every file of a catalogue.
"""
