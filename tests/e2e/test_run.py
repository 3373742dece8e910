"""`register-api run`, which is all that `make serve` does: publish once, refresh, serve, end cleanly."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import signal
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import programs
from memory_folder import memory_folder
from patience import PATIENCE, wait_until
from programs import REGISTER_API, Done, Program, below, environment, is_alive, started
from publishers import Publisher
from register_api.core.format import tree
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher
from register_api.verify.options import Options
from time_authority import authority, honest, serving
from tools import need

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """A source with one vendor; nothing is published yet."""
    with memory_folder() as folder:
        yield Publisher(folder)


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def command(publisher: Publisher, *more: str) -> list[str]:
    folders = {"--source": publisher.source, "--store": publisher.store, "--keys": publisher.keys}
    options = [text for option, folder in folders.items() for text in (option, str(folder))]
    return [*REGISTER_API, "run", *options, *more]


class Running:
    """A running `run` or `make serve`."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.base = f"http://127.0.0.1:{port}/"

    def get(self, path: str) -> bytes:
        """Ask for a path."""
        with urllib.request.urlopen(self.base + path, timeout=PATIENCE) as reply:
            return reply.read()

    def answers(self) -> bool:
        """Tell whether the service is ready."""
        assert self.program.code() is None, self.program.errors()
        try:
            return bool(self.get("readyz"))
        except (urllib.error.URLError, ConnectionError):
            return False

    def children(self) -> dict[int, list[str]]:
        """Return the command lines of all processes below this one, by process id."""
        return below(self.program.pid)

    def child(self, name: str) -> int:
        """Return the process id of the child that runs a subcommand."""
        (pid,) = [pid for pid, arguments in self.children().items() if name in arguments]
        return pid


@contextlib.contextmanager
def running(
    arguments: list[str], port: int, folder: Path | None = None, **variables: str
) -> Iterator[Running]:
    """Run until the block ends, from when it answers."""
    with started(*arguments, cwd=folder, env=environment(**variables)) as program:
        run = Running(program, port)
        wait_until(run.answers)
        yield run


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_run_publishes_and_serves_and_a_signal_ends_all_of_it(
    publisher: Publisher, number: signal.Signals
) -> None:
    port = free_port()
    with running(command(publisher, "--port", str(port)), port) as run:
        assert run.get(tree.REGISTER.path()) == publisher.snapshot().read(tree.REGISTER.path())
        assert publisher.verify().version == 1
        children = run.children()
        assert len(children) == 2
        assert run.program.end(number) == 0
        assert b"Published version 1" in run.program.output()
        assert "Traceback" not in run.program.errors()
        wait_until(lambda: not any(map(is_alive, children)))
    assert publisher.verify().exit_code == 0


def test_a_signal_while_the_first_version_is_published_ends_all_of_it(publisher: Publisher) -> None:
    """Nothing is served then, and what is published is whole or not there."""
    port = free_port()
    with started(*command(publisher, "--port", str(port))) as program:
        wait_until(lambda: below(program.pid))
        children = below(program.pid)
        assert program.end() == 0
        assert not any(map(is_alive, children))
    assert not (publisher.store / "current").exists() or publisher.verify().exit_code == 0


def test_the_second_run_makes_no_new_version_but_a_fresh_timestamp(publisher: Publisher) -> None:
    port = free_port()
    with running(command(publisher, "--port", str(port)), port) as run:
        assert run.program.end() == 0
    before = publisher.snapshot().read(tree.TIMESTAMP.path())
    publisher.say("an edit that nobody has published")
    with running(command(publisher, "--port", str(port)), port) as run:
        wait_until(lambda: run.get(tree.TIMESTAMP.path()) != before)
        assert run.program.end() == 0
    assert publisher.snapshot().state.version == 1


def test_port_and_host_come_from_the_environment(publisher: Publisher) -> None:
    port = free_port()
    with running(command(publisher), port, PORT=str(port), HOST="127.0.0.1") as run:
        assert run.get(tree.REGISTER.path())
        assert run.program.end() == 0


def test_a_publication_meanwhile_is_served_without_a_restart(publisher: Publisher) -> None:
    port = free_port()
    with running(command(publisher, "--port", str(port)), port) as run:
        state = publisher.snapshot().state
        publisher.publish_note("second", state.published_at.replace(year=state.published_at.year + 1))
        newest = publisher.snapshot().read(tree.REGISTER.path())
        wait_until(lambda: run.get(tree.REGISTER.path()) == newest)
        assert run.program.end() == 0


