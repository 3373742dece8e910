"""Run the conformance checks against a host and report the results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from register_api.core.format import tree
from register_api.errors import Unreachable
from register_api.hosting.judgements import complaints
from register_api.hosting.raw_client import Answer, Client, NoAnswer, UsedUp
from register_api.hosting.script import (
    ConformanceCheck,
    Exchange,
    ExchangeContext,
    Host,
    ServedFile,
    ServedTree,
    filled,
    find_served_tree,
    request_line,
    script_variables,
)

Profile = Literal["service", "static"]
Result = Literal["ok", "failed", "lacking", "skipped"]
_MAX_FINDINGS = 3
_MARKS = {"ok": "ok", "failed": "FAILED", "lacking": "lacking", "skipped": "not checked"}
_HOSTS = {"service": "the service", "static": "a host of files"}
_WIDTH = 13
_UNDER = " " * _WIDTH


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One failed exchange: the request on one line, the response status, and what is wrong."""

    asked: str
    came: str
    complaint: str


class ConformanceResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check.

    Attributes:
        result: Passed; failed; lacking, which is allowed for a static host; or skipped.
        sentence: The number of responses checked, or the reason for skipping.
    """

    id: str
    title: str
    standard: str
    host: Host
    result: Result
    sentence: str
    findings: tuple[Failure, ...] = ()


class ConformanceReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one run.

    Attributes:
        detected: Whether the profile was detected instead of set by the caller.
        complete: Whether all requested checks were run within the limits of time and requests.
        exit_code: 0; 1 if a check failed; 10 if none failed but not all were run.
    """

    format: Literal["sub-processor-register-conformance/1"] = "sub-processor-register-conformance/1"
    base: str
    checked_at: dt.datetime
    profile: Profile
    detected: bool
    version: int
    requests: int
    complete: bool
    exit_code: int
    checks: tuple[ConformanceResult, ...]


def render_text(report: ConformanceReport) -> str:
    """Return the report as readable text."""
    how = "as it seems; --profile says otherwise" if report.detected else "as --profile says"
    lines = (
        f"{report.base}, checked on {report.checked_at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"Host:        {_HOSTS[report.profile]} ({how})",
        f"Version:     {report.version}",
        f"Requests:    {report.requests}",
        "",
        *(line for check in report.checks for line in _check(check)),
        "",
        *_verdict(report),
    )
    return "\n".join(lines) + "\n"


def _check(check: ConformanceResult) -> Iterator[str]:
    start = f"{_MARKS[check.result]:{_WIDTH}}{check.id}  {check.title}"
    if check.result in ("ok", "skipped"):
        yield f"{start}: {check.sentence}"
        return
    yield start
    yield f"{_UNDER}{check.standard}; {check.sentence}"
    for finding in check.findings[:_MAX_FINDINGS]:
        yield f"{_UNDER}- {finding.asked}"
        yield f"{_UNDER}  {finding.came}: {finding.complaint}"
    if len(check.findings) > _MAX_FINDINGS:
        yield f"{_UNDER}- and {len(check.findings) - _MAX_FINDINGS} more (--json lists them)"


def _verdict(report: ConformanceReport) -> Iterator[str]:
    count = {name: sum(1 for check in report.checks if check.result == name) for name in _MARKS}
    if count["lacking"]:
        yield "Lacking is what a host of files may leave out: nothing that is proven depends on it."
        yield "`register-api export` generates the host's configuration."
    summary = f"{count['ok']} checks passed, {count['lacking']} lacking, {count['skipped']} not made"
    if count["failed"]:
        yield f"NOT CONFORMING (exit code {report.exit_code}): {count['failed']} checks failed, {summary}."
    elif not report.complete:
        yield f"NOT DECIDED (exit code {report.exit_code}): time or requests were used up; {summary}."
    else:
        yield f"Conforming as {_HOSTS[report.profile]}: {summary}."


_MAX_HELD = 256 * 2**20
"""Maximum bytes of cached responses."""
_NONE = Answer(0, {}, b"")
_USED_UP = "the time or the number of requests of this run was used up"


