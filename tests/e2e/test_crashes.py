"""A publisher killed at any moment leaves the old publication or the new one, and the next run goes on."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from memory_folder import memory_folder
from patience import PATIENCE, wait_until
from programs import REGISTER_API, output_of, started
from publishers import NOW, Publisher, publish_from, refresh_from
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.store import reader
from register_api.store.reader import Manifest, current, generations, read_document
from register_api.store.transaction import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.process import BaseProcess
    from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["register_api.publish.pipeline", "register_api.verify.engine"])

KEY_FILES = ("root-1.pem", "targets.pem", "online.pem", "document.pem", "log.pem", "feed.pem")
SECOND = dt.timedelta(seconds=1)


def start(work: Callable[[Path, dt.datetime], None], folder: Path, now: dt.datetime) -> BaseProcess:
    """Start work in a process of its own that has everything imported already."""
    process = FORKS.Process(target=work, args=(folder, now))
    process.start()
    return process


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory: what is written survives the process that wrote it, as on any disk."""
    with memory_folder() as made:
        yield made


def time_of(work: Callable[[Path, dt.datetime], None], folder: Path, now: dt.datetime) -> float:
    """Let a process do its work to the end, and return how long it took."""
    begun = time.monotonic()
    process = start(work, folder, now)
    process.join(PATIENCE)
    assert process.exitcode == 0
    return time.monotonic() - begun


def kill(process: BaseProcess) -> None:
    """End a process as a loss of power would: it has no say in it."""
    process.kill()
    process.join(PATIENCE)
    assert process.exitcode in {0, -9}


def wait_for(condition: Callable[[], bool], process: BaseProcess) -> None:
    """Wait until something has happened, or the process that would do it has ended."""
    wait_until(lambda: condition() or not process.is_alive(), pause=0.0005)


def instants() -> Iterator[dt.datetime]:
    """Yield instants a second apart, all of them past."""
    return (NOW + number * SECOND for number in range(3000))


