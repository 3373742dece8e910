"""Every command in the documentation is carried out as it stands.

A page is carried out from top to bottom in the folder of a company that has published two versions, with the
places that differ on this machine (an address, a port, a folder) put in. What a page needs besides is set up
by the function named after it. Pages that take more than that have a test module of their own.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import hosts
import pytest
from commands import BIN, ROOT
from documented import blocks, documented

from mail_peer import mail_peer
from memory_folder import memory_folder
from programs import environment, output_of, run
from static_host import static_host
from time_authority import authority, honest
from tools import need
from witnesses import Partner, parse_verifier_key, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ELSEWHERE = {
    "docs/asking.md": "e2e/test_asking.py",
    "docs/format/feeds.md": "e2e/test_feed_by_hand.py",
    "docs/format/signatures.md": "e2e/test_judges.py",
    "docs/hosting-on-pages.md": "e2e/test_hosting_on_pages.py",
    "docs/keys.md": "e2e/test_keys_page.py",
    "docs/lost-keys.md": "e2e/test_keys_page.py",
    "docs/lost-machine.md": "e2e/test_lost_machine.py",
    "docs/subscriptions.md": "e2e/test_subscribing.py",
    "docs/webhooks.md": "e2e/test_webhooks.py",
    "docs/making-keys.md": "e2e/test_keys_page.py",
    "docs/more-by-hand.md": "e2e/test_verify_by_hand.py",
    "docs/proof-of-notice.md": "unit/notify/test_notify_commands.py",
    "docs/review-in-git.md": "e2e/test_review_in_git.py",
    "docs/rotating-keys.md": "e2e/test_keys_page.py",
    "docs/separate-users.md": "e2e/test_separate_users.py",
    "docs/start-your-own.md": "e2e/test_start_your_own.py",
    "docs/stolen-keys.md": "e2e/test_keys_page.py",
    "docs/tokens.md": "e2e/test_keys_page.py",
    "docs/watch-decisions.md": "unit/watch/test_inbox_commands.py",
    "docs/watch-chain.md": "unit/watch/test_chain_commands.py",
    "docs/watch-digest.md": "unit/watch/test_watch_mails.py",
    "docs/watch-exports.md": "unit/watch/test_watch_exports.py",
    "docs/watch-page.md": "e2e/test_watch_inbox.py",
    "docs/watch-registers.md": "unit/watch/test_watch_registers.py",
    "docs/watch.md": "unit/watch/test_watch_commands.py",
    "docs/upgrading.md": "unit/cli/test_upgrading.py",
    "docs/verify-by-hand.md": "e2e/test_verify_by_hand.py",
}
"""The module that carries out a page as a whole."""

LEFT_OUT = {
    "systemctl enable": "would change the machine; systemd-analyze judges the units in test_hosting's rules",
    "deploy s3://": "needs a bucket; test_deploy brings the tree to a server of each kind",
    "register-api doctor": "looks at this machine; test_doctor lets each of its looks find something",
    "make serve": "makes a virtual environment from an index",
    "make verifier-suite": "test_verifier_suite runs both of its programs",
    "make test": "is what runs this",
    "pip install": "asks an index; test_distributions installs each set of extras from the wheel",
    "--log-epoch": "test_wrong_date carries out the section on wrong dates",
    "--clock-is-right": "test_wrong_date carries out the section on wrong dates",
    "var/store.wrong": "test_wrong_date carries out the section on wrong dates",
    "As version 3": "test_wrong_date carries out the section on wrong dates",
}
"""Blocks that are not carried out here, by what stands in them, and why."""

HELPERS = """
listening() {  # PORT COMMAND: run a server until it answers, then stop it as a user does
  port=$1; shift
  "$@" & server=$!
  curl -s -o /dev/null --retry 600 --retry-connrefused --retry-delay 0 --retry-max-time 60 "http://127.0.0.1:$port/"
  answered=$?
  kill "$server"; wait "$server" && return "$answered"
}
"""


EDITED = """cat > register/subprocessors/acme.toml <<'END'
name = "Acme"
legal_name = "Acme Oy"
seat = "FI"
[[engagements]]
id = "hosting"
category = "infrastructure"
status = "active"
purpose = "Servers"
locations = [{ country = "FI", is_default = true }]
END
"""
"""What an editor leaves behind."""


COMMIT = "git -c user.name=Ada -c user.email=ada@example.com commit -qm 'As it is'"
ONE_CHECK = "--only C01"
"""``test_conformance`` makes all checks, which takes thirteen hundred requests."""

EDIT = "sed -i 's/^updated_on.*/updated_on = 2026-05-{day}/' register/register.toml"
"""What makes the next version differ."""

REWORD = "sed -i 's/^purpose = \"/&All of: /' register/subprocessors/stripe.toml"
"""What customers are told of."""

NOTIFY = "register-api notify {} --settings notify.toml"

CAME_BACK = """
register-api notify status 3 --json --addresses --settings notify.toml > told.json
came_back() {  # ADDRESS: the report that the mail to it could not be delivered
  number=$(jq -er --arg to "$1" '.told[] | select(.address == $to).delivery' told.json)
  cat <<END
To: bounces+$number@example.com
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; $1
Action: failed
Status: 5.1.1

--b--
END
}
mkdir -p bounces/new
came_back legal@customer.example > bounces/new/1
came_back dpo@third.example > mail
"""
"""Two mails that come back, one of them into a Maildir."""


class Desk:
    """The folder of a company, and what a page's commands mean in it."""

    def __init__(self, folder: Path, files: contextlib.ExitStack) -> None:
        self.folder, self.files = folder, files
        self.swaps: dict[str, str] = {}
        self.before: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self.says: set[str] = set()

    def enter(self, manager: contextlib.AbstractContextManager[str]) -> str:
        """Keep a server running until the page is done; return its address."""
        return self.files.enter_context(manager)

    def address(self, of: str = "https://trust.example.com") -> None:
        """Serve what the company has published at the address that the page names."""
        self.swaps[of] = self.enter(static_host(self.folder / "var/store/public"))

    def server(self, command: str, port: str) -> None:
        """Run a command that goes on until it is stopped; its port becomes a free one."""
        free = str(hosts.free_port())
        self.swaps |= {port: free, command: f"listening {free} {command}"}

    def publish(self, *more: str) -> None:
        """Publish one version more."""
        self.bash(EDIT.format(day=11))
        output_of(BIN / "register-api", "publish", *more, cwd=self.folder)

    def bash(self, script: str) -> str:
        """Carry out lines, each of which has to succeed; return what they print."""
        path = f"{BIN}:{os.environ['PATH']}"
        env = environment(PATH=path, HOME=str(self.folder), NO_COLOR="1", **self.variables)
        done = run("bash", "-euo", "pipefail", "-c", HELPERS + script, cwd=self.folder, env=env)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def carry_out(self, page: str) -> None:
        """Carry out a page from top to bottom, in one shell."""
        script = ""
        for block in blocks(page):
            if not any(text in block for text in LEFT_OUT):
                script += "".join(f"{lines}\n" for text, lines in self.before.items() if text in block)
                script += functools.reduce(lambda text, swap: text.replace(*swap), self.swaps.items(), block)
        printed = self.bash(script)
        assert {text for text in self.says if text not in printed} == set(), printed


