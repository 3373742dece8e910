"""What earlier releases wrote is read by this one; what a later one wrote is refused in a sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

import kept_stores
from kept_stores import BEGUN, HOUR, KILLED
from memory_folder import memory_folder
from quick_disk import quick_disk
from register_api.errors import KeyStoreError, Malformed, RegisterError, StoreError, WitnessError
from register_api.publish import last_signed
from register_api.store import reader
from register_api.store.reader import current, open_snapshot, read_journal
from register_api.verify import state
from register_api.witness.witness import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from publishers import Publisher

CHANGELOG = Path(__file__).parents[3] / "CHANGELOG.md"
WITHOUT = "0.1.0"
"""The first release, whose format nobody had adopted when the format was changed."""

NEXT_DAY = BEGUN + 24 * HOUR


@pytest.fixture(params=list(kept_stores.archives()), ids=lambda path: path.name.removesuffix(".tar.xz"))
def kept(request: pytest.FixtureRequest) -> Iterator[Publisher]:
    """The folder of a publisher who used another release until yesterday."""
    with memory_folder() as folder, quick_disk():
        yield kept_stores.unpack(request.param, folder)


def test_something_is_kept_of_each_release() -> None:
    """A release without an archive would not be held to anything by the next one."""
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", CHANGELOG.read_text("utf-8"), re.MULTILINE)
    there = {path.name.removesuffix(".tar.xz") for path in kept_stores.archives()}
    assert there
    assert {*released} - {WITHOUT} <= there


def test_a_store_goes_on_where_another_release_left_it(kept: Publisher) -> None:
    """Its publisher was killed: this one finishes that, renews freshness, and publishes the next version."""
    assert kept_stores.names_under_way(kept.store)
    assert kept.snapshot().damaged() == []
    before = kept.registers()
    assert list(before) == list(range(1, KILLED + 1))
    kept.refresh(NEXT_DAY)
    assert kept_stores.names_under_way(kept.store) == []
    kept.publish_note("written by this release", NEXT_DAY + HOUR)
    report = kept.verify(kept.folder / "customer", NEXT_DAY + 2 * HOUR)
    assert report.exit_code == 0
    after = kept.registers()
    assert {number: after[number] for number in before} == before
    assert list(after) == [*before, KILLED + 1]
    assert kept.verify(now=NEXT_DAY + 2 * HOUR).exit_code == 0


def test_a_witness_remembers_what_it_has_signed(kept: Publisher) -> None:
    found = Record(kept.folder / "witness").load()
    assert found.verifier_key == kept_stores.WITNESS
    assert [cosigned.size for cosigned in found.logs.values()] == [KILLED - 1]


def by_a_newer_release(path: Path) -> None:
    """Write what a file says as the next format would."""
    data = path.read_bytes()
    raised = re.sub(rb'("format":"[a-z-]+/)1"', rb'\g<1>2"', data, count=1)
    assert raised != data
    path.write_bytes(raised)


def visible(kept: Publisher) -> Path:
    return reader.generation_folder(kept.store, current(kept.store) or 0)


READERS: dict[str, tuple[Callable[[Publisher], Path], Callable[[Publisher], object], type[RegisterError]]] = {
    "state": (
        lambda kept: visible(kept) / reader.STATE,
        lambda kept: open_snapshot(kept.store),
        StoreError,
    ),
    "journal": (
        lambda kept: visible(kept) / reader.JOURNAL,
        lambda kept: read_journal(kept.store, current(kept.store) or 0),
        StoreError,
    ),
    "signed": (
        lambda kept: kept.keys / last_signed.MEMORY_FILE,
        lambda kept: last_signed.read_memory(kept.keys),
        KeyStoreError,
    ),
    "customer": (
        lambda kept: kept.folder / "customer" / state.STATE_FILE,
        lambda kept: state.load(kept.folder / "customer"),
        Malformed,
    ),
    "witness": (
        lambda kept: kept.folder / "witness" / "state.json",
        lambda kept: Record(kept.folder / "witness").load(),
        WitnessError,
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_what_a_newer_release_wrote_is_refused_in_a_sentence(kept: Publisher, name: str) -> None:
    """It is not damage, so nothing says to bring a backup back."""
    path, read, kind = READERS[name]
    by_a_newer_release(path(kept))
    with pytest.raises(kind) as refused:
        read(kept)
    assert refused.type is kind
    assert "was written by a newer release" in refused.value.message
    assert refused.value.hint == "update register-api (docs/upgrading.md)"


def test_a_manifest_of_a_newer_release_is_refused_whatever_its_form(kept: Publisher) -> None:
    """The state beside it has its digest, so it is what that release wrote."""
    path = visible(kept) / reader.MANIFEST
    path.write_bytes(b'{"format":"sub-processor-register-manifest/2"}')
    said = visible(kept) / reader.STATE
    document = msgspec.json.decode(said.read_bytes())
    said.write_bytes(msgspec.json.encode({**document, "manifest_sha256": None}))
    with pytest.raises(StoreError, match="newer release") as refused:
        open_snapshot(kept.store)
    assert refused.type is StoreError


def test_publishing_over_a_newer_store_changes_nothing(kept: Publisher) -> None:
    by_a_newer_release(visible(kept) / reader.STATE)
    before = {path: path.read_bytes() for path in kept.store.rglob("*") if path.is_file()}
    with pytest.raises(StoreError, match="newer release"):
        kept.publish_note("written by this release", NEXT_DAY)
    assert {path: path.read_bytes() for path in kept.store.rglob("*") if path.is_file()} == before
