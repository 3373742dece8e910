"""Keys in a PKCS#11 token through the whole program: publishing, rotating, signing a root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from commands import register_api
from test_key_life import Company, circle, sign, signing

from memory_folder import memory_folder
from programs import output_of
from quick_disk import quick_disk
from register_api.core.format import tree
from register_api.publish.signing.signer import Ed25519Signer, load
from softhsm import PIN, SoftHsm
from tools import need
from verify_outcome import failed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["circle"]  # a fixture

ROLES = ["document", "log", "targets", "online", "root-1"]


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    """A token called Office, and another called Alice."""
    made = SoftHsm(tmp_path, monkeypatch)
    made.add("Office")
    made.add("Alice")
    return made


@pytest.fixture
def company(hsm: SoftHsm) -> Iterator[Company]:
    """Two versions are published with every Ed25519 key in the token, and one customer remembers them."""
    with memory_folder() as folder, quick_disk():
        made = Company(folder)
        for role in ROLES:
            uri = f"pkcs11:token=Office;object={role}"
            made.done("keys", "new", made.keys / f"{role}.pem", "--token", uri)
        made.version(1)
        made.version(2)
        yield made


def test_what_is_published_with_keys_in_a_token_is_good(company: Company) -> None:
    """For our customers, and for openssl; only the feed key is in a file."""
    company.holds_for_all()
    company.done("refresh")
    company.holds_for_all()
    public = company.store / "public"
    document = public / tree.REGISTER.path()
    published = public / tree.PUBLIC_KEY.path(company.keys_of("document")[0][0])
    signature = document.with_name(f"{document.name}.sig")
    command = (need("openssl"), "pkeyutl", "-verify", "-pubin", "-inkey", published, "-rawin")
    output_of(*command, "-in", document, "-sigfile", signature)
    inside = {path.name for path in company.keys.glob("*.pem") if "PRIVATE" in path.read_text()}
    assert inside == {"feed.pem"}
    assert [path.name for path in company.keys.glob("*.pub")] == ["root-1.pub"]


def test_the_installed_command_publishes_with_a_token(company: Company, hsm: SoftHsm) -> None:
    """A process of its own, without a terminal: by the PIN file, or nothing is published."""
    folders = ("--source", company.source, "--store", company.store, "--keys", company.keys)
    company.say("version 3")
    before = company.snapshot().generation
    right = hsm.pin_file.read_text()
    hsm.pin_file.write_text(f"{PIN}-wrong\n")
    refused = register_api("publish", *folders)
    assert refused.returncode == 1
    assert "does not take this PIN" in refused.stderr
    assert "tries are limited" in refused.stderr
    assert company.snapshot().generation == before
    hsm.pin_file.write_text(right)
    done = register_api("publish", *folders)
    assert done.returncode == 0, done.stderr
    assert PIN not in refused.stdout + refused.stderr + done.stdout + done.stderr
    company.holds_for_all()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("place", ["token", "file"])
def test_a_key_in_a_token_is_followed_by_one_that_was_made_for_it(
    company: Company, role: str, place: str
) -> None:
    """In the token or in a file, whatever was made; otherwise it is refused. Customers follow."""
    company.holds_for_all()
    refused = company.run("keys", "rotate", role)
    assert (refused.exit_code, "is in a token" in refused.output) == (2, True)
    uri = ("--token", f"pkcs11:token=Office;object={role}-2") if place == "token" else ()
    company.done("keys", "new", company.keys / f"{role}.next.pem", *uri)
    company.done("keys", "rotate", role, "--reason", "compromised")
    assert (company.keys / f"{role}.pem").read_text().startswith("pkcs11:") == (place == "token")
    assert [path.read_text() for path in company.keys.glob(f"{role}-*.pem.old")] == [
        f"pkcs11:token=Office;object={role}\n"
    ]
    company.holds_for_all()
    company.version(3)
    company.done("refresh")
    company.holds_for_all()


def test_a_token_that_is_lost_is_replaced_by_a_key_in_a_file(company: Company) -> None:
    """Without the file that names it, the role is rotated as any lost key is."""
    (company.keys / "document.pem").unlink()
    company.done("keys", "rotate", "document", "--reason", "lost")
    company.version(3)
    company.holds_for_all()


def test_a_root_is_signed_with_a_key_in_a_token(circle: Company, hsm: SoftHsm) -> None:
    """Beside one that is signed with a file; the machine needs the token, not the store."""
    draft, alice = circle.folder / "draft.json", circle.folder / "alice"
    circle.done("keys", "new", alice / "root-4.pem", "--token", "pkcs11:token=Alice;object=root-4")
    gone = circle.folder / "alice/root-1.pem"
    leaving = ("--remove-root", _kid(circle, gone), "--add-root", alice / "root-4.pub")
    circle.done("keys", "new-root", *leaving, "-o", draft)
    gone.unlink()
    sign(circle, "alice", 4)
    sign(circle, "bob", 2)
    sign(circle, "carol", 3)
    circle.done("keys", "publish-root", draft)
    circle.holds_for_all()
    circle.done("keys", "new-root", "-o", draft)
    sign(circle, "alice", 4)
    sign(circle, "bob", 2)
    circle.done("keys", "publish-root", draft)
    circle.holds_for_all()


def test_nobody_signs_from_a_token_with_two_root_keys(circle: Company, hsm: SoftHsm) -> None:
    """One person holds all that is in it, whatever their files are called."""
    draft, folder = circle.folder / "draft.json", circle.folder
    for name, number in (("dora", 4), ("erik", 5)):
        uri = f"pkcs11:token=Alice;object=root-{number}"
        circle.done("keys", "new", folder / name / f"root-{number}.pem", "--token", uri)
    joining = ("--add-root", folder / "dora/root-4.pub", "--add-root", folder / "erik/root-5.pub")
    circle.done("keys", "new-root", *joining, "-o", draft)
    refused = circle.run(*signing(draft, folder / "dora/root-4.pem"), "--yes")
    assert (refused.exit_code, "a second root key" in refused.output) == (1, True)
    assert failed(circle.check()) == {}


def _kid(company: Company, path: Path) -> str:
    """Return the thumbprint of a key file's key, as the program says it."""
    return f"root-{load(path, Ed25519Signer).kid}"
