"""audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from typer.core import TyperCommand

from rgraph.cli.common import Exclude, Folders, Selectors, directory, today, write


class AuditCommand(TyperCommand):
    """`--explain` may stand without a rule, which typer's options cannot say."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Puts `list` behind an `--explain` that has no value."""
        if not ctx.resilient_parsing:  # completion asks for the value that is missing
            for index in reversed(range(len(args))):
                if args[index] == "--explain" and (index + 1 == len(args) or args[index + 1][:1] == "-"):
                    args.insert(index + 1, "list")
        return super().parse_args(ctx, args)


def _rules(incomplete: str) -> list[str]:
    """Ids for completion."""
    # Late: only a shell that completes needs them.
    from rgraph.audit.table import RULES

    return [id for id in RULES if id.startswith(incomplete.upper())]


AsOf = Annotated[
    str,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="Audit as of a day, YYYY-MM-DD; `audited` is the one that the catalogue states. "
        "Default: today (UTC).",
    ),
]
Format = Annotated[
    Literal["text", "json", "sarif"],
    typer.Option(
        "--format", help="Text for people, JSON for programs, SARIF 2.1.0 for editors and code scanning."
    ),
]
FailOn = Annotated[
    Literal["error", "warning", "note", "never"],
    typer.Option("--fail-on", help="Exit 1 if something is found that is as grave as this, or graver."),
]
AdvisoriesPath = Annotated[
    Path | None,
    typer.Option(
        "--advisories",
        metavar="PATH",
        help="Folder or zip of security advisories in OSV format; nothing is fetched.",
    ),
]
ShowWaived = Annotated[
    bool,
    typer.Option(
        "--show-waived", help="Also show what waivers accept; JSON always has it, SARIF as suppressed."
    ),
]
Explain = Annotated[
    str,
    typer.Option(
        metavar="[RULE]",
        help="Print the page of a rule, by id or name; without one, list the rules.",
        autocompletion=_rules,
        show_default=False,
    ),
]


def audit(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    path: Folders = "",
    as_of: AsOf = "",
    format: Format = "text",
    fail_on: FailOn = "warning",
    advisories: AdvisoriesPath = None,
    show_waived: ShowWaived = False,
    explain: Explain = "",
) -> None:
    """Audit the catalogue: pins, licences, graph, fitness, life, safety, vulnerabilities.

    Findings that a waiver in manifests/waivers.yaml accepts do not count. With selectors: only findings
    that concern these images.
    """
    from rgraph import app
    from rgraph.cli import show_audit as show

    if explain:
        typer.echo(show.rules_text() if explain == "list" else app.rule_page(explain), nl=explain == "list")
        return
    workspace = app.Workspace(directory(context))
    day = app.audit_day(workspace.catalog, as_of, today())
    asked = workspace.select(selectors or [], exclude or [], path) if selectors or exclude or path else None
    known = app.advisories_at(advisories)
    report = app.audit_against(workspace, asked, day, known)
    total = len(workspace.resolved.images)
    selected = None if asked is None else len(asked)
    audited = show.Audited(workspace.root, report, day.isoformat(), total, selected, known)
    show.note_skipped(audited)
    match format:
        case "json":
            write(show.audit_json(audited))
        case "sarif":
            prefix = app.below_repository(workspace.root)
            typer.echo(show.audit_sarif(audited, app.rule_pages(), prefix, show_waived))
        case _:
            typer.echo(show.audit_text(audited, show_waived))
    if fail_on != "never" and report.at_least(fail_on):
        raise typer.Exit(1)
