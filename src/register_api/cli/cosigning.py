"""Asking witnesses after publishing or refreshing, and saying where their signatures stand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from register_api.cli.output import err, out
from register_api.core.instant import format_instant
from register_api.core.log.policy import WitnessPolicy, printable_name
from register_api.errors import RegisterError
from register_api.publish.cosigning.ask import Outcome
from register_api.publish.cosigning.cosigning_transaction import ask_witnesses
from register_api.publish.cosigning.witness_status import WitnessStatus, read_head, witness_status
from register_api.store.reader import Snapshot


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
        err.print(f"Witness {_name(outcome)}: {outcome.problem or f'cosigned at {_instant(outcome.at)}'}")
    if asked.outcomes:
        err.print(f"Witnesses: {_in_words(asked.after)}")


def witnesses_document(snapshot: Snapshot, policy: WitnessPolicy | None) -> dict[str, Any]:
    """Return where the newest checkpoint stands with witnesses, for machines."""
    head = read_head(snapshot)
    if policy is None:
        return {"further_lines": head.further_lines}
    found = witness_status(head, policy)
    return {
        "further_lines": head.further_lines,
        "cosigned": [{"key": one.witness, "at": _instant(_time(one.at))} for one in found.found],
        "missing": [{"name": printable_name(one.name), "key": one.key.name} for one in found.absent],
        "quorum": printable_name(policy.quorum),
        "quorum_met": found.is_met,
    }


def print_witnesses(document: dict[str, Any]) -> None:
    """Print the same for a person; nothing where nobody is asked for and nobody has signed."""
    if "quorum" not in document:
        if document["further_lines"]:
            out.print(
                f"  witnesses  {document['further_lines']} further signature lines; --policy says whose"
            )
        return
    verdict = "quorum met" if document["quorum_met"] else "quorum NOT met"
    cosigned, missing = document["cosigned"], document["missing"]
    out.print(f"  witnesses  {len(cosigned)} of {len(cosigned) + len(missing)} have cosigned  {verdict}")
    for one in cosigned:
        out.print(f"    {one['key']} at {one['at']}")
    for one in missing:
        out.print(f"    {one['key']} is missing ({one['name']})")


def _in_words(found: WitnessStatus) -> str:
    met = "is met" if found.is_met else "is NOT met yet; register-api refresh asks again"
    of = len(found.policy.witnesses)
    return f"{len(found.found)} of {of} have cosigned, the quorum {printable_name(found.policy.quorum)} {met}"


def _name(outcome: Outcome) -> str:
    return f"{printable_name(outcome.witness.name)} ({outcome.witness.key.name})"


def _time(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)


def _instant(instant: dt.datetime | None) -> str:
    return "" if instant is None else format_instant(instant)
