"""compare, and verify --compare: whether several customers are shown one history."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from evidence_packages import make_package
from memory_folder import memory_folder
from memory_log import cosign, private_key, witness_key
from memory_publisher import NOW, MemoryPublisher
from register_api import clock
from register_api.cli.main import cli
from register_api.core.format import tree
from register_api.core.log.note import format_verifier_key
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from verify_outcome import failed, result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from click.testing import Result


def heads(publisher: MemoryPublisher, count: int) -> list[bytes]:
    """Publish versions; return the checkpoint of each size."""
    return [publisher.publish().files[tree.CHECKPOINT.path()] for _ in range(count)]


MINE = MemoryPublisher()
HEADS = heads(MINE, 4)
FORK = MemoryPublisher()
FORKED = [FORK.publish(updated_on=NOW.date()).files[tree.CHECKPOINT.path()], *heads(FORK, 4)]
STRANGER = heads(MemoryPublisher(keys=100), 2)
ANOTHER = heads(MemoryPublisher("other.example/sub-processors"), 2)
VKEY = format_verifier_key(MINE.name, MINE.log.note_key.public)

WITNESS = witness_key("witness.example", private_key(80))
WITNESS_KEY = format_verifier_key("witness.example", WITNESS.public, WITNESS.algorithm)
SECOND = witness_key("second.example", private_key(81))
SECOND_KEY = format_verifier_key("second.example", SECOND.public, SECOND.algorithm)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with a published tree and checkpoints that customers kept."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with memory_folder() as made:
        monkeypatch.chdir(made)
        for path, data in MINE.files.items():
            file = made / "tree" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        kept = {"mine": HEADS, "fork": FORKED, "stranger": STRANGER, "another": ANOTHER}
        for name, data in (
            (f"{name}{n}", data) for name, all_ in kept.items() for n, data in enumerate(all_, 1)
        ):
            (made / name).write_bytes(data)
        (made / "nonsense").write_bytes(b"no note\n")
        yield made


def compare(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["compare", *arguments])


BASE = ("--base", "tree")
KEY = ("--key", VKEY)

CASES: tuple[tuple[tuple[str, ...], int, str], ...] = (
    (("mine3", "mine3"), 0, "SIGNATURE NOT CHECKED"),
    (("mine3", "mine3", *KEY), 0, "One history."),
    (("mine1", "mine2", "mine4", *BASE), 0, "One history."),
    (("mine2", *BASE), 0, "One history."),
    (("mine2", "mine3"), 2, "not decided: whether the logs of sizes 2, 3"),
    (("mine2", "mine3", *KEY), 2, "not decided"),
    (("mine2", "fork2"), 15, "two roots for the size 2"),
    (("mine2", "fork2", *KEY), 15, "two roots for the size 2"),
    (("fork2", "mine3", *BASE), 15, "is not the beginning"),
    (("fork4", *BASE), 15, "size 4"),
    (("fork5", *BASE), 14, "4 are served here"),
    (("mine2", "stranger2", *KEY), 16, "stranger2"),
    (("stranger2", *BASE), 16, "stranger2"),
    (("mine2", "another2"), 18, "different logs"),
    (("mine2", "nonsense"), 11, "nonsense: "),
)


@pytest.mark.parametrize(("arguments", "code", "told"), CASES, ids=lambda value: str(value)[:60])
def test_checkpoints_are_compared(folder: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    """One size has one root; where sizes differ the served tiles decide, or nothing does."""
    done = compare(*arguments)
    assert done.exit_code == code, done.output
    assert told in done.stdout


def test_contradicting_checkpoints_are_kept(folder: Path) -> None:
    """Both, in the folder that was named, and once only."""
    done = compare("mine2", "fork2", "-o", "kept", "--json")
    document = json.loads(done.stdout)
    assert (done.exit_code, document["exit_code"], document["word"]) == (15, 15, "forked")
    kept = sorted((folder / "kept/evidence").iterdir())
    assert sorted(file.read_bytes() for file in kept) == sorted([HEADS[1], FORKED[1]])
    assert len(document["evidence"]) == 2


def test_a_fork_of_what_is_served_is_kept_with_the_served_checkpoint(folder: Path) -> None:
    compare("fork2", *BASE, "--state", "kept")
    kept = {file.read_bytes() for file in (folder / "kept/evidence").iterdir()}
    assert kept == {FORKED[1], HEADS[3]}


def test_nothing_is_concluded_from_a_register_that_does_not_hold(folder: Path) -> None:
    (folder / "tree/v1/keys.json").write_bytes(b"{}")
    done = compare("mine2", *BASE)
    assert done.exit_code == 12
    assert "forged" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("mine2",),
        ("mine2", "none"),
        ("mine2", "mine3", "--key", "nonsense"),
        ("mine2", "mine3", "--base", "nowhere"),
        (
            "mine2",
            "mine3",
            "--key",
            format_verifier_key("w.example", witness_key("w.example", private_key(9)).public, 4),
        ),
    ],
)
def test_wrong_use_ends_with_2(folder: Path, arguments: tuple[str, ...]) -> None:
    done = compare(*arguments)
    assert done.exit_code == 2
    assert done.stderr


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (HEADS[0], None),
        (HEADS[3], None),
        (FORKED[1], 15),
        (FORKED[3], 15),
        (FORKED[4], 14),
        (STRANGER[0], 16),
        (b"", 11),
    ],
    ids=["older", "same", "fork older", "fork same", "newer", "stranger", "nothing"],
)
def test_verify_compares_the_log_with_another_customers(other: bytes, code: int | None) -> None:
    """V27: the same history or a fork, whether older, newer or of the same size."""
    report = verify(
        "tree", Options(wait=0, others=(("theirs", other),)), NOW, fetcher=MemoryFetcher(MINE.files)
    ).report
    assert failed(report).get("V27") == code
    assert report.exit_code == (code or 0)


def test_verify_keeps_a_fork_beside_its_state(tmp_path: Path) -> None:
    options = Options(wait=0, state=tmp_path, others=(("theirs", FORKED[1]),))
    report = verify("tree", options, NOW, fetcher=MemoryFetcher(MINE.files)).report
    assert report.exit_code == 15
    assert len(report.evidence) == 2


def test_without_other_checkpoints_nothing_is_compared() -> None:
    report = verify("tree", Options(wait=0), NOW, fetcher=MemoryFetcher(MINE.files)).report
    assert result(report, "V27") == "skipped"


def witnessed() -> Mapping[str, bytes]:
    """Return a tree whose checkpoint one witness has signed."""
    publisher = MemoryPublisher().publish()
    signed = cosign(
        publisher.files[tree.CHECKPOINT.path()], "witness.example", private_key(80), 1_780_000_000
    )
    publisher.files[tree.CHECKPOINT.path()] = signed
    publisher.vouch()
    return publisher.files


@pytest.mark.parametrize(
    ("keys", "number", "code"),
    [
        ((WITNESS_KEY,), None, 0),
        ((WITNESS_KEY, SECOND_KEY), 1, 0),
        ((WITNESS_KEY, SECOND_KEY), None, 17),
        ((SECOND_KEY,), 1, 17),
    ],
)
def test_too_few_witnesses_end_with_17(
    folder: Path, keys: tuple[str, ...], number: int | None, code: int
) -> None:
    """Asked of a package, which needs no server; all that are named are needed unless a number is said."""
    (folder / "evidence.zip").write_bytes(make_package(witnessed(), 1))
    options = [word for key in keys for word in ("--witness", key)]
    options += [] if number is None else ["--witnesses", str(number)]
    done = CliRunner().invoke(cli, ["verify", "--offline", "evidence.zip", *options])
    assert done.exit_code == code, done.output


@pytest.mark.parametrize(
    "options",
    [
        ("--witness", "nonsense"),
        ("--witness", VKEY),
        ("--witnesses", "1"),
        ("--witness", WITNESS_KEY, "--witness", WITNESS_KEY, "--witnesses", "2"),
        ("--witness", WITNESS_KEY, "--witnesses", "0"),
    ],
)
def test_witnesses_that_are_none_are_wrong_use(options: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, ["verify", "http://127.0.0.1:9", *options])
    assert done.exit_code == 2
