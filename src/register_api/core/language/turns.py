"""Sentences about what people act on first: who comes, starts, stops, goes, or changes its name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from register_api.core.language.language import message
from register_api.core.model import Engagement, Subprocessor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from register_api.core.language.change_view import ChangeView
    from register_api.core.language.scene import Scene

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
            message("{name} will be used for a further purpose from {date}"),
            message("{name} used for a further purpose, effective {date}"),
            message("{name} used for a further purpose"),
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

_FACTS = ("purpose", "condition", "locations", "transfers", "data_scope", "data_categories", "ends_on")
"""What a customer wants to know of a use that starts."""


def say_turn(view: ChangeView, scene: Scene) -> Sequence[str]:
    """Return sentences of which the first can stand alone; none for what its fields tell best."""
    say = _TURNS.get(view.change.class_) if view.vendor is not None else None
    return say(view, scene) if say is not None else ()


def _added(view: ChangeView, scene: Scene) -> Sequence[str]:
    use, name = view.engagement, scene.who(view)
    if use is None:
        again, idle = message("{name} listed again"), message("{name} listed, no current processing")
        return [scene.text(again if view.fields else idle, name=name), *_origin(view, scene)]
    if use.status == "available":
        head = scene.text("{name} listed as available, not in use", name=name)
    elif use.ends_on is not None and use.ends_on <= scene.day:
        ended = scene.language.day(use.ends_on)
        head = scene.text("Retrospective entry: {name}, not used since {date}", name=name, date=ended)
    else:
        head = _start(_kind_of_start(view, scene), view, scene)
    return [head, *_origin(view, scene), *_facts(view, scene)]


def _kind_of_start(view: ChangeView, scene: Scene) -> str:
    if view.fields:
        return "relisted" if view.field("withdrawn") else "again"
    if scene.initial:
        return "initial"
    return "new" if view.listed else "further"


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
    if view.went:
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
    return [head, *purpose, *_successor(view, scene)]


def _withdrawn(view: ChangeView, scene: Scene) -> Sequence[str]:
    came = message("Retrospective entry: {name}, removed (listed in error)")
    said = came if view.came else message("{name} removed (listed in error)")
    reason = view.vendor.withdrawn if view.vendor else None
    why = [scene.phrases.fact(Subprocessor, "withdrawn", reason)] if reason else []
    return [scene.text(said, name=scene.who(view)), *why, *_successor(view, scene)]


def _cancelled(view: ChangeView, scene: Scene) -> Sequence[str]:
    cancelled, use = view.field("cancelled"), view.engagement
    if cancelled is None or cancelled.after is None:
        return ()
    why = scene.phrases.fact(cancelled.kind, "cancelled", cancelled.after)
    if view.change.planned is not None:
        planned = view.change.notice.effective_on
        said = message("{name}: the change planned for {date} is cancelled")
    else:
        planned = use.starts_on if use is not None else None
        said = message("{name} will not be used; it was announced for {date} and is cancelled")
    if planned is None:
        return [scene.text("{name}: cancelled", name=scene.who(view)), why]
    return [scene.text(said, name=scene.who(view), date=scene.language.day(planned)), why]


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


def _facts(view: ChangeView, scene: Scene) -> Iterator[str]:
    """Yield what is to be known of a vendor that comes, and of a use that starts."""
    vendor, use = view.vendor, view.engagement
    if view.listed and vendor and vendor.legal_name and vendor.legal_name != vendor.name:
        yield scene.phrases.fact(Subprocessor, "legal_name", vendor.legal_name)
    if use is None:
        return
    if not use.purpose:
        yield scene.phrases.fact(Engagement, "category", use.category)
    for name in _FACTS:
        value = getattr(use, name)
        if value:
            yield scene.phrases.fact(Engagement, name, value)
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