GUIDES: dict[str, Callable[[Desk], None]] = {}
"""What sets the stage for a page."""


def guide(page: str) -> Callable[[Callable[[Desk], None]], Callable[[Desk], None]]:
    """Name the page that a function sets the stage for."""

    def keep(function: Callable[[Desk], None]) -> Callable[[Desk], None]:
        GUIDES[page] = function
        return function

    return keep


@guide("docs/checks.md")
def _checks(desk: Desk) -> None:
    shutil.copy(desk.folder / "keys/1.root.json", desk.folder)
    desk.variables["BASE"] = desk.enter(static_host(desk.folder / "var/store/public"))


@guide("docs/conformance.md")
def _conformance(desk: Desk) -> None:
    site = desk.files.enter_context(hosts.service(desk.folder / "var/store"))
    desk.swaps["https://trust.example.com\n"] = f"{site.base} {ONE_CHECK}\n"
    desk.swaps["https://trust.example.com"] = site.base


@guide("docs/deploying.md")
def _deploying(desk: Desk) -> None:
    host = desk.folder / "www"
    host.mkdir()
    desk.swaps["/srv/www/trust"] = str(host)
    desk.before["deploy /srv"] = EDIT.format(day=12)
    desk.variables["REGISTER_BASE_URL"] = desk.enter(static_host(host))


@guide("docs/digests.md")
def _digests(desk: Desk) -> None:
    """A version has been told of."""
    _notices(desk)
    desk.before["notify status"] = f"{NOTIFY.format('record')}; {NOTIFY.format('send')}"
    desk.says |= {"\nVersion 3: 1 sent", '"tells": "notice"'}


