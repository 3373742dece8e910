"""check, preview and publish, as a publisher calls them."""

from __future__ import annotations

import datetime as dt
import functools
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from publishers import NAME, NOW, Publisher, register_toml
from register_api.cli import publish as publish_command
from register_api.cli.main import cli
from register_api.core.canonical import decode, digest
from register_api.core.documents import Discovery
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.errors import Finding
from register_api.publish import building
from register_api.store.reader import open_snapshot
from register_api.store.transaction import locked

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Call, Clock

LATER = (NOW + dt.timedelta(days=40)).date()
SOON = (NOW + dt.timedelta(days=10)).date()


def everything(folder: Path) -> dict[str, float]:
    """Return every path below a folder with the instant of its last change."""
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}


def newest(publisher: Publisher) -> Register:
    """Return the newest version."""
    return decode(publisher.snapshot().read(tree.REGISTER.path()), Register)


def break_rules(publisher: Publisher) -> None:
    """Write a source with several errors in two files."""
    text = register_toml().replace('time_zone = "UTC"', 'time_zone = "UTX"').replace("days = 30", "dais = 30")
    (publisher.source / "register.toml").write_text(text, "utf-8")
    file = publisher.source / "subprocessors" / "acme.toml"
    file.write_text(file.read_text("utf-8").replace('"active"', '"activ"').replace("seat", "seet"), "utf-8")


def test_check_of_a_good_source_is_0_and_writes_nothing(call: Call, folder: Path) -> None:
    before = everything(folder)
    result = call("check")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "0 errors, 0 warnings\n", "")
    assert everything(folder) == before


def test_check_of_a_source_with_warnings_is_0_and_prints_them(call: Call, publisher: Publisher) -> None:
    file = publisher.source / "subprocessors" / "acme.toml"
    file.write_text(file.read_text("utf-8").replace('contact = "privacy@acme.example"\n', ""), "utf-8")
    result = call("check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("0 errors, 1 warning\n")
    assert "subprocessors/acme.toml" in result.stdout
    assert "warning R22" in result.stdout


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [((), 0, True), (("--quiet",), 0, False), (("--strict",), 1, True), (("--strict", "--quiet"), 1, True)],
)
def test_check_prints_every_finding_that_fails_it(
    call: Call, publisher: Publisher, options: tuple[str, ...], code: int, told: bool
) -> None:
    """And of an accepted warning neither: it fails for none, and counts it."""
    file = publisher.source / "subprocessors" / "acme.toml"
    file.write_text(file.read_text("utf-8").replace('contact = "privacy@acme.example"\n', ""), "utf-8")
    result = call("check", *options)
    assert (result.exit_code, "R22" in result.stdout) == (code, told)
    register = publisher.source / "register.toml"
    accepted = '\n[[accepted_warnings]]\nrule = "R22"\nsubprocessor = "acme"\nreason = "A sole trader"\n'
    register.write_text(register.read_text("utf-8") + accepted, "utf-8")
    result = call("check", *options)
    assert (result.exit_code, "R22" in result.stdout) == (0, False)
    assert ("1 warning (1 of them accepted)" in result.stdout) == ("--quiet" not in options)


@pytest.mark.parametrize("form", ["github", "text"])
def test_check_names_the_place_of_an_error(call: Call, publisher: Publisher, form: str) -> None:
    """As an annotation of a pull request, or with the line itself."""
    (publisher.source / "subprocessors" / "acme.toml").write_text("name = Acme, 100%\n", "utf-8")
    result = call("check", "--format", form)
    assert result.exit_code == 1
    place = f"file={publisher.source.as_posix()}/subprocessors/acme.toml,line=1,col=8,title=R01"
    wanted = f"::error {place}::" if form == "github" else "subprocessors/acme.toml:1:8  error R01"
    assert wanted in result.stdout


def test_check_prints_every_error_with_file_and_line(call: Call, publisher: Publisher) -> None:
    break_rules(publisher)
    result = call("check")
    assert result.exit_code == 1
    places = {line.split()[0] for line in result.stdout.splitlines() if " error R" in line}
    for file, start in [
        ("register.toml", "dais ="),
        ("subprocessors/acme.toml", "seet ="),
        ("subprocessors/acme.toml", "status ="),
    ]:
        lines = (publisher.source / file).read_text("utf-8").splitlines()
        assert f"{file}:{[line.startswith(start) for line in lines].index(True) + 1}" in places
    assert "did you mean" in result.stdout


