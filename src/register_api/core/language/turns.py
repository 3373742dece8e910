"""Sentences about what people act on first: who comes, starts, stops, goes, or changes its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from register_api.core.countries import is_outside_eea
from register_api.core.language.change_view import ChangeView, Scene
from register_api.core.language.language import message
from register_api.core.language.notice import days
from register_api.core.language.values import MECHANISM_NOT_STATED
from register_api.core.model import Engagement, EngagementSource, Subprocessor
from register_api.core.planned_changes import with_change
from register_api.core.shapes import shapes
from register_api.core.third_countries import within_eea, without_mechanism
from register_api.core.timeline import state_on

_STARTS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "initial": (
            message("{name} will be added as a sub-processor on {date}"),
            message("Initial list: {name}, in use since {date}"),
            message("Initial list: {name}"),
        ),
        "new": (
            message("{name} will be added as a sub-processor on {date}"),
            message("{name} added as a sub-processor, effective {date}"),
            message("{name} added as a sub-processor"),
        ),
        "further": (
            message("{name} will also be used for {use} from {date}"),
            message("{name} also used for {use}, effective {date}"),
            message("{name} also used for {use}"),
        ),
        "merged_from": (
            message("Merger: {name} will take over from {origin} on {date}"),
            message("Merger: {name} took over from {origin} on {date}"),
            message("Merger: {name} took over from {origin}"),
        ),
        "split_from": (
            message("Split: {name}, formerly part of {origin}, will be used from {date}"),
            message("Split: {name}, formerly part of {origin}, in use since {date}"),
            message("Split: {name}, formerly part of {origin}"),
        ),
        "again": (
            message("{name} will be used again from {date}"),
            message("{name} used again, effective {date}"),
            message("{name} used again"),
        ),
        "relisted": (
            message("{name} listed again, to be used from {date}"),
            message("{name} listed again, in use since {date}"),
            message("{name} listed again"),
        ),
        "replaced": (
            message("{name} will replace {others} on {date}"),
            message("{name} replaces {others}, effective {date}"),
            message("{name} replaces {others}"),
        ),
        "activated": (
            message("{name} will be activated on {date}"),
            message("{name} activated, effective {date}"),
            message("{name} activated"),
        ),
    }
)
"""How a start is said that lies ahead, one whose day has come, and one without a day."""

_ORIGINS = ("merged_from", "split_from")
"""Fields that say what a new vendor was made of."""

_FACTS = (
    "purpose",
    "entity",
    "conditions",
    "locations",
    "transfers",
    "products",
    "data_scope",
    "data_categories",
    "ends_on",
)
"""What a customer wants to know of a use that starts."""


def say_turn(view: ChangeView, scene: Scene) -> Sequence[str]:
    """Return sentences of which the first can stand alone; none for what its fields tell best."""
    say = _TURNS.get(view.change.type) if view.vendor is not None else None
    return say(view, scene) if say is not None else ()


def _added(view: ChangeView, scene: Scene) -> Sequence[str]:
    use, name = view.engagement, scene.who(view)
    if use is None:
        again, idle = message("{name} listed again"), message("{name} listed, no current processing")
        head = scene.text(idle if view.change.kind == "added" else again, name=name)
        return [head, *_origin(view, scene)]
    if use.status == "available":
        head = scene.text("{name} listed as available, not in use", name=name)
    elif use.ends_on is not None and use.ends_on <= scene.day:
        ended = scene.language.day(use.ends_on)
        head = scene.text("Retrospective entry: {name}, not used since {date}", name=name, date=ended)
    else:
        return _begun(_kind_of_start(view, scene), view, scene)
    return [head, *_origin(view, scene), *_facts(view, scene)]


def _begun(kind: str, view: ChangeView, scene: Scene) -> Sequence[str]:
    """Return sentences about a use that starts; what the first one says is not said again."""
    origin = scene.newly(view, kind) if kind in _ORIGINS else ""
    use = scene.use(view)
    head = _start(kind, view, scene, origin=origin, use=use)
    told = kind == "further" and "…" not in use
    facts = _facts(view, scene, but="purpose" if told else None)
    return [head, *([] if origin else _origin(view, scene)), *facts]


def _kind_of_start(view: ChangeView, scene: Scene) -> str:
    if view.change.kind != "added":
        return "relisted" if view.field("withdrawn") else "again"
    if scene.initial:
        return "initial"
    if view.listed:
        return next((origin for origin in _ORIGINS if scene.newly(view, origin)), "new")
    return "again" if _comes_back(view, scene) else "further"


def _comes_back(view: ChangeView, scene: Scene) -> bool:
    """Tell whether the vendor had been used, and is used for nothing else now."""
    vendor = view.vendor
    others = [item for item in vendor.engagements if item.id != view.change.engagement] if vendor else []
    states = {state_on(vendor, item, scene.day) for item in others if vendor}
    return "ended" in states and states.isdisjoint({"in_force", "announced"})


def _replaced(view: ChangeView, scene: Scene) -> Sequence[str]:
    others = scene.newly(view, "replaces")
    if not others:
        return ()
    return [_start("replaced", view, scene, others=others), *_origin(view, scene), *_facts(view, scene)]


def _activated(view: ChangeView, scene: Scene) -> Sequence[str]:
    status = view.field("status")
    if status is None:
        return ()
    return [_start("activated", view, scene), scene.phrases.sentence(status), *_facts(view, scene)]


def _deactivated(view: ChangeView, scene: Scene) -> Sequence[str]:
    status = view.field("status")
    return [f"{scene.who(view)}: {scene.phrases.of(status)}", *_facts(view, scene)] if status else ()


def _ended(view: ChangeView, scene: Scene) -> Sequence[str]:
    use, name = view.engagement, scene.who(view)
    if view.change.kind == "removed":
        head = scene.text("{name} is no longer listed", name=name)
    elif use is None or use.ends_on is None:
        return ()
    else:
        ahead, past = (
            message("{name} will no longer be used from {date}"),
            message("{name} has not been used since {date}"),
        )
        said = ahead if use.ends_on > scene.day else past
        head = scene.text(said, name=name, date=scene.language.day(use.ends_on))
    told = name != scene.name(view)
    purpose = (
        [scene.phrases.fact(Engagement, "purpose", use.purpose)] if use and use.purpose and not told else []
    )
    return [head, *_told_late(use, scene), *purpose, *_successor(view, scene)]


def _told_late(use: EngagementSource | None, scene: Scene) -> Iterator[str]:
    """Say that an end is told after it happened, and how long after."""
    late = (scene.day - use.ends_on).days if use is not None and use.ends_on is not None else 0
    if late > 0:
        yield scene.text("Reported {days} late", days=days(scene.language, late, "calendar"))


def _withdrawn(view: ChangeView, scene: Scene) -> Sequence[str]:
    came = message("Retrospective entry: {name}, removed (listed in error)")
    said = came if view.change.kind == "added" else message("{name} removed (listed in error)")
    reason = view.vendor.withdrawn if view.vendor else None
    why = [scene.phrases.fact(Subprocessor, "withdrawn", reason)] if reason else []
    return [scene.text(said, name=scene.who(view)), *why, *_successor(view, scene)]


def _cancelled(view: ChangeView, scene: Scene) -> Sequence[str]:
    cancelled, use = view.field("cancelled"), view.engagement
    if cancelled is None or cancelled.after is None:
        return ()
    why = scene.phrases.fact(cancelled.kind, "cancelled", cancelled.after)
    name = scene.who(view)
    if view.change.planned is not None:
        planned, name = view.change.notice.effective_on, scene.plan(view)
        said = message("{name}: announced for {date}, will not take place")
    else:
        planned = use.starts_on if use is not None else None
        said = message("{name} will not be used; it was announced for {date} and is cancelled")
    if planned is None:
        return [scene.text("{name}: cancelled", name=name), why]
    return [scene.text(said, name=name, date=scene.language.day(planned)), why]


def _renamed(view: ChangeView, scene: Scene) -> Sequence[str]:
    name, origin = view.field("name"), [*_origin(view, scene)]
    if name is None:
        return origin
    return [
        scene.text("{before} is now called {after}", before=name.before, after=name.after),
        *origin,
    ]


_TURNS: Mapping[str, Callable[[ChangeView, Scene], Sequence[str]]] = MappingProxyType(
    {
        "added": _added,
        "replaced": _replaced,
        "activated": _activated,
        "deactivated": _deactivated,
        "ended": _ended,
        "withdrawn": _withdrawn,
        "cancelled": _cancelled,
        "renamed": _renamed,
    }
)
"""Types of change that have sentences of their own."""


def _start(kind: str, view: ChangeView, scene: Scene, **values: str) -> str:
    ahead, since, undated = _STARTS[kind]
    start = view.change.notice.effective_on if view.change.planned else None
    if start is None and view.engagement is not None:
        start = view.engagement.starts_on
    name = scene.who(view) if kind == "activated" else scene.name(view)
    if start is None:
        return scene.text(undated, name=name, **values)
    said = ahead if start > scene.day else since
    return scene.text(said, name=name, date=scene.language.day(start), **values)


def _facts(view: ChangeView, scene: Scene, but: str | None = None) -> Iterator[str]:
    """Yield what is to be known of a vendor that comes, and of a use that starts, but for one field."""
    vendor, use = view.vendor, view.engagement
    if view.listed and vendor:
        if vendor.legal_name and vendor.legal_name != vendor.name:
            yield scene.phrases.fact(Subprocessor, "legal_name", vendor.legal_name)
        if vendor.seat and vendor.seat not in {place.country for place in (use and use.locations) or ()}:
            yield scene.phrases.fact(Subprocessor, "seat", vendor.seat)
    if use is None:
        return
    if not use.purpose:
        yield scene.phrases.fact(Engagement, "category", use.category)
    for name in _FACTS:
        value = getattr(use, name)
        is_none = value == () and shapes(Engagement)[name].is_optional
        if (value or is_none) and name != but:
            yield scene.phrases.fact(Engagement, name, value)
    if without_mechanism(use):
        yield scene.text(MECHANISM_NOT_STATED)
    if use.special_categories:
        yield scene.phrases.fact(Engagement, "special_categories", value=True)


def _origin(view: ChangeView, scene: Scene) -> Iterator[str]:
    """Say what a vendor was made of."""
    name = scene.name(view)
    merged, split = scene.newly(view, "merged_from"), scene.newly(view, "split_from")
    if merged:
        yield scene.text("{others} merged into {name}", others=merged, name=name)
    if split:
        yield scene.text("{name} split from {others}", name=name, others=split)


def _successor(view: ChangeView, scene: Scene) -> Iterator[str]:
    """Say which vendor took this one's place."""
    replaced, merged = scene.heirs(view, "replaces"), scene.heirs(view, "merged_from")
    if replaced:
        yield scene.text("Replaced by {names}", names=replaced)
    elif merged:
        yield scene.text("Merged into {names}", names=merged)