def run_checks(
    client: Client,
    checks: Sequence[ConformanceCheck],
    now: dt.datetime,
    *,
    profile: Profile | None = None,
    only: frozenset[str] = frozenset(),
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> ConformanceReport:
    """Run all checks, or those with ids in ``only``, against a host; the profile is detected if not given.

    Raises:
        Unreachable: There is no response, or no register, at this URL within the limits.
    """
    run = _Run(client)
    try:
        client.ask("HEAD", "/", {})  # fails if the host does not respond at all
        places = find_served_tree(run.peek)
        # Only the service has a health endpoint.
        seems: Profile = "service" if b'"alive"' in run.peek("healthz").body else "static"
    except NoAnswer as error:
        raise Unreachable(f"{client.address.base}: {error}") from error
    except UsedUp as error:
        raise Unreachable(f"{client.address.base}: {_USED_UP} before the checks began") from error
    results = []
    for done, check in enumerate(checks):
        progress(done, len(checks), check.title)
        results.append(_result(run, check, places, profile or seems, only))
    complete = all(result.sentence != _USED_UP for result in results)
    failed = any(result.result == "failed" for result in results)
    return ConformanceReport(
        base=client.address.base,
        checked_at=now,
        profile=profile or seems,
        detected=profile is None,
        version=places.newest,
        requests=client.asked,
        complete=complete,
        exit_code=1 if failed else 0 if complete else Unreachable.exit_code,
        checks=tuple(results),
    )


class _Run:
    """One run: the client, and a cache of the plain responses that several checks use."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._plain: dict[str, Answer] = {}

    def is_another_publication(self) -> bool:
        """Return whether there was a publication since the cache was filled, and clear the cache if so."""
        before = self._plain.pop(tree.TIMESTAMP.path(), _NONE).body
        changed = self.peek(tree.TIMESTAMP.path()).body != before
        if changed:
            self._plain.clear()
        return changed

    def peek(self, path: str) -> Answer:
        """Return the response to a plain GET, cached as long as there is room."""
        if path in self._plain:
            return self._plain[path]
        try:
            answer = self.client.ask("GET", f"/{path}", {})
        except NoAnswer:
            answer = _NONE
        if sum(len(kept.body) for kept in self._plain.values()) + len(answer.body) <= _MAX_HELD:
            self._plain[path] = answer
        return answer

    def ask(self, exchange: Exchange, names: Mapping[str, str]) -> Answer:
        """Send the request of an exchange."""
        method, _, target = filled(exchange.send, names).partition(" ")
        headers = {name: filled(value, names) for name, value in exchange.with_.items()}
        if method == "GET" and not headers and exchange.http == "1.1" and target.startswith("/"):
            return self.peek(target[1:])
        return self.client.ask(method, target, headers, exchange.http)


def _result(
    run: _Run, check: ConformanceCheck, places: ServedTree, profile: Profile, only: frozenset[str]
) -> ConformanceResult:
    def made(result: Result, sentence: str, findings: Sequence[Failure] = ()) -> ConformanceResult:
        facts = {name: getattr(check, name) for name in ("id", "title", "standard", "host")}
        return ConformanceResult(**facts, result=result, sentence=sentence, findings=tuple(findings))

    if only and check.id not in only:
        return made("skipped", "not asked for")
    if check.host == "service" and profile == "static":
        return made("skipped", "only the service has to keep this")
    chosen = _chosen(check, places)
    if not chosen:
        return made("skipped", "nothing of this kind is served here")
    try:
        answers, findings = _run_check(run, check, places, chosen)
        if findings and run.is_another_publication():  # responses of two publications are mixed: run again
            answers, findings = _run_check(run, check, places, chosen)
    except UsedUp:
        return made("skipped", _USED_UP)
    sentence = f"{answers} answer{'' if answers == 1 else 's'}"
    if not findings:
        return made("ok", sentence)
    lacking = check.host == "configured" and profile == "static"
    wrong = f"{len(findings)} of them {'is' if len(findings) == 1 else 'are'} not as it should be"
    return made("lacking" if lacking else "failed", f"{sentence}, {wrong}", findings)


def _chosen(check: ConformanceCheck, places: ServedTree) -> Sequence[ServedFile | None]:
    """Return the files that a check is run for; ``None`` if it is for no particular file."""
    match check.each:
        case "once":
            return [None]
        case "kinds":
            return tuple({place.family: place for place in reversed(places.files)}.values())
        case "pages":
            return [place for place in places.files if place.kind.is_html]
        case "folders":
            return [place for place in places.files if place.kind.is_page and place.url]
        case "files":
            return places.files


def _run_check(
    run: _Run, check: ConformanceCheck, places: ServedTree, chosen: Sequence[ServedFile | None]
) -> tuple[int, list[Failure]]:
    found: list[Failure] = []
    for place in chosen:
        first = before = _NONE
        for number, exchange in enumerate(check.exchange):
            names = script_variables(run.client.address, places, place, first, before)
            asked = request_line(exchange, names)
            try:
                answer = run.ask(exchange, names)
            except NoAnswer as error:
                found.append(Failure(asked=asked, came="no answer", complaint=str(error)))
                continue
            first = answer if number == 0 else first
            context = ExchangeContext(
                address=run.client.address,
                places=places,
                place=place,
                exchange=msgspec.structs.replace(exchange, send=filled(exchange.send, names)),
                answer=answer,
                first=first,
                peek=run.peek,
                names=names,
            )
            came = f"status {answer.status}" if answer.status else "closed without an answer"
            wrong = "; ".join(complaints(context))
            found += [Failure(asked=asked, came=came, complaint=wrong)] if wrong else []
            before = answer
    return len(chosen) * len(check.exchange), found
