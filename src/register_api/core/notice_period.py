"""The notice promise: which changes it covers, and whether it was kept.

After a promise is shortened, the old one still binds changes announced within its notice period (R13).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

import msgspec

from register_api.core import model
from register_api.core.announcements import START_EVENTS, Event
from register_api.core.instant import days_of_notice, earliest_start, later_day, local_day


class NoticePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A notice promise and the version and local day from which it was in force."""

    version: int
    day: dt.date
    notice: model.NoticeSource


class Promises(msgspec.Struct, frozen=True, kw_only=True):
    """All promises of a register in order of version, and the first version that was not imported."""

    zone: dt.tzinfo
    first_live: int | None
    policies: tuple[NoticePolicy, ...]

    def with_version(self, version: int, day: dt.date, notice: model.NoticeSource, *, live: bool) -> Promises:
        """Return the promises after publication of a further version."""
        policy = NoticePolicy(version=version, day=day, notice=promised(notice))
        changed = not self.policies or self.policies[-1].notice != policy.notice
        first = version if live and self.first_live is None else self.first_live
        policies = (*self.policies, policy) if changed else self.policies
        return Promises(zone=self.zone, first_live=first, policies=policies)

    def is_baseline(self, version: int) -> bool:
        """Tell whether no promise precedes a version: the first, or an imported one."""
        return version == 1 or self.first_live is None or version < self.first_live

    def binding(self, version: int, day: dt.date) -> Iterator[model.NoticeSource]:
        """Yield the promises that bind a change announced by a version on a day, newest first."""
        for policy, until in self._reaching(version):
            if until is None or day < until:
                yield policy.notice

    def also_binding(self, version: int, day: dt.date) -> Iterator[model.OlderPromise]:
        """Yield older promises that require more than the newest for announcements on that day."""
        (newest, _), *older = self._reaching(version)
        names = ("days", "day_count", "holidays", "applies_to", "objection")
        for policy, until in older:
            if until is not None and day < until and _says_more(policy.notice, newest.notice, day):
                terms = {name: getattr(policy.notice, name) for name in names}
                yield model.OlderPromise(version=policy.version, until=until - dt.timedelta(days=1), **terms)

    def _reaching(self, version: int) -> Iterator[tuple[NoticePolicy, dt.date | None]]:
        """Yield promises, newest first, each with the first day on which it no longer binds."""
        superseded_on: dt.date | None = None
        for policy in reversed([policy for policy in self.policies if policy.version <= version]):
            yield policy, None if superseded_on is None else earliest_start(superseded_on, policy.notice)
            superseded_on = policy.day


def _says_more(older: model.NoticeSource, newest: model.NoticeSource, day: dt.date) -> bool:
    """Tell whether an older promise covers more than the newest, or gives more days to wait or object."""
    objections = [objection_until(day, notice) or dt.date.min for notice in (older, newest)]
    return (
        not set(older.applies_to) <= set(newest.applies_to)
        or earliest_start(day, older) > earliest_start(day, newest)
        or objections[0] > objections[1]
    )


def promised(notice: model.NoticeSource) -> model.NoticeSource:
    """Return a promise without the fields that publishing adds, for comparison."""
    return model.NoticeSource(
        **{name: getattr(notice, name) for name in model.NoticeSource.__struct_fields__}
    )


def promises_of(versions: Iterable[model.Register], zone: dt.tzinfo) -> Promises:
    """Return the promises of the given versions, oldest first; versions between them are ignored."""
    promises = Promises(zone=zone, first_live=None, policies=())
    for register in versions:
        day = local_day(register.published_at, zone)
        live = register.recorded == "live"
        promises = promises.with_version(register.version, day, register.notice, live=live)
    return promises


class NoticeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a change needs notice and whether it was given (docs/format/diff.md).

    Attributes:
        required: Whether the promise covers the change.
        announced_on: Local day of the announcement.
        effective_on: Effective date of the change; ``None`` if none is stated.
        days: Days of notice given, counted as promised; negative when announced late; ``None``, like
            all below, where no notice is required.
        day_count: Unit of these and the promised days: calendar or business days.
        promised_days: Days of notice promised for it.
        met: Whether the promise was kept.
        objection_until: Objection deadline, if the promise sets a period.
    """

    required: bool
    announced_on: dt.date | None = None
    effective_on: dt.date | None = None
    days: int | None = None
    day_count: model.DayCount | None = None
    promised_days: int | None = None
    met: bool | None = None
    objection_until: dt.date | None = None


def announce(
    what: Iterable[Event], effective_on: dt.date | None, version: int, at: dt.datetime, promises: Promises
) -> model.Announced:
    """Return the record of an announcement, checked against the binding promises."""
    day = local_day(at, promises.zone)
    covering = list(_covering(what, version, day, promises))
    if not covering:
        return model.Announced(version=version, at=at)
    binding = max(covering, key=lambda notice: earliest_start(day, notice))
    deadlines = [objection_until(day, notice) for notice in covering]
    announced = model.Announced(
        version=version,
        at=at,
        required=True,
        promised_days=binding.days,
        day_count=binding.day_count,
        objection_until=max((item for item in deadlines if item is not None), default=None),
    )
    return _counted(announced, effective_on, day, binding)


def _counted(
    announced: model.Announced, effective_on: dt.date | None, day: dt.date, notice: model.NoticeSource
) -> model.Announced:
    """Return an announcement with its days of notice and whether they suffice."""
    if effective_on is None:
        return msgspec.structs.replace(announced, days=None, met=False)
    met = effective_on >= earliest_start(day, notice)
    return msgspec.structs.replace(announced, days=days_of_notice(day, effective_on, notice), met=met)


def moved(announced: model.Announced, effective_on: dt.date | None, promises: Promises) -> model.Announced:
    """Return an announcement whose date moved without a new announcement: only its days are recounted."""
    if not announced.required:
        return announced
    day = local_day(announced.at, promises.zone)
    counted = [
        notice
        for notice in promises.binding(announced.version, day)
        if (notice.days, notice.day_count) == (announced.promised_days, announced.day_count)
    ]
    if not counted and announced.day_count == "calendar" and announced.promised_days is not None:
        # A promise not known here; calendar days are counted alike for all.
        counted = [model.NoticeSource(days=announced.promised_days, applies_to=())]
    if not counted:
        return announced
    return _counted(announced, effective_on, day, max(counted, key=lambda item: earliest_start(day, item)))


def notice_status(announced: model.Announced, effective_on: dt.date | None, zone: dt.tzinfo) -> NoticeStatus:
    """Return an announcement as the notice status of the change it announces.

    What version 1 lists as in use never needed notice.
    """
    day = local_day(announced.at, zone)
    if announced.version == 1 and (effective_on is None or effective_on <= day):
        return NoticeStatus(required=False, effective_on=effective_on)
    names = ("required", "days", "day_count", "promised_days", "met", "objection_until")
    counted = {name: getattr(announced, name) for name in names}
    return NoticeStatus(announced_on=day, effective_on=effective_on, **counted)


def strictest(
    what: Iterable[Event], version: int, day: dt.date, promises: Promises
) -> model.NoticeSource | None:
    """Return, of the promises that cover any of the events, the one with the latest allowed date."""
    covering = _covering(what, version, day, promises)
    return max(covering, key=lambda notice: earliest_start(day, notice), default=None)


def _covering(
    what: Iterable[Event], version: int, day: dt.date, promises: Promises
) -> Iterator[model.NoticeSource]:
    if promises.is_baseline(version):
        return
    events: set[str] = set(what)
    if "rescheduled" in events:  # covered if any start is
        events = events - {"rescheduled"} | START_EVENTS
    for notice in promises.binding(version, day):
        if not events.isdisjoint(notice.applies_to):
            yield notice


def objection_until(day: dt.date, notice: model.NoticeSource) -> dt.date | None:
    """Return the objection deadline for an announcement on a day; ``None`` if no period is promised."""
    if notice.objection is None:
        return None
    return later_day(day, notice.objection.days, notice.day_count, notice.holidays)


def binding_objection(notice: model.Notice) -> model.Objection | None:
    """Return the promise's objection terms, else those of an older promise that still binds."""
    objections = (notice.objection, *(older.objection for older in notice.also_binding))
    return next((item for item in objections if item is not None), None)
