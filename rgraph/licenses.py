"""SPDX licence expressions: validity, the ids in one, and whether a policy admits it.

The grammar is SPDX 2.3, annex D. `packaging` knows the lists of ids and says whether an expression
is valid (in 3 ms); `license_expression` gives the tree that a policy needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from rgraph.names import Bad

MAX_LENGTH = 2000
"""Longest expression: real ones have a line, and parsing nests as deep as the parentheses."""

_OPERATORS = frozenset({"AND", "OR", "WITH"})
_ASKS_FOR_SOURCE = re.compile(
    r"(?:A|L)?GPL-|MPL-|EPL-|CPL-|CDDL-|EUPL-|CECILL-2|OSL-|MS-RL|QPL-|SISSL|IPL-|SPL-|APSL-|CPAL-|RPL-|SSPL-"
    r"|Sleepycat$"
)
"""Licences under which who passes on a program must say where its source is to be had: GNU GPL, LGPL
and AGPL (GPL-2.0 section 3, GPL-3.0 section 6), MPL-2.0 3.2, EPL-2.0 3.1, CDDL-1.0 3.1, CPAL-1.0 3.2,
RPL-1.5 6.0, SSPL-1.0 6, Sleepycat 3, and their kin."""


@cache
def check_expression(text: str) -> str | Bad:
    """The expression in canonical form, or why it is none."""
    # Late: catalogues without licence facts do not pay for it.
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    help = "write SPDX ids joined by AND, OR, WITH; what SPDX does not list is `LicenseRef-NAME`"
    if len(text) > MAX_LENGTH:
        return Bad(f"the licence expression is longer than {MAX_LENGTH} characters", help)
    if text.count("(") > 50:
        return Bad("the licence expression has more than 50 parentheses", help)
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression as error:
        reason = str(error).partition(":")[0].lower()
        unknown = re.search(r"Unknown license(?: exception)?: '(.*)'", str(error))
        if "licenseref" in reason:
            return Bad(
                f"`{text}` is no licence expression", "`LicenseRef-` takes letters, digits, `.` and `-`"
            )
        if text.upper() in ("NONE", "NOASSERTION"):
            return Bad(f"`{text}` is no licence", "leave the fact out: its licence then shows as not known")
        if unknown and (near := _near(unknown[1])):
            return Bad(f"`{text}` is no licence expression: SPDX lists no `{unknown[1]}`", near)
        return Bad(f"`{text}` is no licence expression", help)


def _near(id: str) -> str:
    from packaging.licenses import _spdx

    from rgraph.suggest import did_you_mean

    known = [each["id"] for each in (*_spdx.LICENSES.values(), *_spdx.EXCEPTIONS.values())]
    # An id of the other list, as in `MIT WITH MIT`, is known and yet wrong: itself would be no help.
    return did_you_mean(id, (each for each in known if each.lower() != id.lower()))


@cache
def ids_of(expression: str) -> tuple[str, ...]:
    """Ids of the licences and exceptions in a valid expression, in its order, each once."""
    words = expression.replace("(", " ").replace(")", " ").split()
    return tuple(dict.fromkeys(word for word in words if word.upper() not in _OPERATORS))


def admitted(expression: str, admits: Callable[[str], bool]) -> bool:
    """Whether a valid expression can be met with licences that `admits` accepts.

    `A OR B` needs one of them, `A AND B` both; of `A WITH E`, A counts.
    """
    # Late: only a policy needs it.
    from boolean import AND, OR
    from license_expression import LicenseWithExceptionSymbol

    def holds(tree: object) -> bool:
        if isinstance(tree, AND):
            return all(holds(each) for each in tree.args)
        if isinstance(tree, OR):
            return any(holds(each) for each in tree.args)
        if isinstance(tree, LicenseWithExceptionSymbol):
            return admits(present(tree.license_symbol.key))
        return admits(present(str(getattr(tree, "key", tree))))

    return holds(_tree(expression))


def present(id: str) -> str:
    """The present id of a licence: SPDX gave up `GPL-2.0` for `GPL-2.0-only`, `GPL-2.0+` for `-or-later`."""
    if re.fullmatch(r"(?:A|L)?GPL-[0-9.]+", id):
        return f"{id}-only"
    return re.sub(r"^((?:A|L)?GPL-[0-9.]+)\+$", r"\1-or-later", id)


@cache
def _tree(expression: str) -> object:
    from license_expression import Licensing

    # Without symbols of its own it takes every id as it stands; with its list it would rename some.
    return Licensing().parse(expression)


def asks_for_source(id: str) -> bool:
    """Whether a licence obliges who passes on the program to say where its source is to be had."""
    return bool(_ASKS_FOR_SOURCE.match(id))
