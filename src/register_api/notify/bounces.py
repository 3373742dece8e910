"""Reports about deliveries that come back by mail (DSN, RFC 3464): about which notice, and what they say.

Anyone can write such a mail. It names a delivery by a number that only its recipient and the mail servers on
the way have seen, and the worst that it can do is an alarm.
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
from register_api.sending.database import Database, Run
from register_api.sending.outbox import add_fact

MOST_BYTES = 1024 * 1024
"""Of a report; what follows is left out."""

_DELIVERY = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_ADDRESSED_TO = ("To", "Delivered-To", "X-Original-To")
_MOST_PARTS = 50

Action = Literal["failed", "delayed"]


class DeliveryReport(NamedTuple):
    """What a report says.

    Attributes:
        deliveries: Numbers that may be that of the delivery, the surest first.
        action: That it failed for good, or takes longer.
        status: Enhanced status code (RFC 3463), such as ``5.1.1``, or an empty text.
    """

    deliveries: tuple[str, ...]
    action: Action
    status: str


def read_report(data: bytes) -> DeliveryReport | None:
    """Read a mail by anyone, raising nothing; ``None``: it does not report a failed or delayed delivery."""
    try:
        # The older policy: the newer one parses headers when they are read, and raises at some of them.
        found = email.message_from_bytes(data[:MOST_BYTES], policy=policy.compat32)
        return _report(found) if found.get_content_type() == "multipart/report" else None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _report(found: Mail) -> DeliveryReport | None:
    named = [_text(found, name) for name in _ADDRESSED_TO]
    action: Action | None = None
    status = ""
    for number, part in enumerate(found.walk()):
        if number > _MOST_PARTS:
            break
        said = _text(part, "Action").strip().casefold()
        if said in {"failed", "delayed"} and action != "failed":
            action = "failed" if said == "failed" else "delayed"
            code = _STATUS.match(_text(part, "Status").strip())
            status = code[0] if code else ""
        # The envelope's name, and the headers of the mail that came back.
        named = [_text(part, "Original-Envelope-Id"), *named, _text(part, "Message-ID")]
        if part.get_content_type() == "text/rfc822-headers":
            returned = email.message_from_string(str(part.get_payload()), policy=policy.compat32)
            named.append(_text(returned, "Message-ID"))
    deliveries = dict.fromkeys(each for text in named for each in _DELIVERY.findall(text))
    return DeliveryReport(tuple(deliveries), action, status) if action and deliveries else None


def _text(part: Mail, name: str) -> str:
    return " ".join(str(value) for value in part.get_all(name, ()))


def take_report(database: Database, report: DeliveryReport, now: int) -> str | None:
    """Write a report down beside the delivery that it is about; a second time it changes nothing.

    Returns:
        The id of the delivery, or ``None`` where there is none that was sent.
    """
    for delivery in report.deliveries:
        with database.transaction() as run:
            if run("SELECT state FROM deliveries WHERE id = ?", delivery):
                _take(run, delivery, report, now)
                return delivery
    return None


def _take(run: Run, delivery: str, report: DeliveryReport, now: int) -> None:
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


def mails_in(path: Path) -> Iterator[bytes]:
    """Yield the mails of a Maildir or an mbox file; those of a Maildir are then marked as seen.

    Raises:
        UsageError: It is neither.
        NotifyError: It cannot be read.
    """
    if path.is_dir() and not (path / "new").is_dir():
        raise UsageError(f"{path} is not a Maildir: it has no folder new")
    try:
        if path.is_dir():
            yield from _new_of_maildir(path)
        else:
            with path.open("rb"):
                pass  # mailbox would make a file that is missing
            with contextlib.closing(mailbox.mbox(path, create=False)) as box:
                yield from (box.get_bytes(key) for key in box.iterkeys())
    except (OSError, mailbox.Error, KeyError) as error:
        raise NotifyError(f"{path} cannot be read: {type(error).__name__}") from error


def _new_of_maildir(path: Path) -> Iterator[bytes]:
    for file in sorted((path / "new").iterdir()):
        with file.open("rb") as opened:
            yield opened.read(MOST_BYTES)
        (path / "cur").mkdir(exist_ok=True)
        file.rename(path / "cur" / f"{file.name}:2,S")
