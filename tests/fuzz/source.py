"""Targets: what the publisher edits, and what the store keeps for itself."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from examples import make_context
from fuzz.target import Target, documented
from memory_folder import memory_folder
from register_api.core.rules import check
from register_api.source.file import SourceFile, parse_source
from register_api.source.load import LoadedSource, load
from register_api.store.reader import Journal, Manifest, PublisherState, open_snapshot, read_document
from stores import make_store

EXAMPLE = Path(__file__).parents[2] / "register"
TOML = (
    b"[[engagements]]\n",
    b"[[engagements.locations]]\n",
    b"[extra]\n",
    b'"""',
    b"'''",
    b"=",
    b"{",
    b"}",
    b"[",
    b"]",
    b"1979-05-27T07:32:00Z",
    b"inf",
    b"nan",
    b"0x1",
    b"# ",
    b"\\u0000",
    b"\\U0010ffff",
    b".",
    b'id = "x"\n',
    b"a." * 40,
    b"starts_on = 2026-01-01\n",
    b"25:00:00",
    b"time_zone = 'UTC'\n",
)


@functools.cache
def _source() -> tuple[bytes, bytes]:
    """Return the example's head, shortened to name no vendor, and one vendor."""
    vendor = min((EXAMPLE / "subprocessors").glob("*.toml"), key=lambda path: path.stat().st_size)
    return (EXAMPLE / "register.toml").read_bytes(), vendor.read_bytes()


def _check_findings(data: bytes, findings: Any) -> None:
    for finding in findings:
        text = finding.file + finding.key + finding.message + finding.hint
        assert text.isprintable(), "a finding that cannot be printed"
        assert finding.line is None or 1 <= finding.line <= data.count(b"\n") + 1, "a line beyond the end"


def _check_file(data: bytes, file: SourceFile) -> None:
    assert (file.table is None) == bool(file.findings), "neither a table nor a finding"
    _check_findings(data, file.findings)


def _load(head: bytes, vendor: bytes) -> LoadedSource:
    """Load a source folder, and let every rule look at its draft."""
    with memory_folder() as folder:
        (folder / "subprocessors").mkdir()
        (folder / "register.toml").write_bytes(head)
        (folder / "subprocessors" / "acme.toml").write_bytes(vendor)
        loaded = load(folder)
    if loaded.draft is not None:
        tuple(check(loaded.draft, make_context()))
    return loaded


def _check_loaded(data: bytes, loaded: LoadedSource) -> None:
    failed = any(finding.severity == "error" for finding in loaded.findings)
    assert (loaded.draft is None) == failed, "neither a draft nor an error"
    own = [finding for finding in loaded.findings if finding.file.endswith(("register.toml", "acme.toml"))]
    longest = max(data, *_source(), key=lambda each: each.count(b"\n"))
    _check_findings(longest, own)


@functools.cache
def _store_documents() -> dict[str, bytes]:
    with memory_folder() as folder:
        snapshot = open_snapshot(make_store(folder / "store", 2))
        assert snapshot is not None
        generation = snapshot.store / "generations" / str(snapshot.generation)
        return {path.name: path.read_bytes() for path in generation.iterdir() if path.is_file()}


def _read_manifest(data: bytes) -> None:
    """Read a manifest and every one of its files."""
    with memory_folder() as folder:
        (folder / "manifest.json").write_bytes(data)
        manifest = read_document(folder / "manifest.json", Manifest)
    for path in manifest.files:
        assert manifest.files[path].size >= 0 or path, "no entry"


def _read_document(name: str, kind: type) -> Target:
    def read(data: bytes) -> Any:
        with memory_folder() as folder:
            (folder / name).write_bytes(data)
            return read_document(folder / name, kind)

    return Target(
        name=f"store's {name}",
        parse=read,
        refusals=documented(read_document),
        seeds=lambda: (_store_documents()[name],),
        json=True,
        cost=3,
    )


TARGETS = (
    Target(
        name="source file",
        parse=lambda data: parse_source("acme.toml", data),
        refusals=(),
        seeds=_source,
        tokens=TOML,
        check=_check_file,
        cost=3,
    ),
    Target(
        name="source, register.toml",
        parse=lambda data: _load(data, _source()[1]),
        refusals=(),
        seeds=lambda: _source()[:1],
        tokens=TOML,
        check=_check_loaded,
        cost=10,
    ),
    Target(
        name="source, a vendor",
        parse=lambda data: _load(_source()[0], data),
        refusals=(),
        seeds=lambda: _source()[1:],
        tokens=TOML,
        check=_check_loaded,
        cost=10,
    ),
    Target(
        name="store's manifest.json",
        parse=_read_manifest,
        refusals=documented(read_document),
        seeds=lambda: (_store_documents()["manifest.json"],),
        json=True,
        cost=5,
    ),
    _read_document("state.json", PublisherState),
    _read_document("journal.json", Journal),
)
