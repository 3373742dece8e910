"""Drafts of a trust root that somebody without a root key made up, brought to those who have one.

Mallory owns the machine that publishes, or the stick; what he wants is a signature. The holders know their
key, and what it signed last or the digest in a contract.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypeAlias

import pytest
from commands import register_api
from test_key_life import Company, circle, sign
from tuf.api.metadata import Metadata, Root

from memory_folder import memory_folder
from memory_log import private_key
from quick_disk import quick_disk
from register_api.core.canonical import digest
from register_api.publish.signing.signer import Ed25519Signer
from register_api.publish.trust.metadata import encode, metadata_path
from register_api.publish.trust.root import RootChange, known_file, make_root, next_root
from register_api.publish.trust.root_draft import RootDraft, new_draft, read_draft, write_draft

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Invention: TypeAlias = Callable[[list[Metadata[Root]]], RootDraft]

__all__ = ["circle"]  # a fixture

NOW = dt.datetime.now(dt.UTC)
MALLORY, HIS_TARGETS, HIS_ONLINE = (Ed25519Signer(private_key(number)) for number in (90, 91, 92))


def _text(root: Root, *signers: Ed25519Signer) -> bytes:
    metadata = Metadata(root)
    for signer in signers:
        signer.sign_metadata(metadata)
    return encode(metadata)


def _made_up(real: Root, *, members: int, threshold: int, mallory: bool) -> Root:
    """Return a root of the real holders' keys, or some of them, with Mallory's keys below it."""
    keys = [real.keys[keyid] for keyid in real.roles[Root.type].keyids][:members]
    return make_root(
        [*keys, *([MALLORY.tuf_key] if mallory else [])],
        threshold,
        targets=HIS_TARGETS.tuf_key,
        online=HIS_ONLINE.tuf_key,
        version=1,
        now=NOW,
    )


def _renewal(before: Root, *signers: Ed25519Signer) -> RootDraft:
    """Return a draft that renews a root, and nothing else, as its words say."""
    return new_draft([_text(before, *signers)], next_root(before, RootChange(), NOW))


def other_root_keys(chain: list[Metadata[Root]]) -> RootDraft:
    """Invent a first root in which Mallory is a holder, and one signature is enough."""
    return _renewal(_made_up(chain[0].signed, members=2, threshold=1, mallory=True))


def other_keys_below(chain: list[Metadata[Root]]) -> RootDraft:
    """Invent a first root with the real holders, but Mallory's targets and online keys."""
    return _renewal(_made_up(chain[0].signed, members=3, threshold=2, mallory=False))


def signed_by_mallory(chain: list[Metadata[Root]]) -> RootDraft:
    """Invent a first root in which Mallory is a holder, rightly signed by him."""
    return _renewal(_made_up(chain[0].signed, members=2, threshold=1, mallory=True), MALLORY)


def with_real_signatures(chain: list[Metadata[Root]]) -> RootDraft:
    """Put the signatures of the real first root below the invented one."""
    before = Metadata(_made_up(chain[0].signed, members=3, threshold=2, mallory=False), chain[0].signatures)
    return new_draft([encode(before)], next_root(before.signed, RootChange(), NOW))


def begun_anew(chain: list[Metadata[Root]]) -> RootDraft:
    """Show a first root, with nothing before it."""
    return new_draft([], _made_up(chain[0].signed, members=2, threshold=1, mallory=True))


def real_first_and_invented_second(chain: list[Metadata[Root]]) -> RootDraft:
    """Follow the real first root with an invented second that Mallory alone has signed."""
    second = next_root(chain[0].signed, RootChange(added=(MALLORY.tuf_key,), threshold=1), NOW)
    return new_draft([encode(chain[0]), _text(second, MALLORY)], next_root(second, RootChange(), NOW))


def without_the_newest(chain: list[Metadata[Root]]) -> RootDraft:
    """Follow the first root again, as if the second, which was published, had never been."""
    return new_draft([encode(chain[0])], next_root(chain[0].signed, RootChange(), NOW + dt.timedelta(days=1)))


INVENTED: dict[Invention, tuple[int, int, int]] = {
    other_root_keys: (16, 16, 16),
    other_keys_below: (16, 16, 16),
    with_real_signatures: (16, 16, 16),
    real_first_and_invented_second: (16, 16, 16),
    signed_by_mallory: (15, 12, 2),
    begun_anew: (15, 12, 2),
    without_the_newest: (15, 0, 2),
}
"""What ``sign-root`` ends with: where the key has signed the second root; where it has signed nothing, and
the holder has the digest in the contract; where there is neither. The contract names the first root alone: a
machine that has never seen the second cannot miss it, but what it signs is what it says."""

