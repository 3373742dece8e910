"""Settings come from a file, the environment and the command line, each documented and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from register_api.errors import UsageError
from register_api.serve.settings import (
    VARIABLES,
    Settings,
    metrics_address,
    read_settings,
)

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_variables_the_defaults_hold() -> None:
    """Empty variables count as not set."""
    assert read_settings({"PORT": "", "HOME": "/x", "REGISTER_SETTINGS": ""}) == Settings()


def test_every_variable_sets_its_field() -> None:
    """Values are read as the kind of their field."""
    found = read_settings(
        {"PORT": "0", "HOST": "::1", "REGISTER_STORE": "/s", "REGISTER_POLL_SECONDS": "2"}
        | {"REGISTER_LOG_REQUESTS": "true", "REGISTER_LOG_CLIENTS": "full"}
    )
    assert (found.port, found.host, str(found.store_path), found.poll_seconds) == (0, "::1", "/s", 2.0)
    assert (found.log_requests, found.log_clients) == (True, "full")


def test_every_setting_has_a_variable_and_every_number_keeps_its_bounds() -> None:
    """No setting can be given by a file alone."""
    assert sorted(VARIABLES.values()) == sorted(Settings.__struct_fields__)
    assert msgspec.convert(msgspec.to_builtins(Settings()), Settings) == Settings()


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "http"),
        ("REGISTER_POLL_SECONDS", "nan"),
        ("REGISTER_WORKERS", "0"),
        ("REGISTER_LOG_LEVEL", "loud"),
        ("REGISTER_LOG_REQUESTS", "perhaps"),
        ("PORT", "\udc80"),
        ("PORT", "[" * 5000),
    ],
)
def test_a_value_that_cannot_be_is_refused(variable: str, text: str) -> None:
    """The error names the variable."""
    with pytest.raises(UsageError, match=variable) as caught:
        read_settings({variable: text})
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 1000


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    """What none of them says keeps its default."""
    path = written(tmp_path, 'host = "a.example"\nport = 1\nworkers = 3\nlog_requests = true\n')
    found = read_settings({"PORT": "2", "HOST": "b.example"}, path, {"port": 3, "host": None})
    assert (found.host, found.port, found.workers, found.log_requests) == ("b.example", 3, 3, True)
    assert found.poll_seconds == Settings().poll_seconds


def test_a_variable_names_the_file_unless_the_command_line_does(tmp_path: Path) -> None:
    """Both ways read the same file form."""
    path = written(tmp_path, "port = 7\n")
    assert read_settings({"REGISTER_SETTINGS": str(path)}).port == 7
    assert read_settings({"REGISTER_SETTINGS": "/nowhere"}, path).port == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1", "unknown setting 'prot'"),
        ("[serve]\nport = 1", "unknown setting 'serve'"),
        ('port = "1"', "port = '1'"),
        ("port = 70000", "<= 65535"),
        ("port = ", "is not valid TOML"),
        ("port = 1\nport = 2", "is not valid TOML"),
        ("\ufeffport = 1", "is not valid TOML"),
        ("log_level = 'x'", "log_level"),
        ("# " + "x" * 70_000, "more than 65536 bytes"),
        ("port = " + "[" * 60_000, "is not valid TOML"),
        ('"' + "x" * 9_000 + '" = 1', "unknown setting 'xxx"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    """Never half of it: the error names the file and what is wrong in it."""
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read_settings({}, path)
    assert str(path) in caught.value.message
    assert words in caught.value.message
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    ("key", "near"), [("prot", "port"), ("keep-alive_seconds", "keep_alive_seconds"), ("Metrics", "metrics")]
)
def test_the_nearest_known_name_is_offered(tmp_path: Path, key: str, near: str) -> None:
    """A name that is like none gets the list of all."""
    with pytest.raises(UsageError) as caught:
        read_settings({}, written(tmp_path, f"{key} = 1"))
    assert caught.value.hint == f"did you mean {near}?"
    with pytest.raises(UsageError) as caught:
        read_settings({}, written(tmp_path, "zzzzzz = 1"))
    assert all(name in caught.value.hint for name in Settings.__struct_fields__)


@pytest.mark.parametrize("data", [b"\xff\xfe", None])
def test_an_unreadable_settings_file_is_a_sentence(tmp_path: Path, data: bytes | None) -> None:
    """Without a traceback."""
    path = tmp_path / "settings.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UsageError, match=r"settings\.toml"):
        read_settings({}, path)


@pytest.mark.parametrize(
    "given",
    [
        {"metrics": "9100"},
        {"metrics": "127.0.0.1:99999"},
        {"metrics": "::1:9100"},
        {"metrics": "127.0.0.1:9100", "workers": 2},
        {"root_path": "trust"},
        {"root_path": "/a/../b"},
        {"root_path": "/a//b"},
        {"root_path": "/a?b"},
        {"uds_mode": "rw"},
        {"uds_mode": "888"},
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(given: dict[str, object]) -> None:
    """Each with a sentence of its own."""
    with pytest.raises(UsageError):
        read_settings({}, None, given)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("off", None),
        ("127.0.0.1:9100", ("127.0.0.1", 9100)),
        ("[::1]:0", ("::1", 0)),
    ],
)
def test_an_address_for_metrics_is_read(text: str, address: tuple[str, int] | None) -> None:
    """IPv6 addresses stand in brackets, as in URLs."""
    assert metrics_address(Settings(metrics=text)) == address


@pytest.mark.parametrize(("text", "prefix"), [("/", ""), ("/trust", "/trust"), ("/a/b/", "/a/b")])
def test_a_root_path_is_a_prefix_without_its_last_slash(text: str, prefix: str) -> None:
    """So that it can stand before every path."""
    assert read_settings({"REGISTER_ROOT_PATH": text}).prefix == prefix
