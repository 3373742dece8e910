"""Whether the service can do its work: something is published, and still vouched for as fresh."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, NamedTuple

import msgspec

from register_api.core.api.answers import Readiness
from register_api.core.format import tree
from register_api.core.instant import format_instant, warning_before
from register_api.serve.http.problems import Problem
from register_api.serve.stored.current_replies import CurrentReplies
from register_api.serve.stored.reply_table import ReplyTable

NOT_LOADED = "A newer publication cannot be loaded; the one before it is served. The log says why."
NOT_RENEWED = "Nobody has renewed the timestamp, and it expires soon. Is `register-api refresh` running?"


class _Signed(msgspec.Struct, frozen=True):
    """From and until when TUF timestamp metadata is good (docs/format/trust.md, TUF)."""

    expires: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    signed_at: Annotated[dt.datetime, msgspec.Meta(tz=True)]


class _Timestamp(msgspec.Struct, frozen=True):
    """TUF metadata, read for display only: nothing is decided by it but what ``/readyz`` says."""

    signed: _Signed


class Freshness(NamedTuple):
    """How long a publication is taken as news.

    Attributes:
        until: When its timestamp expires, UTC.
        lasts: How long that is from when it was signed: the publisher's choice.
    """

    until: dt.datetime
    lasts: dt.timedelta

    def expires_soon(self, now: dt.datetime) -> bool:
        """Tell whether it should have been renewed by now."""
        return self.until - now <= warning_before(self.lasts)


def readiness(replies: CurrentReplies, now: dt.datetime) -> Readiness:
    """Tell what is served and until when it is fresh."""
    table = replies.table
    if table is None:
        raise Problem("not-ready", "Nothing is published, or it cannot be loaded; the log says which.")
    freshness = freshness_of(table)
    if now >= freshness.until:
        raise Problem(
            "not-ready", f"The freshness statement expired at {format_instant(freshness.until)}; refresh it."
        )
    warnings = (NOT_LOADED,) * replies.failed + (NOT_RENEWED,) * freshness.expires_soon(now)
    return Readiness(
        status="degraded" if warnings else "ready",
        register=table.archive.name,
        version=table.archive.newest,
        generation=table.snapshot.generation,
        fresh_until=freshness.until,
        warnings=warnings,
    )


def freshness_of(table: ReplyTable) -> Freshness:
    """Return until when a publication is vouched for as fresh."""
    resource = table.ready.get("/" + tree.TIMESTAMP.path())
    body = None if resource is None else resource.representations["identity"].body
    if body is None:
        raise Problem("not-ready", "There is no freshness statement (trust/timestamp.json).")
    try:
        signed = msgspec.json.decode(b"".join(piece["body"] for piece in body), type=_Timestamp).signed
        return Freshness(signed.expires.astimezone(dt.UTC), signed.expires - signed.signed_at)
    except (msgspec.MsgspecError, ValueError, OverflowError):
        raise Problem("not-ready", "The freshness statement (trust/timestamp.json) cannot be read.") from None
