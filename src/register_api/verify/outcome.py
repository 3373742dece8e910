"""Builds the report of a run, including its limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from register_api.clock import zone_of
from register_api.core.documents import KeyList, KeyRecord
from register_api.core.format import tree
from register_api.core.format.paths import FILES, TRANSLATIONS, address_of
from register_api.core.instant import local_day
from register_api.core.judging.changes import NoticeGiven
from register_api.core.key_list import Disowned
from register_api.core.language import notice as words
from register_api.core.language.changes import EventTitles
from register_api.core.language.language import ENGLISH, sentence
from register_api.core.model import Register
from register_api.core.upcoming_events import upcoming
from register_api.errors import DeadlineNear, Malformed, NewerVersion, PromiseNotKept, RegisterError
from register_api.verify.checks.check_table import worst
from register_api.verify.checks.history import DisownedVersions
from register_api.verify.checks.round import Round
from register_api.verify.report import (
    LogHead,
    PackageSeen,
    Report,
    ReportedDeadline,
    ReportedDisowned,
    ReportedNotice,
    StampSeen,
    Trust,
    Verified,
)
from register_api.verify.report_text import plain, skipped_in_words

_MAX_NAMED = 20
"""Most items of a kind that are listed; beyond that, only their number is given."""


def make_report(
    base: str,
    found: Round,
    now: dt.datetime,
    *,
    evidence: tuple[str, ...] = (),
    package: PackageSeen | None = None,
    limits: Iterable[str] = (),
) -> Report:
    """Return the report of a run; ``limits`` are those of an evidence package."""
    start, targets, keys = Round.start.of(found), Round.targets.of(found), Round.keys.of(found)
    log, stamp, newest = Round.log.of(found), Round.stamp.of(found), found.newest
    trusted, register = targets.trusted if targets else None, newest.document if newest else None
    deadlines, why_none = _deadlines(found, now)
    end = _end(found, register, deadlines)
    root_version = max(trusted.roots) if trusted else None
    return Report(
        base=base,
        checked_at=now,
        exit_code=end.exit_code if end else 0,
        word=end.word if end else "verified",
        register=register.register if register else None,
        version=register.version if register else None,
        sha256=newest.sha256 if newest else None,
        since=register.published_at if register else None,
        fresh_for=trusted.fresh_for if trusted else None,
        fresh_until=trusted.fresh_until if trusted else None,
        root=start.origin if start else None,
        root_version=root_version,
        root_sha256=trusted.roots[root_version] if trusted and root_version else None,
        log=LogHead.of(log.size, log.head.root) if log else None,
        time_stamp=StampSeen.of(*stamp) if stamp else None,
        remembered=found.remembered.size if found.remembered is not None else None,
        versions_checked=found.history.checked,
        lifecycle=register.lifecycle if register else None,
        new_keys=Round.new_keys.of(found) or (),
        disowned=tuple(_disowned(found.disowned, keys.document if keys else None)),
        evidence=evidence,
        changes=() if found.record.errors() else tuple(found.history.new_changes),
        deadlines=deadlines,
        notices=tuple(
            ReportedNotice(**msgspec.structs.asdict(item), sentence=_notice_sentence(item))
            for item in found.history.notices
        ),
        package=package,
        checks=found.record.results(),
        not_checked=tuple(_not_checked(found, limits, why_none)),
    )


def _notice_sentence(given: NoticeGiven) -> str:
    place = "/".join(part for part in (given.subprocessor, given.engagement, given.planned) if part)
    sentences = [f"Version {given.version}, {plain(given.name)} ({place}): {given.outcome}."]
    sentences += words.notice_dates(ENGLISH, given.notice)
    counted = words.notice_given(ENGLISH, given.notice)
    sentences += [f"{counted}."] if counted else []
    if given.outcome != "kept":
        sentences += [f"Reason given: {plain(given.reason)}" if given.reason else "No reason is given."]
    return " ".join(sentences)


def _disowned(found: DisownedVersions, keys: KeyList | None) -> Iterator[ReportedDisowned]:
    """Yield disowned version ranges, each with its ended key and a sentence."""
    listed = {} if keys is None else {record.kid: record for record in keys.keys}
    for one in found.all:
        if (key := listed.get(one.kid)) is not None:
            yield ReportedDisowned(
                first_version=one.first,
                last_version=one.last,
                key=key,
                acknowledged=found.is_acknowledged(one.first, one.last),
                sentence=plain(_disowned_sentences(one, key)),
            )


def _disowned_sentences(versions: Disowned, key: KeyRecord) -> str:
    """Describe versions that the publisher disowned by ending ``key``, given as currently listed."""
    first, last = versions.first, versions.last
    which = f"version {first}" if first == last else f"versions {first} to {last}"
    sentences = [f"The publisher has disowned {which}."]
    if key.ended is not None:
        at = ENGLISH.instant(key.ended.at)
        what = f"the {key.use} key {key.kid} was ended at version {key.last_version}: {key.ended.reason}"
        sentences.append(f"On {at} {what}.")
        if key.ended.text:
            sentences.append(sentence(f"The publisher says: {key.ended.text}"))
    return " ".join(sentences)


def _deadlines(found: Round, now: dt.datetime) -> tuple[tuple[ReportedDeadline, ...] | None, str]:
    """Return the open deadlines, or ``None`` and, if the cause is not reported elsewhere, a reason."""
    newest = found.newest
    if newest is None or found.now is None:
        return None, ""
    try:
        return tuple(_open_deadlines(newest.document, now)), ""
    except Malformed as error:
        return None, f"Objection deadlines: {error.message}."


def _open_deadlines(register: Register, now: dt.datetime) -> Iterator[ReportedDeadline]:
    zone = zone_of(register.publisher.time_zone)
    today = local_day(now, zone)
    event_words = EventTitles(ENGLISH, register, today)
    for item in upcoming(register, today, zone):
        if item.what == "objection_deadline":
            days_left = (item.day - today).days
            left = "today" if days_left == 0 else f"{days_left} day{'s' * (days_left > 1)} left"
            to = f"; object at {plain(item.contact)}" if item.contact else ""
            text = f"{item.day.isoformat()} ({left}): {plain(event_words.title(item))}{to}."
            yield ReportedDeadline(**msgspec.structs.asdict(item), days_left=days_left, sentence=text)


def _end(
    run: Round, newest: Register | None, deadlines: tuple[ReportedDeadline, ...] | None
) -> RegisterError | None:
    """Return the error that decides the exit code: the worst finding, else what ``fail_on`` asks for."""
    asked, known, days = run.options.fail_on, run.remembered, run.options.fail_on_deadline
    if errors := run.record.errors():
        return worst(errors)
    if any(given.outcome in asked for given in run.history.notices):
        return PromiseNotKept("a promise of notice was not kept")
    if days is not None and (deadlines is None or any(item.days_left <= days for item in deadlines)):
        return DeadlineNear("an objection deadline is near, or cannot be determined")
    if "change" in asked and newest is not None and known is not None and newest.version > known.size:
        return NewerVersion("there is a newer version")
    return None


def make_verified(found: Round, now: dt.datetime, checked_version: int) -> Verified:
    """Return the verified register after a round without findings."""
    trusted, register, log, stamp = found.targets.trusted, found.register, found.log, Round.stamp.of(found)
    newest_root = max(trusted.roots)
    return Verified(
        register=register.document,
        data=register.data,
        sha256=register.sha256,
        checked_at=now,
        trust=Trust(
            root=found.start.origin,
            root_version=newest_root,
            root_sha256=trusted.roots[newest_root],
            log=LogHead.of(log.size, log.head.root),
            fresh_until=trusted.fresh_until,
            time_stamp=StampSeen.of(*stamp) if stamp else None,
        ),
        remembered_version=found.remembered.size if found.remembered is not None else None,
        checked_version=checked_version,
        updates=found.history.updates,
    )


def _not_checked(found: Round, of_a_package: Iterable[str], no_deadlines: str) -> Iterator[str]:
    """Yield sentences on what the report does not establish."""
    yield "Whether the register is true or complete: only that the publisher stated it."
    start = Round.start.of(found)
    if start is not None and start.origin.first_use:
        where = "" if found.now else " from the package itself"
        yield (
            f"Whether the trust root is the publisher's own: it was taken on trust{where} at first use. "
            "Compare its SHA-256 with your contract, or give it with --root-sha256."
        )
    yield from of_a_package if found.version else _limits_of_an_address(found)
    if no_deadlines:
        yield no_deadlines
    yield from _listed("Not judged", found.history.not_judged)
    for check in found.record.results():
        if check.result == "skipped":
            yield skipped_in_words(check)


def _listed(what: str, sentences: Sequence[str]) -> Iterator[str]:
    for each in sentences[:_MAX_NAMED]:
        yield f"{what}: {plain(each)}."
    if (more := len(sentences) - _MAX_NAMED) > 0:
        yield f"{what}: {more} more of this kind."


def _limits_of_an_address(run: Round) -> Iterator[str]:
    options, checked = run.options, run.history.checked
    if run.remembered is None:
        nothing = "no state was saved (--state DIR saves it)."
        if options.state is not None:
            nothing = f"{options.state} held no state. If it was used before, the state was removed."
        yield f"Whether history was rewritten before this run: {nothing}"
    if not options.asks_for_witnesses and not options.others:
        yield "Whether other customers see the same log: compare its size and root with theirs."
    if options.quick:
        yield (
            "Whether feeds, the list of versions and the files of every version are valid: this was a quick "
            "run. Run without --quick from time to time."
        )
    if options.acknowledge and not run.disowned.acknowledged:
        yield "Nothing was acknowledged: no version that is known here and was named is disowned."
    if checked is None:
        yield "History: no version was checked in full in this run."
    elif checked[0] > 1:
        yield f"Versions 1 to {checked[0] - 1} in full: they were checked in an earlier run."
    pages = [f"/{address_of(kind.template)}" for kind in (*FILES, *TRANSLATIONS) if kind.unchecked]
    yield from _listed(
        f"Served, but not listed in /{tree.HEADS.path()}", [f"/{path}" for path in run.unlisted]
    )
    yield (
        f"Not covered by a signature: pages for people and crawlers ({', '.join(pages)}), "
        f"lines below /{tree.CHECKPOINT.path()} of witnesses that are not required, "
        "and answers that the service computes, such as /v1/subprocessors and /v1/diff."
    )
