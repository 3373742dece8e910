"""What a publisher may have meant: likely renames, returns, successors. Nothing here decides."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from register_api.core.language.language import ENGLISH, shorten
from register_api.core.model import Draft, EngagementSource, Subprocessor, SubprocessorSource
from register_api.core.rules.rule_table import vendor_file
from register_api.core.similarity import (
    are_distinct_entities,
    identifiers_of,
    is_similar,
    normalise_name,
    same_purpose,
    same_use,
)
from register_api.core.timeline import PAST, state_on
from register_api.core.versioning import Context

Vendor = Subprocessor | SubprocessorSource
Kind = Literal["return", "rename", "replacement", "former_name"]
Fate = Literal["over", "stays", "vanished", "withdrawn", "ended"]
"""What becomes of a vendor: it was over before, it stays, or it leaves in one of three ways."""

CLOSE_DAYS = 31
"""Days between an end and a start up to which they may be one event."""

_MOST_QUOTED = 60


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A line to write in the source.

    Attributes:
        file: File below the source folder, with ``/``.
        key: Key in that file, of the vendor itself.
        value: Its whole value in TOML.
    """

    file: str
    key: str
    value: str


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What may have been meant. The publisher decides; nothing is changed.

    Attributes:
        subprocessors: Ids of the vendors it is about.
        seen: What was seen, in a sentence.
        edits: What to write if it is so.
        advice: What else to do or to bear in mind, or an empty string.
    """

    kind: Kind
    subprocessors: tuple[str, ...]
    seen: str
    edits: tuple[Edit, ...] = ()
    advice: str = ""


class _Known(msgspec.Struct, frozen=True):
    """A vendor that was published, what becomes of it, and when it leaves: on publication, if not said."""

    before: Subprocessor
    after: SubprocessorSource | None
    fate: Fate
    on: dt.date


class _Arriving(msgspec.Struct, frozen=True):
    """A vendor that is new, or has new engagements that are more than available and not over."""

    vendor: SubprocessorSource
    used_for: tuple[EngagementSource, ...]
    is_new: bool


def propose(draft: Draft, context: Context) -> tuple[Proposal, ...]:
    """Say what a publisher may have meant and did not write (docs/rules.md, Proposals).

    Nothing is decided and nothing changed. Where two readings are as likely, neither is proposed.

    Args:
        draft: The source, which may break rules.
        context: What it would be published after, when and why.
    """
    if context.previous is None:
        return ()
    day = context.day
    before = {vendor.id: vendor for vendor in context.previous.subprocessors}
    after = {vendor.id: vendor for vendor in draft.subprocessors}
    told = _past(*after.values()) - _past(*before.values())
    known = [_known(vendor, after.get(vendor.id), day) for vendor in before.values()]
    known = [one for one in known if one.before.id not in told or one.fate in {"over", "stays"}]
    arriving = [other for vendor in after.values() for other in _arriving(before.get(vendor.id), vendor, day)]
    found: list[Proposal] = []
    gone: set[str] = set()
    # What needs the most evidence comes first: of each vendor one thing is proposed.
    for fits, say in ((_is_back, _return), (_is_renamed, _rename), (_is_replaced, _replacement)):
        left = [one for one in known if one.before.id not in gone]
        pairs = _pairs(left, [other for other in arriving if other.vendor.id not in gone], fits, day)
        found += (say(one, other, day) for one, other in pairs)
        gone |= {id_ for proposal in found for id_ in proposal.subprocessors}
    if context.reason.kind != "correction":
        left = [one for one in known if one.before.id not in gone and one.fate == "stays"]
        found += (proposal for one in left for proposal in _former_name(one.before, one.after))
    return tuple(found)


def _pairs(
    known: Iterable[_Known],
    arriving: Iterable[_Arriving],
    fits: Callable[[_Known, _Arriving, dt.date], bool],
    day: dt.date,
) -> list[tuple[_Known, _Arriving]]:
    """Return who was known with the one who arrives and fits, where neither fits anybody else."""
    found = [(one, other) for one in known for other in arriving if fits(one, other, day)]
    ones = Counter(one.before.id for one, _ in found)
    others = Counter(other.vendor.id for _, other in found)
    return [(one, other) for one, other in found if ones[one.before.id] == others[other.vendor.id] == 1]


def _past(*vendors: Vendor) -> set[str]:
    """Return who is said to be replaced, merged into another, or split."""
    named = (name for item in vendors for name in (*item.replaces, *item.merged_from, item.split_from))
    return {name for name in named if name is not None}


def _known(before: Subprocessor, after: SubprocessorSource | None, day: dt.date) -> _Known:
    if after is None:
        return _Known(before, after, "vanished", day)
    states = {state_on(before, item, day) for item in before.engagements}
    if before.withdrawn is not None or (states and states <= PAST):
        return _Known(before, after, "over", day)
    if after.withdrawn is not None:
        return _Known(before, after, "withdrawn", day)
    if any(map(_is_open, before.engagements)) and not any(map(_is_open, after.engagements)):
        ends = (item.ends_on for item in after.engagements if item.ends_on is not None)
        return _Known(before, after, "ended", max(ends, default=day))
    return _Known(before, after, "stays", day)


def _is_open(engagement: EngagementSource) -> bool:
    """Tell whether an engagement is more than available and has no end."""
    return engagement.status != "available" and engagement.ends_on is None


def _arriving(before: Subprocessor | None, after: SubprocessorSource, day: dt.date) -> Iterator[_Arriving]:
    """Yield a vendor that arrives, unless it says itself what it comes from."""
    known = {item.id for item in before.engagements} if before else set()
    new = tuple(
        item
        for item in after.engagements
        if item.id not in known and state_on(after, item, day) in {"announced", "in_force"}
    )
    explained = after.withdrawn or _past(after) - (_past(before) if before else set())
    if not explained and (new or before is None):
        yield _Arriving(after, new, before is None)


def _is_back(one: _Known, other: _Arriving, _day: dt.date) -> bool:
    """Tell whether a newcomer has the name of a vendor that had ended or was withdrawn."""
    return (
        one.fate == "over"
        and other.is_new
        and _has_the_name(one, other)
        and not are_distinct_entities(one.before, other.vendor)
    )


def _return(one: _Known, other: _Arriving, _day: dt.date) -> Proposal:
    old, new = one.before, other.vendor
    ends = [item.ends_on for item in old.engagements if item.ends_on is not None]
    what = "withdrawn" if old.withdrawn else f"ended on {ENGLISH.day(max(ends))}"
    how = "take [withdrawn] out of" if old.withdrawn else "write a further engagement in"
    return Proposal(
        kind="return",
        subprocessors=(old.id, new.id),
        seen=f"{new.name} ({new.id}) is new and has the name of {old.name} ({old.id}), {what}.",
        advice=f"If it is the same vendor, {how} {vendor_file(old.id)} and leave {vendor_file(new.id)} out.",
    )


def _is_renamed(one: _Known, other: _Arriving, _day: dt.date) -> bool:
    """Tell whether one vendor leaves and the same one arrives under another id.

    The same one: the same name but for punctuation, legal form and order of words; or a name with a
    slip in it, or a company number, legal name or website in common, and a common use.
    """
    old, new = one.before, other.vendor
    told = one.fate != "vanished" and (old.name in new.formerly or new.parent == old.id)
    if one.fate in {"over", "stays"} or not other.is_new or told:
        return False
    starts = [item.starts_on for item in other.used_for] or [None]
    if not any(_is_close(one.on, start) for start in starts):
        return False
    if not _has_the_name(one, other):
        shared = identifiers_of(old) & identifiers_of(new) or is_similar(old.name, new.name)
        if not shared or not same_use(old, new):
            return False
    return not are_distinct_entities(old, new)


def _rename(one: _Known, other: _Arriving, _day: dt.date) -> Proposal:
    old, new = one.before, other.vendor
    names = (name for name in (*old.formerly, *new.formerly, old.name) if name != new.name)
    edits = (_edit(old.id, "name", new.name), _edit(old.id, "formerly", names))
    how = "is no longer in any file" if one.fate == "vanished" else "leaves"
    back = f"Bring {vendor_file(old.id)} back" if one.fate == "vanished" else "Take its end out again"
    return Proposal(
        kind="rename",
        subprocessors=(old.id, new.id),
        seen=f"{old.name} ({old.id}) {how}, and {new.name} ({new.id}), which is much alike, is new.",
        edits=() if old.name == new.name else edits,
        advice=f"If it is the same vendor, it keeps its id for ever. {back}, move what is new into"
        f" {vendor_file(old.id)}, and leave {vendor_file(new.id)} out.",
    )


def _is_replaced(one: _Known, other: _Arriving, day: dt.date) -> bool:
    """Tell whether one vendor leaves and another starts the same around that day.

    The same: a purpose in much the same words in the same category; or the same name for another
    legal entity.
    """
    if one.fate not in {"vanished", "ended"}:
        return False
    same_name = other.is_new and _has_the_name(one, other)
    return bool(_taken_over(one, other, day)) or (
        same_name and are_distinct_entities(one.before, other.vendor)
    )


def _replacement(one: _Known, other: _Arriving, day: dt.date) -> Proposal:
    old, new = one.before, other.vendor
    vanished, taken = one.fate == "vanished", _taken_over(one, other, day)
    how = "is no longer in any file" if vanished else f"leaves on {ENGLISH.day(one.on)}"
    back = f"Bring {vendor_file(old.id)} back, with ends_on: what was published stays."
    start = min((item.starts_on or day for item in other.used_for), default=day)
    use = f" for “{shorten(taken[0].purpose, _MOST_QUOTED)}”" if taken else ""
    return Proposal(
        kind="replacement",
        subprocessors=(new.id, old.id),
        seen=f"{old.name} {how}, and {new.name} starts on {ENGLISH.day(start)}{use}.",
        edits=(_edit(new.id, "replaces", (*new.replaces, old.id)),),
        advice=back if vanished else "",
    )


def _taken_over(one: _Known, other: _Arriving, day: dt.date) -> list[EngagementSource]:
    """Return the new engagements that go on with one that a vendor leaves behind."""
    ends = {item.id: item.ends_on for item in one.after.engagements} if one.after else {}
    left = [(item, ends.get(item.id) or one.on) for item in one.before.engagements if _is_open(item)]
    return [
        new
        for new in other.used_for
        if any(same_purpose(old, new) and _is_close(end, new.starts_on or day) for old, end in left)
    ]


def _is_close(end: dt.date, start: dt.date | None) -> bool:
    """Tell whether an end and a start may be one event; an unknown start may."""
    return start is None or abs((end - start).days) <= CLOSE_DAYS


def _has_the_name(one: _Known, other: _Arriving) -> bool:
    return normalise_name(one.before.name) == normalise_name(other.vendor.name)


def _former_name(before: Subprocessor, after: SubprocessorSource | None) -> Iterator[Proposal]:
    """Propose ``formerly`` where a listed vendor's name changes and the old one is kept nowhere.

    Another spelling in capitals or white space is no other name. Where nothing stated of the vendor
    stays the same, an id may have been used for another company; then that is asked.
    """
    if after is None or before.name in after.formerly or _spelling(before.name) == _spelling(after.name):
        return
    if _is_another(before, after):
        yield Proposal(
            kind="replacement",
            subprocessors=(before.id,),
            seen=f"{before.id} stood for {before.name} ({before.legal_name}) and now says {after.name}"
            f" ({after.legal_name}).",
            advice=f"If that is another company, it needs its own file, with replaces ="
            f' ["{before.id}"], and {vendor_file(before.id)} gets an ends_on.',
        )
        return
    alike = normalise_name(before.name) == normalise_name(after.name)
    how = ": other punctuation, legal form or order of words" if alike else ""
    yield Proposal(
        kind="former_name",
        subprocessors=(before.id,),
        seen=f"{before.name} is called {after.name} now{how}.",
        edits=(_edit(after.id, "formerly", (*after.formerly, before.name)),),
        advice="Then anyone who searches for the former name finds the vendor.",
    )


def _spelling(name: str) -> str:
    return "".join(name.casefold().split())


def _is_another(before: Subprocessor, after: SubprocessorSource) -> bool:
    """Tell whether name and legal name are others altogether and nothing else stated stays."""
    alike = is_similar(before.name, after.name) or set(normalise_name(before.name)) & set(
        normalise_name(after.name)
    )
    stated = before.legal_name and after.legal_name
    return bool(stated and not alike and not identifiers_of(before) & identifiers_of(after))


def _edit(vendor: str, key: str, value: str | Iterable[str]) -> Edit:
    """Return a line to write in a vendor's file, in TOML, which takes the strings that JSON writes."""
    text = _json(value) if isinstance(value, str) else f"[{', '.join(map(_json, dict.fromkeys(value)))}]"
    return Edit(file=vendor_file(vendor), key=key, value=text)


def _json(text: str) -> str:
    return msgspec.json.encode(text).decode()
