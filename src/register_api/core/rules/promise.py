"""R10 to R15, R31: the notice promise (GDPR Art. 28(2)), and why and when a version is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from register_api.core.announcements import Announcement, announcements, find_engagement
from register_api.core.field_forms import MAX_DAYS
from register_api.core.instant import days_of_notice, earliest_start, format_instant
from register_api.core.model import Draft, NoticeSource, Subprocessor, SubprocessorSource
from register_api.core.notice_period import Promises, strictest
from register_api.core.rules.rule_table import REGISTER_FILE, found, place_of, vendor_file
from register_api.core.rules.states import may_rewrite
from register_api.core.timeline import state_on
from register_api.core.versioning import EPOCH, Context
from register_api.errors import Finding

_SHORT = 'or say openly why notice is short: short_notice = { reason = "…" }'


class CoveredChange(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a version announces, or writes straight into use, where a promise covers it.

    Attributes:
        vendor: Whose it is.
        place: Key path of the engagement or planned change in the vendor's file; empty for the vendor itself.
        said: What is announced.
        notice: Of the promises that cover some of it, the one with the earliest date allowed last.
    """

    vendor: SubprocessorSource
    place: str
    said: Announcement
    notice: NoticeSource

    def fault(self, rule: str, key: str, message: str, hint: str) -> Finding:
        """Return a finding in the vendor's file."""
        return found(rule, vendor_file(self.vendor.id), key, message, hint)


def promised(draft: Draft, context: Context) -> Iterator[CoveredChange]:
    """Yield everything that the version would announce and that a promise covers."""
    if context.is_baseline or not 0 <= draft.register.notice.days <= MAX_DAYS:
        return  # nothing was promised, or a number (R17) that cannot be counted with
    promises = context.promises_with(draft)
    for vendor in draft.subprocessors:
        before = context.previous_vendor(vendor.id)
        for said in announcements(before, vendor, context.day, context.reason.kind):
            notice = strictest(said.what, context.version, context.day, promises)
            if notice is not None and not _is_taken_back(before, said, context):
                place = place_of(vendor, said.engagement, said.planned)
                yield CoveredChange(vendor=vendor, place=place, said=said, notice=notice)


def _is_taken_back(before: Subprocessor | None, said: Announcement, context: Context) -> bool:
    """Tell whether an end that has passed is taken back, which R09 refuses whatever the notice."""
    old = find_engagement(before, said.engagement or "")
    ended = before is not None and old is not None and state_on(before, old, context.day) == "ended"
    return ended and said.planned is None and not may_rewrite(context)


def check_promise(draft: Draft, context: Context) -> Iterator[Finding]:
    """R10 to R13: what the promise covers starts late enough, or says openly and anew that it does not."""
    promises = context.promises_with(draft)
    newest = msgspec.structs.replace(promises, policies=promises.policies[-1:])
    for item in promised(draft, context):
        day = item.said.effective_on
        if item.said.reused_reason and day is not None and day < earliest_start(context.day, item.notice):
            message = "this reason was published for an earlier announcement"
            hint = "say why the notice of this change is short"
            yield item.fault("R11", f"{item.place}.short_notice.reason", message, hint)
        fault = _fault(item, item.notice, context)
        if fault is None:
            continue
        today = strictest(item.said.what, context.version, context.day, newest)
        if today is None or _fault(item, today, context) is None:
            yield _as_older_promise(fault, item.notice, promises)
        else:
            yield fault


def _fault(item: CoveredChange, notice: NoticeSource, context: Context) -> Finding | None:
    """Judge one announcement by one promise."""
    said, allowed = item.said, earliest_start(context.day, notice)
    if said.written_into_use:
        return _must_be_planned(item, notice, context, allowed)
    field = "starts_on" if said.planned is None else "effective_on"
    key, day = f"{item.place}.{field}".lstrip("."), said.effective_on
    if day is None:
        message = f"this change needs {_days(notice)}' notice ({said.what[0]})"
        return item.fault("R10", key, message, f"add {field} = {allowed} or later")
    if day >= allowed or said.short_notice is not None:
        return None
    why = "otherwise say again why notice is short (R11)" if said.reused_reason else _SHORT
    hint = f"{allowed} is the earliest date allowed; {why}"
    if day < context.day:
        message = f"{field} {day} is before the announcement on {context.day} ({said.what[0]})"
        return item.fault("R12", key, message, hint)
    given = days_of_notice(context.day, day, notice)
    message = (
        f"only {given} of the promised {_days(notice)}' notice: "
        f"announced on {context.day}, effective on {day} ({said.what[0]})"
    )
    return item.fault("R10", key, message, hint)