KNOWING = ("what the key signed", "the contract", "nothing")


@pytest.fixture
def renewed(circle: Company) -> Company:
    """The register has a second root, which Alice and Bob signed and Carol did not."""
    draft = circle.folder / "draft.json"
    circle.done("keys", "new-root", "-o", draft)
    sign(circle, "alice", 1)
    sign(circle, "bob", 2)
    circle.done("keys", "publish-root", draft)
    circle.holds_for_all()
    return circle


def chain_of(company: Company) -> list[Metadata[Root]]:
    """Return the two roots as published."""
    public = company.store / "public"
    texts = ((public / metadata_path(Root.type, number)).read_bytes() for number in (1, 2))
    return [Metadata[Root].from_bytes(text) for text in texts]


def contract(company: Company) -> str:
    """Return the digest of the first root."""
    return digest((company.store / "public" / metadata_path(Root.type, 1)).read_bytes())


@pytest.mark.parametrize("knowing", KNOWING)
@pytest.mark.parametrize("invent", INVENTED, ids=lambda invent: invent.__name__)
def test_an_invented_draft_gets_no_signature(renewed: Company, invent: Invention, knowing: str) -> None:
    """On a machine without network that knows its key, and one thing more or none."""
    draft, code = renewed.folder / "draft.json", INVENTED[invent][KNOWING.index(knowing)]
    invented = invent(chain_of(renewed))
    write_draft(draft, invented)
    key = renewed.folder / ("alice/root-1.pem" if knowing == KNOWING[0] else "carol/root-3.pem")
    words = ["--root-sha256", contract(renewed)] if knowing == KNOWING[1] else []
    before = {path: path.read_bytes() for path in key.parent.iterdir()}
    done = renewed.run("keys", "sign-root", draft, "--key", key, "--yes", *words)
    assert done.exit_code == code, done.output
    assert (read_draft(draft) == invented) == bool(code)
    assert ({path: path.read_bytes() for path in key.parent.iterdir()} == before) == bool(code)


@pytest.mark.parametrize("invent", INVENTED, ids=lambda invent: invent.__name__)
def test_an_invented_draft_is_not_published(renewed: Company, invent: Invention) -> None:
    """Even if both roots' holders had signed it: it does not start from what the store has."""
    draft = renewed.folder / "draft.json"
    write_draft(draft, invent(chain_of(renewed)))
    before = renewed.snapshot().generation
    assert renewed.run("keys", "publish-root", draft).exit_code in {1, 16}
    assert renewed.snapshot().generation == before


def test_the_first_signature_says_what_to_compare_and_how(circle: Company) -> None:
    """As a process of its own, for a key that joins: the digest in the contract, and the option."""
    carol, draft = circle.folder / "carol", circle.folder / "draft.json"
    circle.done("keys", "new", carol / "root-4.pem")
    circle.done("keys", "new-root", "--add-root", carol / "root-4.pub", "-o", draft)
    words = ("keys", "sign-root", str(draft), "--key", str(carol / "root-4.pem"), "--yes")
    (carol / "root-3.pem").unlink()
    refused = register_api(*words)
    assert refused.returncode == 2
    assert "with the SHA-256 of 1.root.json in your contracts" in refused.stderr
    assert "--root-sha256" in refused.stderr
    signed = register_api(*words, "--root-sha256", contract(circle).upper())
    assert (signed.returncode, signed.stderr) == (0, "")
    assert register_api(*words[:-1], "--yes").returncode == 1  # by what it keeps now; it has signed already


def test_all_that_came_since_a_key_last_signed_is_said(renewed: Company) -> None:
    """Carol signed the first root's draft or nothing; the second is in her words as well as the third."""
    draft = renewed.folder / "draft.json"
    renewed.done("keys", "new-root", "--rotate", "targets", "-o", draft)
    words = ("keys", "sign-root", draft, "--yes", "--root-sha256", contract(renewed))
    said = renewed.done(*words, "--key", renewed.folder / "carol/root-3.pem").output
    assert "Version 2 of the trust root" in said
    assert "published since the root that you know" in said
    assert said.count("JOINS: A NEW KEY") == said.count("LEAVES") == 1
    again = renewed.done(*words, "--key", renewed.folder / "alice/root-1.pem").output
    assert "Version 2 of the trust root" not in again


