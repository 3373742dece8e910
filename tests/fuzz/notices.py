"""Targets: what the sender of notices reads: mails that came back, and tables of contacts."""

from __future__ import annotations

from fuzz.target import Target
from register_api.notify.bounces import read_report
from register_api.notify.contacts import read_contacts

_NUMBER = "0123456789abcdef" * 2

_REPORT = f"""\
To: bounces+{_NUMBER}@example.com
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Original-Envelope-Id: {_NUMBER}

Final-Recipient: rfc822; gone@customer.example
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: <{_NUMBER}@example.com>

--b--
"""

_CONTACTS = """\
customer,email,name,products,language,hears,replaces
C1,ann@c.example,"Ann, of C",all,de,important,old@c.example
C2,bob@c.example,,crm mail,en,all,
"""


def _reports() -> tuple[bytes, ...]:
    return (_REPORT.encode(), _REPORT.replace("text/rfc822-headers", "message/rfc822").encode())


def _contacts() -> tuple[bytes, ...]:
    return (_CONTACTS.encode(), _CONTACTS.replace(",", ";").encode("utf-8-sig"))


TARGETS = (
    Target(
        name="delivery report",
        parse=read_report,
        refusals=(),
        seeds=_reports,
        tokens=(b"multipart/report", b"message/rfc822", b"boundary=", b"=?utf-8?q?", b"charset=", b"--b"),
    ),
    Target(
        name="contacts",
        parse=read_contacts,
        refusals=(),
        seeds=_contacts,
        tokens=(b'"', b";", b",", b"\r\n", b"customer", b"email", b"\xef\xbb\xbf"),
    ),
)
