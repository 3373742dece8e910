"""What strangers try at the subscription service, each a test: nobody is told, untold or found out by it."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from notices import add_contacts, record
from publishers import NOW
from register_api.notify.contacts import ContactRow, import_contacts
from register_api.notify.subscriptions import LIFETIMES
from subscribing import SERVICE, link_in

if TYPE_CHECKING:
    from mail_peer import Arrived
    from subscribing import Public

ANN, BOB, EVE = "ann@customer.example", "bob@customer.example", "eve@evil.example"
MINUTE, HOUR, DAY = 60, 3600, 86_400
ACTIONS = ("confirm", "manage", "leave", "answer")


def notice_to_a_contact(service: Public) -> Arrived:
    add_contacts(service.database, [ANN])
    service.announce("beta")
    (mail,) = service.send()
    return mail


@pytest.mark.parametrize("action", ACTIONS)
def test_guessing_a_token_is_slow_and_tells_nothing(service: Public, action: str) -> None:
    """128 random bits, of which only a hash is kept; and after some guesses one has to wait."""
    tokens = [secrets.token_urlsafe(16) for _ in range(3)] + ["x", "%00", "%ff", "a" * 500, "' OR 1=1 --"]
    pages = [service.get(f"{action}/{token}") for token in tokens]
    assert {(page.status_code, page.text) for page in pages} == {(404, pages[0].text)}
    while (page := service.get(f"{action}/{secrets.token_urlsafe(16)}")).status_code == 404:
        tokens.append("")
        assert len(tokens) < 50
    assert (page.status_code, int(page.headers["retry-after"]) > 0) == (429, True)
    service.client = "192.0.2.2"
    assert service.get(f"{action}/{secrets.token_urlsafe(16)}").status_code == 404


def test_no_token_is_kept(service: Public) -> None:
    service.wish(ANN)
    (mail,) = service.send()
    token = link_in(mail, "confirm").rpartition("/")[2]
    assert len(token) == 22
    assert token not in repr(service.everything())


def test_the_form_does_not_tell_who_subscribes(service: Public) -> None:
    service.subscribed(ANN)
    add_contacts(service.database, [BOB])
    answers = [service.wish(address) for address in (ANN, BOB, EVE, ANN)]
    assert {(page.status_code, page.text, page.headers["content-length"]) for page in answers} == {
        (200, answers[0].text, answers[0].headers["content-length"])
    }


@pytest.mark.parametrize(
    "address",
    [
        "ann@customer.example\r\nBcc: eve@evil.example",
        "ann@customer.example%0d%0aBcc:eve@evil.example",
        "ann@customer.example, eve@evil.example",
        "Ann <ann@customer.example>",
        "ann@customer.example\x00",
        "=?utf-8?q?ann?=@customer.example\nTo: x@x.example",
        "ann@[127.0.0.1]",
        '"ann\\"@x"@customer.example',
    ],
)
def test_no_header_comes_from_an_address(service: Public, address: str) -> None:
    page = service.wish(address)
    mails = service.send()
    assert page.status_code == 422 or [mail.recipient for mail in mails] == [ANN]
    assert all("Bcc" not in mail.read() for mail in mails)
    assert {mail.recipients for mail in mails} <= {1}


def test_no_template_and_no_markup_comes_from_a_vendor_or_an_answer(service: Public) -> None:
    add_contacts(service.database, [ANN])
    path = service.publisher.source / "subprocessors/beta.toml"
    service.publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
    name = "{{ 7*7 }} {0.__class__} %(name)s & Sons"
    path.write_text(path.read_text("utf-8").replace('name = "Beta Oy"', f'name = "{name}"', 1), "utf-8")
    service.publisher.publish(NOW + dt.timedelta(minutes=1))
    record(service.database, service.settings, service.publisher)
    (mail,) = service.send()
    link = link_in(mail, "answer")
    page = service.post(link, verdict="objected", reason="</textarea><script>{{ 7*7 }}")
    for shown in (page.text, service.get(link).text):
        assert "{{ 7*7 }} {0.__class__} %(name)s &amp; Sons" in shown
        assert "&lt;/textarea&gt;&lt;script&gt;{{ 7*7 }}" in shown
        assert "<script" not in shown


def test_an_answer_that_is_sent_again_counts_once_and_the_newest_counts(service: Public) -> None:
    link = link_in(notice_to_a_contact(service), "answer")
    for _ in range(3):
        assert service.post(link, verdict="objected", reason="No contract").status_code == 200
    assert len(service.everything()["answers"]) == 1
    service.post(link, verdict="accepted")
    service.post(link, verdict="objected", reason="No contract")
    rows = service.everything()["answers"]
    assert [row["verdict"] for row in sorted(rows, key=lambda row: row["number"])] == [
        "objected",
        "accepted",
        "objected",
    ]


def test_nobody_is_bombed_with_confirmations(service: Public) -> None:
    """Five mails a week to one address, minutes apart, wherever the wishes come from."""
    for number in range(60):
        service.client = f"198.51.{number}.1"
        assert service.wish(ANN).status_code == 200
        service.send()
        service.time.pass_by(5 * MINUTE)
    assert service.peer.count() == Counter({ANN: 5})
    service.time.pass_by(8 * DAY)
    service.wish(ANN)
    assert len(service.send()) == 1


def test_one_network_has_to_wait_and_so_has_everybody_in_the_end(service: Public) -> None:
    service.client = "2001:db8::1"
    codes = []
    for number in range(12):
        service.client = f"2001:db8::{number + 1:x}"  # one network of 64 bits
        codes.append(service.wish(f"a{number}@x.example").status_code)
    assert codes == [200] * 10 + [429] * 2
    page = service.wish(ANN)
    assert 0 < int(page.headers["retry-after"]) <= HOUR
    codes = []
    for number in range(300):
        service.client = f"203.0.{number // 200}.{number % 200}"
        codes.append(service.wish("not an address").status_code)
    assert (codes[0], codes[-1]) == (422, 429)


def test_a_client_cannot_make_up_where_it_comes_from(service: Public) -> None:
    """Only what the proxy itself adds at the end of the header counts."""
    codes = [
        service.ask(
            "POST", "", {"x-forwarded-for": f"203.0.113.{number}, 192.0.2.9"}, data={"address": "x"}
        ).status_code
        for number in range(12)
    ]
    assert codes == [422] * 10 + [429] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://trust.example.com.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "https://trust.example.com"},
    ],
)
def test_another_site_cannot_fill_in_the_form(service: Public, headers: dict[str, str]) -> None:
    page = service.ask("POST", "", headers, data={"address": ANN, "language": "en"})
    assert page.status_code == 403
    assert not any(service.everything().values())


def test_a_browser_fills_in_the_form(service: Public) -> None:
    headers = {"origin": "https://trust.example.com", "sec-fetch-site": "same-origin"}
    assert service.ask("POST", "", headers, data={"address": ANN, "language": "en"}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_mail_scanners_that_follow_every_link_change_nothing(service: Public, method: str) -> None:
    service.subscribed(BOB)
    add_contacts(service.database, [ANN])
    service.announce("beta")
    service.wish(EVE)
    mails = service.send()
    assert len(mails) == 3
    before = service.everything()
    links = {link.decode() for mail in mails for link in re.findall(rb"https://[^\s<>\"]+", unfolded(mail))}
    ours = sorted(link for link in links if link.startswith(SERVICE))
    assert {link.removeprefix(SERVICE).partition("/")[0] for link in ours} == {*ACTIONS}
    for link in ours:
        assert service.ask(method, link).status_code == 200
    assert service.everything() == before


def unfolded(mail: Arrived) -> bytes:
    """Return a mail without the soft breaks of quoted-printable."""
    return mail.data.replace(b"=\r\n", b"").replace(b"=3D", b"=")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(service: Public, method: str) -> None:
    manage = service.subscribed(ANN)
    before = service.everything()
    assert service.ask(method, manage.replace("manage", "leave")).status_code in {204, 405}
    assert service.everything() == before


def test_an_expired_link_confirms_nothing(service: Public) -> None:
    service.wish(ANN)
    (mail,) = service.send()
    service.time.pass_by(LIFETIMES["confirm"])
    assert service.post(link_in(mail, "confirm")).status_code == 404
    assert service.database.query("SELECT state FROM recipients") == [{"state": "pending"}]


def test_a_used_link_brings_nobody_back(service: Public) -> None:
    service.wish(ANN)
    (first,) = service.send()
    service.time.pass_by(HOUR)
    service.wish(ANN)
    (second,) = service.send()
    service.post(link_in(first, "confirm"))
    for mail in (first, second):
        assert "This link has been used" in service.post(link_in(mail, "confirm")).text
    service.announce("beta")
    (notice,) = service.send()
    service.post(link_in(notice, "manage").replace("manage", "leave"))
    for mail in (first, second):
        service.post(link_in(mail, "confirm"))
    assert service.database.query("SELECT state FROM recipients") == [{"state": "left"}]


def test_a_link_is_good_for_its_own_recipient_and_purpose_alone(service: Public) -> None:
    ann, bob = service.subscribed(ANN), service.subscribed(BOB)
    assert ann != bob
    service.post(ann.replace("manage", "leave"))
    assert {row["address"]: row["state"] for row in service.everything()["recipients"]} == {
        ANN: "left",
        BOB: "active",
    }
    for action in ("confirm", "answer"):
        assert service.post(bob.replace("manage", action), verdict="accepted").status_code == 404


def test_a_contract_contact_cannot_leave_by_a_link(service: Public) -> None:
    mail = notice_to_a_contact(service)
    assert "List-Unsubscribe" not in mail.read()
    link = link_in(mail, "answer")
    for action in ("leave", "manage", "confirm"):
        assert service.post(link.replace("answer", action)).status_code == 404
    assert service.database.query("SELECT state FROM recipients") == [{"state": "active"}]


def test_after_a_successor_has_come_the_old_link_does_not_answer(service: Public) -> None:
    link = link_in(notice_to_a_contact(service), "answer")
    heir = ContactRow(customer=f"C-{ANN}", email=BOB, replaces=ANN)
    assert not import_contacts(service.database, {1: heir}, 1).faults
    assert service.get(link).status_code == 404
    assert service.post(link, verdict="accepted").status_code == 404
    assert service.everything()["answers"] == []


def test_pages_can_be_neither_framed_nor_kept_and_run_nothing(service: Public) -> None:
    manage = service.subscribed(ANN)
    pages = [service.get(), service.get(manage), service.get(manage.replace("manage", "leave"))]
    pages.append(service.get(f"confirm/{secrets.token_urlsafe(16)}"))
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "noindex"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in page.headers
        assert "<script" not in page.text
    assert {page.headers["referrer-policy"] for page in pages[1:]} == {"no-referrer"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * 70_000, 413),
        (b"&" * 60_000, 422),
        (b"a=1&" * 15_000, 422),
        (b"\xff\xfe%ff%00=&address=%ff", 422),
        (b"{}", 422),
        (b"", 422),
    ],
)
def test_any_body_gives_an_answer(service: Public, body: bytes, status: int) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    page = service.ask("POST", "", headers, content=body)
    assert page.status_code == status
    manage = service.subscribed(ANN)
    assert service.ask("POST", manage, {"content-type": "multipart/form-data"}, content=body).status_code in {
        *(200, 413, 422),
    }
