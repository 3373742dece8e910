"""What publish, refresh and status ask of others: the register's URL, witnesses, a timestamping authority."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from register_api.cli.output import err, out, print_error
from register_api.cli.trust_options import read_certificates
from register_api.core.instant import format_instant, instant_of
from register_api.core.log.policy import WitnessPolicy, printable_name
from register_api.deploy.public_head import PublicHead
from register_api.errors import NotStamped, RegisterError
from register_api.publish.attestations import Stamped, ask_witnesses, read_head, stamp_newest, witness_status
from register_api.publish.time_authority import TimeAuthority, check_url
from register_api.store.reader import Snapshot


def compare_with_public(snapshot: Snapshot | None, url: str | None, *, offline: bool) -> PublicHead | None:
    """Ask whether what is public is ahead of a store; that it cannot be asked is told and ends nothing."""
    # Loaded here: with --offline nothing of HTTP is needed.
    from register_api.deploy.public_head import address_of_register, ask_public  # noqa: PLC0415

    if offline:
        return None
    url = url or (address_of_register(snapshot) if snapshot else None)
    if url is None:
        return None
    head = ask_public(snapshot, url)
    if head.unknown and snapshot is not None:
        err.print(
            f"Note: whether what is public is ahead of the store is not known: {head.url}: {head.unknown}"
            "  (--offline does not ask)"
        )
    return head


def ask_and_tell(store: Path, policy: WitnessPolicy | None, instant: dt.datetime) -> None:
    """Ask the witnesses that are missing; what goes wrong is told in a line and stops nothing."""
    if policy is None:
        return
    try:
        asked = ask_witnesses(store, policy, instant)
    except (RegisterError, OSError) as error:
        err.print(f"Witnesses: {error.message if isinstance(error, RegisterError) else error.strerror}")
        return
    for outcome in asked.outcomes:
        signed = f"cosigned at {format_instant(outcome.at)}" if outcome.at else ""
        name = f"{printable_name(outcome.witness.name)} ({outcome.witness.key.name})"
        err.print(f"Witness {name}: {outcome.problem or signed}")
    if asked.outcomes:
        met = "is met" if asked.after.is_met else "is NOT met yet; register-api refresh asks again"
        have = f"{len(asked.after.found)} of {len(policy.witnesses)} have cosigned"
        err.print(f"Witnesses: {have}, the quorum {printable_name(policy.quorum)} {met}")


def witnesses_document(snapshot: Snapshot, policy: WitnessPolicy | None) -> dict[str, Any]:
    """Return where the newest checkpoint stands with witnesses, for machines."""
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


def print_witnesses(document: dict[str, Any]) -> None:
    """Print the same for a person; nothing where nobody is asked for and nobody has signed."""
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


def read_time_authority(url: str | None, certificate: Path | None) -> TimeAuthority | None:
    """Return whom to ask for timestamps, if anybody."""
    if url is None:
        return None
    anchors = read_certificates(certificate, "--time-authority-certificate") if certificate else None
    return TimeAuthority(url=check_url(url), anchors=anchors)


def stamp_and_tell(store: Path, authority: TimeAuthority | None, instant: dt.datetime) -> None:
    """Have the newest checkpoint stamped; a failure is told in a line and ends nothing."""
    if authority is None:
        return
    try:
        stamped = stamp_newest(store, authority, instant)
    except (RegisterError, OSError) as error:
        reason = error.message if isinstance(error, RegisterError) else str(error)
        print_error(NotStamped(f"{reason}; the next refresh tries again"))
    else:
        if stamped is not None:
            unchecked = "" if authority.anchors else "; its chain was not checked"
            err.print(f"{stamped_in_words(stamped)}{unchecked}.")


def stamped_in_words(stamped: Stamped) -> str:
    """Return up to which version history is stamped, since when, and by whom."""
    return (
        f"History up to version {stamped.version} is time-stamped since"
        f" {format_instant(stamped.stamp.at)} by {stamped.stamp.authority}"
    )
