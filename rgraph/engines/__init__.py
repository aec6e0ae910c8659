"""What stands outside and has to be asked: registries, and servers that hold downloads.

"Not there" is an answer, a value (`Missing`). "Could not be asked" is an error (`CouldNotAskError`, exit
code 3). Only the second is worth another try.
"""