def test_check_prints_the_same_findings_as_json(call: Call, publisher: Publisher) -> None:
    good = json.loads(call("check", "--format", "json").stdout)
    assert good == {"findings": [], "ok": True, "proposals": []}
    break_rules(publisher)
    result = call("check", "--format", "json")
    document = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, document["ok"]) == (1, "", False)
    assert len(document["findings"]) >= 3
    for finding in document["findings"]:
        assert finding.keys() == set(Finding.__struct_fields__)


def test_check_says_when_nothing_has_changed(published: Call) -> None:
    result = published("check")
    assert result.exit_code == 0
    assert "Nothing has changed since the newest version (R26)." in result.stdout


@pytest.mark.parametrize("command", ["check", "preview", "publish"])
def test_a_source_folder_that_is_missing_is_wrong_use(call: Call, command: str, folder: Path) -> None:
    result = call(command, "--source", str(folder / "none"))
    assert result.exit_code == 2
    assert str(folder / "none") in result.stderr
    assert not (folder / "store").exists()


def test_preview_prints_what_customers_would_read_and_writes_nothing(
    published: Call, publisher: Publisher, folder: Path
) -> None:
    publisher.list("beta", f"starts_on = {LATER}")
    before = everything(folder)
    result = published("preview")
    assert result.exit_code == 0
    assert "Version 2 (change) against version 1:" in result.stdout
    assert "Beta Oy" in result.stdout
    assert "40 days' notice given (30 required)." in result.stdout
    assert everything(folder) == before


def test_preview_for_machines_is_the_diff(published: Call, publisher: Publisher) -> None:
    publisher.list("beta", f"starts_on = {LATER}")
    document = json.loads(published("preview", "--json").stdout)
    assert document["format"] == "sub-processor-register-diff/1"
    assert document["older"] == {
        "version": 1,
        "sha256": digest(publisher.snapshot().read(tree.REGISTER.path())),
    }
    assert document["newer"] == {"version": 2, "sha256": "0" * 64}
    assert [(change["type"], change["subprocessor"]) for change in document["changes"]] == [("added", "beta")]


def test_preview_says_when_nothing_has_changed(published: Call) -> None:
    assert (
        published("preview").stdout == "Nothing has changed since version 1; publishing makes no version.\n"
    )


def test_preview_reports_a_broken_notice_promise(published: Call, publisher: Publisher) -> None:
    publisher.list("beta", f'starts_on = {SOON}\nshort_notice = {{ reason = "The old one closes" }}')
    assert "Short notice: 10 days instead of 30." in published("preview").stdout


def test_preview_reports_an_editorial_change(published: Call, publisher: Publisher) -> None:
    publisher.say("second")
    text = published("preview", "--kind", "editorial").stdout
    assert "Version 2 (editorial) against version 1:" in text


@pytest.mark.parametrize("command", ["preview", "publish"])
def test_what_breaks_the_promise_is_refused_with_the_first_day_that_is_right(
    published: Call, publisher: Publisher, folder: Path, command: str
) -> None:
    publisher.list("beta", f"starts_on = {SOON}")
    before = everything(publisher.store)
    result = published(command)
    assert result.exit_code == 1
    assert "error R10" in result.stderr
    assert f"{(NOW + dt.timedelta(days=30)).date()} is the earliest date allowed" in result.stderr
    assert "refused by rules: 1 error in the source; nothing was published" in result.stderr
    assert everything(publisher.store) == before


def test_a_refused_first_publication_leaves_no_trace(call: Call, publisher: Publisher, folder: Path) -> None:
    """Neither keys nor a store: the next run is the first."""
    break_rules(publisher)
    assert call("publish").exit_code == 1
    assert {path.name for path in folder.iterdir()} == {"register"}


def test_publish_prints_version_log_and_root(call: Call, publisher: Publisher, folder: Path) -> None:
    result = call("publish")
    assert (result.exit_code, result.stderr) == (0, "")
    root = digest((publisher.store / "public/trust/1.root.json").read_bytes())
    assert f"Published version 1 of {NAME} at {NOW:%Y-%m-%dT%H:%M:%SZ}." in result.stdout
    assert "size 1, root " in result.stdout
    assert f"SHA-256 {root}" in result.stdout
    assert (folder / "keys/1.root.json").exists()
    assert publisher.verify().exit_code == 0


def test_publish_takes_reason_and_kind(published: Call, publisher: Publisher) -> None:
    publisher.say("second")
    assert published("publish", "--reason", "A better note", "--kind", "editorial").exit_code == 0
    reason = newest(publisher).reason
    assert (reason.kind, reason.text) == ("editorial", "A better note")


def test_the_same_source_twice_makes_no_second_version(published: Call, publisher: Publisher) -> None:
    before = everything(publisher.store / "public")
    result = published("publish")
    assert result.exit_code == 0
    assert result.stdout == "Nothing has changed (R26): no new version was made.\n"
    assert everything(publisher.store / "public") == before