def _must_be_planned(
    item: CoveredChange, notice: NoticeSource, context: Context, allowed: dt.date
) -> Finding:
    """Refuse what is written straight into something in use, and show the planned change to write."""
    before = context.previous_vendor(item.vendor.id)
    table, changed = "planned", _changed(before, item.vendor, _OF_VENDOR)
    if not changed:
        old = find_engagement(before, item.said.engagement or "")
        new = find_engagement(item.vendor, item.said.engagement or "")
        table, changed = "engagements.planned", _changed(old, new, _OF_USE)
    setting = ", ".join(f"{name} = …" for name in changed)
    message = (
        f"this is in use, and the change needs {_days(notice)}' notice ({item.said.what[0]}): "
        f"it cannot be written over what holds today"
    )
    hint = (
        f"put back {', '.join(changed)}, and announce the change with a date of its own: "
        f'[[{table}]] id = "…", effective_on = {allowed}, set = {{ {setting} }}'
    )
    return item.fault("R10", item.place, message, hint)


_OF_VENDOR = ("legal_name", "seat")
_OF_USE = ("status", "locations", "data_scope", "data_categories", "special_categories")


def _changed(old: object, new: object, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if getattr(old, name) != getattr(new, name)]


def _days(notice: NoticeSource) -> str:
    kind = "business day" if notice.day_count == "business" else "day"
    return f"{notice.days} {kind}" if notice.days == 1 else f"{notice.days} {kind}s"


def _as_older_promise(finding: Finding, notice: NoticeSource, promises: Promises) -> Finding:
    """Name rule R13 where the newest promise would allow it and only an older one forbids it."""
    index = next(index for index, row in enumerate(promises.policies) if row.notice is notice)
    until = earliest_start(promises.policies[index + 1].day, notice)
    message = (
        f"{finding.message}; the promise of version {promises.policies[index].version} "
        f"binds what is announced before {until}"
    )
    return found("R13", finding.file, finding.key, message, finding.hint)


def check_reason(draft: Draft, context: Context) -> Iterator[Finding]:
    """R14: a correction names what it corrects; an editorial version changes nothing of weight."""
    kind, corrects = context.reason.kind, context.corrects
    if (kind == "initial") != (context.previous is None):
        message = f"a reason of kind initial is only for version 1; this is version {context.version}"
        yield found("R14", REGISTER_FILE, "", message)
    if kind == "correction" and corrects is None:
        yield found("R14", REGISTER_FILE, "", "a correction names the version it puts right", "--corrects N")
    if corrects is not None and kind != "correction":
        yield found("R14", REGISTER_FILE, "", f"a version of the kind {kind} corrects none")
    if corrects is not None and not 1 <= corrects < context.version:
        yield found("R14", REGISTER_FILE, "", f"there is no version {corrects} to correct")
    if kind == "editorial" and not context.is_baseline:
        for item in promised(draft, context):
            what = ", ".join(item.said.what)
            message = f"an editorial version does not hold a change that needs notice: {what}"
            yield item.fault("R14", item.place, message, "publish it with --kind change")


def check_instant(_draft: Draft, context: Context) -> Iterator[Finding]:
    """R15: versions follow each other in time; history comes before the first live version."""
    instant = context.published_at
    if context.previous is not None and instant <= context.previous.published_at:
        published = format_instant(context.previous.published_at)
        message = f"version {context.previous.version} was published at {published}"
        hint = "a version comes later than the one before, by a second at least"
        yield found("R15", REGISTER_FILE, "", message, hint)
    if instant < EPOCH:
        yield found("R15", REGISTER_FILE, "", f"{instant:%Y-%m-%d} is before {EPOCH:%Y-%m-%d}")
    if instant > context.now:
        yield found("R15", REGISTER_FILE, "", f"{format_instant(instant)} is in the future")
    if context.at is not None and context.promises.first_live is not None:
        message = f"version {context.promises.first_live} was published live; history cannot follow it"
        yield found("R15", REGISTER_FILE, "", message, "publish without --at")


def check_updated_on(draft: Draft, context: Context) -> Iterator[Finding]:
    """R31: the day of the content does not lie in the future."""
    updated = draft.register.updated_on
    if updated is not None and updated > context.day:
        message = f"updated_on {updated} is after the day of publication, {context.day}"
        yield found("R31", REGISTER_FILE, "updated_on", message, "leave it out: publishing sets it to today")
