"""Evidence of the version behind a piece of news, from the watcher's command to verify without network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from publishers import Publisher
from register_api.cli.main import cli
from register_api.sending.database import opened
from register_api.watch.schema import STEPS
from watched_host import watched_host
from watching import add_news, add_vendor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def office(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A register of two versions behind a host, and a watcher with news of its first."""
    monkeypatch.chdir(folder)
    publisher = Publisher(folder)
    publisher.publish()
    text = '[watch]\ndatabase = "watch.sqlite3"\nallow = ["127.0.0.1/32"]\n'
    (folder / "watch.toml").write_text(text, "utf-8")
    with watched_host() as host, opened("watch.sqlite3", STEPS) as database:
        host.trees["acme"] = publisher.store / "public"
        add_vendor(database, register=host.address("acme"))
        add_vendor(database, "beta", register=host.address("acme"), root_sha256="ab" * 32)
        add_news(database, "N1", version=1, change_id=None)
        add_news(database, "N2", version=None, change_id=None)
        add_news(database, "N3", "beta", version=1, change_id=None)
        yield folder


def call(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [*words])
    return done.exit_code, done.output


def evidence(news: str, file: str) -> tuple[int, str]:
    return call("watch", "evidence", news, "-o", file, "--settings", "watch.toml")


def test_the_version_behind_a_piece_of_news_verifies_without_network(office: Path) -> None:
    code, said = evidence("N1", "one.zip")
    assert (code, said) == (0, "Wrote one.zip: version 1; verify --offline reads it.\n")
    assert call("verify", "--offline", "one.zip")[0] == 0
    assert evidence("N1", "one.zip")[0] == 2


@pytest.mark.parametrize(("news", "code", "words"), [("N2", 1, "not about a version"), ("N9", 1, "unknown")])
def test_what_is_about_no_version_has_none(office: Path, news: str, code: int, words: str) -> None:
    found, said = evidence(news, "two.zip")
    assert found == code
    assert words in said
    assert not (office / "two.zip").exists()


def test_a_register_that_does_not_verify_leaves_no_file(office: Path) -> None:
    """The root is another than that of the contract."""
    code, said = evidence("N3", "three.zip")
    assert code == 12, said
    assert not (office / "three.zip").exists()