def test_the_process_that_serves_has_no_private_key_open(publisher: Publisher) -> None:
    """Nor does its command line name their folder."""
    port = free_port()
    with running(command(publisher, "--port", str(port)), port) as run:
        server = run.child("serve")
        assert not any(str(publisher.keys) in text for text in run.children()[server])
        opened = [os.readlink(path) for path in Path(f"/proc/{server}/fd").iterdir()]  # noqa: PTH115 - sockets
        assert not [path for path in opened if path.startswith(str(publisher.keys))]
        assert run.program.end() == 0


def test_a_server_that_dies_takes_the_rest_with_it(publisher: Publisher) -> None:
    """Whoever watches `run` sees its end, and no refresher stays behind."""
    port = free_port()
    with running(command(publisher, "--port", str(port)), port) as run:
        children = run.children()
        os.kill(run.child("serve"), signal.SIGKILL)
        assert run.program.ended() == 128 + signal.SIGKILL
        wait_until(lambda: not any(map(is_alive, children)))


def test_a_refresher_that_dies_is_told_and_another_goes_on(publisher: Publisher) -> None:
    """The service serves on, and freshness is renewed again; nobody else would notice for two days."""
    port = free_port()
    with running(command(publisher, "--port", str(port)), port) as run:
        first = run.child("refresh")
        wait_until(lambda: run.program.errors().count("fresh until") == 1)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: run.program.errors().count("fresh until") == 2)
        assert run.child("refresh") != first
        assert run.get(tree.REGISTER.path())
        assert run.program.end() == 0
        assert run.program.errors().count("the process that renews freshness has ended (-9)") == 1
        assert "Traceback" not in run.program.errors()
    assert publisher.verify().exit_code == 0


def test_how_long_a_timestamp_is_good_is_one_setting_for_all_of_a_run(
    publisher: Publisher, tmp_path: Path
) -> None:
    """It is published, told to customers, and kept by a timer that has the online key alone."""
    port = free_port()
    with running(command(publisher, "--port", str(port)), port, REGISTER_FRESH_FOR="7d") as run:
        wait_until(lambda: "fresh until" in run.program.errors())
        done = programs.run(*REGISTER_API, "verify", run.base)
        assert (done.returncode, "each renewal is good for 7 days" in done.stdout) == (0, True)
        assert run.program.end() == 0
    timer = tmp_path / "timer"
    timer.mkdir(mode=0o700)
    for name in ("online.pem", "published.json"):
        shutil.copy2(publisher.keys / name, timer)
    folders = ("--store", str(publisher.store), "--keys", str(timer))
    for arguments, code in (((), 0), (("--fresh-for", "30m"), 2), (("--fresh-for", "32d"), 2)):
        assert programs.run(*REGISTER_API, "refresh", *folders, *arguments).returncode == code
    lasts = lasting(publisher)
    assert lasts == dt.timedelta(days=7)
    assert programs.run(*REGISTER_API, "refresh", *folders, "--fresh-for", "1h").returncode == 0
    assert lasting(publisher) == dt.timedelta(hours=1)
    assert programs.run(*REGISTER_API, "status", "--store", str(publisher.store)).returncode == 0


def lasting(publisher: Publisher) -> dt.timedelta:
    """Return how long the timestamp in force is good."""
    signed = json.loads(publisher.snapshot().read(tree.TIMESTAMP.path()))["signed"]
    return dt.datetime.fromisoformat(signed["expires"]) - dt.datetime.fromisoformat(signed["signed_at"])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children of it")
def test_a_run_that_is_killed_leaves_no_process_behind(publisher: Publisher) -> None:
    """SIGKILL cannot be passed on; the system itself tells the children that their parent is gone."""
    port = free_port()
    with running(command(publisher, "--port", str(port)), port) as run:
        children = run.children()
        assert len(children) == 2
        run.program.end(signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, children)))


def ended_by_itself(publisher: Publisher, *more: str) -> Done:
    """Run what is expected to end without being told to."""
    return programs.run(*command(publisher, *more))


