"""Deploying to a folder, Ceph's S3 gateway and Azurite, with readers, rivals and killed processes.

``SOAK_VERSIONS=200`` deploys as many versions under load, ``SOAK_ROUNDS=50`` lets two publishers race and
processes be killed as often. ``pytest -s`` says what was counted.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest
from commands import BIN
from documented import documented

import object_stores
from deploying import copied, wanted
from memory_folder import memory_folder
from patience import PATIENCE, join, wait_until
from programs import REGISTER_API, Program, environment, run, started
from publishers import NOW, Publisher
from quick_disk import quick_disk
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.verify import Options, verify
from register_api.verify.fetcher import HttpFetcher, NotServed
from static_host import static_host

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = int(os.environ.get("SOAK_VERSIONS", "3"))
ROUNDS = int(os.environ.get("SOAK_ROUNDS", "1"))
READERS = 2
SECOND = dt.timedelta(seconds=1)


class Place(msgspec.Struct, frozen=True):
    """Where a tree is deployed to in one test.

    Attributes:
        target: TARGET of `deploy`.
        public: Where it is served, with a slash at the end.
        environment: What `deploy` needs besides.
    """

    target: str
    public: str
    environment: dict[str, str]

    def below(self, name: str) -> Place:
        """Return a place of its own below this one."""
        return Place(f"{self.target}/{name}", f"{self.public}{name}/", self.environment)

    def command(self, publisher: Publisher, *more: str) -> tuple[str, ...]:
        """Return the command that deploys what a publisher has published, and verifies it there."""
        where = ("--store", str(publisher.store), "--base-url", self.public)
        return (*REGISTER_API, "deploy", self.target, *where, *more)

    def deploy(self, publisher: Publisher, *more: str) -> None:
        """Deploy, which has to end well."""
        done = run(*self.command(publisher, *more), env=environment(**self.environment))
        assert done.returncode == 0, done.stdout + done.stderr

    def started(self, publisher: Publisher) -> Program:
        """Begin to deploy."""
        return Program(self.command(publisher), env=environment(**self.environment))

    def holds(self, publisher: Publisher) -> bool:
        """Tell whether every file is served as a publisher has published it."""
        with HttpFetcher(self.public) as fetcher:
            for path, data in wanted(publisher).items():
                try:
                    if fetcher.get(path, len(data)) != data:
                        return False
                except NotServed:
                    return False
        return True


@pytest.fixture(scope="module", params=["folder", "radosgw", "azurite"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "folder":
        with memory_folder() as folder, static_host(folder) as base:
            yield Place(str(folder), f"{base}/", {})
        return
    with getattr(object_stores, request.param)() as store:
        yield Place(
            store.target, store.public, store.environment | {"REGISTER_DEPLOY_ENDPOINT": store.endpoint}
        )


@pytest.fixture(scope="module")
def original() -> Iterator[Publisher]:
    with memory_folder() as folder, quick_disk():
        publisher = Publisher(folder / "publisher")
        publisher.publish(NOW)
        yield publisher


@pytest.fixture
def publisher(original: Publisher) -> Iterator[Publisher]:
    with memory_folder() as folder, quick_disk():
        yield copied(original, folder / "publisher")


class Reader(threading.Thread):
    """A customer who verifies the newest version again and again, with one further look at most.

    Attributes:
        counts: How often it was whole at the first look, or at the second; anything else is a failure.
        versions: What it saw, in order.
        failures: What was found at a second look.
    """

    def __init__(self, public: str, root_sha256: str, between: threading.Lock) -> None:
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self.versions: list[int] = []
        self.failures: list[str] = []
        self.over = threading.Event()
        self._public = public
        self._options = Options(root_sha256=root_sha256, history="none", wait=0)
        self._between = between

    def run(self) -> None:
        while not self.over.is_set():
            result = verify(self._public, self._options)
            look = "first"
            if result.verified is None:
                look = "second"
                with self._between:  # once the deployment that was met has ended, however slow the machine
                    result = verify(self._public, self._options)
            if result.verified is None:
                self.failures.append(str(result.finding))
            else:
                self.counts[look] += 1
                self.versions.append(result.verified.register.version)


def test_readers_see_whole_versions_while_many_are_deployed(place: Place, publisher: Publisher) -> None:
    here = place.below("load")
    here.deploy(publisher)
    between = threading.Lock()
    root = digest(publisher.snapshot().read(tree.ROOT.path(1)))
    readers = [Reader(here.public, root, between) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for number in range(2, VERSIONS + 1):
        publisher.publish_note(f"edit {number}", NOW + number * SECOND)
        with between:
            here.deploy(publisher, "--no-verify")
        wait_until(lambda number=number: all(number in it.versions or it.failures for it in readers))
    for reader in readers:
        reader.over.set()
        join(reader)
        print(place.target, dict(reader.counts))  # noqa: T201 - to be read with pytest -s
        assert reader.failures == []
        assert reader.versions == sorted(reader.versions)
    assert here.holds(publisher)
    here.deploy(publisher)


def test_of_two_publishers_at_once_one_wins_and_nothing_is_mixed(place: Place, publisher: Publisher) -> None:
    ends: Counter[tuple[int, int]] = Counter()
    for number in range(ROUNDS):
        here = place.below(f"race-{number}")
        with memory_folder() as folder:
            rivals = [copied(publisher, folder / name) for name in "ab"]
            for rival in rivals:
                here.deploy(rival)
            for rival, seconds in zip(rivals, (60, 61), strict=True):
                rival.publish_note(f"from {rival.folder.name}", NOW + seconds * SECOND)
            programs = [here.started(rival) for rival in rivals]
            try:
                codes = [program.ended() for program in programs]
                said = [program.errors() for program in programs]
            finally:
                for program in programs:
                    program.close()
            ends[min(codes), max(codes)] += 1
            assert sorted(map(bool, codes)) == [False, True], said
            assert codes[codes.index(max(codes))] in {1, 14, 15}, said
            assert here.holds(rivals[codes.index(0)])
    print(place.target, dict(ends))  # noqa: T201 - to be read with pytest -s


def test_killed_at_any_moment_the_same_command_goes_on(place: Place, publisher: Publisher) -> None:
    """Killed as soon as one more file is there: the entry, then others of those that follow."""
    here = place.below("killed")
    here.deploy(publisher)
    for number in range(2, 2 + ROUNDS):
        publisher.publish_note(f"edit {number}", NOW + number * SECOND)
        new = [tree.VERSION_ENTRY.path(number), tree.VERSION_PROOF.path(number), tree.REGISTER.path()]
        path = new[number % 3]
        data = publisher.snapshot().read(path)
        with started(*here.command(publisher), env=environment(**here.environment)) as program:
            wait_until(
                lambda path=path, data=data, program=program: (
                    httpx.get(here.public + path, timeout=PATIENCE).content == data
                    or program.code() is not None
                )
            )
            program.send(signal.SIGKILL)
            program.ended()
        here.deploy(publisher)
        assert here.holds(publisher)


def test_a_place_that_refuses_is_told_in_one_sentence(place: Place, publisher: Publisher) -> None:
    """Wrong credentials; for a folder, which has none, a file where it would be."""
    wrong = {"AWS_SECRET_ACCESS_KEY": "wrong", "AZURE_STORAGE_ACCOUNT_KEY": "d3Jvbmc="}
    said = "the credentials must permit" if place.environment else "then run the same command again"
    here = place.below("file/refused")
    if not place.environment:
        Path(place.target, "file").write_bytes(b"not a folder")
    done = run(*here.command(publisher), env=environment(**place.environment | wrong))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    assert said in done.stderr
    assert not any(secret in done.stderr for secret in wrong.values())
    if place.environment:
        nowhere = msgspec.structs.replace(place, target=f"{place.target}-that-is-not-there")
        done = run(*nowhere.command(publisher), env=environment(**place.environment))
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 2
        assert "NoSuchBucket" in done.stderr or "ContainerNotFound" in done.stderr


def test_the_guide_is_carried_out(place: Place, publisher: Publisher) -> None:
    """What docs/deploying.md says to type, with the test's own address in the place of the example's."""
    publisher.say("second")
    first = documented("docs/deploying.md", "sh", "deploy /srv/www/trust")
    script = documented("docs/deploying.md", "sh", "deploy s3://")
    scheme = place.target.partition("://")[0]
    lines = [line for line in script.splitlines() if f"{scheme}://" in line]
    here = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "REGISTER_STORE": str(publisher.store),
        "REGISTER_KEYS": str(publisher.keys),
        "REGISTER_BASE_URL": place.public,
        **place.environment,
    }
    script = "\n".join(lines).replace(" --endpoint https://s3.example.net", "") if lines else first
    done = run(
        "bash",
        *("-euo", "pipefail", "-c", script.replace("/srv/www/trust", place.target)),
        cwd=publisher.folder,
        env=environment(**here),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Verified from outside" in done.stdout
