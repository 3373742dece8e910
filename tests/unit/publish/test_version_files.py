"""The fixed files of a version, and the feeds and lists that change with each."""

from __future__ import annotations

import json

import pytest

from examples import make_promises, make_register, make_vendor
from register_api.core import model
from register_api.core.canonical import Encoded, decode, digest, encode, encoded, parse
from register_api.core.diff import document
from register_api.core.documents import MAX_ENTRY_BYTES, Entry, KeyList, VersionList
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format.paths import FILES, kind_of
from register_api.core.patch import apply_patch
from register_api.errors import StoreError
from register_api.publish import version_files
from register_api.publish.version_files import VersionFiles, make_version_files, versions_document

KEYS = encoded(KeyList(register="example.com/sub-processors", keys=()))


def made(number: int = 1, previous: Encoded[model.Register] | None = None) -> VersionFiles:
    register = make_register(version=number)
    if previous is not None:
        before = model.Previous(version=previous.document.version, sha256=previous.sha256)
        register = make_register(make_vendor(), make_vendor("beta"), version=number, previous=before)
    return make_version_files(previous, register, make_promises(), KEYS)


def test_the_entry_names_register_diff_and_keys_with_digests_of_the_very_bytes() -> None:
    version = made()
    entry = decode(version.entry_bytes, Entry)
    names = [row.path.removeprefix("v1/versions/1/") for row in entry.files]
    assert names == ["diff.json", "keys.json", "register.json"]
    for row, data in zip(
        entry.files, (version.diff.data, version.keys.data, version.register.data), strict=True
    ):
        assert (row.sha256, row.size) == (digest(data), len(data))


def test_the_entry_names_what_the_table_of_files_says() -> None:
    entry = decode(made().entry_bytes, Entry)
    assert {kind_of(row.path) for row in entry.files} == {kind for kind in FILES if kind.in_entry}


def test_a_later_version_says_what_it_changed() -> None:
    first = made()
    second = made(2, first.register)
    assert second.diff.document.older is not None
    assert second.diff.document.older.sha256 == first.register.sha256
    assert [change.subprocessor for change in second.diff.document.changes] == ["beta"]
    assert first.diff.document.older is None


def test_an_entry_over_its_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later kinds of files may join an entry, but never beyond what readers take."""
    monkeypatch.setattr(version_files, "MAX_ENTRY_BYTES", 100)
    with pytest.raises(StoreError, match="more than 100"):
        made()
    assert MAX_ENTRY_BYTES == 4096


def written_by_another_release(version: VersionFiles) -> Encoded[model.Register]:
    """Return a version as a program would have stored it that knew no notes, but something else."""
    document = version.register.plain()
    document["later"] = {"unknown": [1]}
    for vendor in document["subprocessors"]:
        vendor["later"] = None
        for engagement in vendor["engagements"]:
            del engagement["notes"]
    data = encode(document)
    return Encoded(decode(data, model.Register), data)


def test_the_patch_begins_at_the_stored_bytes_whichever_release_wrote_them() -> None:
    """A vendor that no edit touches differs all the same: in fields that one of the releases lacks."""
    older = written_by_another_release(made())
    second = made(2, older)
    patch = second.diff.plain()["patch"]
    assert encode(apply_patch(parse(older.data), patch)) == second.register.data
    assert {"op": "add", "path": "/subprocessors/0/engagements/0/notes", "value": None} in patch
    assert {"op": "remove", "path": "/subprocessors/0/later"} in patch
    assert [change.subprocessor for change in second.diff.document.changes] == ["beta"]


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        ([], "does not lead to version 2"),
        ([{"op": "remove", "path": "/nowhere"}], "nowhere"),
        ([{"op": "add", "path": "", "value": {"version": 2}}], "does not lead to version 2"),
    ],
)
def test_a_diff_that_does_not_lead_to_the_new_version_is_never_signed(
    monkeypatch: pytest.MonkeyPatch, patch: list[dict[str, object]], reason: str
) -> None:
    """Once it is in the log it could not be mended."""
    first = made().register
    monkeypatch.setattr(document, "make_patch", lambda _older, _newer: patch)
    with pytest.raises(StoreError, match=reason):
        made(2, first)


def test_the_list_of_versions_grows_to_what_encoding_all_entries_would_give() -> None:
    entries = [made().entry_bytes]
    data = versions_document(None, entries[0], "example.com/sub-processors")
    before = made().register
    for number in (2, 3):
        version = made(number, before)
        before = version.register
        entries.append(version.entry_bytes)
        data = versions_document(data, version.entry_bytes, "example.com/sub-processors")
    listed = decode(data, VersionList)
    assert encode(listed) == data
    assert [encode(row) for row in listed.versions] == entries
    assert json.loads(data)["format"] == "sub-processor-register-versions/1"


def test_the_list_of_versions_keeps_what_a_later_release_wrote() -> None:
    data = parse(versions_document(None, made().entry_bytes, "example.com/sub-processors"))
    data["zz"] = "behind the last member that is known"
    data["format_minor"] += 1
    data["versions"][0]["later"] = None
    grown = parse(versions_document(encode(data), made().entry_bytes, "example.com/sub-processors"))
    assert (grown["zz"], grown["format_minor"]) == (data["zz"], FORMAT_MINOR + 1)
    assert grown["versions"] == [*data["versions"], parse(made().entry_bytes)]
