"""Delivery status notifications by email (DSN, RFC 3464): which notice they concern and its status.

Anyone can forge such a mail. It identifies a delivery by an id that only its recipient and the mail servers
involved have seen, and the worst it can cause is a false alarm.
"""

from __future__ import annotations

import contextlib
import email
import mailbox
import re
from collections.abc import Iterator
from email import policy
from email.message import Message as Mail
from pathlib import Path
from typing import Literal, NamedTuple

from register_api.errors import NotifyError, UsageError
from register_api.sending.database import Database
from register_api.sending.outbox import add_fact

MAX_BYTES = 1024 * 1024
"""Maximum size of a report; the rest is ignored."""

_DELIVERY = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_ADDRESSED_TO = ("To", "Delivered-To", "X-Original-To")
_MAX_PARTS = 50


class DeliveryReport(NamedTuple):
    """The content of a report: candidate delivery ids, most reliable first, and the outcome.

    ``status`` is the enhanced status code (RFC 3463), such as ``5.1.1``, or an empty text.
    """

    deliveries: tuple[str, ...]
    action: Literal["failed", "delayed"]
    status: str


def read_report(data: bytes) -> DeliveryReport | None:
    """Read an untrusted email without raising; ``None`` if it reports no failed or delayed delivery."""
    try:
        # The older policy, because the newer one raises on some headers when they are read.
        found = email.message_from_bytes(data[:MAX_BYTES], policy=policy.compat32)
        return _report(found) if found.get_content_type() == "multipart/report" else None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _report(found: Mail) -> DeliveryReport | None:
    named = [_text(found, name) for name in _ADDRESSED_TO]
    action: Literal["failed", "delayed"] | None = None
    status = ""
    for number, part in enumerate(found.walk()):
        if number > _MAX_PARTS:
            break
        stated = _text(part, "Action").strip().casefold()
        if stated in {"failed", "delayed"} and action != "failed":
            action = "failed" if stated == "failed" else "delayed"
            code = _STATUS.match(_text(part, "Status").strip())
            status = code[0] if code else ""
        # The envelope id, and the headers of the returned mail.
        named = [_text(part, "Original-Envelope-Id"), *named, _text(part, "Message-ID")]
        if part.get_content_type() == "text/rfc822-headers":
            returned = email.message_from_string(str(part.get_payload()), policy=policy.compat32)
            named.append(_text(returned, "Message-ID"))
    deliveries = dict.fromkeys(each for text in named for each in _DELIVERY.findall(text))
    return DeliveryReport(tuple(deliveries), action, status) if action and deliveries else None


def _text(part: Mail, name: str) -> str:
    return " ".join(str(value) for value in part.get_all(name, ()))


def take_report(database: Database, report: DeliveryReport, now: int) -> str | None:
    """Record a report with its delivery and return the delivery's id; repeating it has no effect."""
    for delivery in report.deliveries:
        with database.transaction() as run:
            if not run("SELECT state FROM deliveries WHERE id = ?", delivery):
                continue
            if report.action == "failed":
                changed = run(
                    "UPDATE deliveries SET state = 'bounced', state_at = ?, reply = ?, due_at = NULL"
                    " WHERE id = ? AND state IN ('sent', 'unknown') RETURNING id",
                    *(now, report.status, delivery),
                )
                if changed:
                    add_fact(run, delivery, now, "bounced", report.status)
            elif not run("SELECT what FROM facts WHERE delivery = ? AND what = 'delayed'", delivery):
                add_fact(run, delivery, now, "delayed", report.status)
            return delivery
    return None


def mails_in(path: Path) -> Iterator[bytes]:
    """Yield the emails in a Maildir or mbox file; emails in a Maildir are then marked as seen."""
    if path.is_dir() and not (path / "new").is_dir():
        raise UsageError(f"{path} is not a Maildir: it has no folder new")
    try:
        if path.is_dir():
            for file in sorted((path / "new").iterdir()):
                with file.open("rb") as opened:
                    yield opened.read(MAX_BYTES)
                (path / "cur").mkdir(exist_ok=True)
                file.rename(path / "cur" / f"{file.name}:2,S")
        else:
            with path.open("rb"):
                pass  # mailbox would create a missing file
            with contextlib.closing(mailbox.mbox(path, create=False)) as box:
                yield from (box.get_bytes(key) for key in box.iterkeys())
    except (OSError, mailbox.Error, KeyError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise NotifyError(f"{path} cannot be read: {why}") from error
