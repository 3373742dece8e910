"""Commands of the publisher: check, preview, publish."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from register_api.cli import options
from register_api.cli.clock import now
from register_api.cli.output import err, out, print_findings, print_json, progress
from register_api.cli.words import print_changes, print_proposals, print_publication
from register_api.core.diff.document import diff_document
from register_api.errors import Refused
from register_api.publish.pipeline import Order, publish_version
from register_api.publish.preparation import Base, Intent, Prepared, prepare, read_base
from register_api.publish.proposing import proposals_for
from register_api.publish.signing.public_copies import default_folder, write_public_copies
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    import datetime as dt

    from register_api.cli.options import Command
    from register_api.core.diff.changes import Diff
    from register_api.core.model import ReasonKind
    from register_api.store.reader import Snapshot

_NOT_PUBLISHED = "0" * 64
"""Stands for the digest of a version that does not exist yet."""

_LONGEST_WAIT = 2.0
"""Seconds to wait for the clock to pass the newest version's instant; instants are whole seconds."""


def _reason_options(command: Command) -> Command:
    """Add the options that say why a version is published."""
    for add in (
        click.option(
            "--at",
            type=options.Instant(),
            help="Take over history: when this state was published elsewhere. Marks the version imported,"
            " for ever; refused once a live version exists.",
        ),
        click.option("--corrects", type=int, metavar="N", help="Number of the version that this puts right."),
        click.option(
            "--kind",
            type=click.Choice(["initial", "change", "correction", "editorial"]),
            help="Kind of the reason; without it: initial for version 1, correction with --corrects,"
            " else change.",
        ),
        click.option("--reason", help="Why, in a sentence for your customers."),
    ):
        command = add(command)
    return command


@click.command()
@options.source_option
@options.store_option
@_reason_options
@options.json_option
def check(
    source: Path,
    store: Path,
    reason: str | None,
    kind: ReasonKind | None,
    corrects: int | None,
    at: dt.datetime | None,
    as_json: bool,
) -> None:
    """Say what is wrong in the source, or breaks the notice promise.

    Nothing is written. Warnings do not stop publishing, errors do. What you may have meant (a rename,
    a merge, a correction) is proposed, and never decided.

    \b
    Examples:
      register-api check
      register-api check --source register --json
    """
    snapshot = open_snapshot(store)
    intent = Intent(now=_instant_after(snapshot, at), text=reason, kind=kind, corrects=corrects, at=at)
    prepared = prepare(source, read_base(snapshot), intent)
    proposals = proposals_for(prepared, snapshot)
    if as_json:
        ok = prepared.register is not None
        print_json({"findings": prepared.findings, "ok": ok, "proposals": proposals})
    else:
        print_findings(sorted(prepared.findings, key=lambda finding: finding.severity, reverse=True))
        _print_tally(prepared)
        print_proposals(proposals)
    if prepared.register is None:
        raise click.exceptions.Exit(Refused.exit_code)


@click.command()
@options.source_option
@options.store_option
@_reason_options
@options.json_option
def preview(
    source: Path,
    store: Path,
    reason: str | None,
    kind: ReasonKind | None,
    corrects: int | None,
    at: dt.datetime | None,
    as_json: bool,
) -> None:
    """Show in words what publishing now would tell your customers.

    Nothing is written. What is only warned of is shown by check. What you may have meant (a rename,
    a merge, a correction) is proposed after the changes, and never decided.

    \b
    Examples:
      register-api preview
      register-api preview --corrects 7 --reason "Acme processes in Finland, not in Sweden"
    """
    snapshot = open_snapshot(store)
    intent = Intent(now=_instant_after(snapshot, at), text=reason, kind=kind, corrects=corrects, at=at)
    prepared = prepare(source, read_base(snapshot), intent)
    proposals = proposals_for(prepared, snapshot)
    if prepared.register is None and not as_json:
        print_proposals(proposals)
    register, _ = prepared.required()
    diff = _coming_diff(prepared)
    if as_json:
        print_json({**msgspec.to_builtins(diff), "proposals": proposals})
        return
    if prepared.unchanged:
        out.print(f"Nothing has changed since version {register.version - 1}; publishing makes no version.")
        return
    print_changes(register, diff)
    print_proposals(proposals)


