"""Evidence in the hands of someone who trusts no program of ours: the commands of its own README.txt."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from commands import bash, register_api

from evidence_packages import check_package, make_package, unpack
from memory_log import cosign, private_key
from memory_publisher import NOW, MemoryPublisher
from register_api.core.format import tree
from register_api.core.log.proofs import parse_proof
from register_api.verify.evidence.archive import README
from time_authority import Authority, authority
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
        and sum(line.endswith(": OK") for line in lines) == 3
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


def stamped_tree(size: int) -> dict[str, bytes]:
    """Return the tree with one stamp, of an authority whose certificate had expired the year after."""
    checkpoint = parse_proof(TREE[tree.VERSION_PROOF.path(size)]).checkpoint
    return {**TREE, tree.TIME_STAMP.path(size): brief().stamp_at(checkpoint, NOW)}


def brief() -> Authority:
    """Return an authority whose certificate is not good any more."""
    return authority("Brief", until=NOW + dt.timedelta(seconds=1))


def stamp_holds(done: Done) -> bool:
    """Tell whether the time was printed and openssl found the stamp good."""
    said = done.stdout + done.stderr
    return "Time stamp: " in done.stdout and "Verification: OK" in said


@pytest.mark.parametrize("size", [2, 7])
def test_the_commands_check_the_time_stamp(tmp_path: Path, size: int) -> None:
    """On the version's own checkpoint or on the newest, though the certificate has expired."""
    members = unpack(make_package(stamped_tree(size), 2))
    members["authority.pem"] = brief().root.read_bytes()
    done = by_hand(members, tmp_path)
    assert stamp_holds(done), done.stdout + done.stderr
    assert done.returncode == 0


def test_the_commands_check_the_time_stamp_below_lines_of_witnesses(tmp_path: Path) -> None:
    """They are cut away as the format says."""
    publisher = MemoryPublisher().publish().publish()
    plain = publisher.files[tree.CHECKPOINT.path()]
    publisher.files[tree.CHECKPOINT.path()] = cosign(plain, "witness.example", private_key(5), at=1)
    publisher.vouch()
    publisher.files[tree.TIME_STAMP.path(2)] = brief().stamp_at(plain, NOW)
    members = unpack(make_package(publisher.files, 1))
    members["authority.pem"] = brief().root.read_bytes()
    done = by_hand(members, tmp_path)
    assert stamp_holds(done), done.stdout + done.stderr


@pytest.mark.parametrize("what", ["the stamp", "the checkpoint", "the authority"])
def test_the_commands_find_a_stamp_that_does_not_fit(tmp_path: Path, what: str) -> None:
    """A stamp of another log, a changed checkpoint, another authority's root."""
    members = unpack(make_package(stamped_tree(2), 2))
    members["authority.pem"] = brief().root.read_bytes()
    proof = members[f"{OWN}/entry.tlog-proof"]
    members |= {
        "the stamp": {tree.TIME_STAMP.path(2): brief().stamp_at(b"another checkpoint", NOW)},
        "the checkpoint": {f"{OWN}/entry.tlog-proof": proof[:-4] + b"A=\n"},
        "the authority": {"authority.pem": authority("Other").root.read_bytes()},
    }[what]
    done = by_hand(members, tmp_path)
    assert not stamp_holds(done)
    assert done.returncode != 0


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
