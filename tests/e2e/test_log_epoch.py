"""A thief of the log key poisons a witness for ever; a new epoch of the log, by the root keys, leads on.

Publisher, witness and customers are the programs they are, over real sockets.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import httpx
import pytest
from commands import BIN, publish, register_api
from sources import edit
from test_witness import Scene

from memory_folder import memory_folder
from memory_log import MemoryLog
from patience import PATIENCE
from programs import output_of, started
from register_api.core.format import tree
from register_api.core.log.tiles import entries_in_bundle
from register_api.publish.signing.key_file import read
from witnesses import submission

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from programs import Done


class Poisoned(Scene):
    """A scene whose witness has signed a head of the thief's."""

    edits = 0

    def again(self, *more: str) -> Done:
        """Publish one more version."""
        old, self.edits = self.edits, self.edits + 1
        website = "https://salesynq.com{}".format
        edit(
            self.source / "register.toml",
            f'website = "{website(f"/{old}" if old else "")}"',
            f'website = "{website(f"/{self.edits}")}"',
        )
        return publish(self.source, self.store, self.keys, *more)

    def steal_and_poison(self) -> None:
        """Post a head of three entries, two of them the thief's, signed with the stolen log key."""
        key = load_pem(self.keys / "log.pem")
        log = MemoryLog(origin=self.log.partition("+")[0], key=key)
        bundle = (self.public / "log/tile/entries/000.p/1").read_bytes()
        log.append(*entries_in_bundle(bundle, 1), b"forged", b"forged, too")
        with self.partner() as url:
            answer = httpx.post(f"{url}add-checkpoint", content=submission(log, 1, 3), timeout=PATIENCE)
        assert answer.status_code == 200, answer.text

    @contextlib.contextmanager
    def partner(self) -> Iterator[str]:
        """Run the witness for every key that the list has, as an operator who was told of each."""
        logs = [word for key in self.log_keys() for word in ("--log", key)]
        command = (BIN / "register-api", "witness", "serve", *self.of_witness, *logs, "--port", "0")
        with started(*command) as program:
            url = program.first_line()
            self.write_policy(url)
            yield url
            assert program.end() == 0

    def log_keys(self) -> list[str]:
        """Return the verifier keys of the log, oldest first."""
        listed = json.loads((self.public / tree.KEYS.path()).read_bytes())["keys"]
        return [key["note_key"] for key in listed if key["use"] == "log"]

    def write_policy(self, url: str, *more: str) -> None:
        """Accept the log under each of its keys."""
        logs = [f"log {key}" for key in self.log_keys()[1:]]
        super().write_policy(url, *logs, *more)

    def begin_epoch(self) -> None:
        """Do what docs/stolen-keys.md says."""
        folders = ("--store", self.store, "--keys", self.keys)
        draft = self.folder / "draft.json"
        begun = register_api("keys", "new-root", "--log-epoch", "Stolen on 3 June", "-o", draft, *folders)
        assert begun.returncode == 0, begun.stderr
        signed = register_api("keys", "sign-root", draft, "--key", self.keys / "root-1.pem", "--yes")
        assert "log: NEW EPOCH salesynq.com/sub-processors#2" in signed.stdout, signed.stderr
        assert "because: Stolen on 3 June" in signed.stdout
        copies = ("--source", self.source, "--public-keys", self.folder / "public")
        done = register_api("keys", "publish-root", draft, *folders, *copies)
        assert done.returncode == 0, done.stderr


def load_pem(path: Path):
    """Return a private key as its thief reads it."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    return load_pem_private_key(read(path).reveal(), None)


@pytest.fixture
def poisoned() -> Iterator[Poisoned]:
    """A customer has verified the first version with the witness's line; then the key is stolen."""
    with memory_folder() as folder:
        made = Poisoned(folder)
        with made.partner():
            assert made.refresh().returncode == 0
        with made.host():
            assert made.verify("--state", folder / "customer").returncode == 0
        made.steal_and_poison()
        yield made


def test_a_new_epoch_leads_on_where_witnesses_refuse_the_log(poisoned: Poisoned) -> None:
    """Another log key alone does not; then customers old and new are content, and packages of both epochs."""
    scene, customer = poisoned, poisoned.folder / "customer"
    with scene.partner():
        assert "cosigned at" not in scene.again("--policy", str(scene.policy)).stderr
    folders = ("--store", scene.store, "--keys", scene.keys, "--source", scene.source)
    rotated = ("keys", "rotate", "log", "--reason", "compromised", "--public-keys", scene.folder / "public")
    assert register_api(*rotated, *folders).returncode == 0
    with scene.partner():
        assert "cosigned at" not in scene.again("--policy", str(scene.policy)).stderr
    with scene.host():
        assert scene.verify("--state", customer).returncode == 17
    scene.begin_epoch()
    with scene.host():
        assert register_api("verify", scene.base).returncode == 0
    with scene.partner():
        published = scene.again("--policy", str(scene.policy))
        assert (published.returncode, "the quorum partner is met" in published.stderr) == (0, True)
        refreshed = scene.refresh()
        assert refreshed.returncode == 0, refreshed.stderr
    assert [key.partition("+")[0].partition("#")[2] for key in scene.log_keys()] == ["", "", "2"]
    with scene.host():
        for options in (("--state", customer), ("--state", customer, "--quick"), ("--history", "all")):
            done = scene.verify(*options)
            assert done.returncode == 0, done.stdout
        for version in ("1", "4"):
            package = scene.folder / f"{version}.zip"
            made = register_api("evidence", scene.base, "--version", version, "-o", package)
            assert made.returncode == 0, made.stdout
            offline = register_api("verify", "--offline", package)
            assert offline.returncode == 0, offline.stdout
    text = (scene.public / tree.CHECKPOINT.path()).read_text("utf-8")
    assert text.startswith("salesynq.com/sub-processors#2\n4\n")


def test_an_epoch_goes_on_from_the_newest_version_alone(poisoned: Poisoned) -> None:
    """A draft that was overtaken by a publication is refused, and what it would change is not changed."""
    scene, draft = poisoned, poisoned.folder / "draft.json"
    folders = ("--store", scene.store, "--keys", scene.keys)
    begin = ("keys", "new-root", "--log-epoch", "Stolen", "-o", draft, *folders)
    assert register_api(*begin).returncode == 0
    assert (
        register_api("keys", "sign-root", draft, "--key", scene.keys / "root-1.pem", "--yes").returncode == 0
    )
    assert scene.again().returncode == 0
    before = output_of("find", scene.public, "-type", "f", "-newer", draft)
    refused = register_api("keys", "publish-root", draft, *folders, "--source", scene.source)
    assert (refused.returncode, "begin a new draft" in refused.stderr) == (1, True)
    assert output_of("find", scene.public, "-type", "f", "-newer", draft) == before
    assert (
        register_api("keys", "new-root", "--first", "--log-epoch", "x", "-o", draft, *folders).returncode == 2
    )
    bad = ("keys", "new-root", "--log-epoch", "hidden \u200b", "-o", draft, *folders)
    assert register_api(*bad).returncode == 2
