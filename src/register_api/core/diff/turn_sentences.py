"""Sentences about what people act on first: who comes, starts, stops, goes, or changes its name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from register_api.core.diff.lifecycle import is_over
from register_api.core.diff.phrases import Phrases
from register_api.core.diff.value_words import say
from register_api.core.diff.wording import english_date, join, shorten
from register_api.core.model import Subprocessor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from register_api.core.diff.changes import ChangeClass
    from register_api.core.diff.differences import Comparison, Difference, Pair
    from register_api.core.model import Engagement

_MAX_PURPOSE = 120
_MAX_LABEL = 60


def who(difference: Difference) -> str:
    """Name the vendor, and which of its engagements where it has several."""
    vendor, engagement = _vendor(difference).known, difference.engagement
    if engagement is None or len(vendor.engagements) == 1:
        return vendor.name
    label = shorten(engagement.known.purpose, _MAX_LABEL) or engagement.known.id
    return f"{vendor.name} ({label})"


def _vendor(difference: Difference) -> Pair[Subprocessor]:
    if difference.vendor is None:
        raise ValueError("a difference of the register itself has no vendor")
    return difference.vendor


def _purpose(engagement: Pair[Engagement] | None, comparison: Comparison) -> str:
    """Say what for: the purpose, else the title of the category."""
    if engagement is None:
        return ""
    known = engagement.known
    if not known.purpose:
        return f" for {comparison.categories.get(known.category, known.category)}"
    return f" for “{shorten(known.purpose, _MAX_PURPOSE).rstrip('.')}”"


def _newly(vendor: Pair[Subprocessor], field: str, comparison: Comparison) -> str:
    """Name the vendors that a field newly points to."""
    before = getattr(vendor.before, field, ()) or ()
    after = getattr(vendor.after, field, ()) or ()
    ids = (after,) if isinstance(after, str) else after
    return join([comparison.names.get(name, name) for name in ids if name not in before])


def _origin(vendor: Pair[Subprocessor], comparison: Comparison) -> str:
    """Say what a vendor was made of."""
    merged = _newly(vendor, "merged_from", comparison)
    split = _newly(vendor, "split_from", comparison)
    parts = [f"merged from {merged}" if merged else "", f"split from {split}" if split else ""]
    return ", ".join(filter(None, parts))


def _bracketed(text: str) -> str:
    return f" ({text})" if text else ""


def _successor(vendor: Pair[Subprocessor], comparison: Comparison) -> str:
    """Say which vendor newly names this one as replaced, or as merged into it."""
    for field, words in (("replaces", "replaced by"), ("merged_from", "merged into")):
        heirs = comparison.heirs.get((field, vendor.known.id))
        if heirs:
            return f", {words} {join(heirs)}"
    return ""


def _on(engagement: Engagement | None, comparison: Comparison, will: str, does: str) -> str:
    """Put a verb into the tense of an engagement's start, with its date."""
    start = engagement.starts_on if engagement else None
    if start is None:
        return does
    if start > comparison.day:
        return f"{will} on {english_date(start)}"
    return f"{does} as of {english_date(start)}"


def _terms(engagement: Engagement | None) -> str:
    """Say the condition and the end of an engagement that starts."""
    if engagement is None:
        return ""
    condition = engagement.condition
    only = f", on condition: {shorten(say(condition), _MAX_PURPOSE)}" if condition else ""
    return only + (f", until {english_date(engagement.ends_on)}" if engagement.ends_on else "")


def _added(difference: Difference, comparison: Comparison) -> str:
    vendor, engagement = _vendor(difference), difference.engagement
    name = vendor.known.name + _bracketed(_origin(vendor, comparison))
    after = engagement.after if engagement else None
    purpose = _purpose(engagement, comparison)
    if after is None:
        return f"{name} is listed without an engagement"
    if after.status == "available":
        return f"{name} is listed as available{purpose}; it is not engaged"
    if is_over(after, comparison.day):
        ended = f", ended on {english_date(after.ends_on)}" if after.ends_on else ""
        return f"{name} is listed for the record{purpose}{ended}"
    verb = _verb_of_start(difference, comparison)
    return _on(after, comparison, f"{name} will be {verb}", f"{name} is {verb}") + purpose + _terms(after)


def _verb_of_start(difference: Difference, comparison: Comparison) -> str:
    if not difference.fields:
        return "listed" if comparison.older is None else "added"
    return "listed again" if difference.fields[0].name == "withdrawn" else "engaged again"


def _replaced(difference: Difference, comparison: Comparison) -> str:
    vendor, engagement = _vendor(difference), difference.engagement
    name = vendor.known.name + _bracketed(_origin(vendor, comparison))
    others = _newly(vendor, "replaces", comparison)
    after = engagement.after if engagement else None
    will, does = f"{name} will replace {others}", f"{name} replaces {others}"
    return _on(after, comparison, will, does) + _purpose(engagement, comparison) + _terms(after)


def _status_changed(difference: Difference, comparison: Comparison) -> str:
    engagement = difference.engagement
    if engagement is None or engagement.before is None or engagement.after is None:
        raise ValueError("a change of status is one of an engagement that stayed")
    words = f"from {engagement.before.status} to {engagement.after.status}"
    name, purpose = _vendor(difference).known.name, _purpose(engagement, comparison)
    if difference.class_ == "deactivated":
        return f"{name} changes {words}{purpose}{_terms(engagement.after)}"
    will, does = f"{name} will change {words}", f"{name} changes {words}"
    return _on(engagement.after, comparison, will, does) + purpose + _terms(engagement.after)


def _ended(difference: Difference, comparison: Comparison) -> str:
    vendor, engagement = _vendor(difference), difference.engagement
    heir = _successor(vendor, comparison)
    after = engagement.after if engagement else None
    if vendor.after is None or after is None or after.ends_on is None:
        return f"{vendor.known.name} is no longer listed{_purpose(engagement, comparison)}{heir}"
    verb = "will end" if after.ends_on > comparison.day else "ended"
    what = f"The engagement of {vendor.known.name}{_purpose(engagement, comparison)}"
    return f"{what} {verb} on {english_date(after.ends_on)}{heir}"


def _withdrawn(difference: Difference, comparison: Comparison) -> str:
    vendor = _vendor(difference).known
    reason = vendor.withdrawn.reason if vendor.withdrawn else "listed by mistake"
    listed = "is withdrawn" if _vendor(difference).in_both else "is listed as withdrawn"
    return f"{vendor.name} {listed}: {shorten(reason)}{_successor(_vendor(difference), comparison)}"


def _renamed(difference: Difference, comparison: Comparison) -> str:
    vendor = _vendor(difference)
    changed = {change.name: change for change in difference.fields}
    origin = _origin(vendor, comparison)
    if "name" in changed:
        told = f"{changed['name'].before} is now called {changed['name'].after}"
        return f"{told}, {origin}" if origin else told
    if origin:
        return f"{vendor.known.name} is {origin}"
    phrases = Phrases(Subprocessor, comparison)
    return f"{vendor.known.name}: {phrases.all(phrases.changed, difference.fields)}"


TURNS: Mapping[ChangeClass, Callable[[Difference, Comparison], str]] = MappingProxyType(
    {
        "added": _added,
        "replaced": _replaced,
        "activated": _status_changed,
        "deactivated": _status_changed,
        "ended": _ended,
        "withdrawn": _withdrawn,
        "renamed": _renamed,
    }
)
"""How each class that needs a sentence of its own is said."""
