"""What endpoints are sent: CloudEvents, and messages to chats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from register_api.core.language.language import one_line

HookFormat = Literal["webhook", "slack", "teams"]

CONTENT_TYPES = {
    "webhook": "application/cloudevents+json",
    "slack": "application/json",
    "teams": "application/json",
}

_LONGEST_LINE, _MOST_LINES = 2000, 10
_SLACK_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudEvent in its JSON form (CloudEvents 1.0.2, structured mode)."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str = "application/json"
    data: dict[str, Any]

    @property
    def encoded(self) -> bytes:
        """Its bytes."""
        return msgspec.json.encode(self)


def slack(lines: Sequence[str], url: str = "") -> bytes:
    """Return a message to an incoming webhook of Slack; no name becomes a link, a mention or markup."""
    text = "\n".join((*_short(lines), *filter(None, [url]))).translate(_SLACK_ESCAPES)
    return msgspec.json.encode({"text": text, "mrkdwn": False, "unfurl_links": False})


def teams(lines: Sequence[str], url: str = "") -> bytes:
    """Return an Adaptive Card to a workflow of Teams; text runs, unlike text blocks, know no markup."""
    runs = [[{"type": "TextRun", "text": line}] for line in _short(lines)]
    runs[0][0]["weight"] = "Bolder"
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": inlines} for inlines in runs],
        "actions": [{"type": "Action.OpenUrl", "title": url, "url": url}] if url else [],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return msgspec.json.encode({"type": "message", "attachments": [attachment]})


def _short(lines: Sequence[str]) -> list[str]:
    return [one_line(line, _LONGEST_LINE) for line in lines[:_MOST_LINES]]


CHATS: dict[str, Callable[[Sequence[str], str], bytes]] = {"slack": slack, "teams": teams}