OUTSIDE_EEA = message("Outside the EEA: {countries}")
WITHIN_EEA = message("All stated processing locations are in the EEA")

_DATA = ("data_scope", "data_categories", "data_subjects")


def circumstances(view: ChangeView, scene: Scene) -> Iterator[str]:
    """Yield sentences about the vendor and the use of a change as they are from the change on."""
    if view.vendor is None:
        return
    use = view.engagement
    yield from _who(view, scene)
    if use is None:
        for purpose in dict.fromkeys(item.purpose for item in view.vendor.engagements if item.purpose):
            yield scene.phrases.fact(Engagement, "purpose", purpose)
        return
    yield from _use(use if view.plan is None else with_change(use, view.plan), scene)


def _who(view: ChangeView, scene: Scene) -> Iterator[str]:
    """Name the legal entity that is engaged: that of the use, else the vendor's own."""
    vendor, use = view.vendor, view.engagement
    if vendor is None:
        return
    if use is not None and use.entity is not None:
        yield scene.phrases.fact(Engagement, "entity", use.entity)
        return
    for name in ("legal_name", "seat"):
        yield scene.phrases.fact(Subprocessor, name, getattr(vendor, name))


def _use(use: EngagementSource, scene: Scene) -> Iterator[str]:
    fact = scene.phrases.fact
    if use.purpose:
        yield fact(Engagement, "purpose", use.purpose)
    yield fact(Engagement, "locations", use.locations)
    yield from _eea(use, scene)
    if use.transfers:
        yield fact(Engagement, "transfers", use.transfers)
    if without_mechanism(use):
        yield scene.text(MECHANISM_NOT_STATED)
    for name in _DATA:
        yield fact(Engagement, name, getattr(use, name))
    if use.special_categories:
        yield fact(Engagement, "special_categories", value=True)
    if scene.has_products:
        yield fact(Engagement, "products", use.products)


def _eea(use: EngagementSource, scene: Scene) -> Iterator[str]:
    """Say which of the places lie outside the EEA (GDPR Chapter V), or that none does."""
    within = within_eea(use.locations)
    if within:
        yield scene.text(WITHIN_EEA)
    elif within is False:
        countries = dict.fromkeys(place.country for place in use.locations or ())
        outside = map(scene.language.country, filter(is_outside_eea, countries))
        yield scene.text(OUTSIDE_EEA, countries=scene.language.list([*outside]))
