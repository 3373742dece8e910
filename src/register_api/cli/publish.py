"""The command `publish`, and the options for the reason and time of a publication."""

from __future__ import annotations

import datetime as dt
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.output import err, interrupt_note, out, progress
from register_api.cli.refresh import (
    compare_with_public,
    read_time_authority,
    request_cosignatures,
    request_timestamp,
)
from register_api.cli.trust_options import policy_of
from register_api.cli.words import print_publication, publications
from register_api.core.language.language import count
from register_api.publish.key_transaction import default_folder, write_public_copies
from register_api.publish.pipeline import Published, PublishRequest, publish_version
from register_api.publish.preparation import PublishOptions
from register_api.source.load import load
from register_api.store.reader import Snapshot, open_snapshot

_LONGEST_WAIT = 2.0
"""Maximum seconds to wait until the clock, in whole seconds, is later than the newest version."""


OptionsFactory: TypeAlias = Callable[[Snapshot | None], PublishOptions]
"""Returns the publish options of the version that follows a snapshot."""


def publish_options(
    snapshot: Snapshot | None, *, at: dt.datetime | None = None, **reason: Any
) -> PublishOptions:
    """Return publish options for the current time; waits briefly until it is later than the last version."""
    newest = snapshot.state.published_at if snapshot and at is None else None
    deadline = time.monotonic() + _LONGEST_WAIT
    instant = clock.now()
    while newest is not None and instant <= newest and time.monotonic() < deadline:
        time.sleep(0.05)
        instant = clock.now()
    return PublishOptions(now=instant, at=at, **reason)


def reason_options(command: options.Command) -> Any:
    """Add the options for the reason of a version, passed to the command as ``make_options``."""

    @options.together(
        click.option("--reason", help="The reason, in one sentence for your customers."),
        click.option(
            "--kind",
            type=click.Choice(["initial", "change", "correction", "editorial"]),
            help="Kind of reason.  [default: initial for version 1, correction with --corrects, else change]",
        ),
        click.option(
            "--corrects", type=int, metavar="N", help="Number of the version that this one corrects."
        ),
        click.option(
            "--at",
            type=options.instant,
            help="Import history: when this state was published elsewhere. Marks the version imported,"
            " permanently; refused once a live version exists.",
        ),
    )
    @functools.wraps(command)
    def with_reason(
        *, reason: str | None, kind: str | None, corrects: int | None, at: Any, **more: Any
    ) -> Any:
        make_options = functools.partial(publish_options, at=at, text=reason, kind=kind, corrects=corrects)
        return command(make_options=make_options, **more)

    return with_reason


@click.command()
@options.source_option
@options.store_option
@options.keys_option
@reason_options
@options.base_url_option("URL of the tree instead of `url` in register.toml, for a trial.")
@click.option(
    "--public-keys",
    type=options.PATH,
    help="Folder for copies of the PUBLIC keys and 1.root.json.  [default: keys/ beside the source]",
)
@click.option(
    "--root-keys",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="Number of root keys of a new register.",
)
@click.option(
    "--root-threshold",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="Number of root keys that must sign a root.",
)
@options.fresh_for_option
@options.clock_is_right_option
@options.policy_option
@options.time_authority_options
@options.offline_option
@options.progress_option
@click.option("--if-empty", is_flag=True, help="Do nothing if a version has been published.")
def publish(
    source: Path,
    store: Path,
    keys: Path,
    make_options: OptionsFactory,
    base_url: str | None,
    public_keys: Path | None,
    policy: Path | None,
    time_authority: str | None,
    time_authority_certificate: Path | None,
    *,
    offline: bool,
    if_empty: bool,
    **given: Any,
) -> None:
    """Publish the source as the next signed version, atomically.

    The first run creates a key for each role. A source that breaks a rule is refused and the published tree
    is unchanged. An unchanged source makes no new version. Then the witnesses of --policy are asked to
    cosign the new checkpoint, and --time-authority to timestamp it; a failure is reported and does not fail
    the command (with --if-empty, `refresh` does both).

    Before signing, the register's URL is checked: if the public tree is ahead of the store or has a
    different history, nothing is published (exit status 14 or 15; --offline skips this).

    \b
    Examples:
      register-api publish --reason "Acme is added on 10 June for support tickets"
      register-api publish --corrects 7 --reason "Acme processes in Finland, not in Sweden"
      register-api publish --at 2024-02-01T09:00:00Z      (imported history)
    """
    witnesses = policy_of(policy)
    authority = read_time_authority(time_authority, time_authority_certificate)
    before = open_snapshot(store)
    if if_empty and before is not None:
        return
    request = PublishRequest(
        source=source, store=store, keys=keys, options=make_options(before), base_url=base_url, **given
    )
    draft = None if base_url or before or offline else load(source).draft
    url = base_url or (draft.register.url if draft else None)  # the register's own URL, if readable
    with interrupt_note(lambda: publications(store, before)):
        compare_with_public(before, url, offline=offline)
        with progress("publishing") as report:
            published = publish_version(request, report)
        _print_outcome(published, store, public_keys or default_folder(source, keys))
        if published.snapshot and not if_empty:  # `run` waits for this before it serves, and refreshes next
            request_cosignatures(store, witnesses, request.options.now)
            request_timestamp(store, authority, request.options.now)


def _print_outcome(published: Published, store: Path, public_keys: Path) -> None:
    """Print the outcome, and write public copies of keys that an interrupted run may have left out."""
    warnings = sum(1 for finding in published.candidate.findings if not finding.accepted)
    if warnings:
        err.print(f"{count(warnings, 'warning')}; register-api check shows them.")
    if published.snapshot is None:
        out.print("Nothing has changed (R26): no new version was made.")
    else:
        print_publication(published.snapshot)
    snapshot = published.snapshot or open_snapshot(store)
    if snapshot is not None and not write_public_copies(snapshot, public_keys):
        err.print(
            f"Note: {public_keys} holds the public files of another set of keys and was left as it is;"
            f" this register's root is {store}/public/trust/1.root.json"
        )
