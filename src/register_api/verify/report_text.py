"""The verification report as plain text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from register_api.core.instant import in_words
from register_api.core.language.language import ENGLISH, shorten
from register_api.core.language.notice import lifecycle_notice
from register_api.errors import DeadlineNear, Forged, Inconsistent, NewerVersion, PromiseNotKept
from register_api.verify.report import CheckResult, ProvenNotice, Report
from register_api.verify.state import RootOrigin

_MAX_TEXT = 600

_MAX_LISTED = 50
"""Most changes or deadlines that are listed; beyond that, only their number is given."""

_ASKED_FOR = {PromiseNotKept: "Notice", DeadlineNear: "Open deadlines", NewerVersion: "Version and New"}
"""Errors that end a run although every check passed, and the section of the report that explains each."""

_MAY_PASS = {Forged.exit_code, Inconsistent.exit_code}
"""Exit codes that a publication in progress, or an interrupted one, may cause."""

_MARKS = {"ok": "ok           ", "failed": "FAILED       ", "skipped": "not checked  "}


def render_text(report: Report) -> str:
    """Return the full report as text."""
    skipped = {skipped_in_words(check) for check in report.checks}
    limits = [sentence for sentence in report.not_checked if sentence not in skipped]
    disowned = [
        f"{item.sentence} {'Acknowledged' if item.acknowledged else 'Not acknowledged'}."
        for item in report.disowned
    ]
    lines = [
        *_head(report),
        *_log(report),
        "",
        *_checks(report.checks),
        "",
        *_section("Disowned", disowned, most=None),
        *_news(report),
        *_proven_notice(report.notified),
        *_section("What this does not establish", limits, most=None),
        *_verdict(report),
    ]
    return "\n".join(lines) + "\n"


def render_brief(report: Report) -> str:
    """Return the output of a quiet run: nothing if the exit code is 0, otherwise the reason for it."""
    if report.exit_code == 0:
        return ""
    failed = [check for check in report.checks if check.result == "failed"]
    news = () if failed else _news(report)
    return "\n".join([report.base, *_version(report), "", *_checks(failed), *news, *_verdict(report)]) + "\n"


def _head(report: Report) -> Iterator[str]:
    how = " without network" * (report.package is not None)
    yield f"{report.base}, checked on {instant_in_words(report.checked_at)}{how}"
    if report.package is not None:
        yield f"              SHA-256 {report.package.sha256}"
    yield from _version(report)
    if report.lifecycle is not None:
        successor = report.lifecycle.successor
        yield f"Lifecycle:   {plain(lifecycle_notice(ENGLISH, report.lifecycle))}"
        if successor is not None:
            yield f"              its successor, as the register says: {plain(successor)}"
    if report.fresh_until is not None and report.package is None:
        lasts = f"; each renewal is good for {in_words(report.fresh_for)}" if report.fresh_for else ""
        yield f"Fresh until: {instant_in_words(report.fresh_until)}, unless renewed before{lasts}"
    elif report.fresh_until is not None:
        past = " (in the past, which is normal for evidence)" * (report.fresh_until <= report.checked_at)
        yield f"Valid until:  {instant_in_words(report.fresh_until)}{past}"
    if report.root is not None:
        yield f"Trust root:  {_root_in_words(report.root)}"
        yield f"              SHA-256 {report.root.sha256}"
    if report.root is not None and report.root_version not in (None, report.root.version):
        yield f"              followed to version {report.root_version}, SHA-256 {report.root_sha256}"


def _log(report: Report) -> Iterator[str]:
    if report.package is not None and report.package.log is not None:
        yield f"Log then:    size {report.package.log.size}, root {report.package.log.root_hash}"
    if report.log is not None:
        name = "Log:        " if report.package is None else "Log, newest:"
        yield f"{name} size {report.log.size}, root {report.log.root_hash}"
        yield "             Compare this line with another customer's: one size has one root."
    if (stamp := report.time_stamp) is not None:
        yield f"Timestamp:   size {stamp.size} at {instant_in_words(stamp.at)}, by {stamp.authority}"
    if report.remembered is not None:
        yield f"Remembered:  a log of size {report.remembered}"
    yield from (f"New key:     {key.in_words}" for key in report.new_keys)


def _version(report: Report) -> Iterator[str]:
    if report.register is not None:
        yield f"Register:    {report.register}"
    if report.version is not None:
        since = "the newest since" if report.package is None else "published at"
        past = report.package is not None and report.package.recorded == "imported"
        taken_over = ", imported from an earlier record" * past
        yield f"Version:     {report.version}, {since} {instant_in_words(report.since)}{taken_over}"
        yield f"              SHA-256 {report.sha256}"
    if report.package is not None:
        yield from (f"  announced: {plain(sentence)}" for sentence in report.package.changes)


def _root_in_words(root: RootOrigin) -> str:
    """Return where the first trusted root came from and whether it was taken on trust."""
    trust = "at FIRST USE, TAKEN ON TRUST: compare its SHA-256 with your contract"
    origin = {
        "file": f"version {root.version} from the file {root.source}",
        "digest": f"version {root.version}, fetched and equal to the SHA-256 that was given",
        "first use": f"version {root.version} {trust}",
        "remembered": f"version {root.version}, remembered from an earlier run",
    }[root.how]
    if root.how == "remembered" and root.first_use:
        return f"{origin}, which began {trust}"
    return origin


def skipped_in_words(check: CheckResult) -> str:
    """Return why a check was skipped."""
    return f"{check.id} {check.title}: {check.sentence}."


def _checks(checks: Iterable[CheckResult]) -> Iterator[str]:
    for check in checks:
        if check.result == "skipped":
            yield f"{_MARKS[check.result]}{check.id}  {check.title}: {check.sentence}"
            continue
        yield f"{_MARKS[check.result]}{check.id}  {check.title}"
        yield f"             {f'{check.word}: ' if check.word else ''}{check.sentence}"
        if check.hint:
            yield f"             → {check.hint}"


def _news(report: Report) -> Iterator[str]:
    yield from _section("New", [f"Version {item.version}: {item.sentence}" for item in report.changes])
    yield from _section("Open deadlines", [item.sentence for item in report.deadlines or ()])
    yield from _section("Notice", [item.sentence for item in report.notices], most=None)


def _section(title: str, sentences: Sequence[str], most: int | None = _MAX_LISTED) -> Iterator[str]:
    if sentences:
        yield f"{title}:"
        yield from (f"  - {sentence}" for sentence in sentences[:most])
        if most is not None and len(sentences) > most:
            yield f"  - and {len(sentences) - most} more (--json has all)"
        yield ""


def _proven_notice(notice: ProvenNotice | None) -> Iterator[str]:
    if notice is None:
        return
    yield f"Notified of version {notice.version} of {plain(notice.register)}:"
    for fact in notice.facts:
        who = "an address that cannot be shown" if fact.address is None else plain(fact.address)
        customer = f", customer {plain(fact.customer)}" if fact.customer else ""
        yield f"  - {instant_in_words(fact.at)}: {plain(fact.what)}"
        yield f"    {plain(fact.kind)} by {plain(fact.channel)} to {who}{customer}"
        if fact.message_id:
            yield f"    Message-ID {plain(fact.message_id)}, SHA-256 {fact.body_sha256}"
        if fact.reply:
            yield f"    reply: {plain(fact.reply)}"
        stamped = f", time-stamped {instant_in_words(fact.stamped_at)}" if fact.stamped_at else ""
        yield f"    sealed {instant_in_words(fact.sealed_at)}{stamped}"
    yield ""


def _verdict(report: Report) -> Iterator[str]:
    for path in report.evidence:
        yield f"Evidence saved: {path}"
    if report.exit_code in _MAY_PASS and report.package is None:
        yield "If a publication is in progress, try again in a minute; until then, rely on nothing."
    failed, passed = (sum(check.result == how for check in report.checks) for how in ("failed", "ok"))
    if failed:
        yield (
            f"NOT VERIFIED ({report.word}, exit code {report.exit_code}):"
            f" {failed} of {failed + passed} checks failed."
        )
    else:
        left = len(report.checks) - passed
        yield f"Verified: {passed} checks passed, {left} not made; see above for the reasons."
    for kind, section in _ASKED_FOR.items():
        if report.exit_code == kind.exit_code:
            yield f"{kind.word.capitalize()} (exit code {report.exit_code}): see {section}."


def instant_in_words(instant: dt.datetime | None) -> str:
    """Return an instant in UTC, to the second, e.g. ``2026-05-10 09:00:00 UTC``."""
    if instant is None:
        return "an unknown instant"
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def plain(text: str, limit: int = _MAX_TEXT) -> str:
    """Return untrusted text as one line, truncated, with unprintable characters replaced by spaces."""
    return shorten("".join(char if char.isprintable() else " " for char in text[: 2 * limit]), limit)
