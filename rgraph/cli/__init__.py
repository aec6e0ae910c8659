"""The command line: parse, call one use case, show, exit code. Nothing heavy is imported until a
command runs, so that `--help`, `--version` and completion answer at once.
"""
