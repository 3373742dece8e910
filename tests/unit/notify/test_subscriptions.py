"""Subscribe, confirm, change, leave: over the pages of the service and the mails of the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from register_api.notify.persons import erase, export_person, retain
from subscribing import form_of, link_in, links_of

if TYPE_CHECKING:
    from subscribing import Public

ANN = "ann@customer.example"
DAY = 86_400


def test_a_person_subscribes_confirms_changes_and_leaves(service: Public) -> None:
    page = service.get()
    assert page.status_code == 200
    assert form_of(page)["hears"] == ["all"]
    assert service.wish(ANN, frequency="daily").status_code == 200
    (mail,) = service.send()
    assert mail.recipient == ANN
    assert "List-Unsubscribe" not in mail.read()
    confirm = link_in(mail, "confirm")
    done = service.post(confirm)
    assert "You have subscribed" in done.text
    (manage,) = links_of(done.text, "manage")
    said = form_of(service.get(manage))
    assert (said["frequency"], said["reminders"]) == (["daily"], ["yes"])
    changed = service.post(manage, hears="important", frequency="at_once", language="de")
    assert "Gespeichert" in changed.text
    assert form_of(service.get(manage)) == {
        "hears": ["important"],
        "frequency": ["at_once"],
        "language": ["de"],
    }
    (leave,) = links_of(service.get(manage).text, "leave")
    assert "<button" in service.get(leave).text
    assert "beendet" in service.post(leave).text
    assert service.database.query("SELECT state FROM recipients")[0]["state"] == "left"


def test_a_subscriber_is_told_and_leaves_by_one_click(service: Public) -> None:
    """RFC 8058: a POST without cookies, by a program of the mail provider."""
    service.subscribed(ANN)
    service.announce("beta")
    (mail,) = service.send()
    read = mail.read()
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = read["List-Unsubscribe"].strip("<>")
    assert address.encode() in mail.data
    link_in(mail, "manage")
    done = service.ask("POST", address, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    service.announce("gamma", 2)
    assert service.send() == []


def test_who_has_not_confirmed_is_told_nothing(service: Public) -> None:
    service.wish(ANN)
    assert len(service.send()) == 1
    service.announce("beta")
    assert service.send() == []


def test_who_leaves_gets_nothing_that_was_due(service: Public) -> None:
    manage = service.subscribed(ANN)
    service.announce("beta")
    service.post(manage.replace("/manage/", "/leave/"))
    assert service.send() == []


def test_who_subscribes_already_gets_a_link_to_change(service: Public) -> None:
    """And keeps what was chosen, since anyone may fill in the form."""
    service.subscribed(ANN, frequency="weekly")
    service.time.pass_by(DAY)
    service.wish(ANN, frequency="at_once")
    (mail,) = service.send()
    assert form_of(service.get(link_in(mail, "manage")))["frequency"] == ["weekly"]


def test_the_bytes_of_a_confirmation_are_kept_no_longer_than_needed(service: Public) -> None:
    service.peer.recipients[ANN] = ["451 later", "250 OK"]
    service.wish(ANN)
    assert service.send() == []
    service.time.pass_by(600)
    (mail,) = service.send()
    assert service.database.query("SELECT * FROM bodies") == []
    assert "confirm" in link_in(mail, "confirm")


def test_who_does_not_confirm_is_forgotten(service: Public) -> None:
    service.wish(ANN)
    service.send()
    at = int(service.time.now().timestamp())
    assert retain(service.database, 0, at) == (0, 0)
    assert retain(service.database, 0, at + 8 * DAY) == (0, 1)
    assert not any(service.everything().values())


def test_that_somebody_has_confirmed_is_kept_longer_than_the_link(service: Public) -> None:
    service.subscribed(ANN)
    retain(service.database, 0, int(service.time.now().timestamp()) + 500 * DAY)
    (link,) = service.everything()["links"]
    assert (link["purpose"], link["used_at"] is None) == ("confirm", False)


def test_all_that_is_kept_of_a_subscriber_is_shown_and_erased(service: Public) -> None:
    service.subscribed(ANN)
    (kept,) = export_person(service.database, ANN)
    assert {link["purpose"] for link in kept["links"]} == {"confirm", "manage"}
    erase(service.database, ANN, 1)
    assert service.database.query("SELECT * FROM links") == []
    assert service.wish(ANN).status_code == 200


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"address": "nobody"}, "This is not a valid email address."),
        ({"address": ANN, "hears": "nothing"}, "One of the choices is not valid."),
        ({"address": ANN, "frequency": "x" * 9999}, "One of the choices is not valid."),
        ({"address": ANN, "language": "xx"}, "One of the choices is not valid."),
        ({}, "This is not a valid email address."),
    ],
)
def test_a_form_that_is_wrong_is_shown_again(service: Public, form: dict[str, str], said: str) -> None:
    page = service.ask("POST", "?lang=en", data=form)
    assert (page.status_code, said in page.text) == (422, True)
    assert not any(service.everything().values())


def test_pages_come_in_the_language_that_is_asked_for(service: Public) -> None:
    assert '<html lang="de">' in service.get("?lang=de").text
    assert '<html lang="en">' in service.get("?lang=xx").text
    assert '<html lang="de">' in service.ask("POST", "", data={"address": ANN, "language": "de"}).text


def test_before_anything_is_recorded_the_service_says_to_come_back(service: Public) -> None:
    with service.database.transaction() as run:
        run("DELETE FROM publications")
    page = service.get()
    assert (page.status_code, page.headers["retry-after"]) == (503, "60")
