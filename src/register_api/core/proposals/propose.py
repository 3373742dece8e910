"""From a source and what was published to what the publisher may have meant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from register_api.core.language.language import ENGLISH
from register_api.core.language.prose import shorten
from register_api.core.model import Draft, EngagementSource, Subprocessor, SubprocessorSource
from register_api.core.proposals.comparison import (
    LEAVING,
    Arriving,
    KnownVendor,
    VendorComparison,
    compare_vendors,
    is_open,
)
from register_api.core.proposals.proposal import Proposal, edit
from register_api.core.rules.rule_table import vendor_file
from register_api.core.similarity import (
    are_distinct_entities,
    identifiers_of,
    is_similar,
    normalise_name,
    same_purpose,
    same_use,
)
from register_api.core.versioning import Context

CLOSE_DAYS = 31
"""Days between an end and a start up to which they may be one event."""

_MOST_QUOTED = 60


def propose(draft: Draft, context: Context) -> tuple[Proposal, ...]:
    """Say what a publisher may have meant and did not write (docs/rules.md, Proposals).

    Nothing is decided and nothing changed. Where two readings are as likely, neither is proposed.

    Args:
        draft: The source, which may break rules.
        context: What it would be published after, when and why.
    """
    if context.previous is None:
        return ()
    comparison = compare_vendors(context.previous, draft, context.day)
    found: list[Proposal] = []
    # What needs the most evidence comes first: of each vendor one thing is proposed.
    for find in (_returns, _renames, _replacements, _former_names):
        if find is not _former_names or context.reason.kind != "correction":
            found += find(comparison)
            comparison = comparison.without(id_ for proposal in found for id_ in proposal.subprocessors)
    return tuple(found)


def _returns(comparison: VendorComparison) -> Iterator[Proposal]:
    """Propose the old id where a newcomer has the name of a vendor that had ended or was withdrawn."""
    for one, other in comparison.pairs(_is_back):
        old, new = one.before, other.vendor
        ends = [item.ends_on for item in old.engagements if item.ends_on is not None]
        what = "withdrawn" if old.withdrawn else f"ended on {ENGLISH.day(max(ends))}"
        how = "take [withdrawn] out of" if old.withdrawn else "write a further engagement in"
        yield Proposal(
            kind="return",
            subprocessors=(old.id, new.id),
            seen=f"{new.name} ({new.id}) is new and has the name of {old.name} ({old.id}), {what}.",
            advice=f"If it is the same vendor, {how} {vendor_file(old.id)}"
            f" and leave {vendor_file(new.id)} out.",
        )


def _is_back(one: KnownVendor, other: Arriving) -> bool:
    new = other.is_new and not are_distinct_entities(one.before, other.vendor)
    return new and one.fate == "over" and _has_the_name(one, other)


def _has_the_name(one: KnownVendor, other: Arriving) -> bool:
    return normalise_name(one.before.name) == normalise_name(other.vendor.name)


def _renames(comparison: VendorComparison) -> Iterator[Proposal]:
    """Propose to keep the id where one vendor leaves and the same one arrives under another.

    The same one: the same name but for punctuation, legal form and order of words; or a name with a
    slip in it, or a company number, legal name or website in common, and a common use.
    """
    for one, other in comparison.pairs(_is_renamed):
        old, new = one.before, other.vendor
        names = (*old.formerly, *new.formerly, old.name)
        edits = (
            edit(old.id, "name", new.name),
            edit(old.id, "formerly", [name for name in names if name != new.name]),
        )
        how = "is said by no file any more" if one.fate == "vanished" else "leaves"
        back = f"Bring {vendor_file(old.id)} back" if one.fate == "vanished" else "Take its end out again"
        yield Proposal(
            kind="rename",
            subprocessors=(old.id, new.id),
            seen=f"{old.name} ({old.id}) {how}, and {new.name} ({new.id}), which is much alike, is new.",
            edits=() if old.name == new.name else edits,
            advice=f"If it is the same vendor, it keeps its id for ever. {back}, move what is new into"
            f" {vendor_file(old.id)}, and leave {vendor_file(new.id)} out.",
        )


def _is_renamed(one: KnownVendor, other: Arriving) -> bool:
    old, new = one.before, other.vendor
    told = one.fate != "vanished" and (old.name in new.formerly or new.parent == old.id)
    if one.fate not in LEAVING or not other.is_new or told or are_distinct_entities(old, new):
        return False
    starts = [item.starts_on for item in other.used_for] or [None]
    if not any(_is_close(one.on, start) for start in starts):
        return False
    if _has_the_name(one, other):
        return True
    return same_use(old, new) and (
        bool(identifiers_of(old) & identifiers_of(new)) or is_similar(old.name, new.name)
    )


def _is_close(end: dt.date, start: dt.date | None) -> bool:
    """Tell whether an end and a start may be one event; an unknown start may."""
    return start is None or abs((end - start).days) <= CLOSE_DAYS


def _replacements(comparison: VendorComparison) -> Iterator[Proposal]:
    """Propose ``replaces`` where one vendor leaves and another starts the same around that day.

    The same: a purpose in much the same words in the same category; or the same name for another
    legal entity.
    """

    def fits(one: KnownVendor, other: Arriving) -> bool:
        return bool(_taken_over(one, other, comparison.day)) or _is_other_entity(one, other)

    for one, other in comparison.pairs(fits):
        old, new = one.before, other.vendor
        vanished, taken = one.fate == "vanished", _taken_over(one, other, comparison.day)
        how = "is said by no file any more" if vanished else f"leaves on {ENGLISH.day(one.on)}"
        back = f"Bring {vendor_file(old.id)} back, with ends_on: what was published stays."
        start = min((item.starts_on or comparison.day for item in other.used_for), default=comparison.day)
        use = f" for “{shorten(taken[0].purpose, _MOST_QUOTED)}”" if taken else ""
        yield Proposal(
            kind="replacement",
            subprocessors=(new.id, old.id),
            seen=f"{old.name} {how}, and {new.name} starts on {ENGLISH.day(start)}{use}.",
            edits=(edit(new.id, "replaces", (*new.replaces, old.id)),),
            advice=back if vanished else "",
        )


def _taken_over(one: KnownVendor, other: Arriving, day: dt.date) -> list[EngagementSource]:
    """Return the new engagements that go on with one that a vendor leaves behind; a mistake leaves none."""
    if one.fate not in {"vanished", "ended"}:
        return []
    ends = {item.id: item.ends_on for item in one.after.engagements} if one.after else {}
    left = [(item, ends.get(item.id) or one.on) for item in one.before.engagements if is_open(item)]
    return [
        new
        for new in other.used_for
        if any(same_purpose(old, new) and _is_close(end, new.starts_on or day) for old, end in left)
    ]


def _is_other_entity(one: KnownVendor, other: Arriving) -> bool:
    leaves = one.fate in {"vanished", "ended"} and other.is_new
    return leaves and _has_the_name(one, other) and are_distinct_entities(one.before, other.vendor)


def _former_names(comparison: VendorComparison) -> Iterator[Proposal]:
    """Propose ``formerly`` where a listed vendor's name changes and the old one is kept nowhere.

    Another spelling in capitals or white space is no other name. Where nothing stated of the vendor
    stays the same, an id may have been used for another company; then that is asked.
    """
    for item in comparison.known:
        before, after = item.before, item.after
        if item.fate != "stays" or after is None or before.name in after.formerly:
            continue
        if _spelling(before.name) != _spelling(after.name):
            yield _is_called(before, after)


def _spelling(name: str) -> str:
    return "".join(name.casefold().split())


def _is_called(before: Subprocessor, after: SubprocessorSource) -> Proposal:
    if _is_another(before, after):
        return Proposal(
            kind="replacement",
            subprocessors=(before.id,),
            seen=f"{before.id} stood for {before.name} ({before.legal_name}) and now says {after.name}"
            f" ({after.legal_name}).",
            advice=f"If that is another company, it needs a file of its own, with replaces ="
            f' ["{before.id}"], and {vendor_file(before.id)} gets an ends_on.',
        )
    alike = normalise_name(before.name) == normalise_name(after.name)
    how = ": other punctuation, legal form or order of words" if alike else ""
    return Proposal(
        kind="former_name",
        subprocessors=(before.id,),
        seen=f"{before.name} is called {after.name} now{how}.",
        edits=(edit(after.id, "formerly", (*after.formerly, before.name)),),
        advice="With it, whoever looks for the former name finds the vendor.",
    )


def _is_another(before: Subprocessor, after: SubprocessorSource) -> bool:
    """Tell whether name and legal name are others altogether and nothing else stated stays."""
    alike = is_similar(before.name, after.name) or set(normalise_name(before.name)) & set(
        normalise_name(after.name)
    )
    stated = before.legal_name and after.legal_name
    return bool(stated and not alike and not identifiers_of(before) & identifiers_of(after))
