"""The script: numbered checks as data, read from ``checks.toml`` beside this module."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Literal

import msgspec

Host = Literal["any", "told", "service"]
"""Who has to keep a rule: any host of the tree; a host of files if it is told how (``export`` writes
that down), and it may be left out; the service alone."""

Each = Literal["once", "files", "kinds", "pages", "folders"]
"""Whether a check is carried out once, or for every file that was found, one of every kind of file, every
page, or every page in a folder."""


class Exchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """A request and what has to come back.

    Attributes:
        send: Method and path, e.g. ``GET /v1/register.json``.
        status: Every status that is right; 0 stands for a connection closed without an answer.
        with_: Headers to send; a line feed in a value sends the header once for each line.
        http: Version of HTTP of the request.
        headers: Regular expression for the whole value of each header; empty: it must not be there.
        body: Regular expression found in the body; empty: there must be none.
        holds: What else has to hold, by the names in ``judgements.JUDGEMENTS``.
    """

    send: str
    status: int | tuple[int, ...]
    with_: dict[str, str] = {}
    http: Literal["1.1", "1.0"] = "1.1"
    headers: dict[str, str] = {}
    body: str | None = None
    holds: tuple[str, ...] = ()

    @property
    def allowed(self) -> tuple[int, ...]:
        """Every status that is right."""
        return (self.status,) if isinstance(self.status, int) else self.status


class ConformanceCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One numbered check.

    Attributes:
        id: ``C01`` and so on; a number stays with its check for ever.
        title: What holds when it passes.
        standard: What it rests on.
        host: Who has to keep it.
        exchange: What is asked, in order.
        each: For what it is carried out.
    """

    id: str
    title: str
    standard: str
    host: Host
    exchange: tuple[Exchange, ...]
    each: Each = "once"


def load_checks() -> tuple[ConformanceCheck, ...]:
    """Return all checks, in order."""
    text = resources.files("register_api.conformance").joinpath("checks.toml").read_text("utf-8")
    document: dict[str, Any] = tomllib.loads(text)
    return msgspec.convert(tuple(document["check"]), tuple[ConformanceCheck, ...])
