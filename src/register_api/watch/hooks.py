"""How webhooks and chats are told what owners are told by mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from register_api.core import strict_base64
from register_api.core.instant import format_instant
from register_api.core.printable import printable
from register_api.errors import Malformed, UsageError
from register_api.sending.database import Row
from register_api.sending.outbox import SendResult
from register_api.sending.webhook import CHATS, CONTENT_TYPES, SECRET, Event, Hook, hook_url_problem
from register_api.watch.messages import NOTHING_LEFT, DueMessage, Moment, news_of, sentences, subject_of
from register_api.watch.settings import WatchHook, WatchSettings

_TYPE = "sub-processor-watch"
_MOST_EVENTS = 200
_MOST_LINES = 8
_SHORTEST_SECRET = 24
"""Bytes (Standard Webhooks 1.0.0: 24 to 64)."""


class MessageHooks:
    """Writes messages to webhooks; their addresses and secrets are read when it is made."""

    def __init__(self, settings: WatchSettings) -> None:
        """Read addresses and secrets."""
        self._page = settings.page_address
        self._known: dict[tuple[str, str], tuple[str, str]] = {
            (hook.name, hook.format): (_url(hook), _secret(hook)) for hook in settings.webhooks
        }

    def compose(
        self, run: Callable[..., list[Row]], due: DueMessage, body: bytes | None, moment: Moment
    ) -> Hook | SendResult:
        """Write the message of a row, or say why there is none; ``body`` where it was written before."""
        known = self._known.get((due.recipient, due.channel))
        if known is None:
            return SendResult("refused", "the settings have no such webhook any more")
        rows = news_of(run, due)
        if body is None and not rows:
            return NOTHING_LEFT
        url, secret = known
        said = body or self._body(due, rows, moment)
        return Hook(due.id, url, CONTENT_TYPES[due.channel], said, secret)

    def _body(self, due: DueMessage, rows: Sequence[Row], moment: Moment) -> bytes:
        subject = subject_of(due, rows)
        if due.channel not in CHATS:
            return self._event(due, subject, rows, moment).encoded
        lines = [subject, *("; ".join(sentences(row, moment.today)) for row in rows[:_MOST_LINES])]
        if len(rows) > _MOST_LINES:
            lines.append(f"And {len(rows) - _MOST_LINES} more: register-api watch inbox")
        return CHATS[due.channel](lines, self._page)

    def _event(self, due: DueMessage, subject: str, rows: Sequence[Row], moment: Moment) -> Event:
        names = ("id", "vendor", "title", "deadline", "deadline_of")
        news = [
            {name: row[name] for name in names} | {"critical": bool(row["critical"])}
            for row in rows[:_MOST_EVENTS]
        ]
        return Event(
            id=due.id,
            source=self._page or f"urn:{_TYPE}",
            type=f"{_TYPE}.{due.kind}",
            subject=subject,
            time=format_instant(moment.now),
            data={"count": len(rows), "news": news},
        )


def _read(hook: WatchHook, name: str, file: str) -> str:
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"webhook {hook.name}: {name}: {printable(file)} cannot be read") from error


def _url(hook: WatchHook) -> str:
    url = _read(hook, "url_file", hook.url_file)
    if problem := hook_url_problem(url):
        raise UsageError(f"webhook {hook.name}: the address in url_file {problem}")
    return url


def _secret(hook: WatchHook) -> str:
    if not hook.secret_file:
        return ""
    secret = _read(hook, "secret_file", hook.secret_file)
    try:
        good = len(strict_base64.decode(secret.removeprefix(SECRET))) >= _SHORTEST_SECRET
    except Malformed:
        good = False
    if not (good and secret.startswith(SECRET)):
        raise UsageError(
            f"webhook {hook.name}: secret_file holds no secret",
            hint=f"{SECRET} and the base64 of {_SHORTEST_SECRET} or more random bytes",
        )
    return secret