def test_a_lower_threshold_and_keys_that_nobody_knows_are_said_loudly(renewed: Company) -> None:
    """A draft that really follows the newest root, and gives the register away."""
    chain = chain_of(renewed)
    change = RootChange(
        added=(MALLORY.tuf_key,), threshold=1, targets=HIS_TARGETS.tuf_key, online=HIS_ONLINE.tuf_key
    )
    draft = new_draft([encode(root) for root in chain], next_root(chain[1].signed, change, NOW))
    write_draft(renewed.folder / "draft.json", draft)
    said = sign(renewed, "alice", 1).output
    assert "root: 1 of 4 have to sign  THRESHOLD LOWERED  (before: 2 of 3)" in said
    for role, signer in (("root", MALLORY), ("targets", HIS_TARGETS), ("online", HIS_ONLINE)):
        assert f"  {role}: + {signer.kid}  JOINS: A NEW KEY" in said


def test_every_key_of_the_online_roles_is_said(renewed: Company) -> None:
    """Snapshot and timestamp may each have a key of their own in what Mallory makes up."""
    chain = chain_of(renewed)
    root = next_root(chain[1].signed, RootChange(), NOW)
    root.add_key(HIS_ONLINE.tuf_key, "timestamp")
    write_draft(renewed.folder / "draft.json", new_draft([encode(each) for each in chain], root))
    said = sign(renewed, "alice", 1).output
    assert f"  online: + {HIS_ONLINE.kid}  JOINS: A NEW KEY" in said


def test_a_draft_that_was_given_up_is_forgotten_by_hand(circle: Company) -> None:
    """Alice has signed a second root that was never published; another one needs what she compares."""
    draft, key = circle.folder / "draft.json", circle.folder / "alice/root-1.pem"
    circle.done("keys", "new-root", "-o", draft)
    sign(circle, "alice", 1)
    circle.done("keys", "new-root", "--threshold", "3", "-o", draft)
    refused = circle.run("keys", "sign-root", draft, "--key", key, "--yes")
    assert (refused.exit_code, "given up before it was published" in refused.output) == (15, True)
    known_file(key).unlink()
    sign(circle, "alice", 1)


@pytest.mark.parametrize(("text", "mode"), [("{}", 0o600), ("[" * 10**5, 0o600), (None, 0o666)])
def test_what_a_key_has_signed_is_not_passed_over_when_it_cannot_be_read(
    renewed: Company, text: str | None, mode: int
) -> None:
    """Damaged, or open to others, who could have changed it: nothing is signed."""
    draft, key = renewed.folder / "draft.json", renewed.folder / "alice/root-1.pem"
    renewed.done("keys", "new-root", "-o", draft)
    before = draft.read_bytes()
    if text is not None:
        known_file(key).write_text(text)
    known_file(key).chmod(mode)
    words = ("keys", "sign-root", draft, "--key", key, "--yes", "--root-sha256", contract(renewed))
    assert renewed.run(*words).exit_code == 1
    assert draft.read_bytes() == before


def test_a_root_key_signs_no_other_roots_than_those_it_has_signed(tmp_path: Path) -> None:
    """One root key, beside a store that somebody has exchanged for one of his own."""
    with memory_folder() as folder, quick_disk():
        ours, other = Company(folder / "ours"), Company(folder / "other")
        for company in (ours, other):
            company.version(1)
        ours.done("keys", "rotate", "root-1")
        ours.done("keys", "rotate", "targets")
        public = ours.store / "public"
        theirs = known_file(other.keys / "root-1.pem").read_bytes()
        known_file(ours.keys / "root-1.pem").write_bytes(theirs)
        assert ours.run("keys", "rotate", "online").exit_code == 15
        assert not (public / metadata_path(Root.type, 4)).exists()


@pytest.mark.parametrize("said", ["", "[]", '{"chain": [], "root": "x"}', '{"chain": ["{}"], "root": "{}"}'])
def test_a_file_that_is_not_a_draft_is_called_so(circle: Company, said: str) -> None:
    """The store is not blamed for what somebody brought."""
    draft = circle.folder / "draft.json"
    draft.write_text(said)
    result = circle.invoke(
        ["keys", "sign-root", str(draft), "--key", str(circle.folder / "alice/root-1.pem")]
    )
    assert result.exit_code == 2
    assert "is not a draft of a trust root" in result.output