def test_publish_if_empty_does_nothing_where_something_is_published(
    published: Call, publisher: Publisher
) -> None:
    """Even a changed or a broken source is left for somebody to publish on purpose."""
    break_rules(publisher)
    result = published("publish", "--if-empty")
    assert (result.exit_code, result.output) == (0, "")
    assert publisher.snapshot().state.version == 1


def test_publish_if_empty_publishes_into_an_empty_store(call: Call, publisher: Publisher) -> None:
    assert call("publish", "--if-empty").exit_code == 0
    assert publisher.snapshot().state.version == 1


def test_history_is_taken_over_and_marked_as_imported(call: Call, publisher: Publisher) -> None:
    assert call("publish", "--at", "2024-02-01T10:00:00+01:00").exit_code == 0
    first = newest(publisher)
    assert (first.recorded, first.published_at) == ("imported", dt.datetime(2024, 2, 1, 9, tzinfo=dt.UTC))
    publisher.say("live")
    assert call("publish").exit_code == 0
    assert newest(publisher).recorded == "live"
    assert publisher.verify().exit_code == 0


def test_history_after_a_live_version_is_refused(published: Call, publisher: Publisher) -> None:
    publisher.say("older")
    result = published("publish", "--at", f"{NOW + dt.timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}")
    assert result.exit_code == 1
    assert "error R15" in result.stderr
    assert "history cannot follow it" in result.stderr


def test_a_correction_names_what_it_puts_right(published: Call, publisher: Publisher) -> None:
    publisher.say("right")
    assert published("publish", "--corrects", "7").exit_code == 1
    assert published("publish", "--kind", "correction").exit_code == 1
    result = published("publish", "--corrects", "1", "--reason", "The note was wrong")
    assert result.exit_code == 0
    version = newest(publisher)
    assert (version.corrects, version.reason.kind) == (1, "correction")


def test_links_lead_to_the_registers_address_but_in_a_trial(
    call: Call, publisher: Publisher, clock: Clock
) -> None:
    """What the option says holds for one publication, and gets its slash."""
    for options, base in (
        (["--base-url", "http://127.0.0.1:8000"], "http://127.0.0.1:8000/"),
        ([], "https://example.com/"),
    ):
        publisher.say(base)
        assert call("publish", *options).exit_code == 0
        snapshot = publisher.snapshot()
        (listed,) = decode(snapshot.read(tree.DISCOVERY.path()), Discovery).registers
        assert listed.feed_url == f"{base}feed.atom"
        assert f"{base}versions/1/".encode() in snapshot.read(tree.FEED_ATOM.path())
        assert publisher.verify().exit_code == 0
        clock.pass_by(seconds=1)


@pytest.mark.parametrize(
    "address",
    [
        "trust.example.com",
        "ftp://a",
        "javascript:alert(1)",
        "http://trust.example.com/",
        "https://user:pw@trust.example.com/",
        "https://trust.example.com/x y",
        "https://trust.example.com/?a=b",
        "https://",
    ],
)
def test_an_address_that_nobody_could_follow_is_refused(
    call: Call, publisher: Publisher, address: str
) -> None:
    """Published links stay for good; nothing is written."""
    result = call("publish", "--base-url", address)
    assert result.exit_code == 2
    assert "https://trust.example.com/" in result.output
    assert not publisher.store.exists()


def test_a_company_gets_three_root_keys_of_which_two_sign(call: Call, publisher: Publisher) -> None:
    assert call("publish", "--root-keys", "3", "--root-threshold", "2").exit_code == 0
    assert len(list(publisher.keys.glob("root-*.pem"))) == 3
    role = json.loads(publisher.snapshot().read("trust/1.root.json"))["signed"]["roles"]["root"]
    assert (len(role["keyids"]), role["threshold"]) == (3, 2)
    assert publisher.verify().exit_code == 0


def test_root_keys_may_leave_the_machine_after_the_first_version(
    call: Call, publisher: Publisher, clock: Clock
) -> None:
    assert call("publish", "--root-keys", "3", "--root-threshold", "2").exit_code == 0
    for key in publisher.keys.glob("root-*.pem"):
        key.unlink()
    clock.pass_by(seconds=1)
    publisher.say("second")
    assert call("publish").exit_code == 0
    assert publisher.verify().exit_code == 0


def test_a_threshold_that_cannot_be_met_is_wrong_use(call: Call, publisher: Publisher) -> None:
    result = call("publish", "--root-keys", "2", "--root-threshold", "3")
    assert result.exit_code == 2
    assert not publisher.keys.exists()


