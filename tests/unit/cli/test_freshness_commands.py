"""refresh and status: what keeps customers from seeing a frozen register, and what warns in time."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import functools
import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from patience import wait_until
from programs import REGISTER_API, started
from publishers import NAME, NOW, Publisher
from register_api.cli import refresh
from register_api.publish import building
from register_api.store.transaction import locked
from store_writer import exchange

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Call, Clock


def shown(publisher: Publisher) -> dict[str, bytes]:
    """Return the files that a host would serve."""
    public = publisher.store / "public"
    return {str(path.relative_to(public)): path.read_bytes() for path in public.rglob("*") if path.is_file()}


def test_refresh_changes_the_timestamp_alone(published: Call, publisher: Publisher, clock: Clock) -> None:
    before = shown(publisher)
    result = published("refresh")
    assert result.exit_code == 0
    assert f"Version 1 is fresh until {clock.instant + dt.timedelta(hours=48):%Y-%m-%dT%H:%M:%SZ}." in (
        result.stderr
    )
    after = shown(publisher)
    assert [path for path in after if after[path] != before.get(path)] == ["trust/timestamp.json"]
    assert before.keys() == after.keys()
    assert publisher.verify().exit_code == 0


def test_refresh_needs_the_online_key_alone(published: Call, publisher: Publisher) -> None:
    for key in publisher.keys.glob("*.pem"):
        if key.name != "online.pem":
            key.unlink()
    assert published("refresh").exit_code == 0
    assert publisher.verify().exit_code == 0


def test_refresh_renews_the_snapshot_when_half_of_its_time_is_over(
    published: Call, publisher: Publisher, clock: Clock
) -> None:
    before = shown(publisher)
    clock.pass_by(days=201)
    assert published("refresh").exit_code == 0
    new = shown(publisher)
    assert {path for path in new if new[path] != before.get(path)} >= {
        "trust/timestamp.json",
        "trust/2.snapshot.json",
    }
    assert new["trust/1.snapshot.json"] == before["trust/1.snapshot.json"]


@pytest.mark.parametrize("command", ["refresh", "status"])
def test_refresh_without_a_publication_is_an_error(call: Call, publisher: Publisher, command: str) -> None:
    result = call(command)
    assert result.exit_code == 1
    assert "nothing was published into" in result.stderr
    assert "register-api publish" in result.stderr
    assert not publisher.store.exists()
    assert not publisher.keys.exists()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda key: key.unlink(), "private key not found"),
        (lambda key: key.chmod(0o644), "open to other users (mode 0644)"),
        (lambda key: key.write_bytes(b"no key"), "online.pem"),
        (lambda key: key.write_bytes((key.parent / "targets.pem").read_bytes()), "does not let the key"),
    ],
    ids=["missing", "open to others", "damaged", "another key"],
)
def test_an_online_key_that_cannot_be_used_is_refused(
    published: Call, publisher: Publisher, damage, told: str
) -> None:
    before = shown(publisher)
    damage(publisher.keys / "online.pem")
    result = published("refresh")
    assert result.exit_code == 1
    assert told in result.stderr
    assert shown(publisher) == before


def test_refresh_waits_for_no_publisher_for_ever(
    published: Call, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "locked", functools.partial(locked, wait=0))
    with locked(publisher.store):
        result = published("refresh")
    assert result.exit_code == 1
    assert "store is locked" in result.stderr


def test_a_timed_refresh_goes_on_after_a_failure(
    published: Call, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third round finds the key again; waiting is what the test hands in."""
    waits: list[float] = []

    class Stopped:
        def wait(self, seconds: float) -> bool:
            waits.append(seconds)
            online = publisher.keys / "online.pem"
            if len(waits) == 2:
                online.rename(publisher.keys / "away.pem")
            if len(waits) == 3:
                (publisher.keys / "away.pem").rename(online)
            return len(waits) == 4

    monkeypatch.setattr(refresh, "stopped_by_signals", lambda: contextlib.nullcontext(Stopped()))
    result = published("refresh", "--every", "6")
    assert result.exit_code == 0
    assert waits == [0, 21600, 300, 21600]
    assert result.stderr.count("is fresh until") == 2
    assert "keys: private key not found" in result.stderr


