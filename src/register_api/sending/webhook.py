"""Messages to endpoints: thin CloudEvents and chat messages, signed as Standard Webhooks has it.

The address is one that a stranger may have named: only public addresses are reached, no redirect is followed,
and of an answer little is read and nothing believed but its status. A message keeps its id and its bytes with
each attempt, by which a receiver knows it; so a failure of any kind is a reason to try again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from register_api.bounded_http.client import BoundedClient, read_url
from register_api.bounded_http.limits import HttpLimits, Reach, reach_with, retry_after_seconds
from register_api.clock import Clock
from register_api.core import strict_base64
from register_api.core.instant import format_instant
from register_api.core.language.language import one_line
from register_api.core.text import url_problem
from register_api.errors import UsageError, VerificationError
from register_api.files import durable
from register_api.sending.outbox import HOUR, MINUTE, SendResult
from register_api.sending.sender import Transport
from register_api.sending.settings import MailSettings, is_loopback, refuse_open

HookFormat = Literal["webhook", "slack", "teams"]

CONTENT_TYPES = {
    "webhook": "application/cloudevents+json",
    "slack": "application/json",
    "teams": "application/json",
}

RETRY_AFTER = (5, 5 * MINUTE, *(HOUR * hours // 2 for hours in (1, 4, 10, 20, 28, 40, 40)))
"""Seconds until the next attempt after each that failed: three days together."""

SPREAD = 0.2
_MAX_ANSWER_BYTES = 16 * 1024
_SECONDS = 15.0
_GONE = 410
_OK = frozenset(range(200, 300))

SECRET = "whsec_"  # noqa: S105 - what a secret begins with

_LONGEST_LINE, _MOST_LINES = 2000, 10
_SLACK_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

# httpx logs each address at INFO, and that of a chat holds its password.
logging.getLogger("httpx").setLevel(logging.WARNING)


def event(identity: str, source: str, kind: str, subject: str, at: dt.datetime, data: object) -> bytes:
    """Return a CloudEvent in its JSON form (CloudEvents 1.0.2, structured mode)."""
    head = {"specversion": "1.0", "id": identity, "source": source, "type": kind, "subject": subject}
    body = {"time": format_instant(at), "datacontenttype": "application/json", "data": data}
    return msgspec.json.encode(head | body)


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


class Hook(NamedTuple):
    """A message to an endpoint, with the same id at each attempt.

    Without a secret (``new_secret``), the endpoint checks no signature, and is told none.
    """

    message_id: str
    url: str
    content_type: str
    body: bytes
    secret: str = ""


class HookAnswer(NamedTuple):
    """What became of an attempt; whether the endpoint wants no more (410); its body, where that is read."""

    result: SendResult
    is_gone: bool = False
    body: bytes = b""


def new_secret() -> str:
    """Return a new secret to be shared with an endpoint."""
    return SECRET + strict_base64.encode(secrets.token_bytes(32))


def read_key(path: Path, named: str = "webhook_key") -> Ed25519PrivateKey:
    """Read the Ed25519 key that signs messages: a PEM file (PKCS #8) that its owner alone may read."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise UsageError(
            f"{named}: {path} not found", hint="register-api notify webhook key, or watch key, makes one"
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{named}: {path} cannot be read as a private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{named}: {path} is not an Ed25519 key")
    refuse_open(path, named)
    return key


def make_key(path: Path, named: str = "webhook_key") -> Ed25519PrivateKey:
    """Make a key and write it; a file that is there is left as it is, which is a ``UsageError``."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        durable.create(path, pem, secret=True)
    except OSError as error:
        raise UsageError(f"{named}: {path} cannot be written: {error.strerror}") from error
    return key


def public_key_text(key: Ed25519PrivateKey) -> str:
    """Return the public half of a key as receivers are told it."""
    return f"whpk_{strict_base64.encode(key.public_key().public_bytes_raw())}"


def signed_headers(hook: Hook, key: Ed25519PrivateKey | None, timestamp: int) -> dict[str, str]:
    """Return the headers by which a receiver knows who sends (Standard Webhooks 1.0.0)."""
    signed = b"%b.%d.%b" % (hook.message_id.encode(), timestamp, hook.body)
    shared = strict_base64.decode(hook.secret.removeprefix(SECRET))
    signatures = [f"v1,{strict_base64.encode(hmac.digest(shared, signed, hashlib.sha256))}"]
    if key is not None:
        signatures.append(f"v1a,{strict_base64.encode(key.sign(signed))}")
    said = " ".join(signatures)
    return {"webhook-id": hook.message_id, "webhook-timestamp": str(timestamp), "webhook-signature": said}


def hook_url_problem(url: str) -> str | None:
    """Say what is wrong with an endpoint's address, or nothing; this machine needs no TLS, for a trial."""
    host = url.removeprefix("http://").partition("/")[0].partition(":")[0]
    is_here = url.startswith("http://") and url.isascii() and url.isprintable() and is_loopback(host)
    return None if is_here else url_problem(url)


class WebhookTransport(Transport):
    """Sends to endpoints, several at the same time: what one of them does harms or holds up no other."""

    channels, per_second, retry_after = tuple(CONTENT_TYPES), 10.0, RETRY_AFTER
    spread, at_once = SPREAD, 10

    def __init__(
        self,
        reach: Reach,
        key: Ed25519PrivateKey | None,
        now: Clock,
        note: Callable[[Hook, HookAnswer], None] | None = None,
        seconds: float = _SECONDS,
        *,
        command: str,
    ) -> None:
        limits = HttpLimits(
            connect=seconds, read=seconds, exchange=seconds, run=float("inf"), requests=2**63, attempts=1
        )
        self._client = BoundedClient(limits, command=command, reach=reach)
        self._key, self._now, self._note = key, now, note

    async def send(self, hook: Hook, begin: Callable[[], bool]) -> SendResult | None:
        """Send a message, once ``begin`` allows it; ``None`` where it does not."""
        if not begin():
            return None
        answer = await self.ask(hook, frozenset())
        if self._note:
            self._note(hook, answer)
        return answer.result

    async def ask(self, hook: Hook, body_of: frozenset[int] = _OK) -> HookAnswer:
        """Send a message, and return what the endpoint said to it, with its body at some statuses."""
        now = self._now()
        headers = {"Content-Type": hook.content_type}
        if hook.secret:
            headers |= signed_headers(hook, self._key, int(now.timestamp()))
        try:
            reply = await self._client.post(
                read_url(hook.url, plain=False),
                _MAX_ANSWER_BYTES,
                content=hook.body,
                headers=headers,
                body_of=body_of,
            )
        except UsageError:  # it quotes the address
            return HookAnswer(SendResult("deferred", "the address is not valid"))
        except VerificationError as error:
            return HookAnswer(SendResult("deferred", error.message))
        said = f"status {reply.status}"
        if reply.status in _OK:
            return HookAnswer(SendResult("sent", said), body=reply.body)
        if reply.status == _GONE:
            return HookAnswer(SendResult("refused", said), is_gone=True)
        wait = retry_after_seconds(reply.headers.get("retry-after", ""), now)
        return HookAnswer(SendResult("deferred", said, wait))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def transport_of(
    settings: MailSettings, now: Clock, command: str, note: Callable[[Hook, HookAnswer], None] | None = None
) -> WebhookTransport:
    """Return the transport that settings ask for; arguments as of ``WebhookTransport``."""
    key = read_key(Path(settings.webhook_key)) if settings.webhook_key else None
    # A row is leased for that long: an answer that comes later would be another worker's.
    seconds = min(_SECONDS, settings.lease_seconds / 2)
    return WebhookTransport(reach_with(settings.allow), key, now, note, seconds, command=command)
