"""Stores that were lost, brought back or doubled, as whole programs against a host on a real socket."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from typing import TYPE_CHECKING

import pytest

from memory_folder import memory_folder
from programs import REGISTER_API, environment, run_bytes
from publishers import Publisher
from quick_disk import quick_disk
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.publish.last_signed import MEMORY_FILE
from register_api.publish.rotation import rotate_trust_key
from register_api.store import reader
from static_host import static_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=3)
MINUTE = dt.timedelta(minutes=1)
AHEAD, FORKED, WRONG_USE = 14, 15, 2


class Register(Publisher):
    """A publisher whose register has an address on this machine."""

    url = "https://127.0.0.1:9/"

    def say(self, note: str = "first", **register: object) -> None:
        """Write the source with that address."""
        super().say(note, **register)
        path = self.source / "register.toml"
        path.write_text(path.read_text("utf-8").replace("https://example.com/", self.url), "utf-8")


@pytest.fixture
def publisher() -> Iterator[Register]:
    """Three versions and a refresh."""
    with memory_folder() as folder, quick_disk():
        made = Register(folder / "first")
        for number in range(3):
            made.publish_note(f"version {number + 1}", NOW + number * MINUTE)
        made.refresh(NOW + 3 * MINUTE)
        yield made


@contextlib.contextmanager
def hosted(publisher: Publisher) -> Iterator[str]:
    """A host with a copy of what is published at this moment."""
    public = publisher.folder / "hosted"
    shutil.rmtree(public, ignore_errors=True)
    shutil.copytree(publisher.store / reader.PUBLIC, public)
    with static_host(public) as base:
        yield base


def run(publisher: Publisher, command: str, *words: object, ask: bool = True) -> tuple[int, str]:
    """Run the program over a publisher's folders; return its exit code and what it says."""
    folders: list[object] = ["--store", publisher.store]
    folders += [] if command == "status" else ["--keys", publisher.keys]
    folders += ["--source", publisher.source] if command == "publish" else []
    env = environment(REGISTER_OFFLINE="0" if ask else "1")
    done = run_bytes(*REGISTER_API, command, *map(str, [*folders, *words]), env=env)
    return done.returncode, (done.stdout + done.stderr).decode()


def backup_of(publisher: Publisher, name: str) -> Path:
    """Copy store and keys, as a backup of the whole machine does."""
    folder = publisher.folder / name
    for part in (publisher.store, publisher.keys):
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder


def bring_back(publisher: Publisher, backup: Path) -> None:
    for part in (publisher.store, publisher.keys):
        shutil.rmtree(part)
        shutil.copytree(backup / part.name, part, symlinks=True)


def tree_of(publisher: Publisher) -> dict[str, str]:
    public = publisher.store / reader.PUBLIC
    return {
        str(path.relative_to(public)): digest(path.read_bytes())
        for path in sorted(public.rglob("*"))
        if path.is_file()
    }


def roots_of(publisher: Publisher) -> dict[str, str]:
    return {path: sha256 for path, sha256 in tree_of(publisher).items() if path.endswith(".root.json")}


def first_root(publisher: Publisher) -> str:
    return digest((publisher.store / reader.PUBLIC / tree.ROOT.path(1)).read_bytes())


def test_a_whole_backup_is_refused_where_the_public_head_is_ahead(publisher: Register) -> None:
    """Store and keys from the same backup agree with each other; what customers saw says otherwise."""
    backup = backup_of(publisher, "backup")
    publisher.publish_note("version 4", NOW + 4 * MINUTE)
    with hosted(publisher) as base:
        publisher.folder.joinpath("customer").mkdir()
        bring_back(publisher, backup)
        publisher.say("another version 4")
        before = tree_of(publisher)
        code, said = run(publisher, "publish", "--base-url", base)
        assert code == AHEAD, said
        assert f"register-api recover --from {base}" in " ".join(said.split())
        assert tree_of(publisher) == before
        code, said = run(publisher, "recover", "--from", base)
        assert code == 0, said
        code, said = run(publisher, "publish", "--base-url", base)
        assert code == 0, said
    assert publisher.verify().exit_code == 0
    assert list(publisher.registers()) == [1, 2, 3, 4, 5]


