"""What endpoints are sent: thin CloudEvents, and messages to chats in the words of the mail.

An event holds nothing to be believed: it says that there is something to look at, and where. Who receives one
verifies the register; so a key that signs events is worth nothing to a thief but polls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from register_api.core.format import tree
from register_api.core.format.paths import address_of
from register_api.core.instant import format_instant
from register_api.publish.feed.mail import one_line

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from register_api.notify.publication import Publication

TYPE = "sub-processor-register"
"""What the type of each event begins with."""

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


def version_event(delivery: str, kind: str, base: str, found: Publication) -> Event:
    """Return the event that tells of a version.

    Args:
        delivery: Id of the delivery.
        kind: Of the delivery; the end of the event's type.
        base: Address of the register's tree.
        found: The version.
    """
    register = found.register
    return Event(
        id=delivery,
        source=base,
        type=f"{TYPE}.{kind}",
        subject=f"versions/{register.version}",
        time=format_instant(register.published_at),
        data={
            "register": register.register,
            "version": register.version,
            "log_size": found.log_size,
            "log_root": found.log_root,
            "url": version_url(base, register.version),
        },
    )


def challenge_event(challenge: str, base: str, now: dt.datetime) -> Event:
    """Return the event that an endpoint answers with the challenge in it, before it gets any other."""
    return Event(
        id=challenge,
        source=base,
        type=f"{TYPE}.challenge",
        subject="challenge",
        time=format_instant(now),
        data={"challenge": challenge},
    )


def version_url(base: str, version: int) -> str:
    """Return the address of a version's page."""
    return base + address_of(tree.VERSION_PAGE.path(version))


def slack(lines: Sequence[str], url: str) -> bytes:
    """Return a message to an incoming webhook of Slack; no name becomes a link, a mention or markup."""
    text = "\n".join((*_short(lines), url)).translate(_SLACK_ESCAPES)
    return msgspec.json.encode({"text": text, "mrkdwn": False, "unfurl_links": False})


def teams(lines: Sequence[str], url: str) -> bytes:
    """Return an Adaptive Card to a workflow of Teams; text runs, unlike text blocks, know no markup."""
    runs = [[{"type": "TextRun", "text": line}] for line in _short(lines)]
    runs[0][0]["weight"] = "Bolder"
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": inlines} for inlines in runs],
        "actions": [{"type": "Action.OpenUrl", "title": url, "url": url}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return msgspec.json.encode({"type": "message", "attachments": [attachment]})


def _short(lines: Sequence[str]) -> list[str]:
    return [one_line(line, _LONGEST_LINE) for line in lines[:_MOST_LINES]]


CHATS: dict[str, Callable[[Sequence[str], str], bytes]] = {"slack": slack, "teams": teams}
