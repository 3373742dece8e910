"""Builds a version from a checked source: number, time of publication, announcements."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from register_api.core import model
from register_api.core.announcements import announcements, find_engagement
from register_api.core.instant import local_day
from register_api.core.notice_period import Promises, announce, moved, promised
from register_api.core.timeline import plain as plain_set

_fields = msgspec.structs.asdict

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""No version was published before this instant (R15)."""


class Context(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything the rules need besides the source.

    Attributes:
        promises: Notice promises of all published versions.
        at: When this state was published elsewhere, for imported history.
        previous: The newest version, and the digest of its bytes in hex; ``None`` before the first.
        corrects: Number of the version that the new one corrects.
    """

    now: dt.datetime
    zone: dt.tzinfo
    promises: Promises
    reason: model.Reason
    at: dt.datetime | None = None
    previous: model.Register | None = None
    previous_sha256: str | None = None
    corrects: int | None = None

    @property
    def version(self) -> int:
        """Number of the new version."""
        return self.previous.version + 1 if self.previous else 1

    @cached_property
    def published_at(self) -> dt.datetime:
        """Publication time of the new version: UTC, whole seconds."""
        return (self.at or self.now).astimezone(dt.UTC).replace(microsecond=0)

    @cached_property
    def day(self) -> dt.date:
        """Local day of publication."""
        # An instant that R15 rejects could be outside the calendar in the publisher's zone.
        return local_day(max(self.published_at, EPOCH), self.zone)

    @property
    def is_baseline(self) -> bool:
        """Whether no promise applies yet: the first version, or an imported one."""
        return self.previous is None or self.at is not None

    @cached_property
    def known(self) -> dict[str, model.Subprocessor]:
        """Vendors of the newest version by id."""
        return {item.id: item for item in self.previous.subprocessors} if self.previous else {}

    def promises_with(self, draft: model.Draft) -> Promises:
        """Return the promises after publication of the draft."""
        return self.promises.with_version(self.version, self.day, draft.register.notice, live=self.at is None)


def make_version(draft: model.Draft, context: Context) -> model.Register:
    """Return the version built from a source."""
    promises = context.promises_with(draft)
    previous, digest = context.previous, context.previous_sha256
    source = _fields(draft.register)
    del source["order"], source["accepted_warnings"]
    source["updated_on"] = draft.register.updated_on or context.day
    source["notice"] = model.Notice(
        **_fields(promised(draft.register.notice)),
        also_binding=tuple(promises.also_binding(context.version, context.day)),
    )
    return model.Register(
        version=context.version,
        published_at=context.published_at,
        previous=model.Previous(version=previous.version, sha256=digest) if previous and digest else None,
        recorded="live" if context.at is None else "imported",
        reason=context.reason,
        corrects=context.corrects,
        subprocessors=tuple(_vendor(vendor, context, promises) for vendor in draft.subprocessors),
        **source,
    )


def unchanged(register: model.Register, previous: model.Register, *, dated: bool) -> bool:
    """Tell whether a version equals the previous one apart from fields set by publishing (R26).

    ``dated``: the source states ``updated_on``, so another date counts as a change.
    """
    when_and_why = ("version", "published_at", "previous", "recorded", "reason", "corrects")
    ignored = {*when_and_why, "notice", *(() if dated else ("updated_on",))}
    content = (name for name in register.__struct_fields__ if name not in ignored)
    same_promise = promised(register.notice) == promised(previous.notice)
    return same_promise and all(getattr(register, name) == getattr(previous, name) for name in content)


def _vendor(vendor: model.SubprocessorSource, context: Context, promises: Promises) -> model.Subprocessor:
    before = context.known.get(vendor.id)
    version, at = context.version, context.published_at
    newly_announced = {
        (item.engagement, item.planned): announced
        for item in announcements(before, vendor, context.day, context.reason.kind)
        if not item.written_into_use
        and (announced := announce(item.what, item.effective_on, version, at, promises))
        and (announced.required or not item.changes_start)
    }
    plain = model.Announced(version=version, at=at)
    engagements = []
    for source in vendor.engagements:
        old: Any = find_engagement(before, source.id)
        kept = _announced(old, source, "starts_on", promises) or plain
        engagement = _fields(source) | {
            "announced": newly_announced.get((source.id, None), kept),
            "planned": _planned(source.id, source, old, newly_announced, plain, promises),
            "cancelled": _dated(model.Cancelled, source.cancelled, old.cancelled if old else None, plain),
        }
        engagements.append(model.Engagement(**engagement))
    fields = {
        "engagements": tuple(engagements),
        "planned": _planned(None, vendor, before, newly_announced, plain, promises),
        "withdrawn": _dated(model.Withdrawn, vendor.withdrawn, before.withdrawn if before else None, plain),
    }
    return model.Subprocessor(**_fields(vendor) | fields)


def _planned(
    engagement: str | None,
    owner: model.EngagementSource | model.SubprocessorSource,
    before: model.Subprocessor | model.Engagement | None,
    newly_announced: dict[tuple[str | None, str | None], model.Announced],
    plain: model.Announced,
    promises: Promises,
) -> tuple[model.PlannedChange, ...]:
    """Return planned changes as published; those announced before keep their announcement."""
    known = {item.id: item for item in before.planned} if before else {}
    published = []
    for source in owner.planned:
        old = known.get(source.id)
        kept = _announced(old, source, "effective_on", promises) or plain
        fields = _fields(source) | {
            # In the order of the published bytes, so that recomputing from the register gives the same.
            "set": dict(sorted(plain_set(type(owner), source.set).items())),
            "announced": newly_announced.get((engagement, source.id), kept),
            "cancelled": _dated(model.Cancelled, source.cancelled, old.cancelled if old else None, plain),
        }
        published.append(model.PlannedChange(**fields))
    return tuple(published)


def _announced(old: Any, source: msgspec.Struct, day: str, promises: Promises) -> model.Announced | None:
    """Return the earlier announcement, recounted if the date in the field ``day`` has moved."""
    if old is None:
        return None
    before, now = getattr(old, day), getattr(source, day)
    announced: model.Announced = old.announced
    return announced if before == now else moved(announced, now, promises)


F = TypeVar("F", model.Cancelled, model.Withdrawn)


def _dated(kind: type[F], source: msgspec.Struct | None, old: F | None, plain: model.Announced) -> F | None:
    """Return a cancellation or withdrawal with the version that announced it."""
    return None if source is None else kind(**_fields(source), announced=old.announced if old else plain)
