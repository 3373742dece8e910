"""docs/subscriptions.md carried out: a person without script in a real browser, and judges of every page."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import shlex
import signal
import socket
from typing import TYPE_CHECKING, Any

import hosts
import httpx
import pytest
from documented import blocks, documented
from test_judges_of_pages import VNU

import node_judges
from mail_peer import mail_peer
from memory_folder import memory_folder
from notices import Time, add_contacts, database_of
from notify_soak import settings_file
from patience import PATIENCE
from programs import REGISTER_API, run, started
from publishers import NOW, Publisher
from register_api.notify.settings import read_notify_settings
from static_host import static_host
from subscribing import OBJECTION, link_in, links_of, public
from tools import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mail_peer import Arrived, MailPeer

PAGE = "docs/subscriptions.md"
ANN = "ann@customer.example"


class Site:
    """A register with a subscription service, each a process at an address of its own."""

    def __init__(self, folder: Path, service: str, peer: MailPeer) -> None:
        self.folder, self.service, self.peer = folder, service, peer

    def send(self) -> Arrived:
        """Send what is due, which is one mail."""
        done = run(*REGISTER_API, "notify", "send", "--settings", "notify.toml", cwd=self.folder)
        assert "1 sent" in done.stdout, done.stderr
        return self.peer.mails[-1]

    def browse(self, *steps: dict[str, Any]) -> list[dict[str, Any]]:
        """Do steps in a browser; returns the pages that were reached."""
        return [json.loads(line) for line in node_judges.node("fill-forms.mjs", json.dumps(steps))]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Start what the page says; the password of the mail server cannot be read, and is not needed."""
    node_judges.need_package("puppeteer-core")
    monkeypatch.setenv("CHROMIUM", need("chromium"))
    with memory_folder() as folder, mail_peer() as peer, socket.socket() as free:
        publisher = Publisher(folder)
        publisher.publish()
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        with static_host(publisher.store / "public") as base:
            service = f"http://127.0.0.1:{port}/subscriptions/"
            more = {"subscriptions": service, "smtp_password_file": str(folder / "missing")}
            settings_file(folder, base, peer.port, str(folder / "notify.sqlite3"), **more)
            record, serve = documented(PAGE, "sh", "notify serve").splitlines()
            assert run(*REGISTER_API, *record.split()[1:], cwd=folder).returncode == 0
            command = (*REGISTER_API, *serve.replace("8002", str(port)).split()[1:])
            with started(*command, cwd=folder) as program:
                assert str(port) in program.first_line()
                (folder / "missing").write_text("secret", "utf-8")  # for those that send
                yield Site(folder, service, peer)
                assert program.end(signal.SIGTERM) == 0
                assert ANN not in program.output().decode() + program.errors()


def test_a_person_without_script_subscribes_confirms_changes_and_leaves(site: Site) -> None:
    shown, sent = site.browse(
        {"open": f"{site.service}?lang=en"},
        {"type": ["#address", ANN]},
        {"choose": "#frequency-weekly"},
        {"press": "button"},
    )
    assert (shown["status"], sent["status"]) == (200, 200)
    assert "Check your email" in sent["text"]
    (confirm,) = set(
        re.findall(rf"{site.service}confirm/[\w-]+", site.send().data.decode().replace("=\r\n", ""))
    )
    for method in ("GET", "HEAD"):  # a mail scanner
        assert httpx.request(method, confirm, timeout=PATIENCE).status_code == 200
    *_, confirmed, manage, saved, question, left = site.browse(
        {"open": confirm},
        {"press": "button"},
        {"press": "main a"},
        {"choose": "#hears-important"},
        {"choose": "#frequency-daily"},
        {"press": "button"},
        {"press": "main a"},
        {"press": "button"},
    )
    assert "You have subscribed" in confirmed["text"]
    assert "Your subscription" in manage["text"]
    assert "Saved." in saved["text"]
    assert "End the subscription" in question["text"]
    assert "The subscription has ended" in left["text"]
    assert [text for text in left["complaints"] if "favicon" not in text] == []
    (kept,) = json.loads(
        run(
            *REGISTER_API,
            "notify",
            "contacts",
            "list",
            "--json",
            "--settings",
            "notify.toml",
            cwd=site.folder,
        ).stdout
    )
    assert (kept["address"], kept["state"], kept["hears"]) == (ANN, "left", "important")


@pytest.mark.parametrize("proxy", ["nginx", "caddy"])
def test_a_proxy_shows_the_service_and_says_who_asks(site: Site, tmp_path: Path, proxy: str) -> None:
    """What the client itself says of where it comes from does not get through."""
    lines = documented(PAGE, proxy, "8002").replace("8002", site.service.split(":")[2].partition("/")[0])
    address = "127.0.0.1:18080"
    with (
        hosts.nginx_with(f"server {{ listen {address};\n{lines}}}", address, tmp_path)
        if proxy == "nginx"
        else hosts.caddy(f"http://{hosts._EXPORTED_ADDRESS} {{\n{lines}}}\n", tmp_path)
    ) as host:
        form = f"{host.base}subscriptions/"
        assert httpx.get(form, timeout=PATIENCE).status_code == 200
        headers = [{"x-forwarded-for": f"192.0.2.{number}"} for number in range(12)]
        asked = [httpx.post(form, data={}, headers=each, timeout=PATIENCE) for each in headers]
        assert [each.status_code for each in asked] == [422] * 10 + [429] * 2