@guide("docs/freshness.md")
@guide("docs/monitoring.md")
@guide("docs/rules.md")
def _nothing_more(_: Desk) -> None:
    """The company's folder is enough."""


@guide("docs/hosting.md")
def _hosting(desk: Desk) -> None:
    need("rsync")
    site = desk.files.enter_context(hosts.nginx(desk.folder / "var/store/public", desk.folder))
    desk.swaps |= {
        "conformance https://trust.example.com": f"conformance {site.base} {ONE_CHECK}",
        "/srv/register/store": str(desk.folder / "var/store"),
        "store/public/ host:public/": "var/store/public/ host/",
    }


@guide("docs/importing.md")
def _importing(desk: Desk) -> None:
    table = "| Name | Purpose | Location |\n|---|---|---|\n| Acme | Hosting | Finland |\n"
    (desk.folder / "subprocessors.md").write_text(f"# Sub-processors\n\n{table}")
    shutil.copy(desk.folder / "var/store/public/v1/register.json", desk.folder)
    shutil.rmtree(desk.folder / "var")


@guide("docs/import-pages.md")
def _import_pages(desk: Desk) -> None:
    row = "<tr><td>Acme</td><td>Hosting</td><td>Finland</td></tr>"
    head = "<tr><th>Name</th><th>Purpose</th><th>Location</th></tr>"
    (desk.folder / "trust-centre.html").write_text(f"<table>{head}{row}</table>")
    shutil.rmtree(desk.folder / "var")


@guide("docs/importing-history.md")
def _importing_history(desk: Desk) -> None:
    _importing(desk)
    desk.swaps["../site"] = "site"
    desk.bash(
        f"mkdir -p site/pages; mv subprocessors.md site/pages; cd site; git init -q; git add .; {COMMIT}"
    )


def _notices(desk: Desk) -> None:
    """Write the settings that the page on notices shows; a version comes after the first look."""
    settings = documented("docs/notifying.md", "toml", "[notify]")
    peer = desk.files.enter_context(mail_peer())
    for shown, here in {
        "https://trust.example.com/": desk.enter(static_host(desk.folder / "var/store/public")),
        "0" * 64: hashlib.sha256((desk.folder / "keys/1.root.json").read_bytes()).hexdigest(),
        "mail.example.com": "127.0.0.1",
        "smtp_port = 587": f'smtp_port = {peer.port}\ntls = "off"',
        "/var/lib/register-api": str(desk.folder),
        "smtp_user": "# smtp_user",
        "smtp_password_file": "# smtp_password_file",
    }.items():
        assert shown in settings
        settings = settings.replace(shown, here)
    (desk.folder / "notify.toml").write_text(settings, "utf-8")
    desk.bash(
        f"{NOTIFY.format('contacts add --customer C-18 --email former@other.example')}\n"
        f"{NOTIFY.format('record')}\n{REWORD}\nregister-api publish --offline"
    )
    desk.swaps[" 7 "] = " 3 "


@guide("docs/notifying.md")
def _notifying(desk: Desk) -> None:
    """Somebody is a contact already, and two mails come back."""
    _notices(desk)
    contacts = documented("docs/notifying.md", "csv", "customer")
    (desk.folder / "contacts.csv").write_text(contacts, "utf-8")
    desk.before |= {
        "notify bounces": f"{NOTIFY.format('send')}; {CAME_BACK}",
        "--contract-ended": f"{NOTIFY.format('status')} && exit 1",
    }
    desk.swaps["/var/mail/bounces"] = "bounces"
    desk.says |= {
        "1 replaced.",
        "Version 3 recorded: 2 notices due.",
        "\n2 sent\n",
        "\n1 sent\n1 failed\n1 failed\n",
    }
    desk.says |= {"ALARM: 2 contract contacts not notified", "\n1 recipient erased.\n1 recipient erased.\n"}


@guide("docs/polling.md")
def _polling(desk: Desk) -> None:
    """Nothing has changed at the second poll, and a wording at the third."""
    site = desk.files.enter_context(hosts.nginx(desk.folder / "var/store/public", desk.folder))
    desk.swaps["https://trust.example.com"] = site.base.rstrip("/")
    desk.before["seen="] = f"test ! -e newer.json; {REWORD}; register-api publish --offline > /dev/null"
    desk.says |= {"\n304\n", "\n3-1\t", "\n0\t3\n"}


@guide("docs/previewing.md")
def _previewing(desk: Desk) -> None:
    port = hosts.free_port()
    command = "register-api preview --serve "
    desk.swaps[command] = f"listening {port} {command} --port {port} "


