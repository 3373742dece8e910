"""The command `check`: reports errors in the source before it is published."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import click

from register_api.cli import options
from register_api.cli.output import out, print_annotations, print_findings, print_json
from register_api.cli.publish import OptionsFactory, reason_options
from register_api.cli.words import print_lines, proposal_lines
from register_api.core.language.language import count
from register_api.errors import Refused
from register_api.publish.preparation import prepare, read_base
from register_api.store.reader import open_snapshot

Form: TypeAlias = Literal["text", "json", "github"]


@click.command()
@options.source_option
@options.store_option
@reason_options
@click.option("--strict", is_flag=True, help="Exit with status 1 for warnings too, unless accepted.")
@click.option("-q", "--quiet", is_flag=True, help="Print only what makes the command fail.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "github")),
    default="text",
    help="Output format; github writes annotations for a pull request.",
)
def check(
    source: Path, store: Path, make_options: OptionsFactory, strict: bool, quiet: bool, form: Form
) -> None:
    """Check the source for errors, and against the notice promise.

    Nothing is written. Errors block publishing, warnings do not. A warning can be accepted with a reason:
    [[accepted_warnings]] in register.toml. What you may have meant (a rename, a return, a replacement) is
    suggested, never applied.

    Exits with status 0 if the source can be published, else 1.

    \b
    Examples:
      register-api check
      register-api check --strict --quiet
      register-api check --source register --format json
    """
    snapshot = open_snapshot(store)
    candidate = prepare(source, read_base(snapshot), make_options(snapshot))
    worst_first = sorted(candidate.findings, key=lambda finding: finding.severity)
    stopping = {"error", "warning"} if strict else {"error"}
    reported = [
        item for item in worst_first if not item.accepted and (item.severity in stopping or not quiet)
    ]
    match form:
        case "json":
            ok = candidate.register is not None
            print_json({"findings": worst_first, "ok": ok, "proposals": candidate.proposals()})
        case "github":
            print_annotations(reported, source)
        case "text":
            print_findings(reported, out)
            if not quiet:
                errors = sum(1 for finding in candidate.findings if finding.severity == "error")
                accepted = sum(1 for finding in candidate.findings if finding.accepted)
                also = f" ({accepted} of them accepted)" if accepted else ""
                warnings = count(len(candidate.findings) - errors, "warning")
                out.print(f"{count(errors, 'error')}, {warnings}{also}")
                if candidate.unchanged:
                    out.print("Nothing has changed since the newest version (R26).")
                print_lines(proposal_lines(candidate.proposals()))
    if any(item.severity in stopping and not item.accepted for item in candidate.findings):
        raise click.exceptions.Exit(Refused.exit_code)
