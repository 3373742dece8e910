"""R09 to R15, R31: dates, the notice promise (GDPR Art. 28(2)), and the reason and time of publication."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from register_api.core import model
from register_api.core.announcements import Announcement, announcements, find_engagement
from register_api.core.field_forms import MAX_DAYS
from register_api.core.instant import days_of_notice, earliest_start, format_instant
from register_api.core.language.language import count
from register_api.core.notice_period import Promises, strictest
from register_api.core.rules.rule_table import REGISTER_FILE, found, owners, uses, vendor_file
from register_api.core.timeline import same_set, state_on
from register_api.core.versioning import EPOCH, Context
from register_api.errors import Finding

_CORRECT = "correct a mistake with publish --corrects N --reason …"
_SHORT = 'or say openly why notice is short: short_notice = { reason = "…" }'

_Fault = tuple[str, str, str]
"""Field, message and hint."""


def may_rewrite(context: Context) -> bool:
    """Tell whether past dates may change: in imported history, or in a correction with a reason."""
    correction = context.reason.kind == "correction" and bool(context.reason.text)
    return correction or context.at is not None


def check_dates(draft: model.Draft, context: Context) -> Iterator[Finding]:
    """R09: an engagement ends after it starts; published dates that have passed do not change."""
    for file, place, vendor, engagement in uses(draft):
        starts_on, ends_on = engagement.starts_on, engagement.ends_on
        if starts_on is not None and ends_on is not None and ends_on <= starts_on:
            message = f"it would end on {ends_on}, not after its start on {starts_on}"
            hint = "ends_on is the first day without it, so it is a day later at the earliest"
            if starts_on > context.day:
                hint += '; to give up a plan, write cancelled = { reason = "…" }'
            yield found("R09", file, f"{place}.ends_on", message, hint)
        old = find_engagement(context.known.get(vendor.id), engagement.id)
        if old is not None and not may_rewrite(context):
            for field, message, hint in _moves(old, engagement, context):
                yield found("R09", file, f"{place}.{field}", message, hint)


def _moves(old: model.EngagementSource, new: model.EngagementSource, context: Context) -> Iterator[_Fault]:
    """Yield the published dates of an engagement that have passed and would change."""
    if new.cancelled is not None or "available" in (old.status, new.status):
        return
    today = context.day
    if old.starts_on != new.starts_on and (old.starts_on is None or old.starts_on <= today):
        # Stating a start before version 1 for the first time does not move it.
        first = next((policy.day for policy in context.promises.policies), dt.date.max)
        if old.starts_on is not None or new.starts_on is None or new.starts_on >= first:
            message = (
                f"it has been in use since {old.starts_on or 'before version 1'}, "
                f"so its start cannot become {new.starts_on or 'a day before version 1'}"
            )
            hint = (
                "leave starts_on, and write what changes as a planned change ([[engagements.planned]]) "
                f"or as a further engagement; {_CORRECT}"
            )
            yield "starts_on", message, hint
    elif new.starts_on is None and old.starts_on is not None:
        message = f"its start on {old.starts_on} was announced, so it was not in use before version 1"
        yield "starts_on", message, _CORRECT
    if old.ends_on != new.ends_on and old.ends_on is not None and old.ends_on <= today:
        message = f"it ended on {old.ends_on}, and that has passed"
        hint = f"a resumed use is another engagement with its own starts_on; {_CORRECT}"
        yield "ends_on", message, hint


def check_plans(draft: model.Draft, context: Context) -> Iterator[Finding]:
    """R09: a plan can be moved or cancelled until the day before it takes effect, and not revived."""
    for vendor in draft.subprocessors if not may_rewrite(context) else ():
        file, before = vendor_file(vendor.id), context.known.get(vendor.id)
        for prefix, owner in owners(vendor):
            old: model.Subprocessor | model.EngagementSource | None = before
            if isinstance(owner, model.EngagementSource):
                old = use = find_engagement(before, owner.id)
                for field, message, hint in _cancelled_faults(use, owner, owner.starts_on, context):
                    yield found("R09", file, f"{prefix}{field}", message, hint)
            known = {item.id: item for item in old.planned} if old is not None else {}
            for index, plan in enumerate(owner.planned):
                for field, message, hint in _plan_faults(type(owner), known.get(plan.id), plan, context):
                    yield found("R09", file, f"{prefix}planned[{index}].{field}", message, hint)


def _plan_faults(
    kind: type, old: model.PlannedChangeSource | None, new: model.PlannedChangeSource, context: Context
) -> Iterator[_Fault]:
    yield from _cancelled_faults(old, new, new.effective_on, context)
    if old is None or old.cancelled is not None or old.effective_on > context.day:
        return
    moved = {"effective_on": old.effective_on != new.effective_on, "set": not same_set(kind, old, new)}
    for field in (field for field, differs in moved.items() if differs):
        message = f"this change took effect on {old.effective_on} and stays as it was"
        yield field, message, f"write what changes next as a further planned change; {_CORRECT}"


def _cancelled_faults(
    old: model.PlannedChangeSource | model.EngagementSource | None,
    new: model.PlannedChangeSource | model.EngagementSource,
    day: dt.date | None,
    context: Context,
) -> Iterator[_Fault]:
    """Yield faults of a cancellation that is added or removed."""
    was = old.cancelled if old is not None else None
    if was is not None and new.cancelled is None:
        message = "this was cancelled; announce it again as a new change"
        yield "cancelled", message, f"keep it, and add another entry with its own id; {_CORRECT}"
    if was is None and new.cancelled is not None:
        if old is None:
            yield "cancelled", "it was never announced, so there is nothing to cancel", "leave the entry out"
        elif day is None or day <= context.day:
            message = "it has taken effect, so it can no longer be cancelled"
            hint = "an engagement ends by ends_on; a change is undone by a further planned change"
            yield "cancelled", message, hint


class CoveredChange(msgspec.Struct, frozen=True):
    """An announcement, or an edit of an engagement in use, that a promise covers.

    ``notice`` is the strictest of these promises: the one whose earliest allowed date is latest.
    """

    vendor: model.SubprocessorSource
    place: str
    announcement: Announcement
    notice: model.NoticeSource

    def fault(self, rule: str, key: str, message: str, hint: str) -> Finding:
        """Return a finding in the vendor's file."""
        return found(rule, vendor_file(self.vendor.id), key, message, hint)