@pytest.mark.parametrize(
    "failure",
    [
        OSError(errno.ENOSPC, "No space left on device", "generations"),
        PermissionError(errno.EACCES, "Permission denied"),
        MemoryError(),
    ],
)
def test_a_timed_refresh_survives_a_failure_of_any_kind(
    published: Call, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    """It says one sentence, and tries again soon; nobody would notice a timer that has ended."""
    waits: list[float] = []

    class Stopped:
        def wait(self, seconds: float) -> bool:
            waits.append(seconds)
            return len(waits) == 3

    really, failures = refresh.refresh_freshness, [failure]

    def renewed(*args: Any, **options: Any) -> object:
        if failures:
            raise failures.pop()
        return really(*args, **options)

    monkeypatch.setattr(refresh, "stopped_by_signals", lambda: contextlib.nullcontext(Stopped()))
    monkeypatch.setattr(refresh, "refresh_freshness", renewed)
    result = published("refresh", "--every", "6")
    assert (result.exit_code, waits) == (0, [0, 300, 21600])
    assert "freshness could not be renewed" in result.stderr
    assert (str(failure) or "MemoryError") in " ".join(result.stderr.split())
    assert result.stderr.count("is fresh until") == 1
    assert "Traceback" not in result.stderr


def waits_of(monkeypatch: pytest.MonkeyPatch, rounds: int) -> list[float]:
    """Let a timed refresh end after so many rounds; returns the seconds it waits before each."""
    waits: list[float] = []

    class Stopped:
        def wait(self, seconds: float) -> bool:
            waits.append(seconds)
            return len(waits) > rounds

    monkeypatch.setattr(refresh, "stopped_by_signals", lambda: contextlib.nullcontext(Stopped()))
    return waits


@pytest.mark.parametrize(
    ("arguments", "waited"),
    [
        ([], 6 * 3600),
        (["--fresh-for", "48h"], 6 * 3600),
        (["--fresh-for", "1h"], 450),
        (["--fresh-for", "31d"], 93 * 3600),
    ],
)
def test_without_hours_it_refreshes_after_an_eighth(
    published: Call, monkeypatch: pytest.MonkeyPatch, arguments: list[str], waited: int
) -> None:
    waits = waits_of(monkeypatch, 2)
    assert published("refresh", "--every", *arguments).exit_code == 0
    assert waits == [0, waited, waited]


def test_an_interval_that_leaves_no_time_for_a_failure_is_refused(
    published: Call, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what is given, or by the timestamp in force; nothing is signed."""
    waits, before = waits_of(monkeypatch, 0), shown(publisher)
    for arguments in (["24.5"], ["100", "--fresh-for", "7d"]):
        result = published("refresh", "--every", *arguments)
        assert result.exit_code == 2
        assert "it would expire after one failure" in " ".join(result.stderr.split())
    assert "--every 84 or less; without a number: 21" in result.stderr
    assert (waits, shown(publisher)) == ([], before)
    assert published("refresh", "--every", "24").exit_code == 0


def test_a_timed_refresh_follows_a_shorter_time(published: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another refresh has shortened it meanwhile; every 6 hours would be too seldom then."""
    assert published("refresh", "--fresh-for", "4h").exit_code == 0
    waits = waits_of(monkeypatch, 1)
    monkeypatch.setattr(refresh, "_refuse_seldom", lambda *_: None)
    assert published("refresh", "--every", "6").exit_code == 0
    assert waits == [0, 2 * 3600]


def test_how_long_a_timestamp_is_good_is_kept(published: Call, clock: Clock) -> None:
    """Said once to `refresh`, it holds for what signs after it; status warns in the last quarter."""
    assert published("refresh", "--fresh-for", "8d").exit_code == 0
    clock.pass_by(days=1)
    assert f"until {clock.instant + dt.timedelta(days=8):%Y-%m-%dT%H:%M:%SZ}." in published("refresh").stderr
    clock.pass_by(days=5, hours=23)
    assert published("status").exit_code == 0
    clock.pass_by(hours=1)
    assert published("status").exit_code == 1
    clock.pass_by(days=2)
    assert published("status").exit_code == 2


@pytest.mark.parametrize(("said", "told"), [("30m", "write it like 48h or 7d"), ("32d", "1 hour to 31 days")])
def test_a_time_that_the_format_does_not_allow_is_refused(
    published: Call, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    """Also from the environment; nothing is signed."""
    before = shown(publisher)
    monkeypatch.setenv("REGISTER_FRESH_FOR", said)
    for command in ("refresh", "publish"):
        result = published(command)
        assert (result.exit_code, told in result.stderr) == (2, True)
    assert shown(publisher) == before


def test_a_timed_refresh_may_wait_first(published: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped:
        def wait(self, seconds: float) -> bool:
            return seconds == 3600

    monkeypatch.setattr(refresh, "stopped_by_signals", lambda: contextlib.nullcontext(Stopped()))
    assert published("refresh", "--every", "1", "--wait-first").stderr == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_timed_refresh_ends_cleanly_on_a_signal(
    published: Call, publisher: Publisher, number: signal.Signals
) -> None:
    timestamp = publisher.store / "public/trust/timestamp.json"
    before = timestamp.read_bytes()
    folders = ["--store", str(publisher.store), "--keys", str(publisher.keys)]
    with started(*REGISTER_API, "refresh", "--every", "6", *folders) as program:
        wait_until(lambda: timestamp.read_bytes() != before)
        assert program.end(number) == 0
        told = program.errors()
    assert told.count("is fresh until") == 1
    assert "Traceback" not in told


def test_status_of_a_fresh_register_is_good(published: Call) -> None:
    result = published("status")
    assert result.exit_code == 0
    head, *rows, files = result.stdout.splitlines()
    assert files.endswith(" files, 0 damaged or missing")
    assert head == f"{NAME}: version 1, published {NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert [row.split()[0] for row in rows] == ["root", "targets", "snapshot", "timestamp"]
    assert all(row.endswith("  good") for row in rows)


@pytest.mark.parametrize(
    ("passed", "verdicts", "code"),
    [
        ({"hours": 35, "minutes": 59}, ["good"] * 4, 0),
        ({"hours": 36}, ["good", "good", "good", "expires soon"], 1),
        ({"hours": 48}, ["good", "good", "good", "expired"], 2),
        ({"days": 341}, ["expires soon", "expires soon", "expires soon", "expired"], 2),
        ({"days": 400}, ["expired"] * 4, 2),
    ],
)
def test_status_warns_before_anything_expires(
    published: Call, clock: Clock, passed: dict[str, float], verdicts: list[str], code: int
) -> None:
    clock.instant = NOW + dt.timedelta(**passed)
    result = published("status", "--json")
    assert result.exit_code == code
    document = json.loads(result.stdout)
    assert [row["verdict"] for row in document["expiries"]] == verdicts
    text = published("status")
    assert text.exit_code == code
    rows = text.stdout.splitlines()[1:-1]
    assert all(row.endswith(verdict) for row, verdict in zip(rows, verdicts, strict=True))


@pytest.mark.parametrize("path", ["v1/versions/1/diff.json", "v1/register.json.br", "index.html"])
def test_status_finds_a_file_that_is_damaged_or_gone(
    published: Call, publisher: Publisher, path: str
) -> None:
    """Also a ready encoding, and a page: a host would serve it."""
    file = publisher.store / "public" / path
    file.write_bytes(file.read_bytes() + b" ")
    result = published("status", "--json")
    assert (result.exit_code, json.loads(result.stdout)["damaged"]) == (2, [path])
    file.unlink()
    result = published("status")
    assert (result.exit_code, f"damaged or missing: {path}" in result.stderr) == (2, True)


def test_status_of_a_store_that_cannot_be_read_is_two(published: Call, publisher: Publisher) -> None:
    (publisher.store / "current/manifest.json").write_text("{}", "utf-8")
    result = published("status")
    assert (result.exit_code, "store is damaged" in result.stderr) == (2, True)


def test_a_deep_status_verifies_what_digests_alone_do_not_find(published: Call, publisher: Publisher) -> None:
    """Files that the store itself says were published so, and no key has signed."""
    assert published("status", "--deep").exit_code == 0
    diff = (publisher.store / "public/v1/versions/1/diff.json").read_bytes()
    exchange(publisher.store, {"v1/versions/1/diff.json": diff.replace(b"Acme", b"Evil")})
    assert published("status").exit_code == 0
    result = published("status", "--deep", "--json")
    assert result.exit_code == 2
    assert "does not fit" in json.loads(result.stdout)["finding"]


def test_status_for_machines_names_version_and_log(published: Call, publisher: Publisher) -> None:
    document = json.loads(published("status", "--json").stdout)
    state = publisher.snapshot().state
    assert document["register"] == NAME
    assert document["version"] == 1
    assert document["log"] == {"size": 1, "root_hash": state.root_hash}
    assert document["published_at"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"


def test_a_refresh_makes_status_good_again(published: Call, clock: Clock, folder: Path) -> None:
    clock.pass_by(hours=47)
    assert published("status").exit_code == 1
    assert published("refresh").exit_code == 0
    assert published("status").exit_code == 0
