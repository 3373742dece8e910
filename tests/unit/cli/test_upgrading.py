"""The page on upgrading is carried out as it stands, over a store that another release has left behind."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_type_hints

import pytest
from click.testing import CliRunner

import kept_stores
from programs import output_of
from publishers import Publisher
from quick_disk import quick_disk
from register_api.cli.main import cli
from register_api.publish import last_signed
from register_api.store.reader import Journal, Manifest, PublisherState
from register_api.verify import state
from register_api.witness import witness
from static_host import static_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Clock

PAGE = (Path(__file__).parents[3] / "docs/upgrading.md").read_text("utf-8")
BEFORE, AFTER, CONFIGURE, BACK = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
NEWEST = max(kept_stores.archives())


class Operator(Publisher):
    """Someone who types what the page says where the commands look by themselves."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "var").mkdir()
        self.store = self.store.rename(folder / "var/store")
        self.keys = self.keys.rename(folder / "var/keys")

    def type(self, lines: str) -> None:
        """Carry out lines, each of which has to end well."""
        for line in lines.splitlines():
            program, *words = shlex.split(line)
            if program != "register-api":
                output_of("bash", "-c", line, cwd=self.folder)
                continue
            result = CliRunner().invoke(cli, words)
            assert result.exit_code == 0, f"{line}\n{result.output}"


@pytest.fixture
def operator(folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    """The day after another release was used for the last time."""
    monkeypatch.setenv("REGISTER_OFFLINE", "1")
    clock.instant = kept_stores.BEGUN + 24 * kept_stores.HOUR
    with quick_disk():
        kept_stores.unpack(NEWEST, folder)
        yield Operator(folder)


def test_an_upgrade_goes_as_the_page_says(operator: Operator, clock: Clock) -> None:
    """Customers who remember the release before accept what this one signs."""
    operator.type(BEFORE)
    operator.type(AFTER + CONFIGURE)
    assert (operator.folder / "register.conf").is_file()
    clock.pass_by(hours=1)
    assert operator.verify(operator.folder / "customer", clock.instant).exit_code == 0


def test_the_way_back_begins_with_what_is_public(operator: Operator, clock: Clock) -> None:
    """The store and what the keys remember are of a form that this release does not read."""
    operator.type("register-api refresh\n")
    hosted = operator.folder / "hosted"
    shutil.copytree(operator.store / "public", hosted)
    (operator.folder / "keys").mkdir()
    shutil.copy(hosted / "trust/1.root.json", operator.folder / "keys")
    for path in (operator.store / "current/state.json", operator.keys / last_signed.MEMORY_FILE):
        path.write_bytes(path.read_bytes().replace(b'/1"', b'/2"', 1))
    refused = CliRunner().invoke(cli, ["refresh"])
    assert refused.exit_code == 1
    assert "was written by a newer release" in refused.stderr
    with static_host(hosted) as base:
        operator.type(BACK.replace("https://trust.example.com", base))
    clock.pass_by(hours=1)
    operator.type("register-api refresh\n")
    assert operator.verify(operator.folder / "customer", clock.instant).exit_code == 0


def test_the_page_lists_the_form_of_each_file() -> None:
    said = set(re.findall(r"`(sub-processor-register-[a-z]+/\d+)`", PAGE))
    kinds = (Manifest, PublisherState, Journal, last_signed.KeyMemory)
    ours = {get_args(get_type_hints(kind)["format"])[0] for kind in kinds}
    assert said == ours | {state.FORMAT, witness.FORMAT}