def covered_changes(draft: model.Draft, context: Context) -> Iterator[CoveredChange]:
    """Yield everything the version would announce that a promise covers."""
    if context.is_baseline or not 0 <= draft.register.notice.days <= MAX_DAYS:
        return  # nothing was promised, or a number of days out of bounds (R17)
    promises = context.promises_with(draft)
    for vendor in draft.subprocessors:
        before = context.known.get(vendor.id)
        for announcement in announcements(before, vendor, context.day, context.reason.kind):
            notice = strictest(announcement.what, context.version, context.day, promises)
            if notice is None:
                continue
            old = find_engagement(before, announcement.engagement or "")
            ended = before is not None and old is not None and state_on(before, old, context.day) == "ended"
            # R09 already rejects the removal of an end date that has passed.
            if announcement.planned is not None or not ended or may_rewrite(context):
                yield CoveredChange(vendor, _place(vendor, announcement), announcement, notice)


def _place(vendor: model.SubprocessorSource, about: Announcement) -> str:
    """Return the key path of an announcement in the vendor's file."""
    prefix, owner = next(at for at in owners(vendor) if about.engagement == (at[1].id if at[0] else None))
    if about.planned is None:
        return prefix.removesuffix(".")
    return f"{prefix}planned[{[item.id for item in owner.planned].index(about.planned)}]"


def check_promise(draft: model.Draft, context: Context) -> Iterator[Finding]:
    """R10 to R13: a covered change starts late enough, or gives a new reason for short notice."""
    promises = context.promises_with(draft)
    newest = msgspec.structs.replace(promises, policies=promises.policies[-1:])
    for item in covered_changes(draft, context):
        day, reused = item.announcement.effective_on, item.announcement.reused_reason
        if reused and day is not None and day < earliest_start(context.day, item.notice):
            message = "this reason was published for an earlier announcement"
            hint = "say why the notice of this change is short"
            yield item.fault("R11", f"{item.place}.short_notice.reason", message, hint)
        fault = _short_notice(item, item.notice, context)
        if fault is None:
            continue
        today = strictest(item.announcement.what, context.version, context.day, newest)
        if today is None or _short_notice(item, today, context) is None:
            yield _as_older_promise(fault, item.notice, promises)
        else:
            yield fault


def _short_notice(item: CoveredChange, notice: model.NoticeSource, context: Context) -> Finding | None:
    """Check one announcement against one promise."""
    announcement, allowed = item.announcement, earliest_start(context.day, notice)
    if announcement.written_into_use:
        return _must_be_planned(item, notice, context, allowed)
    field = "starts_on" if announcement.planned is None else "effective_on"
    key, day = f"{item.place}.{field}".lstrip("."), announcement.effective_on
    if day is None:
        message = f"this change needs {_days(notice)}' notice ({announcement.what[0]})"
        return item.fault("R10", key, message, f"add {field} = {allowed} or later")
    if day >= allowed or announcement.short_notice is not None:
        return None
    why = "otherwise say again why notice is short (R11)" if announcement.reused_reason else _SHORT
    hint = f"{allowed} is the earliest date allowed; {why}"
    if day < context.day:
        message = f"{field} {day} is before the announcement on {context.day} ({announcement.what[0]})"
        return item.fault("R12", key, message, hint)
    message = (
        f"only {days_of_notice(context.day, day, notice)} of the promised {_days(notice)}' notice: "
        f"announced on {context.day}, effective on {day} ({announcement.what[0]})"
    )
    return item.fault("R10", key, message, hint)


