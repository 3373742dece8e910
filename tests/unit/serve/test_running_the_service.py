"""The service as a process of its own: what it loads, how it starts and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from patience import PATIENCE
from programs import environment, output_of, started
from register_api.errors import UsageError
from register_api.serve.http.protocol import check_release
from register_api.serve.server import listen
from register_api.serve.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

_SERVE = (
    "import os; from register_api.serve import server, settings;"
    "server.serve(settings.read_settings(os.environ), lambda url: print(url, flush=True))"
)

_IMPORTED = (
    "import sys; from register_api.serve import server, settings;"
    "server.create_app(settings.Settings());"
    "print('\\n'.join(sys.modules))"
)


def test_the_role_that_signs_is_not_loaded() -> None:
    """Neither the publisher's code nor libraries that sign are in the process, whoever imports them."""
    loaded = set(output_of(sys.executable, "-c", _IMPORTED).decode().split())
    assert "register_api.serve.fast_path" in loaded
    forbidden = ("register_api.publish", "register_api.verify", "register_api.cli", "tuf", "securesystemslib")
    assert [name for name in loaded if name.startswith(forbidden)] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_in_order(three_versions: Path, number: signal.Signals) -> None:
    """It says where it listens, answers, logs its life in JSON lines, and ends with exit code 0."""
    settings = environment(REGISTER_STORE=str(three_versions), PORT="0")
    with started(sys.executable, "-W", "error", "-c", _SERVE, env=settings) as program:
        url = program.first_line()
        with httpx.Client(timeout=PATIENCE) as client:  # its connection is open, and idle, at the signal
            assert client.get(f"{url}v1/register.json").status_code == 200
            assert program.end(number) == 0
        events = [json.loads(line) for line in program.errors().splitlines()]
    assert [(line["event"].split(";")[0], line["level"]) for line in events] == [
        ("started", "info"),
        ("publication loaded", "info"),
        ("freshness has expired", "error"),
        ("stopped", "info"),
    ]
    assert (events[1]["version"], events[1]["generation"]) == (3, 3)


def test_an_address_in_use_is_a_sentence() -> None:
    """No traceback: the caller can choose another port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match=r"cannot listen on 127\.0\.0\.1"):
            listen(Settings(port=taken.getsockname()[1]))


def test_an_unknown_host_is_a_sentence() -> None:
    """The name of the host is in it."""
    with pytest.raises(UsageError, match=r"nowhere\.invalid"):
        listen(Settings(host="nowhere.invalid"))


@pytest.mark.parametrize(
    "settings",
    [
        {"host": "x" * 1000},
        {"host": "\udc80"},
        {"host": "a..b"},
        {"uds": "/" + "x" * 1000},
        {"uds": "a\0b"},
    ],
    ids=ascii,
)
def test_an_invalid_address_is_a_sentence(settings: dict[str, str]) -> None:
    """Whatever the resolver or the system calls it; of bounded length, and fit for a terminal."""
    with pytest.raises(UsageError, match="cannot listen on") as caught:
        listen(Settings(**settings))
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    ("version", "told"), [("0.38.0", False), ("0.54.0", False), ("0.99.1", True), ("1.0.0", True)]
)
def test_an_untested_release_of_uvicorn_is_logged(
    version: str, told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The bounds on clients build on what uvicorn does not promise to keep."""
    check_release(version)
    assert [record.__dict__["uvicorn"] for record in caplog.records] == [version] * told