def test_a_store_that_went_apart_is_refused_and_a_customer_has_proof(publisher: Register) -> None:
    """Told not to ask, an honest publisher makes a fork at the same size; then a larger one."""
    backup = backup_of(publisher, "backup")
    publisher.publish_note("version 4", NOW + 4 * MINUTE)
    state = publisher.folder / "customer"
    assert publisher.verify(state).exit_code == 0
    with hosted(publisher) as base:
        bring_back(publisher, backup)
        for number in (4, 5):
            publisher.say(f"another version {number}")
            code, said = run(publisher, "publish", ask=False)
            assert code == 0, said
            assert publisher.verify(state).exit_code == FORKED
            assert list((state / "evidence").iterdir())
        code, said = run(publisher, "publish", "--base-url", base)
        assert code == FORKED, said
        code, said = run(publisher, "recover", "--from", base)
        assert code == AHEAD, said
        shutil.move(publisher.store, publisher.folder / "apart")
        (publisher.keys / MEMORY_FILE).unlink()
        code, said = run(publisher, "recover", "--from", base, "--root-sha256", "0" * 64)
        assert code == 12, said
        code, said = run(publisher, "recover", "--from", base)
        assert code == WRONG_USE, said
        sha256 = digest((publisher.folder / "hosted" / tree.ROOT.path(1)).read_bytes())
        code, said = run(publisher, "recover", "--from", base, "--root-sha256", sha256)
        assert code == 0, said
    publisher.publish_note("version 5", NOW + 9 * MINUTE)
    assert publisher.verify(state).exit_code == 0
    assert publisher.verify().exit_code == 0


def test_an_empty_store_is_filled_again_and_goes_on(publisher: Register) -> None:
    """What is signed is taken over byte for byte, and what nobody signs is made again as it was."""
    before = tree_of(publisher)
    with hosted(publisher) as base:
        shutil.rmtree(publisher.store)
        assert run(publisher, "publish", "--base-url", base)[0] == AHEAD
        code, said = run(publisher, "recover", "--from", base)
        assert code == 0, said
        after = tree_of(publisher)
        compressed = tuple(reader.SUFFIXES.values())[1:]
        old_trust = {path for path in before if path.startswith("trust/")}
        lost = {path for path in before.keys() - after.keys() if not path.endswith(compressed)} - old_trust
        assert lost == set()
        other = {path for path in after if before.get(path, after[path]) != after[path]}
        assert {path for path in other if not path.removeprefix("de/").startswith("subprocessors/")} == set()
        code, said = run(publisher, "refresh", ask=False)
        assert code == 0, said
    publisher.publish_note("version 4", dt.datetime.now(dt.UTC).replace(microsecond=0))
    assert publisher.verify().exit_code == 0


def test_keys_on_another_machine_take_over_from_a_mirror(publisher: Register) -> None:
    """A folder with the keys alone, without a memory: it needs the root's digest, and then publishes."""
    other = Register(publisher.folder / "other")
    shutil.copytree(publisher.keys, other.keys)
    (other.keys / MEMORY_FILE).unlink()
    with hosted(publisher) as base:
        code, said = run(other, "recover", "--from", base)
        assert code == WRONG_USE, said
        code, said = run(other, "recover", "--from", base, "--root-sha256", first_root(publisher))
        assert code == 0, said
    other.publish_note("version 4", NOW + 9 * MINUTE)
    assert other.verify().exit_code == 0
    assert list(other.registers()) == [1, 2, 3, 4]


def test_a_root_that_is_given_as_a_file_suffices(publisher: Register) -> None:
    """The first, or a later one: those before it are taken over, and another register's first is refused."""
    rotate_trust_key(publisher.store, publisher.keys, "targets", NOW + 5 * MINUTE)
    with hosted(publisher) as base:
        for version in (1, 2):
            given = publisher.folder / "hosted" / tree.ROOT.path(version)
            other = Register(publisher.folder / f"other {version}")
            code, said = run(other, "recover", "--from", base, "--root", given)
            assert code == 0, said
            assert roots_of(other) == roots_of(publisher)
        hostile = publisher.folder / "hosted" / tree.ROOT.path(1)
        stranger = Register(publisher.folder / "stranger")
        stranger.publish_note("theirs", NOW)
        hostile.write_bytes((stranger.store / reader.PUBLIC / tree.ROOT.path(1)).read_bytes())
        last = Register(publisher.folder / "last")
        code, said = run(last, "recover", "--from", base, "--root", given)
        assert (code, last.store.joinpath(reader.PUBLIC).exists()) == (16, False), said


