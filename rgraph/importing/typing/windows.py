"""Windows: values of the registry, downloads, certificates."""

from __future__ import annotations

from typing import Any

from rgraph.importing.equivalence.powershell import Script, read_script, registry_value
from rgraph.importing.typing.found import escaped
from rgraph.steps.interface import Dialect

Data = dict[str, Any]


def windows_step(text: str, dialect: Dialect | None) -> Data | None:
    """The step for the text of a RUN on Windows; None if none can say it."""
    if dialect == "powershell-strict" and (value := _registry(text)):
        return value
    script = read_script(text, dialect)
    if script is None or script.stops:
        return None
    steps = _steps(script)
    if not steps:
        return None
    return steps[0] if len(steps) == 1 else {"group": steps}


def _registry(text: str) -> Data | None:
    """`Set-ItemProperty` with a type, as the only command of a RUN in a PowerShell that stops at errors."""
    found = registry_value(text)
    if found is None:
        return None
    key, name, value, kind = map(escaped, found)
    data = {"key": key, "name": name, "value": value}
    return {"registry": data if kind == "String" else data | {"type": kind}}


def _steps(script: Script) -> list[Data] | None:
    """Downloads that make up the whole script; None if there is anything else."""
    errors = {"errors": "ignore" if script.ending == "ok" else "last"}
    found: list[Data] = []
    index = 0
    while index < len(script.statements):
        statement = script.statements[index]
        if statement[0] != "fetch":
            return None
        _, url, file = statement
        removal = ("remove", file, "")
        rest = script.statements[index + 1 :]
        end = index + 1 + rest.index(removal) if removal in rest else -1
        between = script.statements[index + 1 : end] if end >= 0 else ()
        if len(between) == 1 and between[0][:2] == ("certificate", file):
            found.append({"certificate": {"url": url, "store": between[0][2], **errors}})
        elif any(each[0] == "fetch" for each in between):
            return None
        else:
            used = [escaped(text) for text in script.texts[index + 1 : end]] if end >= 0 else []
            found.append({"download": _download(url, file, used, end >= 0) | errors, "provides": []})
        index = end + 1 if end >= 0 else index + 1
    return found


def _download(url: str, file: str, used: list[str], removed: bool) -> Data:
    data: Data = {"url": escaped(url)}
    if not removed:
        return {**data, "to": escaped(file)}
    if file != f"$env:temp\\{url.rsplit('/', 1)[-1]}".lower():
        data["file"] = escaped(file)
    return {**data, "run": used}
