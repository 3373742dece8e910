"""Mails that come back: matched by the number of the envelope, written down beside what was sent."""

from __future__ import annotations

import mailbox
from typing import TYPE_CHECKING

import pytest

from notices import AT, add_contacts
from register_api.errors import NotifyError, UsageError
from register_api.notify.bounces import DeliveryReport, mails_in, read_report, take_report
from register_api.notify.deliveries import queue_delivery

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.sending.database import Database

DELIVERY = "0123456789abcdef" * 2
OTHER = "f" * 32

POSTFIX = """\
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
{envelope}
Final-Recipient: rfc822; gone@customer.example
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: {returned}

Message-ID: <{message}@example.com>
Subject: x

--b--
"""


def report(
    to: str = "privacy@example.com",
    envelope: str = "",
    message: str = "none",
    action: str = "failed",
    returned: str = "text/rfc822-headers",
) -> bytes:
    """Return a report as postfix writes it."""
    line = f"Original-Envelope-Id: {envelope}\n" if envelope else ""
    said = {"to": to, "envelope": line, "message": message, "action": action, "returned": returned}
    return POSTFIX.format(**said).encode()


@pytest.mark.parametrize(
    "mail",
    [
        report(to=f"bounces+{DELIVERY}@example.com"),
        report(envelope=DELIVERY),
        report(message=DELIVERY),
        report(message=DELIVERY, returned="message/rfc822"),
        report(envelope=DELIVERY).replace(b"\n", b"\r\n"),
    ],
    ids=["VERP", "ENVID", "headers", "whole mail", "CRLF"],
)
def test_a_report_is_known_by_any_of_its_numbers(mail: bytes) -> None:
    assert read_report(mail) == DeliveryReport((DELIVERY,), "failed", "5.1.1")


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\xff\x00" * 100,
        report(envelope=DELIVERY, action="relayed"),
        report(envelope="no number"),
        f"To: bounces+{DELIVERY}@example.com\nSubject: out of office\n\nI am away.\n".encode(),
        b"Content-Type: multipart/report; boundary=b\n\n" + b"--b\n" * 1000,
        b"Content-Type: multipart/report; boundary*0*=x'y'%ff\n\n--b",
    ],
)
def test_what_says_no_failure_is_passed_over(mail: bytes) -> None:
    assert read_report(mail) is None


def sent(database: Database, state: str = "sent") -> None:
    """Have one delivery of a number that the test knows."""
    add_contacts(database, ["gone@customer.example"])
    with database.transaction() as run:
        run("INSERT INTO publications VALUES (1, 'r', '', 1, '', 1, 1, 1, ?, ?)", b"", b"")
        queue_delivery(run, 1, run("SELECT id FROM recipients")[0]["id"], AT)
        run("UPDATE deliveries SET id = ?, state = ?, due_at = NULL", DELIVERY, state)


def test_a_bounce_is_a_later_fact_and_counts_once(database: Database) -> None:
    sent(database)
    found = DeliveryReport((OTHER, DELIVERY), "failed", "5.1.1")
    for _ in range(2):
        assert take_report(database, found, AT) == DELIVERY
    assert database.query("SELECT state, reply FROM deliveries") == [{"state": "bounced", "reply": "5.1.1"}]
    assert database.query("SELECT what, reply FROM facts") == [{"what": "bounced", "reply": "5.1.1"}]


def test_a_delay_is_written_down_and_changes_nothing(database: Database) -> None:
    sent(database)
    for _ in range(2):
        take_report(database, DeliveryReport((DELIVERY,), "delayed", "4.4.1"), AT)
    assert database.query("SELECT state FROM deliveries") == [{"state": "sent"}]
    assert database.query("SELECT what FROM facts") == [{"what": "delayed"}]


@pytest.mark.parametrize("state", ["due", "refused", "opted_out", "sending"])
def test_a_report_about_what_was_not_sent_changes_nothing(database: Database, state: str) -> None:
    sent(database, state)
    take_report(database, DeliveryReport((DELIVERY,), "failed", ""), AT)
    assert database.query("SELECT state FROM deliveries") == [{"state": state}]


def test_a_report_about_no_delivery_of_ours_is_told(database: Database) -> None:
    assert take_report(database, DeliveryReport((OTHER,), "failed", ""), AT) is None


def test_a_maildir_is_read_once_and_an_mbox_each_time(tmp_path: Path) -> None:
    maildir = mailbox.Maildir(str(tmp_path / "maildir"))
    maildir.add(report(envelope=DELIVERY))
    assert [read_report(mail) for mail in mails_in(tmp_path / "maildir")] == [
        DeliveryReport((DELIVERY,), "failed", "5.1.1")
    ]
    assert list(mails_in(tmp_path / "maildir")) == []
    assert len(maildir) == 1
    box = mailbox.mbox(str(tmp_path / "mbox"))
    box.add(report(envelope=DELIVERY))
    box.close()
    assert [read_report(mail) is not None for mail in mails_in(tmp_path / "mbox")] == [True]


def test_what_is_no_mailbox_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a Maildir"):
        list(mails_in(tmp_path))
    with pytest.raises(NotifyError, match="cannot be read"):
        list(mails_in(tmp_path / "missing"))