class Customer:
    """Someone who looks again and again, and remembers the bytes of every version seen."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher = publisher
        self.seen: dict[int, bytes] = {}

    def look(self, *allowed: int) -> int:
        """Check that a static host shows one whole publication of an allowed version; return which."""
        report = self.publisher.verify(self.publisher.folder / "customer")
        assert (report.exit_code, report.word) == (0, "verified"), report.checks
        assert report.version in allowed
        registers = self.publisher.registers()
        assert list(registers) == list(range(1, report.version + 1))
        assert registers.items() >= self.seen.items()
        self.seen = registers
        self._compare_with_manifest()
        return report.version

    def _compare_with_manifest(self) -> None:
        """Check every file and ready form that the store says is there."""
        store = self.publisher.store
        for path, entry in read_document(store / reader.MANIFEST, Manifest).files.items():
            forms = {"identity": entry.sha256} | {
                coding: form.sha256 for coding, form in entry.encodings.items()
            }
            for coding, sha256 in forms.items():
                file = store / reader.PUBLIC / (path + reader.SUFFIXES[coding])
                assert digest(file.read_bytes()) == sha256, path


def nothing_is_visible(store: Path) -> bool:
    """Tell whether a host would answer 404 to everything: no file that can be opened."""
    return not any(path.is_file() for path in (store / reader.PUBLIC).rglob("*"))


@pytest.mark.parametrize("seed", range(4))
def test_a_publisher_killed_at_random_moments_loses_no_version(folder: Path, seed: int) -> None:
    """Ten kills each; half of them at random, half soon after the first file is written."""
    publisher, now = Publisher(folder), instants()
    customer, moments = Customer(publisher), random.Random(seed)  # noqa: S311 - a test has to repeat itself
    publisher.publish_note("first", next(now))
    publisher.say("measured")
    duration = time_of(publish_from, folder, next(now))
    version, interrupted = customer.look(2), 0
    for number in range(10):
        publisher.say(f"killed {number}")
        writing = reader.generation_folder(publisher.store, current(publisher.store) + 1)
        process = start(publish_from, folder, next(now))
        if number % 2:
            wait_for(writing.exists, process)
            time.sleep((number // 2) * duration / 20)
        else:
            time.sleep(moments.uniform(0, 1.1 * duration))
        kill(process)
        interrupted += generations(publisher.store)[-1] > current(publisher.store)
        version = customer.look(version, version + 1)
        publisher.publish_note(f"after {number}", next(now))
        version = customer.look(version + 1)
    assert interrupted, "no kill met a publication half written"
    assert publisher.verify().exit_code == 0


def test_a_first_publication_killed_at_random_moments_can_be_repeated(folder: Path) -> None:
    """Nothing is shown or version 1 is; keys that were made stay, and the next run makes the rest."""
    measured = Publisher(folder / "measured")
    duration = time_of(publish_from, measured.folder, NOW)
    moments = random.Random(7)  # noqa: S311 - a test has to repeat itself
    for number in range(10):
        publisher = Publisher(folder / str(number))
        process = start(publish_from, publisher.folder, NOW)
        time.sleep(moments.uniform(0, 1.1 * duration))
        kill(process)
        _check_first(publisher)


@pytest.mark.parametrize("made", range(len(KEY_FILES)))
def test_a_first_publication_killed_between_keys_goes_on_with_those_it_made(folder: Path, made: int) -> None:
    """The kill comes as soon as a certain key lies there."""
    publisher = Publisher(folder)
    process = start(publish_from, folder, NOW)
    wait_for((publisher.keys / KEY_FILES[made]).exists, process)
    kill(process)
    _check_first(publisher)


def _check_first(publisher: Publisher) -> None:
    """Check that a first publication that was killed shows all or nothing, and repeat it."""
    customer = Customer(publisher)
    visible = current(publisher.store) is not None
    if visible:
        customer.look(1)
    else:
        assert nothing_is_visible(publisher.store)
    keys = {path: path.read_bytes() for path in publisher.keys.glob("[!.]*.pem")}
    assert all(data.endswith(b"-----END PRIVATE KEY-----\n") for data in keys.values())
    publisher.publish_note("next", NOW + SECOND)
    customer.look(2 if visible else 1)
    assert {path: path.read_bytes() for path in keys} == keys
    assert {path.name for path in publisher.keys.glob("[!.]*.pem")} == set(KEY_FILES)
    assert all(path.stat().st_mode & 0o077 == 0 for path in publisher.keys.iterdir())


def test_a_refresh_killed_at_random_moments_leaves_the_publication_whole(folder: Path) -> None:
    """The version stays, and what vouches for it is the old timestamp or the new one."""
    publisher, now = Publisher(folder), instants()
    customer, moments = Customer(publisher), random.Random(11)  # noqa: S311 - a test has to repeat itself
    publisher.publish(next(now))
    duration = time_of(refresh_from, folder, next(now))
    public = publisher.store / reader.PUBLIC
    checkpoint = (public / tree.CHECKPOINT.path()).read_bytes()
    for _ in range(8):
        process = start(refresh_from, folder, next(now))
        time.sleep(moments.uniform(0, 1.1 * duration))
        kill(process)
        customer.look(1)
        before = (public / tree.TIMESTAMP.path()).read_bytes()
        publisher.refresh(next(now))
        customer.look(1)
        assert (public / tree.TIMESTAMP.path()).read_bytes() != before
    assert (public / tree.CHECKPOINT.path()).read_bytes() == checkpoint


def command(publisher: Publisher, source: Path | None = None) -> list[str]:
    """Return the command line that publishes from a folder."""
    folders = {"--source": source or publisher.source, "--store": publisher.store, "--keys": publisher.keys}
    options = [text for option, folder in folders.items() for text in (option, str(folder))]
    return [*REGISTER_API, "publish", *options]


def test_the_command_killed_at_random_moments_loses_no_version(folder: Path) -> None:
    """The same with the real command line, start of the interpreter and all."""
    publisher, moments = Publisher(folder), random.Random(13)  # noqa: S311 - a test has to repeat itself
    customer = Customer(publisher)
    begun = time.monotonic()
    output_of(*command(publisher))
    duration = time.monotonic() - begun
    version = customer.look(1)
    for number in range(4):
        publisher.say(f"killed {number}")
        with started(*command(publisher)) as program:
            time.sleep(moments.uniform(0.5, 1.0) * duration)
            program.end(signal.SIGKILL)
        version = customer.look(version, version + 1)
        publisher.say(f"after {number}")
        output_of(*command(publisher))
        version = customer.look(version + 1)


def test_two_commands_at_once_make_two_versions_or_one_says_why_not(folder: Path) -> None:
    """The second waits for the first; where both are of the same second it is told so."""
    publisher = Publisher(folder / "one")
    other = Publisher(folder / "two")
    customer, version = Customer(publisher), 0
    for number in range(2):
        publisher.say(f"one {number}")
        other.say(f"two {number}")
        with (
            started(*command(publisher, publisher.source)) as one,
            started(*command(publisher, other.source)) as two,
        ):
            codes = [program.ended() for program in (one, two)]
            told = [program.errors() for program in (one, two)]
        assert 0 in codes
        version = customer.look(version + codes.count(0))
        for code, text in zip(codes, told, strict=True):
            assert code == 0 or "at least a second later" in text or "was published meanwhile" in text


def test_four_publishers_at_once_lose_no_version(folder: Path) -> None:
    """Whoever gets the store later than its instant allows is refused; the rest make one version each."""
    folders = [folder / str(number) for number in range(4)]
    publisher = Publisher(folders[0])
    publisher.publish(NOW)
    for other in folders[1:]:
        Publisher(other).say(f"from {other.name}")
        for shared in (publisher.store, publisher.keys):
            (other / shared.name).symlink_to(shared)
    publisher.say("from 0")
    running = [start(publish_from, each, NOW + number * SECOND) for number, each in enumerate(folders, 1)]
    for process in running:
        process.join(PATIENCE)
    made = [process.exitcode for process in running].count(0)
    assert made
    Customer(publisher).look(1 + made)


def test_a_publisher_waits_for_the_one_at_work(folder: Path) -> None:
    """The lock is given up, the second goes on; nobody has to try again by hand."""
    publisher = Publisher(folder)
    publisher.publish(NOW)
    publisher.say("second")
    with locked(publisher.store):
        process = start(publish_from, folder, NOW + SECOND)
        process.join(0.3)
        assert process.is_alive()
        Customer(publisher).look(1)
    process.join(PATIENCE)
    assert process.exitcode == 0
    Customer(publisher).look(2)


def test_a_lock_dies_with_the_process_that_held_it(folder: Path) -> None:
    """After a kill nothing has to be removed by hand: the lock file may stay, the lock does not."""
    publisher = Publisher(folder)
    process = start(publish_from, folder, NOW)
    wait_for((publisher.store / reader.LOCK).exists, process)
    kill(process)
    with locked(publisher.store, wait=0):
        assert (publisher.store / reader.LOCK).exists()
