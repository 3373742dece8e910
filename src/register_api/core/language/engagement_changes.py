"""Sentences about vendors and engagements that are added, started, stopped, removed or renamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from register_api.core.countries import is_outside_eea, within_eea, without_mechanism
from register_api.core.language.change_view import ChangeView
from register_api.core.language.language import capital, message
from register_api.core.language.notice import days
from register_api.core.language.values import MECHANISM_NOT_STATED
from register_api.core.model import Engagement, EngagementSource, Subprocessor
from register_api.core.struct_fields import shapes
from register_api.core.timeline import FieldDelta, state_on, with_change

_STARTS: Mapping[str, tuple[str, str, str]] = {
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
"""Messages for a start in the future, a start in the past, and one without a date."""

_ORIGINS = ("merged_from", "split_from")
"""Fields that name the vendors from which a new one was formed."""

_FACTS = (
    "purpose", "entity", "conditions", "locations", "transfers", "products", "data_scope", "data_categories",
    "ends_on",
)  # fmt: skip
"""Fields of an engagement that are listed when it starts."""


def _added(view: ChangeView) -> Sequence[str]:
    use, context = view.engagement, view.context
    if use is None:
        again, idle = message("{name} listed again"), message("{name} listed, no current processing")
        return [view.text(idle if view.change.kind == "added" else again, name=view.who), *_origin(view)]
    if use.status == "available":
        head = view.text("{name} listed as available, not in use", name=view.who)
    elif use.ends_on is not None and use.ends_on <= context.day:
        template = message("Retrospective entry: {name}, not used since {date}")
        head = view.text(template, name=view.who, date=use.ends_on)
    else:
        # The first sentence is not repeated among the facts.
        kind = _kind_of_start(view)
        origin = view.newly(kind) if kind in _ORIGINS else ""
        names_purpose = kind == "further" and "…" not in view.use
        head = _start(kind, view, origin=origin, use=view.use)
        facts = _facts(view, but="purpose" if names_purpose else None)
        return [head, *([] if origin else _origin(view)), *facts]
    return [head, *_origin(view), *_facts(view)]


def _kind_of_start(view: ChangeView) -> str:
    if view.change.kind != "added":
        return "relisted" if view.field("withdrawn") else "again"
    if view.context.register.previous is None:
        return "initial"
    if view.listed or view.vendor is None:
        return next((origin for origin in _ORIGINS if view.newly(origin)), "new")
    uses = (item for item in view.vendor.engagements if item.id != view.change.engagement)
    states = {state_on(view.vendor, item, view.context.day) for item in uses}
    # The vendor was used before and has no other current use.
    is_back = "ended" in states and states.isdisjoint({"in_force", "announced"})
    return "again" if is_back else "further"


def _ended(view: ChangeView) -> Sequence[str]:
    use, context = view.engagement, view.context
    ends_on = use.ends_on if use is not None else None
    if view.change.kind == "removed":
        head = view.text("{name} is no longer listed", name=view.who)
    elif ends_on is None:
        return ()
    else:
        ahead = message("{name} will no longer be used from {date}")
        past = message("{name} has not been used since {date}")
        template = ahead if ends_on > context.day else past
        head = view.text(template, name=view.who, date=ends_on)
    more = []
    if ends_on is not None and ends_on < context.day:
        late = days(context.language, (context.day - ends_on).days, "calendar")
        more.append(view.text("Reported {days} late", days=late))
    if use and use.purpose and view.who == view.name:
        more.append(view.fact(Engagement, "purpose", use.purpose))
    return [head, *more, *_successor(view)]


def _withdrawn(view: ChangeView) -> Sequence[str]:
    retrospective = message("Retrospective entry: {name}, removed (listed in error)")
    template = retrospective if view.change.kind == "added" else message("{name} removed (listed in error)")
    reason = view.vendor.withdrawn if view.vendor else None
    why = [view.fact(Subprocessor, "withdrawn", reason)] if reason else []
    return [view.text(template, name=view.who), *why, *_successor(view)]


def _cancelled(view: ChangeView) -> Sequence[str]:
    cancelled, use = view.field("cancelled"), view.engagement
    if cancelled is None or cancelled.after is None:
        return ()
    why = view.fact(cancelled.kind, "cancelled", cancelled.after)
    if view.change.planned is not None:
        day, name = view.change.notice.effective_on, view.planned
        template = message("{name}: announced for {date}, will not take place")
    else:
        day, name = use.starts_on if use is not None else None, view.who
        template = message("{name} will not be used; it was announced for {date} and is cancelled")
    if day is None:
        return [view.text("{name}: cancelled", name=name), why]
    return [view.text(template, name=name, date=day), why]


_WRITERS: Mapping[str, Callable[[ChangeView], Sequence[str]]] = {
    "added": _added, "ended": _ended, "withdrawn": _withdrawn, "cancelled": _cancelled,
}  # fmt: skip


def engagement_sentences(view: ChangeView) -> Sequence[str]:
    """Return sentences, the first of which makes sense on its own; none if listing the fields is clearer."""
    type_, status, name = view.change.type, view.field("status"), view.field("name")
    if view.vendor is None or type_ in _WRITERS:
        return _WRITERS[type_](view) if view.vendor is not None else ()
    if type_ == "replaced" and (others := view.newly("replaces")):
        return [_start("replaced", view, others=others), *_origin(view), *_facts(view)]
    if type_ == "activated" and status:
        return [_start("activated", view), capital(view.phrases.of_all([status])), *_facts(view)]
    if type_ == "deactivated" and status:
        head = f"{view.who}: {view.phrases.of_all([status])}{effective(view)}"
        return [head, *_facts(view)]
    if type_ == "renamed":
        return _renamed(view, name)
    return ()


def _renamed(view: ChangeView, name: FieldDelta | None) -> Sequence[str]:
    start = view.change.notice.effective_on if view.change.planned else None
    if name is None:
        head, *others = [*_origin(view)] or [""]
        return [f"{head}{effective(view)}", *others] if head else ()
    if start is not None and start > view.context.day:
        template = message("{before} will be called {after} from {date}")
        now = view.text(template, before=name.before, after=name.after, date=start)
    else:
        now = view.text("{before} is now called {after}", before=name.before, after=name.after)
    return [now, *_origin(view)]


def effective(view: ChangeView) -> str:
    """Return the end of a sentence that says from when a change holds, if that is ahead or planned."""
    start = view.change.notice.effective_on
    ahead = start is not None and (
        view.change.planned or (view.change.notice.required and start > view.context.day)
    )
    return view.text(", effective {date}", date=start) if start and ahead else ""


def _start(kind: str, view: ChangeView, **values: str) -> str:
    ahead, since, undated = _STARTS[kind]
    start = view.change.notice.effective_on if view.change.planned else None
    if start is None and view.engagement is not None:
        start = view.engagement.starts_on
    name = view.who if kind == "activated" else view.name
    if start is None:
        return view.text(undated, name=name, **values)
    template = ahead if start > view.context.day else since
    return view.text(template, name=name, date=start, **values)


def _facts(view: ChangeView, but: str | None = None) -> Iterator[str]:
    """Yield facts about a new vendor and a starting engagement, except one field."""
    vendor, use = view.vendor, view.engagement
    if view.listed and vendor:
        if vendor.legal_name and vendor.legal_name != vendor.name:
            yield view.fact(Subprocessor, "legal_name", vendor.legal_name)
        if vendor.seat and vendor.seat not in {place.country for place in (use and use.locations) or ()}:
            yield view.fact(Subprocessor, "seat", vendor.seat)
    if use is None:
        return
    if not use.purpose:
        yield view.fact(Engagement, "category", use.category)
    for name in _FACTS:
        value = getattr(use, name)
        is_none = value == () and shapes(Engagement)[name].is_optional
        if (value or is_none) and name != but:
            yield view.fact(Engagement, name, value)
    if without_mechanism(use):
        yield view.text(MECHANISM_NOT_STATED)
    if use.special_categories:
        yield view.fact(Engagement, "special_categories", value=True)


def _origin(view: ChangeView) -> Iterator[str]:
    """Yield sentences about the vendors from which this one was formed."""
    merged, split = view.newly("merged_from"), view.newly("split_from")
    if merged:
        yield view.text("{others} merged into {name}", others=merged, name=view.name)
    if split:
        yield view.text("{name} split from {others}", name=view.name, others=split)


def _successor(view: ChangeView) -> Iterator[str]:
    """Yield a sentence about the vendor that succeeds this one."""
    replaced, merged = view.successors("replaces"), view.successors("merged_from")
    if replaced:
        yield view.text("Replaced by {names}", names=replaced)
    elif merged:
        yield view.text("Merged into {names}", names=merged)


def circumstances(view: ChangeView) -> Iterator[str]:
    """Yield the legal entity, purpose, locations and data; missing values are listed as not stated."""
    vendor, use = view.vendor, view.engagement
    if vendor is None:
        return
    if use is not None and use.entity is not None:
        yield view.fact(Engagement, "entity", use.entity)
    else:
        for name in ("legal_name", "seat"):
            yield view.fact(Subprocessor, name, getattr(vendor, name))
    if use is None:
        for purpose in dict.fromkeys(item.purpose for item in vendor.engagements if item.purpose):
            yield view.fact(Engagement, "purpose", purpose)
        return
    yield from _engagement_facts(use if view.plan is None else with_change(use, view.plan), view)


def _engagement_facts(use: EngagementSource, view: ChangeView) -> Iterator[str]:
    if use.purpose:
        yield view.fact(Engagement, "purpose", use.purpose)
    yield view.fact(Engagement, "locations", use.locations)
    within = within_eea(use.locations)  # GDPR Chapter V
    if within:
        yield view.text("All stated processing locations are in the EEA")
    elif within is False:
        countries = dict.fromkeys(place.country for place in use.locations or ())
        outside = map(view.context.language.country, filter(is_outside_eea, countries))
        yield view.text("Outside the EEA: {countries}", countries=[*outside])
    if use.transfers:
        yield view.fact(Engagement, "transfers", use.transfers)
    if without_mechanism(use):
        yield view.text(MECHANISM_NOT_STATED)
    for name in ("data_scope", "data_categories", "data_subjects"):
        yield view.fact(Engagement, name, getattr(use, name))
    if use.special_categories:
        yield view.fact(Engagement, "special_categories", value=True)
    if view.context.register.products:
        yield view.fact(Engagement, "products", use.products)
