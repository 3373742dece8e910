"""The page of the watcher: what officers do, and what strangers cannot."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from officers import TOKEN, Officer, form_token
from publishers import NOW
from register_api.errors import UsageError
from register_api.watch.guard import SESSION_SECONDS, make_token, read_token
from register_api.watch.inbox import decisions
from watching import add_news, add_vendor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from register_api.sending.database import Database

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"


@pytest.fixture
def kept(database: Database, where: str) -> dict[str, object]:
    """A database with a vendor and its news; settings for the page over it."""
    add_vendor(database, name="Acme", register="https://acme.example/", critical=True)
    add_news(database, "N17", deadline="2026-06-01", deadline_of="register", title="Acme: adds Hoster")
    add_news(database, "N18", concerns=0, title="Acme: adds Chat")
    return {"database": where}


@pytest.fixture
def officer(folder: Path, kept: dict[str, object]) -> Iterator[Officer]:
    """An officer who has not signed in yet."""
    made = Officer(folder, **kept)
    yield made
    made.close()


def test_an_officer_signs_in_and_decides(officer: Officer, database: Database) -> None:
    assert officer.get().headers["location"] == "/login"
    assert officer.sign_in().headers["location"] == "/"
    inbox = officer.get()
    assert "Acme: adds Hoster" in inbox.text
    assert "Acme: adds Chat" not in inbox.text
    assert "Acme: adds Chat" in officer.get("/?all=1").text
    page = officer.get("/news/N17")
    done = officer.decide("N17", page, decision="objected", reason="not in Singapore\r\nnor elsewhere")
    assert (done.status_code, done.headers["location"]) == (303, "/news/N17")
    (kept,) = decisions(database)
    made = kept.decision
    assert (made.decision, made.reason, made.by, made.at) == (
        "objected", "not in Singapore\nnor elsewhere", "Ann Lee", int(NOW.timestamp()),
    )  # fmt: skip
    assert "Nothing awaits a decision" in officer.get().text
    assert "not in Singapore" in officer.get("/news/N17").text
    assert "N17" in officer.get("/search?q=SINGAPORE").text
    assert "objected" in officer.get("/vendors/acme").text


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"reason": "why"}, "Choose what you decide."),
        ({"decision": "forgotten", "reason": "why"}, "Choose what you decide."),
        ({"decision": "accepted"}, "a decision needs a reason"),
        ({"decision": "accepted", "reason": "x" * 4001}, "a decision needs a reason"),
    ],
)
def test_a_decision_that_is_none_is_asked_for_again(
    officer: Officer, database: Database, form: dict[str, str], fault: str
) -> None:
    officer.sign_in()
    page = officer.decide("N17", officer.get("/news/N17"), **form)
    assert page.status_code == 422
    assert fault in page.text
    assert decisions(database) == []


def test_every_page_is_refused_to_strangers(officer: Officer) -> None:
    for path in ("/", "/vendors", "/vendors/acme", "/chain", "/search", "/news/N17"):
        assert officer.get(path).headers.get("location") == "/login", path
    for path in ("/news/N17", "/evidence/acme/2", "/logout"):
        assert officer.post(path, form="x").status_code == 403, path


def test_what_is_not_there_is_said(officer: Officer) -> None:
    officer.sign_in()
    for path in ("/news/N99", "/vendors/nobody", "/vendors/%3Cb%3E", "/chain?company=nobody"):
        page = officer.get(path)
        assert page.status_code == 404, path
        assert "<b>" not in page.text
    assert officer.get("/elsewhere").status_code == 404
    assert officer.decide("N99", officer.get("/news/N17"), decision="accepted").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_from_another_site_is_refused_even_with_its_token(
    officer: Officer, database: Database, headers: dict[str, str]
) -> None:
    officer.sign_in()
    token = form_token(officer.get("/news/N17"))
    refused = officer.post("/news/N17", headers, form=token, decision="accepted", reason="why")
    assert refused.status_code == 403
    assert officer.post("/login", headers, name="Eve", token=TOKEN).status_code == 403
    assert decisions(database) == []


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "\x00"])
def test_a_form_without_its_token_is_refused(officer: Officer, database: Database, token: str) -> None:
    officer.sign_in()
    assert officer.post("/news/N17", form=token, decision="accepted", reason="why").status_code == 403
    assert decisions(database) == []


def test_a_form_of_one_user_is_not_taken_from_another(officer: Officer) -> None:
    officer.sign_in("Ann Lee")
    token = form_token(officer.get("/news/N17"))
    officer.sign_in("Bo Berg")
    assert officer.post("/news/N17", form=token, decision="accepted", reason="why").status_code == 403


def test_guessing_the_token_ends(officer: Officer) -> None:
    said = [officer.sign_in(token=f"guess-{number}").status_code for number in range(25)]
    assert said == [403] * 20 + [429] * 5
    assert officer.sign_in().status_code == 429


def test_guessing_from_many_addresses_ends_too(officer: Officer) -> None:
    codes = []
    for number in range(205):
        headers = {"x-forwarded-for": f"192.0.{number // 250}.{number}"}
        codes.append(officer.post("/login", headers, name="Eve", token="guess").status_code)
    assert codes == [403] * 200 + [429] * 5


@pytest.mark.parametrize(
    "session", ["", "x", "1.2.3", "9999999999.QW5u.", "9999999999.QW5u." + "0" * 64, "é" * 9, "." * 99]
)
def test_a_session_that_was_made_up_is_none(officer: Officer, session: str) -> None:
    reply = officer.get(headers={"cookie": b"watch=" + session.encode()})
    assert reply.headers.get("location") == "/login"


def test_a_session_ends(officer: Officer) -> None:
    cookie = officer.sign_in().headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={SESSION_SECONDS}"):
        assert part.casefold() in cookie.casefold()
    assert officer.get().status_code == 200
    officer.now += dt.timedelta(seconds=SESSION_SECONDS)
    assert officer.get().headers["location"] == "/login"
    officer.now -= dt.timedelta(seconds=1)
    assert officer.get().status_code == 200
    assert officer.post("/logout", form=form_token(officer.get())).status_code == 303
    assert officer.get().headers["location"] == "/login"


def test_behind_tls_the_cookie_is_of_this_host_alone(folder: Path, kept: dict[str, object]) -> None:
    officer = Officer(folder, page_address="https://watch.customer.example/", **kept)
    reply = officer.ask("POST", "/login", host="watch.customer.example", data={"name": "Ann", "token": TOKEN})
    assert reply.headers["set-cookie"].startswith("__Host-watch=")
    assert "secure" in reply.headers["set-cookie"].casefold()
    officer.close()


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8003", "127.0.0.1.evil.example", "localhost.evil.example", "[::2]", ""],
)
def test_another_name_for_this_machine_is_refused(officer: Officer, host: str) -> None:
    assert officer.ask("GET", "/login", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8003", "[::1]:8003", "127.0.0.1", "[::1]"])
def test_this_machine_is_known_by_its_own_names(officer: Officer, host: str) -> None:
    assert officer.ask("GET", "/login", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("peer", "proxies", "names", "is_known"),
    [
        ("127.0.0.1", [], ["ann"], True),
        ("::1", [], ["ann"], True),
        ("192.0.2.9", [], ["ann"], False),
        ("192.0.2.9", ["192.0.2.9/32"], ["ann"], True),
        ("192.0.2.10", ["192.0.2.9/32"], ["ann"], False),
        ("127.0.0.1", [], [], False),
        ("127.0.0.1", [], [""], False),
        ("127.0.0.1", [], ["ann", "eve"], False),
        ("127.0.0.1", [], ["x" * 101], False),
    ],
)
def test_a_user_in_a_header_counts_from_a_trusted_proxy_alone(
    folder: Path, kept: dict[str, object], peer: str, proxies: list[str], names: list[str], is_known: bool
) -> None:
    officer = Officer(folder, peer, user_header="X-Remote-User", proxies=proxies, **kept)
    reply = officer.ask("GET", "/", headers=[("X-Remote-User", name) for name in names])
    assert reply.status_code == (200 if is_known else 403)
    assert officer.get("/login").status_code == 404
    officer.close()


def test_the_chain_is_the_present_one(officer: Officer, database: Database) -> None:
    officer.sign_in()
    assert "None of your vendors" in officer.get("/chain?company=acme").text
    assert officer.get("/chain?company=beta").status_code == 404
    add_vendor(database, "beta", website="https://beta.example/")
    assert "None of your vendors" in officer.get("/chain?company=beta").text


def test_where_people_sign_in_a_header_names_nobody(folder: Path, kept: dict[str, object]) -> None:
    officer = Officer(folder, proxies=["192.0.2.9/32"], **kept)
    for name in ("X-Remote-User", "X-Forwarded-User", "Remote-User"):
        assert officer.get(headers={name: "ann"}).headers["location"] == "/login"
    officer.close()


def test_texts_of_vendors_are_shown_and_not_run(officer: Officer, database: Database) -> None:
    add_vendor(database, "evil", name=HOSTILE, register="javascript:alert(1)", page="javascript:alert(2)")
    detail = '{"summary": "<script>", "message": "<b onclick=x>", "object_to": "javascript:alert(3)<b>"}'
    until = {"deadline": "2027-01-01", "deadline_of": "register"}
    add_news(database, "N19", "evil", title=HOSTILE, detail=detail, **until)
    officer.sign_in(HOSTILE)
    for path in (
        "/",
        "/vendors",
        "/vendors/evil",
        "/news/N19",
        "/search?q=%3Cscript%3E",
        "/chain?company=%3Cb%3E",
    ):
        page = officer.get(path)
        assert not re.search(r"<(script|img|b)\b", page.text), path
        assert 'href="javascript' not in page.text
        assert "script-src" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["cache-control"] == "no-store"


def test_a_form_that_is_too_large_is_refused(officer: Officer) -> None:
    officer.sign_in()
    assert officer.post("/news/N17", form="x" * 70_000).status_code == 413


@pytest.mark.parametrize(
    "text", ["%", "_", "!", "\x00", "\ud800".encode("utf-8", "surrogatepass"), "' OR 1=1 --"]
)
def test_a_search_for_anything_is_answered(officer: Officer, text: str | bytes) -> None:
    officer.sign_in()
    page = officer.ask("GET", "/search", params={"q": text})
    assert page.status_code == 200
    assert "Hoster" not in page.text


def test_evidence_that_cannot_be_had_is_said(officer: Officer, database: Database) -> None:
    add_vendor(database, "none")
    officer.sign_in()
    token = form_token(officer.get())
    for path in ("none/1", "acme/0", "acme/-1"):
        assert "has no register" in officer.post(f"/evidence/{path}", form=token).text, path
    page = officer.post("/evidence/acme/1", form=token)
    assert page.status_code == 502
    assert officer.get("/evidence/acme/1").status_code == 405


def test_evidence_is_fetched_one_at_a_time(officer: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A register that answers slowly holds up no other page, nor many threads."""
    officer.sign_in()
    token = form_token(officer.get())
    codes = []

    def slowly(*_: object) -> SimpleNamespace:
        codes.append(officer.post("/evidence/acme/1", form=token).status_code)
        codes.append(officer.get("/vendors").status_code)
        return SimpleNamespace(data=b"PK")

    monkeypatch.setattr("register_api.watch.service.evidence_of", slowly)
    reply = officer.post("/evidence/acme/1", form=token)
    assert (reply.status_code, codes) == (200, [503, 200])
    assert reply.headers["content-disposition"] == 'attachment; filename="acme-1.zip"'
    assert reply.headers["content-type"] == "application/zip"


def test_a_token_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "watch.token"
    assert make_token(path)
    token = read_token(path)
    assert not make_token(path)
    assert read_token(path) == token
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(UsageError, match="open to other users"):
        read_token(path)
    path.chmod(0o600)
    path.write_text("short", "utf-8")
    with pytest.raises(UsageError, match="can be guessed"):
        read_token(path)
    with pytest.raises(UsageError, match="cannot be written"):
        make_token(tmp_path / "missing" / "watch.token")