def test_the_commands_on_objections_do_what_the_page_says() -> None:
    """Version 2 stands for the page's 7."""
    with memory_folder() as folder, mail_peer() as peer:
        publisher = Publisher(folder)
        publisher.say(notice=OBJECTION)
        publisher.publish()
        with static_host(publisher.store / "public") as base:
            settings_file(folder, base, peer.port, str(folder / "notify.sqlite3"))

            def call(command: str) -> str:
                done = run(*REGISTER_API, *shlex.split(command)[1:], cwd=folder)
                assert done.returncode == 0, done.stderr
                return done.stdout

            end = "--settings notify.toml"
            for customer, address in (("C1", "legal@customer.example"), ("C2", "dpo@other.example")):
                call(f"_ notify contacts add --customer {customer} --email {address} {end}")
            call(f"_ notify record {end}")
            publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
            publisher.publish(NOW + dt.timedelta(minutes=1))
            call(f"_ notify record {end}")
            call(f"_ notify send {end}")
            block = documented(PAGE, "sh", "notify answer").replace(" 7 ", " 2 ")
            shown, *entered = [call(line) for line in block.splitlines()]
            assert "2 open" in shown
            assert entered == ["Recorded.\n"] * 2
            assert "1 accepted, 1 objected" in call(block.splitlines()[0])


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return each page of the service, in both languages, as files."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(memory_folder())
        database = stack.enter_context(database_of("sqlite", where, ""))
        peer = stack.enter_context(mail_peer())
        publisher = Publisher(where)
        publisher.say(notice=f"{OBJECTION}\n[[products]]\nid = 'crm'\ntitle = 'CRM'\n\n")
        publisher.publish()
        names = (where, database, str(where / "notify.sqlite3"), publisher, peer, Time())
        service = stack.enter_context(public(*names))
        for number, tag in enumerate(("en", "de")):
            person, contact = f"{tag}@person.example", f"{tag}@contact.example"
            found[f"form-{tag}"] = service.get(f"?lang={tag}")
            found[f"fault-{tag}"] = service.ask("POST", f"?lang={tag}", data={"address": "x"})
            found[f"sent-{tag}"] = service.wish(person, language=tag)
            (mail,) = service.send()
            found[f"confirm-{tag}"] = service.get(link_in(mail, "confirm"))
            found[f"confirmed-{tag}"] = service.post(link_in(mail, "confirm"))
            found[f"used-{tag}"] = service.post(link_in(mail, "confirm"))
            (manage,) = links_of(found[f"confirmed-{tag}"].text, "manage")
            found[f"saved-{tag}"] = service.post(manage, language=tag)
            found[f"leave-{tag}"] = service.get(manage.replace("manage", "leave"))
            found[f"left-{tag}"] = service.post(manage.replace("manage", "leave"))
            add_contacts(database, [contact], language=tag)
            service.announce(f"beta-{tag}", number + 1)
            (answer,) = [link_in(mail, "answer") for mail in service.send() if mail.recipient == contact]
            found[f"answer-{tag}"] = service.get(answer)
            found[f"answer-fault-{tag}"] = service.post(answer, verdict="objected")
            found[f"answered-{tag}"] = service.post(answer, verdict="objected", reason="Länge " * 40)
        found["gone"] = service.get("manage/x")
    files = []
    for name, page in found.items():
        files.append(folder / f"{name}.html")
        files[-1].write_text(page.text, "utf-8")
    if keep := os.environ.get("KEEP_PAGES"):
        run("cp", *files, keep)
    return files


def test_axe_and_html_validate_find_nothing(pages: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Light, dark, on paper, 320 pixels wide, letters twice as large, forced colours."""
    for package in ("axe-core", "html-validate", "puppeteer-core"):
        node_judges.need_package(package)
    monkeypatch.setenv("CHROMIUM", need("chromium"))
    assert node_judges.node("judge-pages.mjs", *pages) == []


def test_the_checker_of_the_w3c_finds_nothing(pages: list[Path]) -> None:
    node_judges.need_package("vnu-jar")
    done = run(need("java"), "-jar", VNU, "--also-check-css", "--format", "json", *pages)
    assert [item["message"] for item in json.loads(done.stderr)["messages"]] == []


def test_the_settings_that_the_page_shows_are_taken(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(PAGE, "toml") if "[notify]" in block]
    path = tmp_path / "notify.toml"
    path.write_text(block, "utf-8")
    assert read_notify_settings(path, {}).subscriptions == "https://trust.example.com/subscriptions/"
