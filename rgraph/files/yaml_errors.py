"""What the YAML parser objects to, in plain words."""

from __future__ import annotations

from typing import Final

from yaml import MarkedYAMLError

from rgraph.files.yaml_text import Fault, split_lines, unprintable_in_line

_QUOTE_EXPRESSION = "inside [ ] and { }, an expression must stand in quotes"
_ALIGN = "entries of one mapping or list begin in the same column"

# What the parser says -> what is wrong, what would be right.
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "mapping values are not allowed in this context": (
        "a `:` that does not fit here",
        'a text that holds ": " must stand in quotes; keys of one mapping begin in the same column',
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin here",
        "begin it on a line of its own",
    ),
    "mapping keys are not allowed in this context": ("a `?` cannot stand here", "put the value in quotes"),
    "could not find expected ':'": ("a key without `:`", "write `key: value`; text that goes on is indented"),
    "did not find expected key": ("neither a key of this mapping nor its end", _ALIGN),
    "did not find expected '-' indicator": ("neither an entry of this list nor its end", _ALIGN),
    "did not find expected ',' or ']'": ("a list that began with `[` goes on without `,` or `]`", ""),
    "did not find expected ',' or '}'": ("a mapping that began with `{` goes on without `,` or `}`", ""),
    "did not find expected node content": (
        "a value is missing here",
        "remove the extra `,`, or close the bracket",
    ),
    "did not find expected <document start>": ("text after the end of the document", "one manifest a file"),
    "but found another document": (
        "the file holds several documents",
        "one manifest a file: move what follows `---` to a file of its own",
    ),
    "found unexpected end of stream": ("a quoted text that does not end", "close the quotes"),
    "found unexpected document indicator": (
        "a quoted text that does not end before `---`",
        "close the quotes",
    ),
    "found unknown escape character": (
        "an unknown escape after `\\`",
        "write `\\\\` for a backslash, or use single quotes, which have no escapes",
    ),
    "did not find expected hexdecimal number": ("an escape without its hexadecimal digits", ""),
    "found invalid Unicode character escape code": ("an escape that is no Unicode character", ""),
    "found a tab character where an indentation space is expected": ("a tab is used for indentation", ""),
    "found a tab character that violates indentation": ("a tab is used for indentation", ""),
    "did not find expected comment or line break": (
        "more text behind `|` or `>`",
        "the text begins on the next line; put the value in quotes if the sign is meant as text",
    ),
    "found undefined tag handle": ("a tag is not allowed", "put a value that begins with `!` in quotes"),
    "found unknown directive name": (
        "a `%` cannot stand at the beginning of a line",
        "put the value in quotes",
    ),
    "found incompatible YAML document": (
        "another version of YAML",
        "remove the line that begins with `%YAML`",
    ),
}

# Found far behind the place that a person must mend.
_AT_ITS_BEGINNING: Final = (
    "could not find expected ':'",
    "found unexpected end of stream",
    "found unexpected document indicator",
)

_SIGNS: Final = {"while scanning an alias": "*", "while scanning an anchor": "&"}
_TABS = "indent with spaces"


def from_yaml(error: MarkedYAMLError, text: str) -> Fault:
    """What the parser found, where it found it.

    A character that cannot be seen on that line is named first: it is the likeliest cause.
    """
    mark = error.problem_mark or error.context_mark
    context = error.context_mark
    if error.problem in _AT_ITS_BEGINNING and context is not None:
        mark = context
    if mark is None:
        return Fault(f"not YAML: {error.problem}")
    hidden = unprintable_in_line(text, mark.line)
    if hidden is not None:
        return hidden
    what, help = _words(error, text, mark.line, mark.column)
    if context is not None and context.line != mark.line and (error.problem or "").startswith("did not find"):
        what = f"{what} (it began in line {context.line + 1})"
    lines = split_lines(text)
    if mark.line >= len(lines):
        # The parser ends a file without a last line feed on a line that is not there.
        return Fault(what, help, len(lines), len(lines[-1]) + 1)
    return Fault(what, help, mark.line + 1, mark.column + 1)


def _words(error: MarkedYAMLError, text: str, line: int, column: int) -> tuple[str, str]:
    lines = split_lines(text)
    content = lines[line] if line < len(lines) else ""
    character = content[column : column + 1]
    if character == "\t" or "\t" in content[: len(content) - len(content.lstrip())]:
        return "a tab is used for indentation", _TABS
    problem, context = error.problem or "", error.context or ""
    if "flow" in context and not "".join([content[column:], *lines[line + 1 :]]).strip():
        return "the file ends inside brackets", "close the bracket"
    if context in _SIGNS:
        sign = _SIGNS[context]
        return f"`{sign}` cannot begin a value", "put the value in quotes"
    if "tag" in context:
        return _WORDS["found undefined tag handle"]
    if problem == "found character that cannot start any token":
        return f"`{character}` cannot begin a value", "put the value in quotes"
    what, help = _WORDS.get(problem, (f"not YAML: {problem}", ""))
    if "flow" in context and "${{" in content:
        help = _QUOTE_EXPRESSION
    return what, help