def test_keys_that_lost_their_memory_learn_it_from_their_own_store(publisher: Register) -> None:
    (publisher.keys / MEMORY_FILE).unlink()
    publisher.say("version 4")
    assert run(publisher, "publish", ask=False)[0] == 1
    code, said = run(publisher, "recover", "--root-sha256", first_root(publisher))
    assert code == 0, said
    publisher.publish_note("version 4", NOW + 9 * MINUTE)
    assert publisher.verify().exit_code == 0


def test_what_is_older_than_what_was_signed_is_not_taken_over(publisher: Register) -> None:
    with hosted(publisher) as base:
        publisher.publish_note("version 4", NOW + 4 * MINUTE)
        shutil.rmtree(publisher.store)
        code, said = run(publisher, "recover", "--from", base)
    assert code == AHEAD, said


@pytest.mark.parametrize(
    "path", [tree.REGISTER.path(), "v1/versions/2/diff.json", "feed.json", tree.VERSIONS.path()]
)
def test_a_tree_that_does_not_hold_is_not_taken_over(publisher: Register, path: str) -> None:
    with hosted(publisher) as base:
        file = publisher.folder / "hosted" / path
        file.write_bytes(file.read_bytes().replace(b"Acme", b"Evil").replace(b"version", b"Version"))
        shutil.rmtree(publisher.store)
        code, said = run(publisher, "recover", "--from", base)
    assert code in {11, 12, 18}, said
    assert not (publisher.store / reader.CURRENT).exists()


def test_an_unreachable_public_tree_is_reported_and_publishing_continues(publisher: Register) -> None:
    """Nobody listens; or somebody answers who is not this register."""
    publisher.say("version 4")
    code, said = run(publisher, "publish", "--base-url", "http://127.0.0.1:9/")
    assert code == 0, said
    assert "could not check whether" in said
    with memory_folder() as folder:
        stranger = Register(folder)
        stranger.publish()
        with hosted(stranger) as base:
            publisher.say("version 5")
            code, said = run(publisher, "publish", "--base-url", base)
    assert code == 0, said
    assert "could not check whether" in said


def test_a_store_that_is_ahead_of_its_host_goes_on(publisher: Register) -> None:
    """What was published and is not uploaded yet is no reason to stop."""
    with hosted(publisher) as base:
        publisher.publish_note("version 4", NOW + 4 * MINUTE)
        publisher.say("version 5")
        code, said = run(publisher, "publish", "--base-url", base)
    assert code == 0, said
    assert "could not check whether" not in said


@pytest.mark.parametrize("given", [False, True])
def test_a_refresh_and_the_status_ask_the_registers_own_address_or_another(
    publisher: Register, *, given: bool
) -> None:
    """A refresh older than the public one would be called rolled back by every customer."""
    with hosted(publisher) as base:
        words = ("--base-url", base) if given else ()
        publisher.url = publisher.url if given else f"{base}/"
        publisher.publish_note("version 4", NOW + 4 * MINUTE)
        backup = backup_of(publisher, "backup")
        publisher.refresh(NOW + 5 * MINUTE)
        shutil.copytree(publisher.store / reader.PUBLIC, publisher.folder / "hosted", dirs_exist_ok=True)
        assert run(publisher, "refresh", *words)[0] == 0
        bring_back(publisher, backup)
        before = tree_of(publisher)
        code, said = run(publisher, "refresh", *words)
        assert code == AHEAD, said
        code, said = run(publisher, "status", *words)
        assert code == WRONG_USE, said
        assert "older than what is public" in " ".join(said.split())
        assert tree_of(publisher) == before
        assert run(publisher, "status", ask=False)[0] in {0, 1}
        assert run(publisher, "recover", "--from", base)[0] == 0
        code, said = run(publisher, "refresh", *words)
        assert code == 0, said
        assert "could not check whether" not in said
    assert publisher.verify().exit_code == 0
