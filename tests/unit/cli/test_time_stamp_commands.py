"""publish, refresh, status, verify and evidence with a time-stamping authority, good or bad."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from register_api.cli import refresh
from register_api.core.format import tree
from time_authority import Asked, authority, honest, refusal, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Call, Clock

    from publishers import Publisher


@pytest.fixture
def asked() -> Iterator[Asked]:
    """An honest authority that listens."""
    with honest() as found:
        yield found


@pytest.fixture(autouse=True)
def present(clock: Clock) -> None:
    """The commands live in the present, as the authority does."""
    clock.instant = dt.datetime.now(dt.UTC).replace(microsecond=0)


def ask(asked: Asked) -> tuple[str, ...]:
    """Return the options that name an authority and its certificate."""
    return "--time-authority", asked.url, "--time-authority-certificate", str(authority().root)


def stamps(publisher: Publisher) -> list[str]:
    """Return the paths of all stamps in the store."""
    return sorted(path for path in publisher.snapshot().manifest.files if path.endswith(".tsr"))


def test_publish_stamps_the_new_version(call: Call, publisher: Publisher, asked: Asked) -> None:
    """And status says up to where history is stamped, for people and machines."""
    result = call("publish", *ask(asked))
    assert result.exit_code == 0
    assert "History up to version 1 is time-stamped since 20" in result.stderr
    assert result.stderr.endswith(" by CN=Test Time Stamps.\n")
    assert stamps(publisher) == [tree.TIME_STAMP.path(1)]
    status = call("status")
    assert status.exit_code == 0
    assert "  History up to version 1 is time-stamped since 20" in status.stdout
    document = json.loads(call("status", "--json").stdout)["time_stamp"]
    assert (document["version"], document["authority"]) == (1, "CN=Test Time Stamps")


def test_status_without_a_stamp_has_none(published: Call) -> None:
    """As before there were any."""
    assert json.loads(published("status", "--json").stdout)["time_stamp"] is None
    assert "stamped" not in published("status").stdout


def test_an_unchanged_source_asks_nobody(published: Call, asked: Asked) -> None:
    """No version, no stamp; the refresh asks."""
    assert published("publish", *ask(asked)).exit_code == 0
    assert asked.queries == []


def test_refresh_makes_up_for_what_publish_could_not_do(
    call: Call, publisher: Publisher, asked: Asked
) -> None:
    """And asks nobody once the newest version has its stamp."""
    with serving(lambda _: [refusal(2)]) as refusing:
        result = call("publish", *ask(refusing))
    assert result.exit_code == 0
    assert stamps(publisher) == []
    assert publisher.verify().exit_code == 0
    for _ in range(2):
        assert call("refresh", *ask(asked)).exit_code == 0
    assert stamps(publisher) == [tree.TIME_STAMP.path(1)]
    assert len(asked.queries) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([refusal(2)], "no time stamp was granted"),
        ([b"<html>"], "strict DER"),
        ([bytes(2**17)], "more than 65536 bytes"),
    ],
)
@pytest.mark.parametrize("command", ["publish", "refresh"])
def test_a_bad_authority_costs_one_line_and_nothing_else(
    call: Call, publisher: Publisher, clock: Clock, command: str, answer: list[bytes], words: str
) -> None:
    """The version is published, freshness renewed, and the command ends with 0."""
    if command == "refresh":
        call("publish")
        clock.pass_by(seconds=1)
    with serving(lambda _: answer) as asked:
        result = call(command, *ask(asked))
    assert result.exit_code == 0
    (line,) = [line for line in result.stderr.splitlines() if "not time-stamped" in line]
    assert words in line
    assert line.endswith("; the next refresh tries again")
    assert publisher.verify().exit_code == 0
    assert stamps(publisher) == []


def test_a_disk_that_is_full_fails_no_refresh(
    published: Call, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Freshness was renewed before."""

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(refresh, "stamp_newest", full)
    result = published("refresh", *ask(asked))
    assert result.exit_code == 0
    assert "No space left on device; the next refresh tries again" in result.stderr


