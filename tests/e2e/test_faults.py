"""What happens to a command from outside: a sentence and an exit code, and the same again completes.

Real programs. ``COMMANDS`` has what is called, ``MOUNTS`` and ``faulty.FAULTS`` have what happens to it, and
``TOLD`` what it says then: a further command is a row of the first and a table in the last.
"""

from __future__ import annotations

import datetime as dt
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from memory_folder import memory_folder
from namespaces import ROOT, run_mounted
from programs import Done, environment, run
from publishers import Publisher
from quick_disk import quick_disk
from register_api.store import reader
from register_api.store.reader import open_snapshot
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher
from register_api.verify.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BEGUN = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=2)
FAULTY = ROOT / "tests/faulty.py"
OK, FAILED, INTERRUPTED, EXPIRED_ROOT, CLOCK_BEHIND = 0, 1, 130, 16, 19


class Case(Publisher):
    """A publisher with one version, a customer who remembers it, and a mirror."""

    @property
    def mirror(self) -> Path:
        """A copy of what is public."""
        return self.folder / "mirror"


class Command(NamedTuple):
    """What is called, how it is brought about, and what has come of it when it is done.

    Attributes:
        words: The words of the command, after the program.
        before: Prepares the folders.
        versions: How many versions there are once it is done.
        shows: The folder below the publisher's in which customers find them.
    """

    words: Callable[[Case], list[str]]
    before: Callable[[Case], object]
    versions: int
    shows: str = "store/public"


def folders(case: Case) -> list[str]:
    return ["--store", str(case.store), "--keys", str(case.keys)]


def lose_the_store(case: Case) -> None:
    shutil.rmtree(case.store)


COMMANDS = {
    "publish": Command(
        lambda case: [
            "publish",
            *folders(case),
            "--source",
            str(case.source),
            "--public-keys",
            str(case.folder / "public"),
        ],
        lambda case: case.say("second"),
        2,
    ),
    "refresh": Command(lambda case: ["refresh", *folders(case)], lambda _: None, 1),
    "recover": Command(
        lambda case: ["recover", *folders(case), "--from", str(case.mirror)], lose_the_store, 1
    ),
    "deploy": Command(
        lambda case: ["deploy", str(case.folder / "site"), "--store", str(case.store), "--no-verify"],
        lambda case: (case.folder / "site").mkdir(),
        1,
        "site",
    ),
}

FULL = """
mkdir -p "$1/aside" "$1/$2"; mv "$1/$2" "$1/aside"; mkdir -p "$1/$2"
mount -t tmpfs -o size=100m none "$1/$2"; cp -a "$1/aside/$2/." "$1/$2"
head -c 200m /dev/zero > "$1/$2/filler" 2>/dev/null || true
truncate -s -$3 "$1/$2/filler"
"""
MADE_ROOM = """
rm "$1/$2/filler"
"""
KEPT = """
rm -rf "$1/aside"; cp -a "$1/$2" "$1/aside"; umount "$1/$2"; rm -rf "$1/$2"; mv "$1/aside" "$1/$2"
"""
READ_ONLY = """
mkdir -p "$1/$2"; mount --bind "$1/$2" "$1/$2"; mount -o remount,bind,ro "$1/$2"
"""
WRITABLE = """
umount "$1/$2"
"""


class Mount(NamedTuple):
    """A fault of a disk: how it begins, ends, and is put away; which folder it has."""

    begins: str
    ends: str
    folder: str
    after: str = ""
    free: str = "0"


MOUNTS = {
    "disk full": Mount(FULL, MADE_ROOM, "store", KEPT),
    "disk nearly full": Mount(FULL, MADE_ROOM, "store", KEPT, "60K"),
    "disk of keys full": Mount(FULL, MADE_ROOM, "private", KEPT),
    "store read-only": Mount(READ_ONLY, WRITABLE, "store"),
    "target full": Mount(FULL, MADE_ROOM, "site", KEPT, "60K"),
    "target read-only": Mount(READ_ONLY, WRITABLE, "site"),
    "keys read-only": Mount(READ_ONLY, WRITABLE, "private"),
    "source read-only": Mount(READ_ONLY, WRITABLE, "register"),
}

