"""Whether the service can do its work: something is published, and still vouched for as fresh."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import msgspec

from register_api.core.api.answers import Readiness
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from register_api.serve.stored.current_replies import CurrentReplies
    from register_api.serve.stored.reply_table import ReplyTable


class _Signed(msgspec.Struct, frozen=True):
    """The part of TUF timestamp metadata that says until when it holds (TUF 1.0 section 4.3)."""

    expires: Annotated[dt.datetime, msgspec.Meta(tz=True)]


class _Timestamp(msgspec.Struct, frozen=True):
    """TUF metadata, read for display only: nothing is decided by it but what ``/readyz`` says."""

    signed: _Signed


def readiness(replies: CurrentReplies, now: dt.datetime) -> Readiness:
    """Tell what is served and until when it is fresh."""
    table = replies.table
    if table is None:
        raise Problem("not-ready", "Nothing is published, or it cannot be loaded; the log says which.")
    expires = fresh_until(table)
    if now >= expires:
        raise Problem(
            "not-ready", f"The freshness statement expired at {format_instant(expires)}; refresh it."
        )
    warning = "A newer publication cannot be loaded; the one before it is served. The log says why."
    return Readiness(
        status="degraded" if replies.failed else "ready",
        register=table.archive.name,
        version=table.archive.newest,
        generation=table.snapshot.generation,
        fresh_until=expires,
        warnings=(warning,) if replies.failed else (),
    )


def fresh_until(table: ReplyTable) -> dt.datetime:
    """Return when the freshness statement of a publication expires.

    Raises:
        Problem: There is none, or it cannot be read.
    """
    resource = table.ready.get("/" + tree.TIMESTAMP.path())
    body = None if resource is None else resource.representations["identity"].body
    if body is None:
        raise Problem("not-ready", "There is no freshness statement (trust/timestamp.json).")
    try:
        expires = msgspec.json.decode(body["body"], type=_Timestamp).signed.expires
        return expires.astimezone(dt.UTC)
    except (msgspec.MsgspecError, ValueError, OverflowError):
        raise Problem("not-ready", "The freshness statement (trust/timestamp.json) cannot be read.") from None