def test_without_its_certificate_the_chain_is_said_not_to_be_checked(call: Call, asked: Asked) -> None:
    """The stamp is kept."""
    result = call("publish", "--time-authority", asked.url)
    assert "; its chain was not checked." in result.stderr


def test_the_authority_may_come_from_the_environment(
    call: Call, publisher: Publisher, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For units and containers."""
    monkeypatch.setenv("REGISTER_TIME_AUTHORITY", asked.url)
    monkeypatch.setenv("REGISTER_TIME_AUTHORITY_CERTIFICATE", str(authority().root))
    assert call("publish").exit_code == 0
    assert stamps(publisher) == [tree.TIME_STAMP.path(1)]


def test_a_timed_refresh_stamps_too(
    published: Call, publisher: Publisher, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the round in which it can."""

    class Stopped:
        rounds = 0

        def wait(self, _seconds: float) -> bool:
            self.rounds += 1
            return self.rounds == 3

    monkeypatch.setattr(refresh, "stopped_by_signals", lambda: contextlib.nullcontext(Stopped()))
    assert published("refresh", "--every", "6", *ask(asked)).exit_code == 0
    assert stamps(publisher) == [tree.TIME_STAMP.path(1)]
    assert len(asked.queries) == 1


def test_a_first_publication_that_a_service_waits_for_asks_nobody(
    call: Call, publisher: Publisher, asked: Asked
) -> None:
    """--if-empty comes before serving; the refresh that follows asks."""
    assert call("publish", "--if-empty", *ask(asked)).exit_code == 0
    assert stamps(publisher) == []
    assert asked.queries == []


@pytest.mark.parametrize("command", ["publish", "refresh"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--time-authority", "tsa.example.com"), "is not an address that begins with https://"),
        (
            ("--time-authority", "https://tsa.example.com", "--time-authority-certificate", "none.pem"),
            "cannot be read",
        ),
        (
            ("--time-authority", "https://tsa.example.com", "--time-authority-certificate", "bad.pem"),
            "no certificates in PEM",
        ),
    ],
)
def test_options_that_cannot_be_used_are_wrong_use_before_anything_is_done(
    call: Call, publisher: Publisher, folder: Path, command: str, options: tuple[str, ...], words: str
) -> None:
    """With 2, and nothing published."""
    (folder / "bad.pem").write_bytes(b"rubbish")
    result = call(command, *options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert not publisher.store.exists()


def test_a_customer_checks_the_stamp_served_and_kept(
    call: Call, publisher: Publisher, asked: Asked, folder: Path
) -> None:
    """verify, evidence and verify --offline with the authority's root, and with another one."""
    call("publish", *ask(asked))
    public, package = str(publisher.store / "public"), "evidence.zip"
    root, other = str(authority().root), str(authority("Other").root)
    written = call("evidence", public, "--version", "1", "-o", package, "--stamped-by", root)
    assert written.exit_code == 0, written.output
    good = call("verify", "--offline", package, "--stamped-by", root)
    assert good.exit_code == 0, good.output
    assert "Timestamp:   size 1 at " in good.stdout
    assert call("verify", "--offline", package, "--stamped-by", other).exit_code == 12
    refused = call("evidence", public, "--version", "1", "-o", "other.zip", "--stamped-by", other)
    assert refused.exit_code == 12
    assert not (folder / "other.zip").exists()


def test_certificates_that_cannot_be_read_are_wrong_use(call: Call, folder: Path) -> None:
    """A file that is not there, or holds none."""
    (folder / "bad.pem").write_bytes(b"rubbish")
    for file in ("none.pem", "bad.pem"):
        result = call("verify", "https://register.example", "--stamped-by", file)
        assert result.exit_code == 2
        assert f"--stamped-by {file}" in result.stderr