_VENDOR_FIELDS = ("legal_name", "seat")
_ENGAGEMENT_FIELDS = (
    "status", "entity", "locations", "data_scope", "data_categories", "special_categories",
)  # fmt: skip
"""Fields whose changes can need notice."""


def _must_be_planned(
    item: CoveredChange, notice: model.NoticeSource, context: Context, allowed: dt.date
) -> Finding:
    """Reject an edit of an engagement in use, with the planned change to write instead as the hint."""
    before, engagement = context.known.get(item.vendor.id), item.announcement.engagement or ""
    old, new = find_engagement(before, engagement), find_engagement(item.vendor, engagement)
    own = getattr(old, "entity", None) or getattr(new, "entity", None)
    fields = () if own else _VENDOR_FIELDS
    changed = [name for name in fields if getattr(before, name) != getattr(item.vendor, name)]
    table = "planned" if changed else "engagements.planned"
    changed = changed or [name for name in _ENGAGEMENT_FIELDS if getattr(old, name) != getattr(new, name)]
    message = (
        f"this is in use, and the change needs {_days(notice)}' notice ({item.announcement.what[0]}): "
        f"it cannot replace what is in force today"
    )
    setting = ", ".join(f"{name} = …" for name in changed)
    hint = (
        f"put back {', '.join(changed)}, and announce the change with a date of its own: "
        f'[[{table}]] id = "…", effective_on = {allowed}, set = {{ {setting} }}'
    )
    return item.fault("R10", item.place, message, hint)


def _days(notice: model.NoticeSource) -> str:
    return count(notice.days, "business day" if notice.day_count == "business" else "day")


def _as_older_promise(finding: Finding, notice: model.NoticeSource, promises: Promises) -> Finding:
    """Return a finding as R13: the newest promise would allow the change, an older one does not."""
    index = next(index for index, row in enumerate(promises.policies) if row.notice is notice)
    until = earliest_start(promises.policies[index + 1].day, notice)
    message = (
        f"{finding.message}; the promise of version {promises.policies[index].version} "
        f"binds what is announced before {until}"
    )
    return found("R13", finding.file, finding.key, message, finding.hint)


def check_reason(draft: model.Draft, context: Context) -> Iterator[Finding]:
    """R14: a correction names the corrected version; no editorial version contains a covered change."""
    kind, corrects = context.reason.kind, context.corrects
    if (kind == "initial") != (context.previous is None):
        message = f"a reason of kind initial is only for version 1; this is version {context.version}"
        yield found("R14", REGISTER_FILE, "", message)
    if kind == "correction" and corrects is None:
        yield found(
            "R14", REGISTER_FILE, "", "a correction names the version that it corrects", "--corrects N"
        )
    if corrects is not None and kind != "correction":
        yield found("R14", REGISTER_FILE, "", f"a version of the kind {kind} corrects no other version")
    if corrects is not None and not 1 <= corrects < context.version:
        yield found("R14", REGISTER_FILE, "", f"there is no version {corrects} to correct")
    if kind == "editorial" and not context.is_baseline:
        for item in covered_changes(draft, context):
            what = ", ".join(item.announcement.what)
            message = f"an editorial version cannot contain a change that needs notice: {what}"
            yield item.fault("R14", item.place, message, "publish it with --kind change")


def check_instant(_draft: model.Draft, context: Context) -> Iterator[Finding]:
    """R15: each version is later than the one before; history is imported before the first live version."""
    instant = context.published_at
    if context.previous is not None and instant <= context.previous.published_at:
        published = format_instant(context.previous.published_at)
        message = f"version {context.previous.version} was published at {published}"
        hint = "a version is at least a second later than the one before"
        yield found("R15", REGISTER_FILE, "", message, hint)
    if instant < EPOCH:
        yield found("R15", REGISTER_FILE, "", f"{instant:%Y-%m-%d} is before {EPOCH:%Y-%m-%d}")
    if instant > context.now:
        yield found("R15", REGISTER_FILE, "", f"{format_instant(instant)} is in the future")
    if context.at is not None and context.promises.first_live is not None:
        message = f"version {context.promises.first_live} was published live; history cannot follow it"
        yield found("R15", REGISTER_FILE, "", message, "publish without --at")


def check_updated_on(draft: model.Draft, context: Context) -> Iterator[Finding]:
    """R31: ``updated_on`` is not in the future."""
    updated = draft.register.updated_on
    if updated is not None and updated > context.day:
        message = f"updated_on {updated} is after the day of publication, {context.day}"
        yield found("R31", REGISTER_FILE, "updated_on", message, "leave it out: publishing sets it to today")


CHECKS = (check_dates, check_plans, check_promise, check_reason, check_instant)
"""Checks that compare a version with the one before; ``core.judging`` repeats them for published versions."""
