"""A published register becomes a source again, entirely."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from imports import NOW, TABLE, Workspace, refusal

import sample_register
import strategies
from memory_folder import memory_folder
from register_api.core.canonical import decode
from register_api.core.format import tree
from register_api.core.model import Announced, PlannedChange, Register, SubprocessorSource
from register_api.core.timeline import plain, read_scope
from register_api.errors import UsageError
from register_api.importer.draft import import_files
from register_api.importer.register_file import RegisterDefaults, is_register, source_of
from register_api.importer.table import ImportOptions
from register_api.publish.pipeline import PublishRequest, publish_version
from register_api.publish.preparation import PublishOptions
from register_api.source.edit import write_files
from register_api.source.load import load
from register_api.store.reader import open_snapshot

LISTED = Announced(version=1, at=sample_register.FIRST)
ROOT = Path(__file__).parents[3]
SET = {
    "announced", "also_binding", "format", "format_minor", "version", "published_at", "previous", "recorded",
    "reason", "corrects", "order", "accepted_warnings",
}  # fmt: skip


def facts(document: Any, *, top: bool = True) -> Any:
    """Return what a publisher said: without what publishing sets and without null."""
    if isinstance(document, dict):
        return {
            key: facts(read_scope(value) if key == "products" else value, top=False)
            for key, value in document.items()
            if value is not None and not (key in SET and (top or key in {"announced", "also_binding"}))
        }
    return [facts(item, top=False) for item in document] if isinstance(document, list | tuple) else document


def with_plain_sets(vendor: SubprocessorSource) -> Any:
    """Return a vendor with what its planned changes set as publishing writes it."""

    def plainly(owner: Any) -> Any:
        kind = type(owner)
        planned = [
            msgspec.structs.replace(item, set=dict(sorted(plain(kind, item.set).items())))
            for item in owner.planned
        ]
        return msgspec.structs.replace(owner, planned=tuple(planned))

    uses = tuple(map(plainly, vendor.engagements))
    return msgspec.to_builtins(msgspec.structs.replace(plainly(vendor), engagements=uses))


def publish(source: Path, folder: Path) -> bytes:
    order = PublishRequest(
        source=source, store=folder / "store", keys=folder / "private", options=PublishOptions(now=NOW)
    )
    publish_version(order)
    snapshot = open_snapshot(folder / "store")
    assert snapshot is not None
    return snapshot.read(tree.REGISTER.path())


@settings(max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(register=strategies.registers())
def test_the_source_of_a_register_says_what_it_says(register: Register) -> None:
    with memory_folder() as folder:
        write_files(folder, source_of(register))
        loaded = load(folder / "register")
    draft = loaded.draft
    assert draft is not None, loaded.findings
    said = msgspec.to_builtins(draft.register) | {
        "subprocessors": [with_plain_sets(vendor) for vendor in draft.subprocessors]
    }
    there, here = facts(msgspec.to_builtins(register)), facts(said)
    for old, new in zip(there.get("subprocessors", ()), here.get("subprocessors", ()), strict=True):
        assert new == old
    assert here == there


def test_a_published_register_is_published_elsewhere_with_equal_facts(workspace: Workspace) -> None:
    source = workspace.folder / "original"
    shutil.copytree(ROOT / "register", source)
    there = publish(source, workspace.folder / "there")
    report = import_files(
        [workspace.put("register.json", there)],
        workspace.folder,
        ImportOptions(),
        RegisterDefaults(),
        now=NOW,
    )
    assert [f.message for f in report.findings if f.severity == "error"] == []
    again = publish(workspace.folder / "register", workspace.folder / "here")
    assert facts(msgspec.json.decode(again)) == facts(msgspec.json.decode(there))
    assert [vendor.id for vendor in decode(again, Register).subprocessors] == [
        item.id for item in report.vendors
    ]


def test_a_register_is_not_written_into_a_source_that_is_there(workspace: Workspace) -> None:
    workspace.draft(("list.md", TABLE))
    data = b'{"format": "sub-processor-register/1"}'
    with pytest.raises(UsageError, match="already exists"):
        workspace.draft(("register.json", data))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"format": "sub-processor-register/1"}', "not a valid register: Object missing required field"),
        (b'{"format": "sub-processor-register/9"}', "not a valid register"),
    ],
)
def test_a_damaged_register_is_refused(workspace: Workspace, data: bytes, told: str) -> None:
    assert is_register(data)
    assert told in refusal(lambda: workspace.draft(("register.json", data)))


@pytest.mark.parametrize("data", [b"", b"[]", b'{"format": 1}', b'{"vendors": []}', b"[" * 9999, b"\xff"])
def test_other_files_are_no_registers(data: bytes) -> None:
    assert not is_register(data)


@pytest.mark.parametrize("day", ["garbage", "2027-02-30", "2027-01-01\nx = 1", "[[[[", ""])
def test_what_a_planned_change_sets_may_be_anything(day: str) -> None:
    """A day that is not one is kept as text, which `check` then refuses; nothing else becomes of it."""
    register = sample_register.register()
    vendor = register.subprocessors[0]
    change = PlannedChange(
        id="later", effective_on=sample_register.TODAY, set={"starts_on": day}, announced=LISTED
    )
    use = msgspec.structs.replace(vendor.engagements[0], planned=(change,))
    vendor = msgspec.structs.replace(vendor, engagements=(use, *vendor.engagements[1:]))
    files = source_of(msgspec.structs.replace(register, subprocessors=(vendor,)))
    written = tomllib.loads(files[f"register/subprocessors/{vendor.id}.toml"])
    assert written["engagements"][0]["planned"][0]["set"] == {"starts_on": day}
