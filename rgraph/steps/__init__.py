"""Steps as resolved: every expression has its value, every package is parsed.

`interface.py` says what a step is, `context.py` how written values become resolved ones; one file
for each family; `table.py` maps each kind of written step to the function that resolves it.
"""