@click.command()
@options.source_option
@options.store_option
@options.keys_option
@_reason_options
@click.option(
    "--base-url",
    envvar="REGISTER_BASE_URL",
    show_envvar=True,
    help="Where the tree is published, for absolute links in feeds and discovery, e.g."
    " https://trust.example.com/ ; remembered from then on. Without it links are relative.",
)
@click.option(
    "--public-keys",
    type=click.Path(path_type=Path),
    help="Where copies of the PUBLIC keys and 1.root.json go.  [default: keys/ beside the source]",
)
@click.option(
    "--root-keys",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="How many root keys a new register gets.",
)
@click.option(
    "--root-threshold",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="How many of them have to sign a root.",
)
@click.option("--if-empty", is_flag=True, help="Do nothing where a version was published already.")
def publish(
    source: Path,
    store: Path,
    keys: Path,
    reason: str | None,
    kind: ReasonKind | None,
    corrects: int | None,
    at: dt.datetime | None,
    base_url: str | None,
    public_keys: Path | None,
    root_keys: int,
    root_threshold: int,
    *,
    if_empty: bool,
) -> None:
    """Publish the source as the next version, signed, whole or not at all.

    The first time, keys are made, one for each role. What breaks a rule is refused and the
    published tree stays as it was. The same source twice makes no second version.

    \b
    Examples:
      register-api publish --reason "Acme joins on 10 June for support tickets"
      register-api publish --corrects 7 --reason "Acme processes in Finland, not in Sweden"
      register-api publish --at 2024-02-01T09:00:00Z      (history taken over)
    """
    before = open_snapshot(store)
    if if_empty and before is not None:
        return
    order = Order(
        source=source,
        store=store,
        keys=keys,
        intent=Intent(now=_instant_after(before, at), text=reason, kind=kind, corrects=corrects, at=at),
        base_url=_with_final_slash(base_url),
        root_keys=root_keys,
        root_threshold=root_threshold,
    )
    with progress("publishing") as report:
        published = publish_version(order, report)
    warnings = len(published.prepared.findings)
    if warnings:
        err.print(f"{_count(warnings, 'warning')}; register-api check shows them.")
    if published.snapshot is None:
        out.print("Nothing has changed (R26): no new version was made.")
        return
    print_publication(published.snapshot)
    folder = public_keys or default_folder(source, keys)
    if not write_public_copies(published.snapshot, folder):
        err.print(
            f"Note: {folder} holds the public files of another set of keys and was left as it is;"
            f" this register's root is {store}/public/trust/1.root.json"
        )


def _coming_diff(prepared: Prepared) -> Diff:
    """Return the diff that publishing now would make; digests of what does not exist are zeros.

    Raises:
        Refused: An error forbids publishing.
    """
    base: Base = prepared.base
    register, promises = prepared.required()
    return diff_document(base.register, base.sha256, register, _NOT_PUBLISHED, promises)


def _print_tally(prepared: Prepared) -> None:
    errors = sum(1 for finding in prepared.findings if finding.severity == "error")
    warnings = len(prepared.findings) - errors
    out.print(f"{_count(errors, 'error')}, {_count(warnings, 'warning')}")
    if prepared.unchanged:
        out.print("Nothing has changed since the newest version (R26).")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _instant_after(snapshot: Snapshot | None, at: dt.datetime | None) -> dt.datetime:
    """Return the present instant, waiting for the next whole second where that is all it needs."""
    newest = snapshot.state.published_at if snapshot and at is None else None
    deadline = time.monotonic() + _LONGEST_WAIT
    instant = now()
    while newest is not None and instant <= newest and time.monotonic() < deadline:
        time.sleep(0.05)
        instant = now()
    return instant


def _with_final_slash(url: str | None) -> str | None:
    return url if url is None or url.endswith("/") else url + "/"
