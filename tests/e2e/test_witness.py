"""Publisher, witness and customer as the programs they are: from `witness init` to `verify --policy`."""

from __future__ import annotations

import contextlib
import json
import signal
from typing import TYPE_CHECKING

import pytest
from commands import BIN, publish, register_api
from sources import copy_register, edit

from memory_folder import memory_folder
from programs import Done, started
from register_api.core.format import tree
from register_api.core.log.note import has_further_lines
from register_api.publish.cosigning import read_head
from register_api.store.reader import open_snapshot
from sumdb_judge import judge
from witnesses import Answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Scene:
    """A publisher with one version, a partner with a witness, and a policy that names it.

    Attributes:
        log: Verifier key of the log.
        witness: Verifier key of the witness.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source, self.store, self.keys = copy_register(folder), folder / "store", folder / "keys"
        self.public = self.store / "public"
        self.policy = folder / "witnesses.policy"
        assert publish(self.source, self.store, self.keys).returncode == 0
        keys = json.loads((self.public / tree.KEYS.path()).read_bytes())["keys"]
        self.log = next(key["note_key"] for key in keys if key["use"] == "log")
        self.state = folder / "witness"
        made = register_api("witness", "init", *self.of_witness, "--name", "witness.example/w1")
        assert made.returncode == 0, made.stderr
        self.witness = made.stdout.strip()

    @property
    def of_witness(self) -> tuple[str | Path, ...]:
        """The options of a witness's commands."""
        return "--state", self.state, "--key", self.state / "key.pem"

    def write_policy(self, url: str, *more: str) -> None:
        """Name the witness and where it is; further lines come before the quorum."""
        lines = (f"log {self.log}", f"witness partner {self.witness} {url}", *more, "quorum partner")
        self.policy.write_text("".join(f"{line}\n" for line in lines), "utf-8")

    def refresh(self) -> Done:
        """Refresh, and ask the witnesses."""
        return register_api("refresh", "--store", self.store, "--keys", self.keys, "--policy", self.policy)

    def verify(self, *options: str | Path) -> Done:
        """Verify where the register lies, as a customer with the policy."""
        return register_api("verify", self.base, "--policy", self.policy, *options)

    @contextlib.contextmanager
    def host(self) -> Iterator[None]:
        """Serve the published tree."""
        with _started("serve", "--store", self.store, "--port", "0") as url:
            self.base = url
            yield

    @contextlib.contextmanager
    def partner(self) -> Iterator[None]:
        """Run the witness, and let the policy name its address."""
        with _started("witness", "serve", *self.of_witness, "--log", self.log, "--port", "0") as url:
            self.write_policy(url)
            yield


@contextlib.contextmanager
def _started(*arguments: str | Path) -> Iterator[str]:
    """Run a service until the block ends, when it has to end well; yields the address that it prints."""
    with started(BIN / "register-api", *arguments) as program:
        yield program.first_line()
        assert program.end() == 0
        errors = program.errors().splitlines()
    assert [line for line in errors if '"level": "info"' not in line] == []


@pytest.fixture
def scene() -> Iterator[Scene]:
    """The three, with nothing running yet."""
    with memory_folder() as folder:
        yield Scene(folder)


def test_from_a_publication_to_a_customer_who_asks_for_the_witness(scene: Scene) -> None:
    """17 without the witness's line, 0 with it; a further version begins anew; all of it ends cleanly."""
    with scene.host(), scene.partner():
        before = scene.verify()
        assert before.returncode == 17
        assert "missing: partner (witness.example/w1)" in before.stdout
        refreshed = scene.refresh()
        assert refreshed.returncode == 0
        assert "Witness partner (witness.example/w1): cosigned at " in refreshed.stderr
        assert "the quorum partner is met" in refreshed.stderr
    with scene.host():  # reads the store at its start
        after = scene.verify()
        assert after.returncode == 0, after.stdout
        assert "witness.example/w1 at 2" in after.stdout
        assert register_api("verify", scene.base).returncode == 0
        package = scene.folder / "evidence.zip"
        made = register_api("evidence", scene.base, "--version", "1", "-o", package, "--policy", scene.policy)
        assert made.returncode == 0, made.stdout
    offline = register_api("verify", "--offline", package, "--policy", scene.policy)
    assert offline.returncode == 0, offline.stdout
    status = register_api("status", "--store", scene.store, "--policy", scene.policy, "--json")
    told = json.loads(status.stdout)["witnesses"]
    assert (status.returncode, told["quorum_met"], told["missing"]) == (0, True, [])
    edit(
        scene.source / "register.toml",
        'website = "https://salesynq.com"',
        'website = "https://salesynq.com/x"',
    )
    with scene.partner():
        more = publish(scene.source, scene.store, scene.keys, "--policy", str(scene.policy))
        assert (more.returncode, "the quorum partner is met" in more.stderr) == (0, True), more.stderr
    seen = json.loads(register_api("witness", "status", "--state", scene.state, "--json").stdout)
    assert [log["size"] for log in seen["logs"]] == [2]


def test_a_witness_that_is_away_or_lies_stops_nothing(scene: Scene) -> None:
    """A line on stderr for each, exit code 0, and status says what is missing, with exit code 1."""
    scene.write_policy("http://127.0.0.1:1/")
    refreshed = scene.refresh()
    assert refreshed.returncode == 0
    assert "Witness partner (witness.example/w1): cannot be reached" in refreshed.stderr
    with Answering(lambda _: (200, {}, b"\x1b[2Jsigned!\n")) as liar:
        scene.write_policy(liar.url)
        refreshed = scene.refresh()
    assert refreshed.returncode == 0
    assert "something else than signature lines" in refreshed.stderr
    assert "signed!" not in refreshed.stderr
    status = register_api("status", "--store", scene.store, "--policy", scene.policy)
    assert status.returncode == 1
    assert "0 of 1 have cosigned  quorum NOT met" in status.stdout
    assert "witness.example/w1 is missing (partner)" in status.stdout


def test_an_independent_judge_accepts_what_the_witness_signed(scene: Scene, tmp_path: Path) -> None:
    """Go's note package with a verifier of this kind; it refuses another signature."""
    with scene.partner():
        assert scene.refresh().returncode == 0
    snapshot = open_snapshot(scene.store)
    assert snapshot is not None
    data = snapshot.read(tree.CHECKPOINT.path())
    assert has_further_lines(data, read_head(snapshot).vouched)
    (tmp_path / "checkpoint").write_bytes(data)
    asked = ("cosigned", "-key", scene.log, "-witness", scene.witness, "-checkpoint")
    verdict = judge(*asked, tmp_path / "checkpoint")
    assert verdict.stdout.startswith("ok: size 1 root "), verdict.stderr
    other = b"B" if data[-20:-19] == b"A" else b"A"
    (tmp_path / "changed").write_bytes(data[:-20] + other + data[-19:])
    assert judge(*asked, tmp_path / "changed").returncode == 1


def test_a_witness_killed_while_it_signs_goes_on_from_what_it_remembers(scene: Scene) -> None:
    """SIGKILL leaves a state that opens; the same size is signed again, an older one is not."""
    command = (BIN / "register-api", "witness", "serve", *scene.of_witness, "--log", scene.log, "--port", "0")
    with started(*command) as killed:
        scene.write_policy(killed.first_line())
        assert "the quorum partner is met" in scene.refresh().stderr
        killed.end(signal.SIGKILL)
    with scene.partner():
        assert scene.refresh().returncode == 0
    status = register_api("witness", "status", "--state", scene.state)
    assert ": size 1, root " in status.stdout
