"""The command `status`: what is published, and when each part expires."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.output import err, out, print_error, print_json
from register_api.cli.refresh import compare_with_public, stamped_in_words
from register_api.cli.trust_options import policy_of
from register_api.cli.words import published
from register_api.core.format import tree
from register_api.core.instant import format_instant, instant_of
from register_api.core.language.language import count
from register_api.core.log.policy import WitnessPolicy, printable_name
from register_api.doctor.store_checks import RENEWED_BY, expiring, expiry_verdict
from register_api.errors import Stale, StoreDamaged, VerificationError
from register_api.publish.cosigning import read_head, witness_status
from register_api.publish.stamping import newest_stamped
from register_api.publish.trust.repository import Expiry
from register_api.store.reader import PUBLIC, Snapshot
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher
from register_api.verify.options import Options


@click.command()
@options.store_option
@options.policy_option
@options.offline_option
@options.address_option
@click.option("--deep", is_flag=True, help="Verify every version, like `verify --history all`.")
@options.json_option
def status(
    store: Path, policy: Path | None, base_url: str | None, as_json: bool, *, offline: bool, deep: bool
) -> None:
    """Show what is published, when it expires, who has cosigned it, and whether it is complete.

    For monitoring: exits with status 1 if something expires soon, the quorum of --policy is not met or
    nothing is published, and with 2 if something has expired or is damaged, or the public tree is ahead of
    the store.

    \b
    Examples:
      register-api status --json
      register-api status --deep
    """
    instant = clock.now()
    try:
        snapshot = published(store)
        rows = [(row, expiry_verdict(row, instant)) for row in expiring(snapshot)]
        witnesses = _witnesses_document(snapshot, policy_of(policy))
        last = newest_stamped(snapshot)
        damaged = snapshot.damaged()
        public = compare_with_public(snapshot, base_url, offline=offline)
        finding = _verify_public(snapshot, instant) if deep else None
    except (StoreDamaged, VerificationError) as error:  # unreadable, or not the newest
        print_error(error)
        raise click.exceptions.Exit(2) from error
    if as_json:
        state = snapshot.state
        print_json(
            {
                "register": state.register,
                "version": state.version,
                "published_at": state.published_at,
                "log": {"size": state.version, "root_hash": state.root_hash},
                "expiries": [
                    {"role": row.role, "version": row.version, "expires": row.expires, "verdict": verdict}
                    for row, verdict in rows
                ],
                "time_stamp": last
                and {"version": last.version, "at": last.stamp.at, "authority": last.stamp.authority},
                "witnesses": witnesses,
                "damaged": damaged,
                "finding": finding,
                "public": public,
            }
        )
    else:
        _print_status(snapshot, rows)
        _print_witnesses(witnesses)
        if last is not None:
            out.print(f"  {stamped_in_words(last)}")
        _print_tree(snapshot, damaged, finding, deep=deep)
    verdicts = {verdict for _, verdict in rows}
    if damaged or finding or "expired" in verdicts:
        raise click.exceptions.Exit(2)
    if not witnesses.get("quorum_met", True) or verdicts != {"good"}:
        raise click.exceptions.Exit(1)


def _verify_public(snapshot: Snapshot, instant: dt.datetime) -> str | None:
    """Verify the whole public tree and return what is wrong, except expiry, which is reported anyway."""
    public = snapshot.store / PUBLIC
    chosen = Options(root=public / tree.ROOT.path(1), history="all", wait=0)
    finding = verify(str(public), chosen, instant, fetcher=FolderFetcher(public)).finding
    return None if finding is None or isinstance(finding, Stale) else finding.message


def _print_tree(snapshot: Snapshot, damaged: list[str], finding: str | None, *, deep: bool) -> None:
    out.print(f"  {count(len(snapshot.manifest.files), 'file')}, {len(damaged)} damaged or missing")
    if deep:
        out.print(f"  every version verified: {finding or 'good'}")
    for path in damaged:
        err.print(f"  damaged or missing: {path}")
    if damaged or finding:
        cure = "register-api recover --from URL  (into an empty store: mv the damaged one away first)"
        err.print(f"  → {cure}")


def _witnesses_document(snapshot: Snapshot, policy: WitnessPolicy | None) -> dict[str, Any]:
    head = read_head(snapshot)
    if policy is None:
        return {"further_lines": head.further_lines}
    found = witness_status(head, policy)
    return {
        "further_lines": head.further_lines,
        "cosigned": [{"key": one.witness, "at": format_instant(instant_of(one.at))} for one in found.found],
        "missing": [{"name": printable_name(one.name), "key": one.key.name} for one in found.absent],
        "quorum": printable_name(policy.quorum),
        "quorum_met": found.is_met,
    }


def _print_witnesses(document: dict[str, Any]) -> None:
    """Print the cosignatures as text; nothing without a policy if there are none."""
    if "quorum" not in document:
        if lines := document["further_lines"]:
            out.print(f"  witnesses  {lines} further signature lines; --policy says whose")
        return
    verdict = "quorum met" if document["quorum_met"] else "quorum NOT met"
    cosigned, missing = document["cosigned"], document["missing"]
    out.print(f"  witnesses  {len(cosigned)} of {len(cosigned) + len(missing)} have cosigned  {verdict}")
    for one in cosigned:
        out.print(f"    {one['key']} at {one['at']}")
    for one in missing:
        out.print(f"    {one['key']} is missing ({one['name']})")


def _print_status(snapshot: Snapshot, rows: Sequence[tuple[Expiry, str]]) -> None:
    state = snapshot.state
    out.print(f"{state.register}: version {state.version}, published {format_instant(state.published_at)}")
    for row, verdict in rows:
        out.print(f"  {row.role:<12} version {row.version:<4} until {format_instant(row.expires)}  {verdict}")
        if verdict != "good":
            err.print(f"  → {RENEWED_BY[row.role]}")
