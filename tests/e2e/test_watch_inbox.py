"""docs/watch-page.md carried out: an officer without script in a real browser, and judges of every page."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest
from documented import blocks, documented
from test_judges_of_pages import VNU

import node_judges
from memory_folder import memory_folder
from notices import database_of
from officers import Officer
from programs import REGISTER_API, run, started
from publishers import NOW, Publisher
from register_api.sending.database import opened
from register_api.watch.schema import STEPS
from register_api.watch.settings import read_watch_settings
from static_host import static_host
from tools import need
from watched_host import watched_host
from watching import Watcher, add_news, add_vendor, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = "docs/watch-page.md"


class Office:
    """A customer's folder with a page that is served, over registers that were looked at."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address

    def browse(self, *steps: dict[str, Any]) -> list[dict[str, Any]]:
        """Do steps in a browser; returns the pages that were reached."""
        return [json.loads(line) for line in node_judges.node("fill-forms.mjs", json.dumps(steps))]


def look_twice(folder: Path, stack: contextlib.ExitStack) -> None:
    """Have a vendor's register looked at before and after it announces a sub-processor."""
    host = stack.enter_context(watched_host())
    publisher = Publisher(folder / "publisher")
    publisher.publish()
    host.trees["acme"] = publisher.store / "public"
    settings = settings_for(folder)
    with opened(settings.database, STEPS) as database:
        add_vendor(database, register=host.address("acme"), critical=True, objection_days=14)
        watcher = Watcher(database, settings)
        watcher.round()
        ahead = watcher.now.date() + dt.timedelta(days=40)
        publisher.list("hoster", f"starts_on = {ahead}\n")
        publisher.publish(NOW + dt.timedelta(minutes=1))
        assert watcher.round()


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Start what the page says."""
    node_judges.need_package("puppeteer-core")
    monkeypatch.setenv("CHROMIUM", need("chromium"))
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(memory_folder())
        look_twice(folder, stack)
        free = socket.create_server(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        lines = ('database = "watch.sqlite3"', 'state = "registers"', 'allow = ["127.0.0.1/32"]')
        block = blocks(PAGE, "toml")[0]
        (folder / "watch.toml").write_text("\n".join([block, *lines, ""]), "utf-8")
        command = documented(PAGE, "sh", "watch serve").replace("8003", str(port)).split()[1:]
        program = stack.enter_context(started(*REGISTER_API, *command, cwd=folder))
        assert "Made watch.token" in program.first_line()
        yield Office(folder, f"http://127.0.0.1:{port}/")
        assert program.end(signal.SIGTERM) == 0
        assert "Traceback" not in program.errors()


def test_an_officer_without_script_goes_from_news_to_decision_and_evidence(office: Office) -> None:
    token = (office.folder / "watch.token").read_text("utf-8").strip()
    kept = office.folder / "kept"
    kept.mkdir()
    form, inbox, news, decided, empty, vendors, vendor = office.browse(
        {"open": office.address},
        {"type": ["#name", "Ann Lee"]},
        {"type": ["#token", token]},
        {"press": "main button"},
        {"press": "tbody th a"},
        {"save": ["section button", str(kept)]},
        {"choose": "#decision-objected"},
        {"type": ["#reason", "not in Singapore"]},
        {"press": "main > form button"},
        {"press": "nav li:nth-child(1) a"},
        {"press": "nav li:nth-child(2) a"},
        {"press": "tbody th a"},
    )
    assert "Sign in" in form["text"]
    assert "1 item awaits" in inbox["text"]
    assert re.search("1[34] days left", inbox["text"])
    assert "Objection deadline" in news["text"]
    assert "objected by Ann Lee" in decided["text"]
    assert "not in Singapore" in decided["text"]
    assert "Nothing awaits a decision" in empty["text"]
    assert "verified" in vendors["text"]
    assert "objected" in vendor["text"]
    # A navigation that becomes a download counts as failed in Chromium.
    assert [text for text in vendor["complaints"] if "/evidence/acme/2" not in text] == []
    (package,) = kept.iterdir()
    assert run(*REGISTER_API, "verify", "--offline", package).returncode == 0


def test_a_form_on_another_page_of_this_machine_decides_nothing(office: Office, tmp_path: Path) -> None:
    """To a browser it is of the same site, so that it sends the cookie along."""
    with opened(str(office.folder / "watch.sqlite3"), STEPS) as database:
        (row,) = database.query("SELECT id FROM news")
        fields = '<input name="decision" value="accepted"><input name="reason" value="x"><button>Win</button>'
        form = f'<form method="post" action="{office.address}news/{row["id"]}">{fields}</form>'
        (tmp_path / "win.html").write_text(f"<!DOCTYPE html><title>Win</title>{form}", "utf-8")
        with static_host(tmp_path) as other:
            *_, inbox, _, refused = office.browse(
                {"open": office.address},
                {"type": ["#name", "Ann Lee"]},
                {"type": ["#token", (office.folder / "watch.token").read_text("utf-8").strip()]},
                {"press": "main button"},
                {"open": f"{other.rstrip('/')}/win.html"},
                {"press": "button"},
            )
        assert "1 item awaits" in inbox["text"]
        assert (refused["status"], "from another site" in refused["text"]) == (403, True)
        assert database.query("SELECT news FROM decisions") == []


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return each page as a file, full and empty."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(memory_folder())
        stack.enter_context(database_of("sqlite", where, "", STEPS))
        officer = Officer(where, database=str(where / "notify.sqlite3"))
        stack.callback(officer.close)
        found["login"] = officer.get("/login")
        found["login-fault"] = officer.sign_in(token="guess")
        officer.sign_in()
        paths = {"inbox": "/", "vendors": "/vendors", "chain": "/chain", "search": "/search?q=beta"}
        for name, path in paths.items():
            found[f"{name}-empty"] = officer.get(path)
        look_twice(where, stack)
        with opened(str(where / "watch.sqlite3"), STEPS) as filled:
            officer = Officer(where)
            stack.callback(officer.close)
            officer.sign_in()
            add_vendor(
                filled, "beta", name="Beta <b>Mail</b>", page="https://beta.example/list", notice_days=30
            )
            with filled.transaction() as run_one:
                run_one("UPDATE polls SET outcome = 'forked', message = 'x' WHERE vendor = 'beta'")
            soon = (NOW.date() + dt.timedelta(days=3)).isoformat()
            long = "A title that goes on and on " * 8
            add_news(filled, "N1", "beta", title=long, deadline=soon, deadline_of="contract")
            add_news(filled, "N2", "beta", title="Forked", version=None, **{"class": "forked"})
            form = {"decision": "accepted", "reason": "Länge " * 40}
            found["fault"] = officer.decide("N1", officer.get("/news/N1"))
            officer.decide("N2", officer.get("/news/N2"), **form)
            paths |= {
                "news": "/news/N1",
                "trouble": "/news/N2",
                "vendor": "/vendors/acme",
                "other": "/vendors/beta",
            }
            paths |= {"uses": "/chain?company=hoster", "nobody": "/chain?company=nobody", "gone": "/news/x"}
            for name, path in paths.items():
                found[name] = officer.get(path)
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


@pytest.mark.parametrize("block", blocks(PAGE, "toml"))
def test_the_settings_that_the_page_shows_are_taken(tmp_path: Path, block: str) -> None:
    path = tmp_path / "watch.toml"
    path.write_text(block, "utf-8")
    read = read_watch_settings(path, {})
    assert bool(read.token_file) != bool(read.user_header)