@guide("docs/publishing.md")
def _publishing(desk: Desk) -> None:
    desk.before |= {
        "preview": EDIT.format(day=12),
        "--corrects": EDIT.format(day=13),
        "--at": "rm -r var && sed -i '/^updated_on/d' register/register.toml",
    }
    desk.swaps["--corrects 7"] = "--corrects 2"


@guide("docs/recovering.md")
def _recovering(desk: Desk) -> None:
    public = desk.folder / "copy"
    shutil.copytree(desk.folder / "var/store/public", public)
    desk.swaps["https://trust.example.com"] = desk.enter(static_host(public))
    desk.before["recover --from"] = "rm -r var/store"


@guide("docs/serving.md")
def _serving(desk: Desk) -> None:
    desk.server("register-api serve", "8000")


@guide("docs/timestamps.md")
def _timestamps(desk: Desk) -> None:
    asked = desk.files.enter_context(honest())
    desk.swaps["https://tsa.example.com/"] = asked.url
    shutil.copy(authority().root, desk.folder / "tsa-root.pem")


@guide("docs/witnesses.md")
def _witnesses(desk: Desk) -> None:
    keys = json.loads((desk.folder / "var/store/public/v1/keys.json").read_bytes())["keys"]
    log = next(key["note_key"] for key in keys if key["use"] == "log")
    partner = Partner(desk.folder / "partner")
    url = desk.enter(serving(partner.open(parse_verifier_key(log)), lambda: int(time.time())))
    (desk.folder / "witnesses.policy").write_text(f"witness w {partner.vkey} {url}\nquorum w\n")
    desk.server("register-api witness serve", "8001")
    desk.swaps |= {"/srv/witness": str(desk.folder / "witness"), "--log VKEY": f"--log '{log}'"}


@guide("keys/README.md")
def _ceremony(desk: Desk) -> None:
    desk.address()
    desk.before["git rm"] = f"touch keys/.gitignore; git init -q; git add keys/.gitignore; {COMMIT}"


@guide("README.md")
def _readme(desk: Desk) -> None:
    desk.address()
    desk.address("http://127.0.0.1:8000")
    digest = output_of("sha256sum", desk.folder / "keys/1.root.json").decode().split()[0]
    desk.server("register-api serve", "8000")
    desk.swaps |= {"HEX": digest, ".venv/bin/register-api": "register-api"}
    (desk.folder / "editor").write_text(f"#!/bin/sh\nrm register/subprocessors/*\n{EDITED}")
    (desk.folder / "editor").chmod(0o755)
    desk.variables["EDITOR"] = str(desk.folder / "editor")


@pytest.fixture(scope="module")
def company() -> Iterator[Path]:
    """A folder with the register of this project, of which two versions are published."""
    with memory_folder() as folder:
        shutil.copytree(ROOT / "register", folder / "register")
        output_of(BIN / "register-api", "publish", cwd=folder)
        Desk(folder, contextlib.ExitStack()).publish()
        yield folder


@pytest.mark.parametrize("page", GUIDES)
def test_a_page_works_as_it_stands(company: Path, page: str) -> None:
    """Every command ends with 0."""
    for program in ("bash", "curl", "jq", "git", "sha256sum"):
        need(program)
    with memory_folder() as folder, contextlib.ExitStack() as files:
        shutil.copytree(company, folder / "desk", symlinks=True)
        desk = Desk(folder / "desk", files)
        GUIDES[page](desk)
        desk.carry_out(page)


PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "keys").glob("*.md"))
)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_carried_out_somewhere(page: str) -> None:
    """By this module, by the one that names the page, or not at all for a reason."""
    left = [block for block in blocks(page) if not any(text in block for text in LEFT_OUT)]
    assert not left or page in GUIDES or page in ELSEWHERE


@pytest.mark.parametrize(("page", "module"), ELSEWHERE.items())
def test_the_module_of_a_page_reads_its_commands(page: str, module: str) -> None:
    """A page that lost its commands, or a module that reads another page, is found out."""
    name = page.removeprefix("docs/").removesuffix(".md")
    assert blocks(page)
    assert name in (ROOT / "tests" / module).read_text("utf-8")


@pytest.mark.parametrize("text", LEFT_OUT)
def test_what_is_left_out_is_there(text: str) -> None:
    """So that no reason outlives its command."""
    assert [page for page in PAGES if any(text in block for block in blocks(page))]
