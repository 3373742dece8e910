"""Each diagnosis with its cause, made really: what is wrong is named where it is, with what to do."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import re
import shutil
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mail_peer import mail_peer
from memory_folder import memory_folder
from notices import add_contacts, record, settings_for
from notify_soak import settings_file
from own_certificate import make_certificate, server_context
from publishers import NOW, Publisher, register_toml
from register_api.core.format import tree
from register_api.doctor import check_table, store_checks
from register_api.doctor.check_table import ANYWAY, OVER_STORE, diagnose
from register_api.doctor.machine import Diagnosis, Machine
from register_api.errors import Stale
from register_api.notify.endpoints import NewEndpoint, add_endpoint
from register_api.notify.publication import note_check
from register_api.notify.schema import STEPS
from register_api.sending.database import opened
from register_api.sending.outbox import add_fact
from running import serving
from static_host import static_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Cause = Callable[[Publisher], object]

ROOT = Path(__file__).parents[3]
HOUR = dt.timedelta(hours=1)
REGISTER = tree.REGISTER.path()


def machine(publisher: Publisher, **more: object) -> Machine:
    given = {"now": NOW + HOUR, "environment": {}, "offline": True, **more}
    return Machine(store=publisher.store, keys=publisher.keys, **given)  # type: ignore[arg-type]


def diagnosed(publisher: Publisher, check: str | None = None, **more: object) -> list[Diagnosis]:
    """Return what was found, of one check if that is named; ``good`` left out where all are asked for."""
    found = list(diagnose(machine(publisher, **more)))
    return [item for item in found if (item.check == check if check else item.verdict in {"soon", "wrong"})]


def verdicts_of(found: list[Diagnosis]) -> list[tuple[str, str]]:
    return [(item.check, item.verdict) for item in found]


def test_a_healthy_register_has_nothing_wrong(published: Publisher) -> None:
    found = list(diagnose(machine(published)))
    assert diagnosed(published) == []
    assert {item.check for item in found} == OVER_STORE.keys() | ANYWAY.keys()
    unknown = {item.check for item in found if item.verdict == "unknown"}
    assert unknown == {"timer", "public", "certificate", "target", "synchronisation", "mail", "outbox"}
    assert all(item.sentence for item in found)


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def other_document_key(publisher: Publisher) -> None:
    with memory_folder() as folder:
        other = Publisher(folder)
        other.publish()
        shutil.copy(other.keys / "document.pem", publisher.keys / "document.pem")


def other_online_key(publisher: Publisher) -> None:
    with memory_folder() as folder:
        other = Publisher(folder)
        other.publish()
        shutil.copy(other.keys / "online.pem", publisher.keys / "online.pem")


def from_backup(publisher: Publisher) -> None:
    """Publish once more, and bring the older store back."""
    kept = publisher.folder / "kept"
    shutil.copytree(publisher.store, kept, symlinks=True)
    publisher.publish_note("second", NOW + HOUR / 2)
    shutil.rmtree(publisher.store)
    kept.rename(publisher.store)


CAUSES: dict[str, tuple[str, Cause, str, str]] = {
    "a byte is flipped": (
        "files",
        lambda made: rewrite(made.store / "public" / REGISTER, lambda data: b"}" + data[1:]),
        f"1 file damaged or missing: {REGISTER}",
        "register-api recover --from URL",
    ),
    "a file is gone": (
        "files",
        lambda made: [path.unlink() for path in made.store.rglob("feed.atom.gz")],
        "damaged or missing: feed.atom.gz",
        "register-api recover --from URL",
    ),
    "a key is open to others": (
        "keys",
        lambda made: (made.keys / "log.pem").chmod(0o644),
        "log.pem is open to other users (mode 0644)",
        "chmod 600",
    ),
    "the key folder is open to others": (
        "keys",
        lambda made: made.keys.chmod(0o777),
        "other users may write to the key folder",
        "chmod 700",
    ),
    "a key is of another register": (
        "keys",
        other_document_key,
        "document.pem is not the document key that customers know",
        "register-api keys rotate --help",
    ),
    "a key of the root is of another register": (
        "keys",
        other_online_key,
        "online.pem is not the online key that customers know",
        "register-api keys rotate --help",
    ),
    "a key is damaged": (
        "keys",
        lambda made: rewrite(made.keys / "targets.pem", lambda data: data[:40]),
        "targets.pem is damaged",
        "bring back targets.pem from its backup",
    ),
    "the store is open to all": (
        "permissions",
        lambda made: made.store.chmod(0o777),
        "every user of this machine may write to",
        "chmod o-w",
    ),
    "the store is from a backup": (
        "signatures",
        from_backup,
        "the store holds version 1, and these keys have published version 2",
        "register-api recover --from URL",
    ),
    "the keys have no memory": (
        "signatures",
        lambda made: (made.keys / "published.json").unlink(),
        "does not say what was published with these keys",
        "bring published.json along",
    ),
    "the manifest is damaged": (
        "store",
        lambda made: rewrite(made.store / "current" / "manifest.json", lambda data: data[:-9]),
        "manifest.json",
        "register-api recover --from URL",
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_is_wrong_is_named_with_what_to_do(published: Publisher, cause: str) -> None:
    check, make, words, cure = CAUSES[cause]
    make(published)
    wrong = [item for item in diagnosed(published, check) if item.verdict == "wrong"]
    assert wrong
    assert words in wrong[0].sentence
    assert cure in wrong[0].cure


def test_where_nothing_is_published_nothing_is_good_that_hangs_on_it(publisher: Publisher) -> None:
    found = list(diagnose(machine(publisher)))
    assert (found[0].check, found[0].verdict, found[0].cure) == ("store", "soon", "register-api publish")
    assert {item.verdict for item in found if item.check in OVER_STORE} == {"unknown"}
    assert not publisher.store.exists()
    assert not publisher.keys.exists()


def test_keys_that_are_not_here_or_closed_are_not_counted_as_good(published: Publisher) -> None:
    (published.keys / "document.pem").unlink()
    (published.keys / "targets.pem").write_bytes(b"pkcs11:object=targets")
    found = diagnosed(published, "keys")
    unknown = [item.sentence for item in found if item.verdict == "unknown"]
    assert len(unknown) == 2
    assert unknown[0].endswith("targets.pem needs a token or a passphrase to be opened")
    assert unknown[1] == "not on this machine: document"
    shutil.rmtree(published.keys)
    assert verdicts_of(diagnosed(published, "keys")) == [("keys", "unknown")]


@pytest.mark.parametrize(
    ("hours", "verdict"), [(1, "good"), (37, "soon"), (49, "wrong")], ids=["in time", "soon", "expired"]
)
def test_freshness_is_reported_with_the_time_left(published: Publisher, hours: int, verdict: str) -> None:
    found = diagnosed(published, "expiry", now=NOW + hours * HOUR)
    (timestamp,) = [item for item in found if item.sentence.startswith("timestamp")]
    assert timestamp.verdict == verdict
    assert timestamp.cure == ("" if verdict == "good" else "register-api refresh")


def test_a_clock_that_is_behind_what_was_signed_is_wrong(published: Publisher) -> None:
    (found,) = diagnosed(published, "clock", now=NOW - HOUR)
    assert found.verdict == "wrong"
    assert found.cure.startswith("set the clock")


def test_low_disk_space_is_reported(published: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_checks, "_SPARE", 2**80)
    assert verdicts_of(diagnosed(published)) == [("disk", "soon")]


def test_settings_that_serve_would_refuse_are_reported(published: Publisher, tmp_path: Path) -> None:
    (found,) = diagnosed(published, environment={"PORT": "many"})
    assert (found.check, found.verdict) == ("settings", "wrong")
    file = tmp_path / "settings.toml"
    file.write_text("prot = 80\n", "utf-8")
    (found,) = diagnosed(published, settings=file)
    assert "prot" in found.sentence


@pytest.mark.parametrize(
    ("offers_dsn", "refuses", "verdict"),
    [(True, False, "good"), (False, False, "soon"), (True, True, "wrong")],
)
def test_the_mail_server_is_greeted_as_notify_would(
    published: Publisher, tmp_path: Path, offers_dsn: bool, refuses: bool, verdict: str
) -> None:
    """Its answer is told; nothing is sent."""
    file = tmp_path / "settings.toml"
    with mail_peer(dsn=offers_dsn) as peer:
        peer.refuses_greeting = refuses
        file.write_text(
            '[notify]\nregister = "https://trust.example.com"\nsender = "privacy@example.com"\n'
            f'smtp_host = "127.0.0.1"\nsmtp_port = {peer.port}\ntls = "off"\n',
            "utf-8",
        )
        found = machine(published, settings=file, offline=False)
        (diagnosis,) = check_table.mail(found)
        assert diagnosis.verdict == verdict
        assert f"127.0.0.1:{peer.port}" in diagnosis.sentence
        assert not peer.mails
    (diagnosis,) = check_table.mail(machine(published, settings=file, offline=True))
    assert diagnosis.verdict == "unknown"


def test_settings_that_notify_would_refuse_are_reported(published: Publisher, tmp_path: Path) -> None:
    """Without the table nothing is said to be well."""
    file = tmp_path / "settings.toml"
    file.write_text("[notify]\nsmtp_prot = 25\n", "utf-8")
    found = [each for each in diagnosed(published, settings=file) if each.check == "mail"]
    assert [each.verdict for each in found] == ["wrong"]
    assert "smtp_prot" in found[0].sentence or "register" in found[0].sentence
    (none,) = check_table.mail(machine(published))
    assert none.verdict == "unknown"


def test_a_stuck_outbox_is_reported(published: Publisher, tmp_path: Path) -> None:
    """Alarms and a tree that does not verify are wrong; what no worker has done is so soon."""
    settings = settings_for(tmp_path)
    file = settings_file(tmp_path, settings.register, 25, settings.database)

    def found(hours: int = 0) -> list[tuple[str, str]]:
        looked = machine(published, settings=file, now=now + dt.timedelta(hours=hours))
        return [(each.verdict, each.sentence) for each in check_table.outbox(looked)]

    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    assert [verdict for verdict, _ in found()] == ["unknown"]
    with opened(settings.database, STEPS) as database:
        add_contacts(database, ["ann@c.example"])
        record(database, settings, published)
        published.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        published.publish(NOW + dt.timedelta(minutes=1))
        record(database, settings, published)
        note_check(database, now, None)
        assert [verdict for verdict, _ in found()] == ["good"]
        late = found(2)
        assert [verdict for verdict, _ in late] == ["soon", "soon"]
        assert "last checked at" in late[0][1]
        assert "due" in late[1][1]
        with database.transaction() as run:
            (row,) = run("UPDATE deliveries SET state = 'refused', due_at = NULL RETURNING id")
            add_fact(run, row["id"], int(now.timestamp()), "refused", "550")
        note_check(database, now + dt.timedelta(hours=25), Stale("expired"))
        told = found(25)
        assert [verdict for verdict, _ in told] == ["wrong", "wrong", "soon"]
        assert "1 contract contact not notified of version 2" in told[1][1]
        assert "records have waited to be sealed since" in told[2][1]
        add_endpoint(database, NewEndpoint(url="https://hooks.example/", owner="it@c.example"), 1)
        database.query("UPDATE endpoints SET failing_since = 1")
        assert ("soon", "1 endpoint of webhooks failing or switched off") in found(25)
    address = "postgresql://nobody@/x"
    file = settings_file(tmp_path, settings.register, 25, address)
    assert [verdict for verdict, _ in found()] == ["unknown"]


TIMEDATECTL = "case $* in *NTPSynchronized*) echo {};; esac"
CHRONYC = "echo 'A29FC87B,host,{},1790000000.1,0.0,0.0,0.0,1.1,0.0,0.0,0.1,0.0,64.4,{}'"
SYSTEMCTL = (
    "case $* in *.timer*) printf 'LoadState={}\\nActiveState={}\\n"
    "LastTriggerUSec=@1000\\nNextElapseUSecRealtime=@{}\\n';; *) echo {};; esac"
)


def programs(folder: Path, **scripts: str) -> dict[str, str]:
    """Return the environment of a machine that has these programs."""
    for name, text in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


@pytest.mark.parametrize(
    ("scripts", "verdict"),
    [
        ({"timedatectl": TIMEDATECTL.format("yes")}, "good"),
        ({"timedatectl": TIMEDATECTL.format("no")}, "soon"),
        ({"timedatectl": "exit 1"}, "unknown"),
        ({"timedatectl": "echo nonsense"}, "unknown"),
        ({"chronyc": CHRONYC.format(3, "Normal")}, "good"),
        ({"chronyc": CHRONYC.format(0, "Not synchronised")}, "soon"),
        ({"timedatectl": TIMEDATECTL.format("no"), "chronyc": CHRONYC.format(3, "Normal")}, "good"),
        ({}, "unknown"),
    ],
)
def test_synchronisation_is_what_the_machine_says(
    published: Publisher, tmp_path: Path, scripts: dict[str, str], verdict: str
) -> None:
    found = diagnosed(published, "synchronisation", environment=programs(tmp_path, **scripts))
    assert verdicts_of(found) == [("synchronisation", verdict)]


@pytest.mark.parametrize(
    ("shown", "verdicts", "words"),
    [
        (("loaded", "active", 1000 + 6 * 3600, "success"), ["good"], "runs every 6 hours"),
        (("loaded", "active", 1000 + 30 * 3600, "success"), ["soon"], "one failure may cost freshness"),
        (("loaded", "inactive", 0, "success"), ["wrong"], "does not run"),
        (("loaded", "active", 2000, "exit-code"), ["good", "wrong"], "runs every 16 minutes"),
        (("not-found", "inactive", 0, ""), ["unknown"], "systemd knows no"),
    ],
    ids=["alive", "too seldom", "stopped", "failing", "not there"],
)
def test_the_timer_is_what_systemd_says(
    published: Publisher, tmp_path: Path, shown: tuple[object, ...], verdicts: list[str], words: str
) -> None:
    found = diagnosed(published, "timer", environment=programs(tmp_path, systemctl=SYSTEMCTL.format(*shown)))
    assert [item.verdict for item in found] == verdicts
    assert words in found[0].sentence


def public(publisher: Publisher, base: str) -> list[tuple[str, str]]:
    return verdicts_of(diagnosed(publisher, "public", base_url=f"{base}/", offline=False))


def test_what_is_public_is_verified_and_compared(published: Publisher) -> None:
    """Over HTTP alone, which is said, too."""
    kept = published.folder / "kept"
    shutil.copytree(published.store / "public", kept)
    with static_host(published.store / "public") as base, static_host(kept) as old:
        assert public(published, base) == [("public", "soon"), ("public", "good")]
        published.publish_note("second", NOW + HOUR / 2)
        assert public(published, base) == [("public", "soon"), ("public", "good")]
        assert public(published, old) == [("public", "soon"), ("public", "soon")]


def test_a_store_behind_what_is_public_is_wrong(published: Publisher) -> None:
    kept = published.folder / "kept"
    shutil.copytree(published.store, kept, symlinks=True)
    published.publish_note("second", NOW + HOUR / 2)
    with static_host(published.store / "public") as base:
        published.store = kept
        assert public(published, base) == [("public", "soon"), ("public", "wrong")]


def test_a_host_of_another_register_or_of_none_is_wrong(published: Publisher, tmp_path: Path) -> None:
    with memory_folder() as folder:
        other = Publisher(folder)
        (other.source / "register.toml").write_text(register_toml(name="other.example/list"), "utf-8")
        other.publish()
        with static_host(other.store / "public") as base:
            assert public(published, base)[-1] == ("public", "wrong")
    with static_host(tmp_path) as base:
        assert public(published, base)[-1] == ("public", "wrong")
    found = diagnosed(published, "public", base_url=f"{base}/", offline=False)
    assert "does not verify as this register" in found[-1].sentence


@contextlib.contextmanager
def over_tls(public: Path, certificate: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(SimpleHTTPRequestHandler, directory=str(public))
    )
    server.socket = server_context(certificate).wrap_socket(server.socket, server_side=True)
    with serving(server) as base:
        yield base.replace("http:", "https:").rstrip("/")


@pytest.mark.parametrize(
    ("days", "known", "verdict", "words"),
    [
        (90, True, "good", "is good until"),
        (3, True, "soon", "is good until"),
        (-1, True, "wrong", "certificate has expired"),
        (90, False, "wrong", "self-signed certificate"),
    ],
    ids=["good", "soon", "expired", "unknown issuer"],
)
def test_the_certificate_of_the_site_is_judged(
    published: Publisher,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    known: bool,
    verdict: str,
    words: str,
) -> None:
    certificate = make_certificate(tmp_path, days)
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with over_tls(published.store / "public", certificate) as base:
        found = diagnosed(published, None, base_url=f"{base}/", offline=False)
        (judged,) = diagnosed(published, "certificate", base_url=f"{base}/", offline=False)
    assert judged.verdict == verdict
    assert words in judged.sentence
    assert ("public" in {item.check for item in found}) is (verdict == "wrong")


def test_an_address_that_does_not_answer_has_no_certificate(published: Publisher, tmp_path: Path) -> None:
    with over_tls(tmp_path, make_certificate(tmp_path)) as base:
        pass
    (judged,) = diagnosed(published, "certificate", base_url=f"{base}/", offline=False)
    assert judged.verdict == "unknown"
    assert "does not answer" in judged.sentence


def test_a_target_is_tried_and_left_as_it_was(published: Publisher, tmp_path: Path) -> None:
    (found,) = diagnosed(published, "target", target=str(tmp_path))
    assert found.verdict == "good"
    assert list(tmp_path.glob("deploy-probe-*")) == []
    (tmp_path / "file").write_text("", "utf-8")
    (found,) = diagnosed(published, "target", target=str(tmp_path / "file"))
    assert (found.verdict, found.cure) == ("wrong", "let this user write there")
    (found,) = diagnosed(published, "target", target=str(published.store))
    assert found.verdict == "wrong"


def test_every_look_is_described() -> None:
    page = (ROOT / "docs/doctor.md").read_text("utf-8").partition("## What is looked at")[2]
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == ["store", *OVER_STORE, *ANYWAY]