def test_a_run_with_a_time_authority_stamps_what_it_serves(publisher: Publisher) -> None:
    """The refresher asks; the stamp is served under its own type once it is there."""
    port = free_port()
    with honest() as asked:
        ask = ("--time-authority", asked.url, "--time-authority-certificate", str(authority().root))
        with running(command(publisher, "--port", str(port), *ask), port) as run:
            wait_until(lambda: tree.TIME_STAMP.path(1) in publisher.snapshot().manifest.files)
            data = publisher.snapshot().read(tree.TIME_STAMP.path(1))
            wait_until(
                lambda: run.get(tree.TIMESTAMP.path()) == publisher.snapshot().read(tree.TIMESTAMP.path())
            )
            wait_until(lambda: served(run, tree.TIME_STAMP.path(1)) == data)
            assert run.program.end() == 0
    assert len(asked.queries) == 1
    options = Options(wait=0, stamped_by=authority().anchors)
    fetcher = FolderFetcher(publisher.store / "public")
    assert verify("folder", options, dt.datetime.now(dt.UTC), fetcher=fetcher).report.exit_code == 0


def served(run: Running, path: str) -> bytes | None:
    """Return what is served at a path that may not be there yet."""
    try:
        return run.get(path)
    except urllib.error.HTTPError as error:
        error.close()
        return None


def test_an_authority_that_hangs_keeps_nobody_from_serving(publisher: Publisher) -> None:
    """The first version is there at once."""
    port = free_port()
    with (
        serving(lambda _: None) as asked,
        running(command(publisher, "--port", str(port), "--time-authority", asked.url), port) as run,
    ):
        wait_until(lambda: asked.queries)
        assert run.get(tree.REGISTER.path()) == publisher.snapshot().read(tree.REGISTER.path())
        asked.stopped.set()
        assert run.program.end() == 0


def test_an_address_of_an_authority_that_is_none_starts_nothing(publisher: Publisher) -> None:
    """Else nothing would renew freshness."""
    ended = ended_by_itself(publisher, "--port", "0", "--time-authority", "tsa.example.com")
    assert ended.returncode == 2
    assert "is not an address that begins with https://" in ended.stderr
    assert not publisher.store.exists()


def test_a_port_that_is_taken_is_told_and_ends_the_run(publisher: Publisher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = ended_by_itself(publisher, "--port", str(port))
    assert ended.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in ended.stderr


def test_a_refused_source_starts_nothing(publisher: Publisher) -> None:
    publisher.say("first", time_zone="Mars/Olympus")
    ended = ended_by_itself(publisher, "--port", "0")
    assert ended.returncode == 1
    assert "error R05" in ended.stderr
    assert not publisher.store.exists()


MODULES = "import register_api.serve.app, register_api.serve.server, sys; print(*sys.modules)"


def test_what_serves_has_loaded_nothing_that_can_sign() -> None:
    """Neither the publisher's half nor a library of signing; nor the customer's half."""
    loaded = programs.output_of(sys.executable, "-c", MODULES).decode().split()
    assert "register_api.serve.app" in loaded
    never = (
        "register_api.publish",
        "register_api.verify",
        "register_api.cli",
        "tuf",
        "securesystemslib",
        "signxml",
        "rfc3161_client",
    )
    assert not [name for name in loaded if name.startswith(never)]


def test_make_serve_ends_cleanly(tmp_path: Path) -> None:
    """In a copy of the project with its environment: SIGTERM to make ends all of it."""
    make = need("make")
    _copy_project(tmp_path)
    port = free_port()
    with running([make, "serve"], port, tmp_path, PORT=str(port), MAKEFLAGS="", MAKELEVEL="0") as run:
        assert run.get(tree.REGISTER.path())
        children = run.children()
        run.program.end()
        wait_until(lambda: not any(map(is_alive, children)))
    assert (tmp_path / "keys/1.root.json").exists()
    assert (tmp_path / "var/store/public/v1/register.json").exists()


def _copy_project(folder: Path) -> None:
    """Copy what `make serve` needs, with the environment as already made."""
    for name in ("Makefile", "pyproject.toml", "requirements", "register"):
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy2(source, folder / name)
    binaries = folder / ".venv/bin"
    binaries.mkdir(parents=True)
    (binaries / "python").symlink_to(sys.executable)
    shutil.copy2(Path(sys.executable).with_name("register-api"), binaries)
    (folder / ".venv/.made-serve").touch()
