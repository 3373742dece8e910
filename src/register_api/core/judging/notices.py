"""What notice a version gave: each announcement that a promise covers, as recounted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from register_api.core.judging.judgement import NoticeGiven, Outcome
from register_api.core.model import Announced, Engagement, PlannedChange, Register, Subprocessor
from register_api.core.notice import notice_status


def notices_given(register: Register, zone: dt.tzinfo) -> Iterator[NoticeGiven]:
    """Yield what a version announces and a promise covers."""
    for vendor in register.subprocessors:
        for plan in vendor.planned:
            yield from _given(register.version, vendor, None, plan, zone)
        for use in vendor.engagements:
            yield from _given(register.version, vendor, use, None, zone)
            for plan in use.planned:
                yield from _given(register.version, vendor, use, plan, zone)


def _given(
    version: int, vendor: Subprocessor, use: Engagement | None, plan: PlannedChange | None, zone: dt.tzinfo
) -> Iterator[NoticeGiven]:
    said = plan or use
    if said is None or said.announced.version != version or not said.announced.required:
        return
    announced, effective_on = said.announced, plan.effective_on if plan else use.starts_on if use else None
    yield NoticeGiven(
        version=version,
        subprocessor=vendor.id,
        name=vendor.name,
        engagement=use.id if use else None,
        planned=plan.id if plan else None,
        outcome=_outcome(announced),
        reason=said.short_notice.reason if said.short_notice and not announced.met else None,
        notice=notice_status(announced, effective_on, zone),
    )


def _outcome(announced: Announced) -> Outcome:
    if announced.met:
        return "kept"
    return "late" if announced.days is not None and announced.days < 0 else "short"
