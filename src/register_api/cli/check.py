"""The command `check`: what is wrong in the source, before anything is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from register_api.cli import options
from register_api.cli.output import out, print_findings, print_json
from register_api.cli.reasons import GivenReason, reason_options
from register_api.cli.words import print_proposals
from register_api.core.language.prose import count
from register_api.errors import Refused
from register_api.publish.preparation import Candidate, prepare, read_base
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@options.source_option
@options.store_option
@reason_options
@options.json_option
def check(source: Path, store: Path, why: GivenReason, as_json: bool) -> None:
    """Say what is wrong in the source, or breaks the notice promise.

    Nothing is written. Warnings do not stop publishing, errors do. What you may have meant (a rename,
    a return, a replacement) is proposed, and never decided.

    \b
    Examples:
      register-api check
      register-api check --source register --json
    """
    snapshot = open_snapshot(store)
    prepared = prepare(source, read_base(snapshot), why.intent(snapshot))
    proposals = prepared.proposals()
    if as_json:
        ok = prepared.register is not None
        print_json({"findings": prepared.findings, "ok": ok, "proposals": proposals})
    else:
        print_findings(sorted(prepared.findings, key=lambda finding: finding.severity, reverse=True))
        _print_tally(prepared)
        print_proposals(proposals)
    if prepared.register is None:
        raise click.exceptions.Exit(Refused.exit_code)


def _print_tally(prepared: Candidate) -> None:
    errors = sum(1 for finding in prepared.findings if finding.severity == "error")
    warnings = len(prepared.findings) - errors
    out.print(f"{count(errors, 'error')}, {count(warnings, 'warning')}")
    if prepared.unchanged:
        out.print("Nothing has changed since the newest version (R26).")
