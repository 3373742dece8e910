"""Suggests what a publisher may have meant: likely renames, returns, replacements. Nothing is changed.

The thresholds treat a typing error as similar, but not two-word names that differ in one word.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Literal

import msgspec

from register_api.core.language.language import ENGLISH, shorten
from register_api.core.model import AnyVendor, Draft, EngagementSource, Subprocessor, SubprocessorSource
from register_api.core.rules.rule_table import vendor_file
from register_api.core.text import normalise_name, words_of
from register_api.core.timeline import PAST, state_on
from register_api.core.versioning import Context

Kind = Literal["return", "rename", "replacement", "former_name"]
Fate = Literal["over", "stays", "vanished", "withdrawn", "ended"]
"""What happens to a vendor: it had already ended, it stays, or it leaves in one of three ways."""

_CLOSE_DAYS = 31
"""Maximum days between an end and a start that can be one event."""

_NEAR = 0.85
"""Minimum ratio of ``difflib.SequenceMatcher`` for two names to count as spellings of one."""

_SAME_PURPOSE = 0.6
"""Minimum share of common words (Jaccard index) for two purposes to count as the same."""

_MAX_QUOTED = 60
_HOST = re.compile(r"https://(?:www\.)?([^/?#:]+)")
_LONGEST_NAME, _SHORTEST_NAME, _SHORTEST_WORD = 100, 5, 4


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A line to write in the source: file relative to its folder, key of the vendor, complete TOML value."""

    file: str
    key: str
    value: str


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A suggestion: its kind, vendors, the observation (``seen``), and edits or advice to apply it."""

    kind: Kind
    subprocessors: tuple[str, ...]
    seen: str
    edits: tuple[Edit, ...] = ()
    advice: str = ""


class _Known(msgspec.Struct, frozen=True):
    """A published vendor, what happens to it, and the day it leaves (by default, that of publication)."""

    before: Subprocessor
    after: SubprocessorSource | None
    fate: Fate
    on: dt.date


class _Arriving(msgspec.Struct, frozen=True):
    """A vendor that is new, or has new engagements in use or announced."""

    vendor: SubprocessorSource
    used_for: tuple[EngagementSource, ...]
    is_new: bool

    def has_name_of(self, one: _Known) -> bool:
        return normalise_name(one.before.name) == normalise_name(self.vendor.name)


def propose(draft: Draft, context: Context) -> tuple[Proposal, ...]:
    """Return suggestions for a draft (docs/rules.md, Proposals); ambiguous ones are omitted."""
    if context.previous is None:
        return ()
    day = context.day
    before = {vendor.id: vendor for vendor in context.previous.subprocessors}
    after = {vendor.id: vendor for vendor in draft.subprocessors}
    explained = _predecessors(*after.values()) - _predecessors(*before.values())
    known = [_known(vendor, after.get(vendor.id), day) for vendor in before.values()]
    known = [one for one in known if one.before.id not in explained or one.fate in {"over", "stays"}]
    arriving = [other for vendor in after.values() for other in _arriving(before.get(vendor.id), vendor, day)]
    found: list[Proposal] = []
    gone: set[str] = set()
    # Kinds that need the most evidence come first, since each vendor gets only one proposal.
    for suggest in (_return, _rename, _replacement):
        fitting = [
            (one.before.id, other.vendor.id, proposal)
            for one in known
            for other in arriving
            if gone.isdisjoint((one.before.id, other.vendor.id)) and (proposal := suggest(one, other, day))
        ]
        ones, others = Counter(item[0] for item in fitting), Counter(item[1] for item in fitting)
        found += [proposal for one, other, proposal in fitting if ones[one] == others[other] == 1]
        gone |= {id_ for proposal in found for id_ in proposal.subprocessors}
    if context.reason.kind != "correction":
        left = [one for one in known if one.before.id not in gone and one.fate == "stays"]
        found += (proposal for one in left for proposal in _former_name(one.before, one.after))
    return tuple(found)


def _predecessors(*vendors: AnyVendor) -> set[str]:
    """Return the vendors that others state as replaced, merged or split."""
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
    """Tell whether an engagement is not just available and has no end date."""
    return engagement.status != "available" and engagement.ends_on is None


def _arriving(before: Subprocessor | None, after: SubprocessorSource, day: dt.date) -> Iterator[_Arriving]:
    """Yield a new or newly used vendor, unless the source states its predecessor."""
    known = {item.id for item in before.engagements} if before else set()
    new = tuple(
        item
        for item in after.engagements
        if item.id not in known and state_on(after, item, day) in {"announced", "in_force"}
    )
    explained = after.withdrawn or _predecessors(after) - (_predecessors(before) if before else set())
    if not explained and (new or before is None):
        yield _Arriving(after, new, before is None)


def _return(one: _Known, other: _Arriving, _day: dt.date) -> Proposal | None:
    """Propose that a new vendor with the name of an ended or withdrawn one is the same vendor."""
    old, new = one.before, other.vendor
    is_back = one.fate == "over" and other.is_new and other.has_name_of(one)
    if not is_back or _are_distinct_entities(old, new):
        return None
    ends = [item.ends_on for item in old.engagements if item.ends_on is not None]
    what = "withdrawn" if old.withdrawn else f"ended on {ENGLISH.day(max(ends))}"
    how = "take [withdrawn] out of" if old.withdrawn else "write a further engagement in"
    return Proposal(
        kind="return",
        subprocessors=(old.id, new.id),
        seen=f"{new.name} ({new.id}) is new and has the name of {old.name} ({old.id}), {what}.",
        advice=f"If it is the same vendor, {how} {vendor_file(old.id)} and leave {vendor_file(new.id)} out.",
    )


def _rename(one: _Known, other: _Arriving, _day: dt.date) -> Proposal | None:
    """Propose that a vendor that leaves and one that arrives under another id are the same.

    Their names are equal; or they share a purpose and a company number, legal name, website or similar name.
    """
    old, new, vanished = one.before, other.vendor, one.fate == "vanished"
    explained = not vanished and (old.name in new.formerly or new.parent == old.id)
    starts = [item.starts_on for item in other.used_for] or [None]
    if explained or one.fate in {"over", "stays"} or not other.is_new:
        return None
    if not any(_is_close(one.on, start) for start in starts) or _are_distinct_entities(old, new):
        return None
    if not other.has_name_of(one):
        alike = _identifiers_of(old) & _identifiers_of(new) or _is_similar(old.name, new.name)
        uses = ((left, right) for left in old.engagements for right in new.engagements)
        if not alike or not any(_same_purpose(*pair) for pair in uses):
            return None
    names = (name for name in (*old.formerly, *new.formerly, old.name) if name != new.name)
    edits = (_edit(old.id, "name", new.name), _edit(old.id, "formerly", names))
    how = "is no longer in any file" if vanished else "leaves"
    back = f"Bring {vendor_file(old.id)} back" if vanished else "Take its end out again"
    return Proposal(
        kind="rename",
        subprocessors=(old.id, new.id),
        seen=f"{old.name} ({old.id}) {how}, and {new.name} ({new.id}), which is very similar, is new.",
        edits=() if old.name == new.name else edits,
        advice=f"If it is the same vendor, it keeps its id permanently. {back}, move what is new into"
        f" {vendor_file(old.id)}, and leave {vendor_file(new.id)} out.",
    )


def _replacement(one: _Known, other: _Arriving, day: dt.date) -> Proposal | None:
    """Propose that a vendor starting for the same purpose around the day another leaves replaces it."""
    old, new, vanished = one.before, other.vendor, one.fate == "vanished"
    if not vanished and one.fate != "ended":
        return None
    continued = _continued_engagements(one, other, day)
    if not continued and not (other.is_new and other.has_name_of(one) and _are_distinct_entities(old, new)):
        return None
    how = "is no longer in any file" if vanished else f"leaves on {ENGLISH.day(one.on)}"
    back = f"Bring {vendor_file(old.id)} back, with ends_on: what was published stays."
    start = min((item.starts_on or day for item in other.used_for), default=day)
    use = f" for “{shorten(continued[0].purpose, _MAX_QUOTED)}”" if continued else ""
    return Proposal(
        kind="replacement",
        subprocessors=(new.id, old.id),
        seen=f"{old.name} {how}, and {new.name} starts on {ENGLISH.day(start)}{use}.",
        edits=(_edit(new.id, "replaces", (*new.replaces, old.id)),),
        advice=back if vanished else "",
    )


def _continued_engagements(one: _Known, other: _Arriving, day: dt.date) -> list[EngagementSource]:
    """Return the new engagements that continue one of a vendor that leaves."""
    ends = {item.id: item.ends_on for item in one.after.engagements} if one.after else {}
    left = [(item, ends.get(item.id) or one.on) for item in one.before.engagements if _is_open(item)]
    return [
        new
        for new in other.used_for
        if any(_same_purpose(old, new) and _is_close(end, new.starts_on or day) for old, end in left)
    ]


def _is_close(end: dt.date, start: dt.date | None) -> bool:
    """Tell whether an end and a start can be one event; an unknown start can."""
    return start is None or abs((end - start).days) <= _CLOSE_DAYS


def _former_name(before: Subprocessor, after: SubprocessorSource | None) -> Iterator[Proposal]:
    """Propose ``formerly`` for a listed vendor whose name changes without recording the old one.

    If no stated identifier stays the same, ask instead whether the id is reused for another company.
    """
    if after is None or before.name in after.formerly:
        return
    old, new = ("".join(vendor.name.casefold().split()) for vendor in (before, after))
    if old == new:
        return
    words, now = normalise_name(before.name), normalise_name(after.name)
    alike = _is_similar(before.name, after.name) or set(words) & set(now)
    stated = before.legal_name and after.legal_name
    if stated and not alike and not _identifiers_of(before) & _identifiers_of(after):
        yield Proposal(
            kind="replacement",
            subprocessors=(before.id,),
            seen=f"{before.id} denoted {before.name} ({before.legal_name}) and now denotes {after.name}"
            f" ({after.legal_name}).",
            advice=f"If that is another company, it needs its own file, with replaces ="
            f' ["{before.id}"], and {vendor_file(before.id)} gets an ends_on.',
        )
        return
    how = ": other punctuation, legal form or order of words" if words == now else ""
    yield Proposal(
        kind="former_name",
        subprocessors=(before.id,),
        seen=f"{before.name} is called {after.name} now{how}.",
        edits=(_edit(after.id, "formerly", (*after.formerly, before.name)),),
        advice="Then anyone who searches for the former name finds the vendor.",
    )


def _edit(vendor: str, key: str, value: str | Iterable[str]) -> Edit:
    """Return a TOML line for a vendor's file; JSON strings and arrays are valid TOML."""
    plain = value if isinstance(value, str) else list(dict.fromkeys(value))
    text = msgspec.json.format(msgspec.json.encode(plain), indent=0).decode()
    return Edit(file=vendor_file(vendor), key=key, value=text)


