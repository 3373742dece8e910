"""Carrying out the script against a host: from an address to a report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from register_api.conformance.exchange_context import (
    ExchangeContext,
    filled,
    in_words,
    names_known_before,
    names_of_answers,
)
from register_api.conformance.judgements import complaints
from register_api.conformance.raw_client import Answer, Client, NoAnswer, UsedUp
from register_api.conformance.report import ConformanceReport, ConformanceResult, Failure, Profile, Result
from register_api.conformance.script import ConformanceCheck, Exchange
from register_api.conformance.served_tree import ServedFile, ServedTree, find_places
from register_api.core.format import tree
from register_api.errors import Unreachable

_MOST_HELD = 256 * 2**20
"""Bytes of plain answers that are kept."""

_NONE = Answer(0, {}, b"")
_USED_UP = "the time or the number of requests of this run was used up"
_NO_PLACE = "nothing of this kind is served here"


def run_checks(
    client: Client,
    checks: Sequence[ConformanceCheck],
    now: dt.datetime,
    *,
    profile: Profile | None = None,
    only: frozenset[str] = frozenset(),
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> ConformanceReport:
    """Carry out checks against a host.

    Args:
        client: Asks the host, and keeps the bounds of the run.
        checks: The script.
        now: Instant of the check, UTC.
        profile: What the host is; ``None`` finds out.
        only: Ids of the checks to make; empty for all.
        progress: Called with done, total and the title of the check that comes.

    Raises:
        Unreachable: There is no answer, or no register, at this address, within the bounds.
    """
    run = _Run(client)
    try:
        places = run.find_places()
        taken = profile or run.detect()
    except UsedUp as error:
        raise Unreachable(f"{client.address.base}: {_USED_UP} before the checks began") from error
    results = []
    for done, check in enumerate(checks):
        progress(done, len(checks), check.title)
        results.append(_result(run, check, places, taken, only))
    return ConformanceReport(
        base=client.address.base,
        checked_at=now,
        profile=taken,
        detected=profile is None,
        version=places.newest,
        requests=client.asked,
        complete=_is_complete(results),
        exit_code=_exit_code(results),
        checks=tuple(results),
    )


def _exit_code(results: Sequence[ConformanceResult]) -> int:
    if any(result.result == "failed" for result in results):
        return 1
    return 0 if _is_complete(results) else Unreachable.exit_code


def _is_complete(results: Sequence[ConformanceResult]) -> bool:
    return all(result.sentence != _USED_UP for result in results)


class _Run:
    """One run: the client, and the plain answers that several checks look at."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._plain: dict[str, Answer] = {}
        self._held = 0

    def find_places(self) -> ServedTree:
        """Find out what is served; the first request says whether anybody is there at all."""
        try:
            self.client.ask("HEAD", "/", {})
            return find_places(self.peek)
        except NoAnswer as error:
            raise Unreachable(f"{self.client.address.base}: {error}") from error

    def detect(self) -> Profile:
        """Return what the host seems to be: the service alone answers for its health."""
        return "service" if b'"alive"' in self.peek("healthz").body else "static"

    def is_another_publication(self) -> bool:
        """Tell whether something was published since plain answers were kept; they are forgotten then."""
        before = self._plain.pop(tree.TIMESTAMP.path(), _NONE).body
        changed = self.peek(tree.TIMESTAMP.path()).body != before
        if changed:
            self._plain.clear()
            self._held = 0
        return changed

    def peek(self, path: str) -> Answer:
        """Return the answer to a plain GET; asked once, as long as there is room to keep it."""
        if path in self._plain:
            return self._plain[path]
        try:
            answer = self.client.ask("GET", f"/{path}", {})
        except NoAnswer:
            answer = _NONE
        self._held += len(answer.body)
        if self._held <= _MOST_HELD:
            self._plain[path] = answer
        return answer

    def ask(self, exchange: Exchange, names: Mapping[str, str]) -> Answer:
        """Carry out an exchange of the script."""
        method, _, target = filled(exchange.send, names).partition(" ")
        headers = {name: filled(value, names) for name, value in exchange.with_.items()}
        if method == "GET" and not headers and exchange.http == "1.1" and target.startswith("/"):
            return self.peek(target[1:])
        return self.client.ask(method, target, headers, exchange.http)


def _result(
    run: _Run, check: ConformanceCheck, places: ServedTree, profile: Profile, only: frozenset[str]
) -> ConformanceResult:
    if only and check.id not in only:
        return _made(check, "skipped", "not asked for")
    if check.host == "service" and profile == "static":
        return _made(check, "skipped", "only the service has to keep this")
    chosen = _chosen(check, places)
    if check.each != "once" and not chosen:
        return _made(check, "skipped", _NO_PLACE)
    try:
        looked_at, findings = _carried_out(run, check, places, chosen)
        if findings and run.is_another_publication():  # parts of two: look once more, at all of it again
            looked_at, findings = _carried_out(run, check, places, chosen)
    except UsedUp:
        return _made(check, "skipped", _USED_UP)
    sentence = f"{looked_at} answer{'' if looked_at == 1 else 's'}"
    if not findings:
        return _made(check, "ok", sentence)
    lacking = check.host == "told" and profile == "static"
    wrong = f"{len(findings)} of them {'is' if len(findings) == 1 else 'are'} not as it should be"
    return _made(check, "lacking" if lacking else "failed", f"{sentence}, {wrong}", findings)


def _made(
    check: ConformanceCheck, result: Result, sentence: str, findings: Sequence[Failure] = ()
) -> ConformanceResult:
    return ConformanceResult(
        id=check.id,
        title=check.title,
        standard=check.standard,
        host=check.host,
        result=result,
        sentence=sentence,
        findings=tuple(findings),
    )


def _chosen(check: ConformanceCheck, places: ServedTree) -> Sequence[ServedFile]:
    """Return the files that a check is carried out for."""
    if check.each == "kinds":
        return tuple({place.family: place for place in reversed(places.files)}.values())
    if check.each == "pages":
        return [place for place in places.files if place.kind.is_html]
    if check.each == "folders":
        return [place for place in places.files if place.kind.is_page and place.url]
    return places.files


def _carried_out(
    run: _Run, check: ConformanceCheck, places: ServedTree, chosen: Sequence[ServedFile]
) -> tuple[int, list[Failure]]:
    """Return how many answers were looked at, and what is wrong with them."""
    stages: Sequence[ServedFile | None] = chosen if check.each != "once" else [None]
    rows = [row for place in stages for row in _played(run, check, places, place)]
    return len(rows), [finding for row in rows for finding in row]


def _played(
    run: _Run, check: ConformanceCheck, places: ServedTree, place: ServedFile | None
) -> Iterator[list[Failure]]:
    """Yield for each exchange what is wrong with its answer, the worst first and alone."""
    first = before = _NONE
    for number, exchange in enumerate(check.exchange):
        known = names_known_before(run.client.address, places, place)
        names = {**known, **names_of_answers(first, before)}
        asked = in_words(exchange, names)
        try:
            answer = run.ask(exchange, names)
        except NoAnswer as error:
            yield [Failure(asked=asked, came="no answer", complaint=str(error))]
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
        )
        came = f"status {answer.status}" if answer.status else "closed without an answer"
        found = complaints(context)
        yield [Failure(asked=asked, came=came, complaint="; ".join(found))] if found else []
        before = answer
