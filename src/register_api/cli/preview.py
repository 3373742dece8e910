"""The command `preview`: what publishing now would tell customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from register_api.cli import options
from register_api.cli.output import print_json
from register_api.cli.reasons import GivenReason, reason_options
from register_api.cli.words import Line, change_lines, markdown, print_lines, proposal_lines
from register_api.core.canonical import encoded
from register_api.core.diff.document import diff_document
from register_api.errors import UsageError
from register_api.publish.preparation import Candidate, prepare, read_base
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.core.diff.changes import Diff

_NOT_PUBLISHED = "0" * 64
"""Stands for the digest of a version that does not exist yet."""

_NO_REASON = GivenReason()


@click.command()
@options.source_option
@options.store_option
@reason_options
@click.option("--markdown", "as_markdown", is_flag=True, help="Print for a comment on a pull request.")
@options.json_option
def preview(source: Path, store: Path, why: GivenReason, *, as_markdown: bool, as_json: bool) -> None:
    """Show in words what publishing now would tell your customers.

    Nothing is written. What is only warned of is shown by check. What you may have meant (a rename,
    a return, a replacement) is proposed after the changes, and never decided.

    \b
    Examples:
      register-api preview
      register-api preview --markdown
      register-api preview --corrects 7 --reason "Acme processes in Finland, not in Sweden"
    """
    if as_markdown and as_json:
        raise UsageError("preview prints --markdown or --json, not both")
    show_preview(source, store, why, as_markdown=as_markdown, as_json=as_json)


def show_preview(
    source: Path,
    store: Path,
    why: GivenReason = _NO_REASON,
    *,
    as_markdown: bool = False,
    as_json: bool = False,
) -> None:
    """Print what publishing the source now would tell customers.

    Raises:
        Refused: An error in the source forbids publishing.
    """
    snapshot = open_snapshot(store)
    prepared = prepare(source, read_base(snapshot), why.intent(snapshot))
    proposals = prepared.proposals()
    if prepared.register is None and not as_json:
        print_lines(proposal_lines(proposals))
    register, _ = prepared.required()
    diff = _coming_diff(prepared)
    if as_json:
        print_json({**msgspec.to_builtins(diff), "proposals": proposals})
        return
    nothing = f"Nothing has changed since version {register.version - 1}; publishing makes no version."
    told = (*change_lines(register, diff), *proposal_lines(proposals))
    lines = (Line(0, nothing),) if prepared.unchanged else told
    if as_markdown:
        click.echo(markdown(lines), nl=False)
    else:
        print_lines(lines)


def _coming_diff(prepared: Candidate) -> Diff:
    """Return the diff that publishing now would make; digests of what does not exist are zeros."""
    register, promises = prepared.required()
    diff = diff_document(prepared.base.newest, encoded(register), promises)
    return msgspec.structs.replace(diff, newer=msgspec.structs.replace(diff.newer, sha256=_NOT_PUBLISHED))
