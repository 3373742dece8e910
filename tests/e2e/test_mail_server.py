"""Notices through postfix and opendkim, set up as docs/notifying.md says, judged by dkimpy."""

from __future__ import annotations

import datetime as dt
import re
import smtplib

import dkim
from documented import documented

import programs
from mail_peer import Arrived, mail_peer
from memory_folder import memory_folder
from notices import add_contacts
from notify_soak import settings_file
from patience import wait_until
from postfix import postfix
from publishers import NOW, Publisher
from register_api.notify.schema import STEPS
from register_api.sending.database import opened
from static_host import static_host

GONE = "gone@c.example"
HERE = [f"p{number}@c.example" for number in range(5)]


def signed_headers(mail: Arrived) -> set[str]:
    """Return the names of the headers that a DKIM signature covers (RFC 6376, section 3.5)."""
    tags = dict(tag.split("=", 1) for tag in "".join(mail.read()["DKIM-Signature"].split()).split(";") if tag)
    return set(tags["h"].casefold().split(":"))


def test_mails_are_signed_whole_and_bounces_are_matched() -> None:
    """DKIM covers the headers that unsubscribing by one click needs; a DSN becomes an alarm."""
    signing = documented("docs/notifying.md", "conf", "SignHeaders")
    with memory_folder() as folder, mail_peer() as peer, postfix(peer.port, signing) as (port, record):
        peer.recipients[GONE] = ["550 5.1.1 no such user"]
        publisher = Publisher(folder)
        publisher.publish()
        with static_host(publisher.store / "public") as base:
            database = str(folder / "notify.sqlite3")
            file = settings_file(folder, base, port, database)
            command = (*programs.REGISTER_API, "notify")
            with opened(database, STEPS) as database_:
                add_contacts(database_, [*HERE, GONE])
            assert programs.run(*command, "record", "--settings", file).returncode == 0
            publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
            publisher.publish(NOW + dt.timedelta(minutes=1))
            assert programs.run(*command, "record", "--settings", file).returncode == 0
            assert programs.run(*command, "send", "--settings", file).stdout == "6 sent\n"
            wait_until(lambda: len(peer.mails) == len(HERE) + 1)  # the last one is the report
            (report,) = [mail for mail in peer.mails if mail.recipient.startswith("bounces+")]
            (folder / "mail").write_bytes(b"From MAILER-DAEMON Sun Nov 29 10:00:00 2026\n" + report.data)
            taken = programs.run(*command, "bounces", folder / "mail", "--settings", file)
            assert taken.stdout == "1 failed\n"
            status = programs.run(*command, "status", "2", "--addresses", "--settings", file)
            assert status.returncode == 1
            assert re.search(rf"ALARM bounced .*{GONE}  5\.1\.1", status.stdout)
        mails = [mail for mail in peer.mails if mail is not report]
        assert sorted(mail.recipient for mail in mails) == HERE
        for mail in mails:
            assert dkim.verify(mail.data, dnsfunc=lambda *_, **__: record)
            changed = mail.data.replace(b"Beta", b"Gamma", 1)
            assert not dkim.verify(changed, dnsfunc=lambda *_, **__: record)
            named = signed_headers(mail)
            assert {"from", "to", "subject", "date", "message-id", "list-id", "auto-submitted"} <= named


def test_headers_for_one_click_are_signed_where_a_mail_has_them() -> None:
    """RFC 8058 section 4: both have to be covered; Debian's default leaves one out."""
    signing = documented("docs/notifying.md", "conf", "SignHeaders")
    with mail_peer() as peer, postfix(peer.port, signing) as (port, record):
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail(
                "privacy@example.com",
                ["ann@c.example"],
                "From: privacy@example.com\r\nTo: ann@c.example\r\nSubject: x\r\n"
                "Date: Sun, 29 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n"
                "List-Unsubscribe: <https://example.com/u>\r\n"
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nx\r\n",
            )
        wait_until(lambda: peer.mails)
        (mail,) = peer.mails
    assert dkim.verify(mail.data, dnsfunc=lambda *_, **__: record)
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= signed_headers(mail)
