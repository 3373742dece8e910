"""Webhooks: thin CloudEvents and chat messages, signed according to Standard Webhooks.

URLs are untrusted: only public addresses are contacted, no redirects are followed, and of a response only
the status and little of the body is used. A message keeps its id and bytes over all attempts, so that
receivers can deduplicate and every failure can be retried.
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
"""Seconds from each failed attempt to the next, three days in total."""

SPREAD = 0.2
_MAX_ANSWER_BYTES = 16 * 1024
_SECONDS = 15.0
_GONE = 410
_OK = frozenset(range(200, 300))

SECRET = "whsec_"  # noqa: S105 - a prefix

_LONGEST_LINE, _MAX_LINES = 2000, 10
_SLACK_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

# httpx logs URLs at INFO, and the URL of a chat contains its password.
logging.getLogger("httpx").setLevel(logging.WARNING)


def event(identity: str, source: str, kind: str, subject: str, at: dt.datetime, data: object) -> bytes:
    """Return a CloudEvent as JSON (CloudEvents 1.0.2, structured mode)."""
    head = {"specversion": "1.0", "id": identity, "source": source, "type": kind, "subject": subject}
    body = {"time": format_instant(at), "datacontenttype": "application/json", "data": data}
    return msgspec.json.encode(head | body)


def slack(lines: Sequence[str], url: str = "") -> bytes:
    """Return a message to a Slack incoming webhook, escaped against links, mentions and markup."""
    text = "\n".join((*_short(lines), *filter(None, [url]))).translate(_SLACK_ESCAPES)
    return msgspec.json.encode({"text": text, "mrkdwn": False, "unfurl_links": False})


def teams(lines: Sequence[str], url: str = "") -> bytes:
    """Return an Adaptive Card for a Teams workflow; text runs, unlike text blocks, have no markup."""
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
    return [one_line(line, _LONGEST_LINE) for line in lines[:_MAX_LINES]]


CHATS: dict[str, Callable[[Sequence[str], str], bytes]] = {"slack": slack, "teams": teams}


class Hook(NamedTuple):
    """A message to an endpoint, with the same id at each attempt; without a secret it is not signed."""

    message_id: str
    url: str
    content_type: str
    body: bytes
    secret: str = ""


class HookAnswer(NamedTuple):
    """The outcome of an attempt, whether the status was 410 (Gone), and the response body if requested."""

    result: SendResult
    is_gone: bool = False
    body: bytes = b""


def new_secret() -> str:
    """Return a new shared secret for an endpoint."""
    return SECRET + strict_base64.encode(secrets.token_bytes(32))


def read_key(path: Path, named: str = "webhook_key") -> Ed25519PrivateKey:
    """Read the Ed25519 key that signs messages, a PEM file (PKCS #8) readable only by its owner."""
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
    """Create a key file; an existing file is kept and is a ``UsageError``."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with durable.failing_as(UsageError, f"{named}: {path} cannot be written"):
        durable.create(path, pem, secret=True)
    return key


def public_key_text(key: Ed25519PrivateKey) -> str:
    """Return the public key in the form given to receivers."""
    return f"whpk_{strict_base64.encode(key.public_key().public_bytes_raw())}"


def signed_headers(hook: Hook, key: Ed25519PrivateKey | None, timestamp: int) -> dict[str, str]:
    """Return the signature headers of a message (Standard Webhooks 1.0.0)."""
    signed = b"%b.%d.%b" % (hook.message_id.encode(), timestamp, hook.body)
    shared = strict_base64.decode(hook.secret.removeprefix(SECRET))
    signatures = [f"v1,{strict_base64.encode(hmac.digest(shared, signed, hashlib.sha256))}"]
    if key is not None:
        signatures.append(f"v1a,{strict_base64.encode(key.sign(signed))}")
    return {
        "webhook-id": hook.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def hook_url_problem(url: str) -> str | None:
    """Return what is wrong with an endpoint's URL, or ``None``; loopback may use plain HTTP for trials."""
    host = url.removeprefix("http://").partition("/")[0].partition(":")[0]
    is_here = url.startswith("http://") and url.isascii() and url.isprintable() and is_loopback(host)
    return None if is_here else url_problem(url)


class WebhookTransport(Transport):
    """Sends to several endpoints concurrently, so that a slow or failing one does not delay the others."""

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
        """Send a message if ``begin`` returns true; else return ``None``."""
        if not begin():
            return None
        answer = await self.ask(hook, frozenset())
        if self._note:
            self._note(hook, answer)
        return answer.result

    async def ask(self, hook: Hook, body_of: frozenset[int] = _OK) -> HookAnswer:
        """Send a message and return the response, with its body for the statuses in ``body_of``."""
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
        except UsageError:  # its message quotes the URL
            return HookAnswer(SendResult("deferred", "the address is not valid"))
        except VerificationError as error:
            return HookAnswer(SendResult("deferred", error.message))
        status = f"status {reply.status}"
        if reply.status in _OK:
            return HookAnswer(SendResult("sent", status), body=reply.body)
        if reply.status == _GONE:
            return HookAnswer(SendResult("refused", status), is_gone=True)
        wait = retry_after_seconds(reply.headers.get("retry-after", ""), now)
        return HookAnswer(SendResult("deferred", status, wait))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def transport_of(
    settings: MailSettings, now: Clock, command: str, note: Callable[[Hook, HookAnswer], None] | None = None
) -> WebhookTransport:
    """Return the transport for the settings; arguments as for ``WebhookTransport``."""
    key = read_key(Path(settings.webhook_key)) if settings.webhook_key else None
    # Less than the lease of a row, after which another worker may send it.
    seconds = min(_SECONDS, settings.lease_seconds / 2)
    return WebhookTransport(reach_with(settings.allow), key, now, note, seconds, command=command)
