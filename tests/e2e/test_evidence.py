"""Evidence in the hands of someone who trusts no program of ours: the commands of its own README.txt."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from commands import bash, register_api

from evidence_packages import check_package, make_package, unpack
from memory_publisher import MemoryPublisher
from register_api.verify.evidence.archive import README
from tools import need

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from commands import Done
    from hosts import Site
    from publications import Publication

OWN = "v1/versions/2"


def rotated_tree() -> dict[str, bytes]:
    """Return a tree of seven versions, the document key rotated after the third."""
    publisher = MemoryPublisher().publish().publish().publish()
    publisher.rotate_document_key(60)
    return publisher.publish().publish().publish().publish().files


TREE = rotated_tree()
MEMBERS = unpack(make_package(TREE, 2))


def by_hand(members: Mapping[str, bytes], folder: Path) -> Done:
    """Unpack members into a folder and type every command that README.txt gives."""
    for program in ("bash", "openssl", "sha256sum", "base64"):
        need(program)
    for path, data in members.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    typed = [line[4:] for line in members[README].decode().splitlines() if line.startswith("    ")]
    return bash("set +eu +o pipefail\n" + "\n".join(typed), folder)


def holds(done: Done) -> bool:
    """Tell whether every step said what README.txt promises of a good package."""
    lines = done.stdout.splitlines()
    return (
        lines.count("Signature Verified Successfully") == 3
        and sum(line.endswith(": OK") for line in lines) == 2
        and "The log holds the entry." in lines
        and sum(line.endswith(".pem is listed") for line in lines) == 2
        and sum(len(line) == 64 for line in lines) == 1
        and lines[-1].endswith("  trust/1.root.json")
    )


@pytest.mark.parametrize("version", range(1, 8))
def test_the_commands_in_the_readme_hold_for_every_version(tmp_path: Path, version: int) -> None:
    """Every shape of an inclusion proof up to seven entries, before and after a rotation."""
    done = by_hand(unpack(make_package(TREE, version)), tmp_path)
    assert holds(done), done.stdout + done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    "path",
    [
        *(f"{OWN}/{name}" for name in ("register.json", "register.json.sig", "diff.json", "diff.json.sig")),
        f"{OWN}/entry.json",
        f"{OWN}/entry.tlog-proof",
        "v1/keys.json",
    ],
)
def test_the_commands_find_a_changed_byte(tmp_path: Path, path: str) -> None:
    """In what they look at, a letter in the middle is enough."""
    data = MEMBERS[path]
    middle = len(data) // 2
    other = b"B" if data[middle : middle + 1] == b"A" else b"A"
    assert not holds(by_hand({**MEMBERS, path: data[:middle] + other + data[middle + 1 :]}, tmp_path))


def test_evidence_over_http_holds_years_later(site: Site, publication: Publication, tmp_path: Path) -> None:
    """Kept from the service and from a static host; by hand and by the command."""
    root = tmp_path / "1.root.json"
    root.write_bytes(publication.files["trust/1.root.json"])
    file = tmp_path / "evidence.zip"
    written = register_api("evidence", site.base, "--version", "2", "-o", file, "--root", root)
    assert written.returncode == 0, written.stdout + written.stderr
    verified = register_api("verify", "--offline", file, "--root", root)
    assert verified.returncode == 0, verified.stdout
    members = unpack(file.read_bytes())
    assert b"published version 2 of its register" in members[README]
    assert b"\n- Acme" in members[README]
    (tmp_path / "unpacked").mkdir()
    done = by_hand(members, tmp_path / "unpacked")
    assert holds(done), done.stdout + done.stderr
    later = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=30 * 365)
    assert check_package(tmp_path, file.read_bytes(), now=later, root=root).exit_code == 0


def test_two_customers_compare_over_http(site: Site, publication: Publication, tmp_path: Path) -> None:
    """The checkpoint that came with a package against the one that is served, by address and by verify."""
    kept = tmp_path / "kept"
    kept.write_bytes(publication.files[f"{OWN}/entry.tlog-proof"].partition(b"\n\n")[2])
    compared = register_api("compare", site.base, kept)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    assert "\nOne history.\n" in compared.stdout
    verified = register_api("verify", site.base, "--history", "none", "--compare", kept)
    assert verified.returncode == 0, verified.stdout
    assert "ok           V27" in verified.stdout
