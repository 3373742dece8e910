"""evidence and verify --offline: one version kept, and verified without network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from evidence_packages import unpack
from register_api.core.canonical import digest
from register_api.verify.evidence.archive import README, make_archive

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Call, Clock

    from publishers import Publisher

FILE = "evidence.zip"


@pytest.fixture
def kept(published: Call, publisher: Publisher) -> Call:
    """A package of version 1 lies in the working folder."""
    result = published("evidence", str(publisher.store / "public"), "--version", "1", "-o", FILE)
    assert result.exit_code == 0, result.output
    return published


def test_what_was_written_is_printed(kept: Call, publisher: Publisher, folder: Path) -> None:
    """The file's digest, size and root of the log, and that the root was taken on trust."""
    result = kept("evidence", str(publisher.store / "public"), "--version", "1", "--output", "again.zip")
    data = (folder / FILE).read_bytes()
    assert (folder / "again.zip").read_bytes() == data
    for part in (digest(data), "log          size 1, root ", "TAKEN ON TRUST", "verify --offline again.zip"):
        assert part in result.stdout
    text = unpack(data)[README].decode()
    assert "Example published version 1 of its register of sub-processors" in text
    assert "\n- Acme Oy" in text


def test_a_package_is_verified_in_words_and_for_machines(kept: Call, clock: Clock, folder: Path) -> None:
    """Years later, and with the root from the contract."""
    clock.pass_by(days=9000)
    assert "Verified: " in kept("verify", "--offline", FILE).stdout
    root = digest(unpack((folder / FILE).read_bytes())["trust/1.root.json"])
    document = json.loads(kept("verify", "--offline", FILE, "--root-sha256", root, "--json").stdout)
    assert (document["exit_code"], document["version"]) == (0, 1)
    assert document["root"]["how"] == "digest"


def test_a_changed_package_ends_with_the_code_of_its_kind(kept: Call, folder: Path, clock: Clock) -> None:
    members = unpack((folder / FILE).read_bytes())
    members[README] = members[README].replace(b"Acme", b"Acne")
    (folder / "other.zip").write_bytes(make_archive(members, clock.instant))
    result = kept("verify", "--offline", "other.zip")
    assert result.exit_code == 12
    assert "NOT VERIFIED (forged" in result.stdout
    assert "try again" not in result.stdout
    (folder / "cut.zip").write_bytes((folder / FILE).read_bytes()[:-9])
    assert kept("verify", "--offline", "cut.zip").exit_code == 11


def test_what_is_served_wrongly_is_reported_and_nothing_is_written(
    published: Call, publisher: Publisher, folder: Path
) -> None:
    tree = publisher.store / "public"
    copy = folder / "copy"
    for path in (path for path in tree.rglob("*") if path.is_file()):
        target = copy / path.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (copy / "v1/versions/1/diff.json").write_bytes(b"{}")
    result = published("evidence", str(copy), "--version", "1", "-o", FILE)
    assert result.exit_code == 12
    assert "V16" in result.stdout
    assert not (folder / FILE).exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("evidence", "TREE", "--version", "1", "-o", FILE), "not overwritten"),
        (("evidence", "TREE", "--version", "2", "-o", "new.zip"), "version 2 not found"),
        (("evidence", "nowhere", "--version", "1", "-o", "new.zip"), "neither an address"),
        (("evidence", "TREE", "--version", "1", "-o", "none/new.zip"), "folder not found"),
        (("evidence", "TREE", "--version", "0", "-o", "new.zip"), "--version"),
        (("evidence", "TREE", "-o", "new.zip"), "--version"),
        (("verify", "--offline", "none.zip"), "cannot be read"),
        (("verify", "--offline", FILE, "--state", "state"), "--offline looks at one file alone"),
        (("verify", "--offline", FILE, "--root-sha256", "abc"), "64 hex digits"),
        (("verify", "TREE", "--offline", FILE), "either BASE or --offline"),
        (("verify",), "either BASE or --offline"),
    ],
)
def test_a_usage_error_names_its_reason(
    kept: Call, publisher: Publisher, arguments: tuple[str, ...], told: str
) -> None:
    tree = str(publisher.store / "public")
    result = kept(*(tree if word == "TREE" else word for word in arguments))
    assert result.exit_code == 2, result.output
    assert told in result.stderr
