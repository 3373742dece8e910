"""Runs numbered checks against any host: plain HTTP/1.1, nothing decoded, nothing followed."""

from __future__ import annotations

import http.client
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class Exchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """A request and what has to come back; ``checks.toml`` explains the fields."""

    send: str
    status: int | list[int]
    with_: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: str | None = None


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One numbered check."""

    id: str
    title: str
    exchange: list[Exchange]
    host: str = "any"


class Answer(msgspec.Struct, frozen=True):
    """What came back; header names in lower case, repeated ones joined by commas."""

    status: int
    headers: dict[str, str]
    body: bytes


def load_checks() -> list[Check]:
    """Return all checks, in order."""
    document: dict[str, Any] = tomllib.loads(Path(__file__).with_name("checks.toml").read_text("utf-8"))
    return msgspec.convert(document["check"], list[Check])


def run_check(base: str, check: Check) -> None:
    """Carry out a check against a host.

    Args:
        base: Address of the tree, ending in a slash.
        check: What to send and to expect.

    Raises:
        AssertionError: Something else came back; the message names the exchange.
    """
    first: dict[str, str] = {}
    for number, exchange in enumerate(check.exchange, start=1):
        answer = ask(base, exchange, first)
        if number == 1:
            first = {
                "$etag": answer.headers.get("etag", ""),
                "$last-modified": answer.headers.get("last-modified", ""),
            }
        for complaint in complaints(exchange, answer):
            raise AssertionError(f"{check.id}, exchange {number} ({exchange.send}): {complaint}")


def ask(base: str, exchange: Exchange, names: Mapping[str, str]) -> Answer:
    """Send one request on a connection of its own."""
    parts = urlsplit(base)
    method, path = exchange.send.split(" ", 1)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.putrequest(method, parts.path.rstrip("/") + path, skip_accept_encoding=True)
        for name, text in exchange.with_.items():
            for key, value in names.items():
                text = text.replace(key, value)  # noqa: PLW2901 (each name in turn)
            connection.putheader(name, text)
        connection.endheaders()
        response = connection.getresponse()
        headers = {name.lower(): ", ".join(response.headers.get_all(name, [])) for name in response.headers}
        return Answer(response.status, headers, response.read())
    finally:
        connection.close()


def complaints(exchange: Exchange, answer: Answer) -> list[str]:
    """Return what is wrong with an answer, in words."""
    allowed = [exchange.status] if isinstance(exchange.status, int) else exchange.status
    found = [] if answer.status in allowed else [f"status {answer.status}, expected {exchange.status}"]
    for name, pattern in exchange.headers.items():
        value = answer.headers.get(name, "")
        if not re.fullmatch(pattern, value):
            found.append(f"{name}: {value!r} does not fit {pattern!r}")
    text = answer.body.decode("utf-8", "replace")
    if exchange.body == "" and text:
        found.append("a body came where there must be none")
    elif exchange.body and not re.search(exchange.body, text, re.DOTALL):
        found.append(f"the body does not fit {exchange.body!r}: {text[:200]!r}")
    return found