SPACE, RIGHT = "No space left on device", "Read-only file system"
TOLD: dict[str, dict[str, tuple[int, str]]] = {
    "publish": {
        "killed": (-signal.SIGKILL, ""),
        "terminated": (-signal.SIGTERM, "nothing was published"),
        "interrupted": (INTERRUPTED, "nothing was published"),
        "clock behind": (FAILED, ""),
        "clock ahead": (FAILED, ""),
        "disk nearly full": (FAILED, SPACE),
        "disk of keys full": (FAILED, SPACE),
        "store read-only": (FAILED, RIGHT),
        "keys read-only": (FAILED, RIGHT),
        "source read-only": (OK, "Published version 2"),
        "no network": (OK, "could not check whether"),
    },
    "refresh": {
        "killed": (-signal.SIGKILL, ""),
        "terminated": (-signal.SIGTERM, "is fresh until"),
        "clock behind": (FAILED, ""),
        "clock ahead": (FAILED, ""),
        "disk full": (FAILED, SPACE),
        "store read-only": (FAILED, RIGHT),
        "keys read-only": (FAILED, RIGHT),
        "no network": (OK, "could not check whether"),
    },
    "recover": {
        "killed": (-signal.SIGKILL, ""),
        "terminated": (-signal.SIGTERM, "the store is as it was"),
        "clock behind": (CLOCK_BEHIND, ""),
        "clock ahead": (EXPIRED_ROOT, "has expired"),
        "disk full": (FAILED, SPACE),
        "store read-only": (FAILED, RIGHT),
    },
    "deploy": {
        "killed": (-signal.SIGKILL, ""),
        "terminated": (-signal.SIGTERM, "the same command completes"),
        "target full": (FAILED, SPACE),
        "target read-only": (FAILED, RIGHT),
    },
}
CASES = [(command, fault) for command, faults in TOLD.items() for fault in faults]


@pytest.fixture(scope="module")
def first() -> Iterator[Path]:
    """The folder of a publisher with one version."""
    with memory_folder() as folder, quick_disk():
        publisher = Case(folder)
        publisher.publish(BEGUN)
        assert publisher.verify(folder / "customer").exit_code == 0
        shutil.copytree(publisher.store / reader.PUBLIC, publisher.mirror)
        yield folder


@pytest.fixture
def case(first: Path) -> Iterator[Case]:
    """A copy of it."""
    with memory_folder() as folder:
        yield Case(Path(shutil.copytree(first, folder / "copy", symlinks=True)))


def suffer(case: Case, fault: str, words: list[str]) -> Done:
    """Run the program while a fault is there, and after it once more, which has to go well."""
    if fault in MOUNTS:
        mount = MOUNTS[fault]
        call = f"{sys.executable} {FAULTY} none {' '.join(words)}"
        script = (
            f"{mount.begins}\ncode=0; {call} || code=$?\n{mount.ends}\n"
            f"{call} >/dev/null 2>&1 || code=again-$?\n{mount.after}\necho code=$code\n"
        )
        done = run_mounted(script, case.folder, mount.folder, mount.free)
        assert done.returncode == 0, done.stderr
        said, _, code = done.stdout.rpartition("code=")
        return Done((), int(code), said, done.stderr)
    env = environment(PYTHONPATH=f"{ROOT / 'src'}:{ROOT / 'tests'}", NO_COLOR="1")
    alone = ("unshare", "--net") if fault == "no network" else ()
    env["REGISTER_OFFLINE"] = "0" if fault == "no network" else "1"
    done = run(*alone, sys.executable, FAULTY, fault if not alone else "none", *words, env=env)
    again = run(sys.executable, FAULTY, "none", *words, env={**env, "REGISTER_OFFLINE": "1"})
    assert again.returncode == 0, again.stderr
    return done


@pytest.mark.parametrize(("command", "fault"), CASES, ids=[f"{command}-{fault}" for command, fault in CASES])
def test_it_is_told_in_a_sentence_and_the_same_command_completes(
    case: Case, command: str, fault: str
) -> None:
    """Of what customers have seen nothing is lost or different."""
    row = COMMANDS[command]
    row.before(case)
    before = open_snapshot(case.store)
    done = suffer(case, fault, row.words(case))
    code, sentence = TOLD[command][fault]
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert sentence in said
    assert ("interrupted; " in said) == (fault in {"terminated", "interrupted"})
    assert "Traceback" not in said
    assert code in (OK, -signal.SIGKILL) or len(done.stderr.splitlines()) <= 4, done.stderr
    after = case.snapshot()
    assert after.damaged() == []
    assert after.state.version == row.versions
    assert before is None or after.generation > before.generation or command == "deploy"
    shown, now = FolderFetcher(case.folder / row.shows), dt.datetime.now(dt.UTC).replace(microsecond=0)
    options = Options(wait=0, state=case.folder / "customer")
    assert verify("folder", options, now, fetcher=shown).report.exit_code == 0
