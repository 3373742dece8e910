"""The log: JSON lines with what an operator needs, and nothing about people unless it is asked for."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import logging
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import stores
from patience import PATIENCE
from register_api.core.format import tree
from register_api.serve.answer.service import FreshnessLog
from register_api.serve.logs import LIBRARIES, Counters, client_fields, log_requests, set_up_logs
from register_api.serve.reply_table import CurrentReplies
from register_api.serve.settings import Settings
from register_api.store.transaction import commit
from running import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Stream(io.StringIO):
    """Standard error, on a terminal or not."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def stream() -> Iterator[Stream]:
    """Return where the log may go, and put logging back afterwards."""
    root = logging.getLogger()
    before = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in LIBRARIES}
    yield Stream()
    root.handlers, root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)


def lines(stream: Stream) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_its_facts(stream: Stream) -> None:
    """Line ends in what is logged do not make further lines."""
    set_up_logs(Settings(), stream)
    logging.getLogger("register_api.x").info("it\nhappened", extra={"version": 3})
    (line,) = lines(stream)
    moment = dt.datetime.fromisoformat(line.pop("timestamp"))
    assert moment.utcoffset() == dt.timedelta(0)
    assert line == {"event": "it\nhappened", "level": "info", "logger": "register_api.x", "version": 3}


@pytest.mark.parametrize(
    ("form", "terminal", "is_json"),
    [("auto", False, True), ("auto", True, False), ("json", True, True), ("text", False, False)],
)
def test_a_terminal_gets_text_unless_the_form_is_set(
    stream: Stream, form: Any, terminal: bool, is_json: bool
) -> None:
    """Colours are for terminals alone."""
    stream.terminal = terminal
    set_up_logs(Settings(log_format=form), stream)
    logging.getLogger("x").warning("happened")
    assert stream.getvalue().startswith("{") == is_json
    assert ("\x1b[" in stream.getvalue()) == (terminal and not is_json)


def test_a_level_keeps_lesser_events_out_and_libraries_speak_of_errors_alone(stream: Stream) -> None:
    """Warnings of uvicorn are one for each bad request: nobody needs them, and anyone can cause them."""
    set_up_logs(Settings(log_level="warning"), stream)
    logging.getLogger("register_api").info("no")
    logging.getLogger("uvicorn.error").warning("no")
    logging.getLogger("uvicorn.error").error("yes")
    assert [line["event"] for line in lines(stream)] == ["yes"]


def test_a_fault_is_logged_whole_and_reported_by_its_number_alone(stream: Stream) -> None:
    """The traceback stands in the log, in one line; the client gets a number; the query is in neither."""
    set_up_logs(Settings(), stream)
    counters = Counters()
    scope = {"type": "http", "method": "GET", "path": "/v1/diff", "query_string": b"q=somebody"}
    try:
        int("secret/path")
    except ValueError as error:
        problem = counters.fault(error, scope)
    (line,) = lines(stream)
    assert "ValueError: invalid literal for int() with base 10: 'secret/path'" in line["exception"]
    assert (line["path"], line["level"], counters.faults) == ("/v1/diff", "error", 1)
    assert problem.headers == ((b"request-id", line["request_id"].encode()),)
    assert line["request_id"] in problem.detail
    assert "secret" not in problem.detail
    assert "somebody" not in stream.getvalue()


@pytest.mark.parametrize(
    ("client", "how", "fields"),
    [
        (("192.0.2.77", 1), "none", {}),
        (("192.0.2.77", 1), "truncated", {"client": "192.0.2.0/24"}),
        (("192.0.2.77", 1), "full", {"client": "192.0.2.77"}),
        (("2001:db8:1:2::3", 1), "truncated", {"client": "2001:db8:1::/48"}),
        (("::ffff:192.0.2.77", 1), "truncated", {"client": "192.0.2.0/24"}),
        (("fe80::1%eth0", 1), "truncated", {"client": "fe80::/48"}),
        (("a socket", 1), "truncated", {"client": "unknown"}),
        (None, "full", {}),
    ],
)
def test_addresses_of_clients_are_kept_as_far_as_is_asked_for(
    client: tuple[str, int] | None, how: Any, fields: dict[str, str]
) -> None:
    """None by default; truncated, one of a few hundred neighbours."""
    assert client_fields({"client": client}, Settings(log_clients=how)) == fields


def test_requests_are_logged_without_query_and_headers(caplog: pytest.LogCaptureFixture) -> None:
    """What people look for, and with what, is nobody's business."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(_message: Any) -> None:
        pass

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/x",
        "query_string": b"q=me",
        "client": ("192.0.2.1", 1),
    }
    scope["headers"] = [(b"user-agent", b"somebody")]
    with caplog.at_level("INFO"):
        asyncio.run(log_requests(app, Settings())(scope, None, send))
    (record,) = caplog.records
    told = record.__dict__
    assert (told["method"], told["path"], told["status"]) == ("GET", "/x", 404)
    assert told["milliseconds"] >= 0
    assert not {"client", "query_string", "headers"} & told.keys()


def test_requests_are_logged_only_when_that_is_turned_on(
    three_versions: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Through the whole service, with a network in the place of an address."""
    with caplog.at_level("INFO"):
        with running(three_versions) as base:
            httpx.get(base + "v1/keys.json", timeout=PATIENCE)
        assert [record for record in caplog.records if record.message == "request"] == []
        with running(three_versions, log_requests=True, log_clients="truncated") as base:
            httpx.get(base + "v1/keys.json?q=me", timeout=PATIENCE)
    (record,) = [record for record in caplog.records if record.message == "request"]
    assert (record.__dict__["path"], record.__dict__["client"]) == ("/v1/keys.json", "127.0.0.0/24")


def test_each_change_of_freshness_is_logged_once(one_version: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A warning when a quarter of its time is left, an error when it is too late, good after a refresh."""
    now = stores.EXPIRES - dt.timedelta(hours=13)
    replies = CurrentReplies(one_version, 0)
    log = FreshnessLog(replies, lambda: now)
    with caplog.at_level("INFO", "register_api.serve.answer.service"):
        assert log.update() is None
        replies.swap(replies.load())
        for hours, state in (
            (0, "fresh"),
            (1, "expiring"),
            (0.5, "expiring"),
            (11.5, "expired"),
            (9, "expired"),
        ):
            now += dt.timedelta(hours=hours)
            assert log.update() == state
        refreshed = stores.timestamp(now + dt.timedelta(days=2))
        commit(one_version, refreshed, stores.state(1), now=now)
        replies.swap(replies.load())
        assert log.update() == "fresh"
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert said == [
        ("WARNING", "the signed timestamp expires soon and has not been renewed"),
        ("ERROR", "freshness has expired; customers refuse what is served until it is renewed"),
        ("INFO", "freshness is good again"),
    ]


@pytest.mark.parametrize("text", [b"", b"null", b'{"x":' * 2000 + b"1" + b"}" * 2000])
def test_a_timestamp_that_cannot_be_read_is_not_fresh(one_version: Path, text: bytes) -> None:
    """Nor does it keep the service from loading the next publication."""
    commit(one_version, {tree.TIMESTAMP.path(): text}, stores.state(1), now=stores.EXPIRES)
    replies = CurrentReplies(one_version, 0)
    replies.swap(replies.load())
    assert FreshnessLog(replies, lambda: stores.EXPIRES).update() is None