def test_a_missing_key_is_not_created_again(published: Call, publisher: Publisher) -> None:
    """Customers know the old one; a new one would sign nothing that they believe."""
    (publisher.keys / "document.pem").unlink()
    publisher.say("second")
    result = published("publish")
    assert result.exit_code == 1
    assert "document.pem" in result.stderr
    assert not (publisher.keys / "document.pem").exists()
    assert publisher.snapshot().state.version == 1


def test_a_key_that_others_may_read_is_refused(published: Call, publisher: Publisher) -> None:
    (publisher.keys / "log.pem").chmod(0o640)
    publisher.say("second")
    result = published("publish")
    assert result.exit_code == 1
    assert "open to other users" in result.stderr
    assert "chmod 600" in result.stderr
    assert publisher.snapshot().state.version == 1


def test_a_store_in_use_is_reported(
    published: Call, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "locked", functools.partial(locked, wait=0))
    publisher.say("second")
    with locked(publisher.store):
        result = published("publish")
    assert result.exit_code == 1
    assert "store is locked: another process is publishing" in result.stderr


@pytest.mark.parametrize(
    ("file", "hint"), [("current/state.json", ""), ("public/v1/register.json", "recover --from URL")]
)
def test_a_damaged_store_is_reported(published: Call, publisher: Publisher, file: str, hint: str) -> None:
    (publisher.store / file).write_text("{}", "utf-8")
    result = published("publish")
    assert result.exit_code == 1
    assert "store is damaged" in result.stderr
    assert hint in result.stderr


def test_the_source_of_another_register_is_refused(published: Call, publisher: Publisher) -> None:
    publisher.say("first", name="other.example/sub-processors")
    for command in ("check", "publish"):
        result = published(command)
        assert result.exit_code == 1
        assert "error R19" in result.output
        assert NAME in result.output


def test_public_copies_of_another_set_of_keys_are_left_alone(call: Call, folder: Path) -> None:
    (folder / "keys").mkdir()
    (folder / "keys/1.root.json").write_text("another root", "utf-8")
    result = call("publish")
    assert result.exit_code == 0
    assert "holds the public files of another set of keys" in result.stderr
    assert [path.name for path in (folder / "keys").iterdir()] == ["1.root.json"]


def test_public_copies_go_to_the_given_folder(call: Call, folder: Path) -> None:
    assert call("publish", "--public-keys", str(folder / "handed-out")).exit_code == 0
    assert (folder / "handed-out/1.root.json").exists()
    assert not (folder / "keys").exists()


def test_publish_counts_warnings_and_says_where_they_are_shown(call: Call, publisher: Publisher) -> None:
    file = publisher.source / "subprocessors" / "acme.toml"
    file.write_text(file.read_text("utf-8").replace('contact = "privacy@acme.example"\n', ""), "utf-8")
    assert "1 warning; register-api check shows them." in call("publish").stderr


def test_two_versions_within_a_second_wait_for_the_next_one(
    call: Call, publisher: Publisher, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instants are whole seconds; nobody has to try again for that."""
    monkeypatch.setattr(publish_command.time, "sleep", lambda _: clock.pass_by(seconds=1))
    assert call("publish").exit_code == 0
    publisher.say("second")
    assert call("publish").exit_code == 0
    assert newest(publisher).published_at == NOW + dt.timedelta(seconds=1)


@pytest.mark.parametrize("command", ["check", "preview"])
def test_looking_within_the_second_of_a_publication_is_no_error(
    call: Call, clock: Clock, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(publish_command.time, "sleep", lambda _: clock.pass_by(seconds=1))
    assert call("publish").exit_code == 0
    assert call(command).exit_code == 0


def test_a_clock_that_runs_behind_the_newest_version_is_not_waited_for(
    published: Call, publisher: Publisher, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish_command, "_LONGEST_WAIT", 0.1)
    clock.pass_by(days=-1)
    publisher.say("second")
    result = published("publish")
    assert result.exit_code == 1
    assert "error R15" in result.stderr


def test_folders_come_from_the_environment(
    call: Call, publisher: Publisher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTER_STORE", str(folder / "elsewhere"))
    monkeypatch.setenv("REGISTER_KEYS", str(folder / "secret"))
    monkeypatch.setenv("REGISTER_BASE_URL", "https://env.example/")
    monkeypatch.chdir(folder)
    assert CliRunner().invoke(cli, ["publish"]).exit_code == 0
    snapshot = open_snapshot(folder / "elsewhere")
    assert snapshot is not None
    (listed,) = decode(snapshot.read(tree.DISCOVERY.path()), Discovery).registers
    assert listed.feed_url == "https://env.example/feed.atom"
    assert (folder / "secret" / "online.pem").exists()
    assert (folder / "secret").stat().st_mode & 0o777 == 0o700