def _is_similar(one: str, other: str) -> bool:
    """Tell whether two names differ only by a typing error; words with digits must be equal."""
    left, right = normalise_name(one), normalise_name(other)
    numbers = ([word for word in words if any(map(str.isdigit, word))] for words in (left, right))
    first, second = " ".join(left), " ".join(right)
    lengths = len(first), len(second)
    if next(numbers) != next(numbers) or min(lengths) < _SHORTEST_NAME or max(lengths) > _LONGEST_NAME:
        return False
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return matcher.quick_ratio() >= _NEAR and matcher.ratio() >= _NEAR


def _same_purpose(one: EngagementSource, other: EngagementSource) -> bool:
    """Tell whether two engagements have the same category and a similarly worded purpose."""
    left, right = (
        {word for word in words if len(word) >= _SHORTEST_WORD} or words
        for words in (set(words_of(use.purpose)) for use in (one, other))
    )
    share = len(left & right) / (len(left | right) or 1)
    return one.category == other.category and share >= _SAME_PURPOSE


def _identifiers_of(vendor: AnyVendor) -> frozenset[tuple[str, str]]:
    """Return a company's identifiers besides its name: numbers, legal name, host of its website."""
    found: set[tuple[str, str]] = {(item.scheme, item.value.casefold()) for item in vendor.identifiers or ()}
    if vendor.legal_name:
        found.add(("legal_name", " ".join(normalise_name(vendor.legal_name))))
    if host := _HOST.match(vendor.website or ""):
        found.add(("website", host[1].casefold()))
    return frozenset(found)


def _are_distinct_entities(one: AnyVendor, other: AnyVendor) -> bool:
    """Tell whether two vendors are stated to be different legal entities.

    A common company number means they are the same. Different legal names under one name mean two entities;
    if the name differs as well, the company may have been renamed.
    """
    numbers = (vendor.identifiers or () for vendor in (one, other))
    left, right = ({(item.scheme, item.value) for item in stated} for stated in numbers)
    if left & right:
        return False
    if {scheme for scheme, _ in left} & {scheme for scheme, _ in right}:
        return True
    if one.seat and other.seat and one.seat != other.seat:
        return True
    if not (one.legal_name and other.legal_name) or normalise_name(one.name) != normalise_name(other.name):
        return False
    return sorted(words_of(one.legal_name)) != sorted(words_of(other.legal_name))
