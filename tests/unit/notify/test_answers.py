"""What contract contacts answer: by the link in a notice, or entered by the publisher; and who sees it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from notices import add_contacts, record
from publishers import NOW
from register_api.core.canonical import decode
from register_api.core.delivery import DeliveryRecord
from register_api.errors import UsageError
from register_api.notify.answers import GivenAnswer, enter_answer
from register_api.notify.contacts import ContactRow, import_contacts
from register_api.notify.persons import erase, export_person, recipients_at, retain
from register_api.notify.sealing import seal_facts
from register_api.notify.status import status
from subscribing import OBJECTION, link_in

if TYPE_CHECKING:
    from register_api.notify.answers import AnswerStatus
    from subscribing import Public

ANN, BOB, CID = "ann@customer.example", "bob@customer.example", "cid@customer.example"
DAY = 86_400


@pytest.fixture
def links(service: Public) -> dict[str, str]:
    """Links to answer the notice of version 2 with, by address."""
    add_contacts(service.database, [ANN, BOB, CID])
    service.announce("beta")
    return {mail.recipient: link_in(mail, "answer") for mail in service.send()}


def answers(service: Public) -> dict[str | None, AnswerStatus]:
    found = status(service.database, service.time.now(), 2, addresses=True)
    return {each.address: each for each in found.answers}


def counted(service: Public) -> dict[str, int]:
    return status(service.database, service.time.now()).versions[0].answers


def test_every_contact_is_open_until_they_have_answered(service: Public, links: dict[str, str]) -> None:
    assert counted(service) == {"open": 3}
    assert "Beta Oy" in service.get(links[ANN]).text
    service.post(links[ANN], verdict="objected", reason=" We have no\r\ncontract. ")
    service.post(links[BOB], verdict="not_concerned")
    assert counted(service) == {"objected": 1, "not_concerned": 1, "open": 1}
    found = answers(service)
    assert {address: each.verdict for address, each in found.items()} == {
        ANN: "objected",
        BOB: "not_concerned",
        CID: "open",
    }
    assert (found[ANN].reason, found[ANN].way, found[ANN].late) == ("We have no\ncontract.", "link", False)
    (hidden,) = {each.address for each in status(service.database, service.time.now(), 2).answers}
    assert hidden is None


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Choose one of the answers."),
        ({"verdict": "maybe"}, "Choose one of the answers."),
        ({"verdict": "objected"}, "An objection needs a reason."),
        ({"verdict": "objected", "reason": " \r\n\t"}, "An objection needs a reason."),
        ({"verdict": "accepted", "reason": "x" * 4001}, "The reason is too long."),
    ],
)
def test_an_answer_that_is_wrong_is_shown_again(
    service: Public, links: dict[str, str], form: dict[str, str], said: str
) -> None:
    page = service.post(links[ANN], **form)
    assert (page.status_code, said in page.text) == (422, True)
    assert counted(service) == {"open": 3}


def test_the_newest_answer_counts_and_is_shown(service: Public, links: dict[str, str]) -> None:
    service.post(links[ANN], verdict="objected", reason="First")
    service.post(links[ANN], verdict="accepted", reason="\x00\u202e Second")
    assert answers(service)[ANN].verdict == "accepted"
    page = service.get(links[ANN])
    assert 'value="accepted" checked' in page.text
    assert "Second</textarea>" in page.text
    assert "First" not in page.text
    (kept,) = export_person(service.database, ANN)
    assert [each["reason"] for each in kept["answers"]] == ["First", "Second"]


def test_after_the_last_day_an_answer_is_recorded_and_late(service: Public, links: dict[str, str]) -> None:
    service.time.pass_by(13 * DAY)
    service.post(links[ANN], verdict="accepted")
    service.time.pass_by(3 * DAY)
    assert "It has passed" in service.get(links[BOB]).text
    assert "marked as late" in service.post(links[BOB], verdict="objected", reason="x").text
    assert [answers(service)[who].late for who in (ANN, BOB)] == [False, True]


def test_an_answer_of_who_has_left_counts_still(service: Public, links: dict[str, str]) -> None:
    service.post(links[ANN], verdict="objected", reason="x")
    rows = {1: ContactRow(customer=f"C-{ANN}", email="new@customer.example", replaces=ANN)}
    assert not import_contacts(service.database, rows, 1).faults
    assert counted(service) == {"objected": 1, "open": 2}


def test_a_notice_without_a_period_to_object_asks_for_no_answer(service: Public) -> None:
    add_contacts(service.database, [ANN])
    service.publisher.say("nothing promised", notice="")
    service.publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
    service.publisher.publish(NOW + dt.timedelta(minutes=1))
    record(service.database, service.settings, service.publisher)
    (mail,) = service.send()
    assert b"/answer/" not in mail.data
    assert counted(service) == {}
    assert OBJECTION not in mail.data.decode()


def test_the_publisher_enters_what_came_by_post(service: Public, links: dict[str, str]) -> None:
    (ann,) = recipients_at(service.database, ANN)
    last_day = status(service.database, service.time.now()).versions[0].objection_until
    assert last_day is not None
    given = GivenAnswer("objected", "By letter", "publisher")
    service.time.pass_by(60 * DAY)
    now = service.time.now()
    assert enter_answer(service.database, 2, ann, given, now, last_day)
    assert not enter_answer(service.database, 2, ann, given, now, last_day)
    assert not answers(service)[ANN].late
    later = GivenAnswer("objected", "By another letter", "publisher")
    assert enter_answer(service.database, 2, ann, later, now, last_day + dt.timedelta(days=1))
    assert (answers(service)[ANN].way, answers(service)[ANN].late) == ("publisher", True)


def test_the_publisher_corrects_the_day_on_which_an_answer_came(
    service: Public, links: dict[str, str]
) -> None:
    (ann,) = recipients_at(service.database, ANN)
    given = GivenAnswer("accepted", "", "publisher")
    service.time.pass_by(60 * DAY)
    now = service.time.now()
    assert enter_answer(service.database, 2, ann, given, now)
    assert answers(service)[ANN].late
    assert enter_answer(service.database, 2, ann, given, now, NOW.date())
    assert not answers(service)[ANN].late
    with pytest.raises(UsageError, match="in the future"):
        enter_answer(service.database, 2, ann, given, now, now.date() + dt.timedelta(days=2))


def test_who_has_answered_is_not_reminded(service: Public, links: dict[str, str]) -> None:
    service.post(links[ANN], verdict="accepted")
    service.post(links[BOB], verdict="objected", reason="x")
    service.time.pass_by(8 * DAY)
    assert [mail.recipient for mail in service.send()] == [CID]


def test_an_answer_is_sealed_with_the_notice(service: Public, links: dict[str, str]) -> None:
    service.post(links[ANN], verdict="objected", reason="Nobody reads this in a record")
    seal_facts(service.database, service.time.now())
    records = [bytes(row["record"]) for row in service.database.query("SELECT record FROM facts")]
    assert [decode(each, DeliveryRecord).what for each in records].count("objected") == 1
    assert b"Nobody reads" not in b"".join(records)


def test_the_reason_is_erased_with_the_person(service: Public, links: dict[str, str]) -> None:
    service.post(links[ANN], verdict="objected", reason="I am Ann")
    erase(service.database, ANN, 1, ended=True)
    assert "I am Ann" not in repr(service.everything())
    assert counted(service) == {"objected": 1, "open": 2}
    assert service.get(links[ANN]).status_code == 404
    retain(service.database, 2, 2)
    assert len(service.everything()["recipients"]) == 2
