"""Keys for their whole life: each documented procedure, step by step, as publisher and customers."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from click.testing import CliRunner
from commands import ROOT
from tuf.api.exceptions import BadVersionNumberError, DownloadHTTPError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp
from tuf.ngclient import FetcherInterface, Updater

from memory_folder import memory_folder
from programs import output_of
from publishers import Publisher
from quick_disk import quick_disk
from register_api import clock
from register_api.cli.main import cli
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.publish import key_transaction
from register_api.publish.signing.keyring import Keyring, sign_jws
from register_api.publish.signing.signer import Ed25519Signer, load
from register_api.publish.trust.metadata import metadata_path
from register_api.publish.trust.root import known_file, signed_sha256
from register_api.publish.trust.root_draft import read_draft
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher
from register_api.verify.options import Options
from verify_outcome import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from click.testing import Result

    from register_api.verify.report import Report

LIST_ROLES = ["document", "log", "feed"]


class Company(Publisher):
    """A publisher who works by the commands, and two customers: one who remembers, one who does not.

    Attributes:
        at: What the publisher's clock says; it began 20 hours ago, and goes forward with all that is done.
    """

    def __init__(self, folder: Path) -> None:
        """Begin at the first instant."""
        super().__init__(folder)
        self.at = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=20)

    def tick(self, step: dt.timedelta = dt.timedelta(seconds=1)) -> dt.datetime:
        """Return the next instant."""
        self.at += step
        return self.at

    def ticking(self) -> AbstractContextManager[object]:
        """Let the program read this clock."""
        return mock.patch.object(clock, "now", self.tick)

    def run(self, *words: str | Path) -> Result:
        """Call a command with the folders it takes."""
        folders = {"--store": self.store}
        command = words[1] if words[0] == "keys" else words[0]
        if command in {"publish", "refresh", "rotate", "end", "renew", "new-root", "publish-root"}:
            folders["--keys"] = self.keys
        if command in {"publish", "rotate", "end", "renew", "publish-root"}:
            folders |= {"--source": self.source, "--public-keys": self.folder / "public"}
        if command in {"new", "sign-root"}:
            folders = {}
        options = [word for option, folder in folders.items() for word in (option, str(folder))]
        return self.invoke([*map(str, words), *options])

    def invoke(self, words: list[str], typed: str = "") -> Result:
        """Call a command as it stands; it may end with any code, but not with a traceback."""
        with self.ticking():
            result = CliRunner().invoke(cli, words, input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    def done(self, *words: str | Path) -> Result:
        """Call a command that must succeed."""
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result

    def version(self, number: int) -> None:
        """Publish the version of that number, half an hour or so after the one before."""
        self.publish_note(f"version {number}", self.tick(dt.timedelta(minutes=30)))

    def check(self, *, state: bool = False, **options: object) -> Report:
        """Verify as a customer: from 1.root.json with all versions, or with what is remembered."""
        first = {"root": self.store / "public/trust/1.root.json", "history": "all"}
        given = {"state": self.folder / "remembered", "history": "new"} if state else first
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        fetcher = FolderFetcher(self.store / "public")
        return verify("folder", Options(wait=0, **{**given, **options}), now, fetcher=fetcher).report  # type: ignore[arg-type]

    def holds_for_all(self) -> None:
        """Both customers accept what is published, and the list of keys is what it says."""
        assert failed(self.check(state=True)) == {}
        assert failed(self.check()) == {}
        assert self.check(state=True).exit_code == 0

    def keys_of(self, use: str) -> list[tuple[str, int, int | None, str | None]]:
        """Return kid, range and reason of each key of a use as published."""
        document = json.loads((self.store / "public" / tree.KEYS.path()).read_bytes())
        return [
            (row["kid"], row["first_version"], row["last_version"], (row["ended"] or {}).get("reason"))
            for row in document["keys"]
            if row["use"] == use
        ]


@pytest.fixture
def company() -> Iterator[Company]:
    """Two versions are published, and one customer remembers them."""
    with memory_folder() as folder, quick_disk():
        made = Company(folder)
        made.version(1)
        made.version(2)
        made.holds_for_all()
        yield made


@pytest.mark.parametrize("role", LIST_ROLES)
def test_a_rotated_key_signs_from_the_next_version_on(company: Company, role: str) -> None:
    """At once the list says so, customers accept it before and after the next version."""
    old = company.keys_of(role)[0][0]
    result = company.done("keys", "rotate", role)
    assert "from version 3 on" in result.output
    (first, second) = company.keys_of(role)
    assert first == (old, 1, 2, "rotated")
    assert second[1:] == (3, None, None)
    company.holds_for_all()
    company.version(3)
    company.holds_for_all()
    assert (company.keys / f"{role}-{old[:8]}.pem.old").stat().st_mode & 0o777 == 0o600
    assert not list(company.keys.glob("*.next.pem"))
    assert (company.folder / "public" / f"{role}-{second[0]}.pem").exists()


@pytest.mark.parametrize("role", LIST_ROLES)
def test_a_lost_key_is_replaced_without_it(company: Company, role: str) -> None:
    """The old file is gone; publishing is refused until the key is rotated."""
    (company.keys / f"{role}.pem").unlink()
    company.say("not published")
    assert company.run("publish").exit_code == 1
    company.done("keys", "rotate", role, "--reason", "lost", "--text", "The disk failed")
    company.version(3)
    company.holds_for_all()
    assert company.keys_of(role)[0][3] == "lost"


def test_a_key_rotated_twice_between_two_versions_leaves_no_empty_range(company: Company) -> None:
    """The key in between has signed nothing, so it leaves the list."""
    company.done("keys", "rotate", "document")
    company.done("keys", "rotate", "document")
    assert [row[1:3] for row in company.keys_of("document")] == [(1, 2), (3, None)]
    assert len(list(company.keys.glob("document-*.pem.old"))) == 2
    company.version(3)
    company.holds_for_all()


def test_a_stolen_key_ended_at_the_newest_version_leaves_history_good(company: Company) -> None:
    """What the thief signs afterwards is refused with 16, whatever number it bears."""
    stolen = company.keys_of("document")[0][0]
    company.done(
        "keys", "end", f"document-{stolen[:6]}", "--last-version", "2", "--text", "Laptop stolen on 3 June"
    )
    assert company.keys_of("document")[0] == (stolen, 1, 2, "compromised")
    company.version(3)
    company.holds_for_all()
    forge(company, 3, f"document-{stolen[:8]}.pem.old")
    assert failed(company.check()) == {"V17": 16}
    assert company.check(state=True, history="all").exit_code == 16


def forge(company: Company, version: int, key: str) -> None:
    """Put the signatures of another key beside a version's register."""
    path = tree.VERSION_REGISTER.path(version)
    public = company.store / "public"
    signer = load(company.keys / key, Ed25519Signer)
    data = (public / path).read_bytes()
    for suffix, signature in ((".sig", signer.sign(data)), (".jws", sign_jws(data, signer))):
        (public / f"{path}{suffix}").unlink()
        (public / f"{path}{suffix}").write_bytes(signature)


@pytest.mark.parametrize("role", LIST_ROLES)
def test_versions_that_the_publisher_disowns_are_refused_for_ever(company: Company, role: str) -> None:
    """A key ended before the newest version takes what came after with it, the head at once."""
    stolen = company.keys_of(role)[0][0]
    ending = ("keys", "end", f"{role}-{stolen}", "--last-version", "1")
    unanswered = company.run(*ending)
    assert (unanswered.exit_code, "cannot be taken back" in unanswered.output) == (1, True)
    assert len(company.keys_of(role)) == 1
    result = company.done(*ending, "--yes")
    assert "Customers refuse version 2 permanently" in result.output
    assert "publish version 3 now" in result.output
    assert company.keys_of(role)[1][1:] == (2, None, None)
    assert company.check(state=True).exit_code == 16
    company.version(3)
    head = {"V05", "V08", "V20", "V21"}
    whole = failed(company.check())
    assert not head & whole.keys()
    assert set(whole.values()) == (set() if role == "feed" else {16})
    assert whole.keys() == {"document": {"V17", "V33"}, "log": {"V15", "V33"}, "feed": set()}[role]


@pytest.mark.parametrize(("role", "code"), [("document", 16), ("log", 16), ("feed", 0)])
@pytest.mark.parametrize("checked_before", [False, True])
def test_who_is_told_of_disowned_versions_until_it_is_acknowledged(
    role: str, code: int, *, checked_before: bool
) -> None:
    """Whether it had been checked or not, by every kind of run; then it is named and no longer refused."""
    with memory_folder() as folder, quick_disk():
        company = Company(folder)
        company.version(1)
        company.check(state=True)
        company.version(2)
        if checked_before:
            assert company.check(state=True).exit_code == 0
        stolen = company.keys_of(role)[0][0]
        company.done("keys", "end", f"{role}-{stolen}", "--last-version", "1", "--yes")
        head = 0 if role == "feed" else 16
        assert company.check(state=True, quick=True).exit_code == head
        assert company.check(state=True).exit_code == 16
        company.version(3)
        polled = code if checked_before else 0
        for way in ({"quick": True}, {"history": "none"}):
            assert company.check(state=True, **way).exit_code == polled
        for history in ("new", "all"):
            assert company.check(state=True, history=history).exit_code == code
        assert company.check(state=True, acknowledge=((2, 2),)).exit_code == 0
        company.version(4)
        for way in ({"quick": True}, {"history": "none"}, {"history": "new"}, {"history": "all"}):
            report = company.check(state=True, **way)
            assert (report.exit_code, len(report.disowned)) == (0, 0 if role == "feed" else 1)
        assert company.check().exit_code == code


def test_a_key_found_stolen_long_after_it_was_rotated_is_shortened(company: Company) -> None:
    """The key behind it takes over from there; a version that nobody signed anew is refused."""
    old = company.keys_of("document")[0][0]
    company.done("keys", "rotate", "document")
    company.version(3)
    said = company.done("keys", "end", f"document-{old}", "--last-version", "2").output
    assert "refuse" not in said
    assert company.keys_of("document")[0] == (old, 1, 2, "compromised")
    company.holds_for_all()
    said = company.done("keys", "end", f"document-{old}", "--last-version", "1", "--yes").output
    assert "Customers refuse version 2 permanently.\n" in said
    assert [row[1:3] for row in company.keys_of("document")] == [(1, 1), (2, None)]
    assert failed(company.check()) == {"V17": 16, "V33": 16}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["rotate", "nothing"], 2),
        (["end", "zzz", "--last-version", "1"], 2),
        (["end", "", "--last-version", "1"], 2),
        (["rotate", "log", "--text", "hidden \u200b"], 2),
        (["new-root", "--remove-root", "zzz", "-o", "draft.json"], 2),
        (["new-root", "--threshold", "2", "-o", "draft.json"], 2),
        (["sign-root", "none.json", "--key", "root-1.pem"], 2),
    ],
)
def test_what_cannot_be_carried_out_is_refused_and_changes_nothing(
    company: Company, words: list[str], code: int
) -> None:
    """No key is made and nothing is published."""
    before = sorted(company.keys.iterdir()), company.snapshot().generation
    assert company.run("keys", *words).exit_code == code
    assert (sorted(company.keys.iterdir()), company.snapshot().generation) == before


@pytest.mark.parametrize("last", ["3", "9"])
def test_a_key_is_not_ended_at_a_version_to_come(company: Company, last: str) -> None:
    """Nobody vouches for a version that is not published."""
    kid = company.keys_of("log")[0][0]
    assert company.run("keys", "end", f"log-{kid}", "--last-version", last).exit_code == 2
    assert not list(company.keys.glob("*.next.pem"))


@pytest.mark.parametrize("role", LIST_ROLES)
def test_an_archive_page_of_the_feed_stays_good(role: str) -> None:
    """It was signed with the keys of the version that completed it, and they stay good for it."""
    with memory_folder() as folder, quick_disk():
        company = Company(folder)
        company.at -= dt.timedelta(hours=10)
        for number in range(1, 51):
            company.version(number)
        company.done("keys", "rotate", role)
        company.version(51)
        company.holds_for_all()


@pytest.mark.parametrize("role", ["targets", "online", "root-1"])
def test_a_key_of_the_root_is_rotated_at_once(company: Company, role: str) -> None:
    """A second root, signed by the old key; customers old and new follow, as stock clients do."""
    old = (company.keys / f"{role}.pem").read_bytes()
    client = stock_client(company, "before")
    company.done("keys", "rotate", role, "--reason", "compromised")
    company.holds_for_all()
    assert (company.keys / f"{role}.pem").read_bytes() != old
    assert [path.read_bytes() for path in company.keys.glob(f"{role}-*.pem.old")] == [old]
    company.version(3)
    company.done("refresh")
    company.holds_for_all()
    assert client().version == 2
    assert stock_client(company, "after")().version == 2
    company.done("keys", "rotate", role)
    company.holds_for_all()
    assert client().version == 3


class _Folder(FetcherInterface):
    """Lets python-tuf read a folder."""

    def __init__(self, public: Path) -> None:
        self._public = public

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = self._public / url
        if not path.exists():
            raise DownloadHTTPError("not there", 404)
        yield path.read_bytes()


def stock_client(company: Company, name: str) -> Callable[[], Root]:
    """Return what runs python-tuf from 1.root.json, remembering between calls, and gives its newest root."""
    memory = company.folder / name
    memory.mkdir()
    public = company.store / "public"

    def follow() -> Root:
        first = (public / "trust/1.root.json").read_bytes()
        updater = Updater(str(memory), "trust/", fetcher=_Folder(public), bootstrap=first)
        updater.refresh()
        assert updater.get_targetinfo("register.json")
        return Metadata[Root].from_bytes((memory / "root.json").read_bytes()).signed

    follow()
    return follow


def test_an_online_key_that_was_stolen_vouches_for_nothing_any_more(company: Company) -> None:
    """A timestamp signed with it is refused."""
    stolen = Keyring(company.keys).online
    company.done("keys", "rotate", "online", "--reason", "compromised")
    path = company.store / "public" / tree.TIMESTAMP.path()
    timestamp = Metadata[Timestamp].from_bytes(path.read_bytes())
    timestamp.signed.version += 1
    stolen.sign_metadata(timestamp)
    path.unlink()
    path.write_bytes(timestamp.to_bytes())
    assert failed(company.check())["V02"] in {12, 16}


@pytest.mark.parametrize("stolen", [["online"], ["targets", "online"]], ids=" and ".join)
def test_version_numbers_that_a_thief_counted_up_are_forgotten(company: Company, stolen: list[str]) -> None:
    """Fast-forward: customers who saw them take low numbers again once new keys stand in the root."""
    client = stock_client(company, "stock")
    path = company.store / "public" / tree.TIMESTAMP.path()
    genuine = path.read_bytes()
    count_up(company, 10**9, with_targets="targets" in stolen)
    assert company.check(state=True).exit_code == 0
    client()
    path.unlink()
    path.write_bytes(genuine)
    company.done("refresh")
    for quick in (False, True):
        assert failed(company.check(state=True, quick=quick)) == {"V02": 14}
    with pytest.raises(BadVersionNumberError):
        client()
    for role in stolen:
        company.done("keys", "rotate", role, "--reason", "compromised")
    for quick in (True, False):
        assert company.check(state=True, quick=quick).exit_code == 0
    assert client().version == 1 + len(stolen)
    assert Metadata[Timestamp].from_bytes(path.read_bytes()).signed.version < 10
    company.done("refresh")
    company.version(3)
    company.holds_for_all()
    assert client().version == 1 + len(stolen)


def count_up(company: Company, number: int, *, with_targets: bool) -> None:
    """Sign what is published anew under a high version number, as a thief of the keys can."""
    public, keyring = company.store / "public", Keyring(company.keys)
    timestamp = Metadata[Timestamp].from_bytes((public / tree.TIMESTAMP.path()).read_bytes())
    snapshot = Metadata[Snapshot].from_bytes(
        (public / metadata_path("snapshot", timestamp.signed.snapshot_meta.version)).read_bytes()
    )
    if with_targets:
        named = snapshot.signed.meta["targets.json"].version
        targets = Metadata[Targets].from_bytes((public / metadata_path("targets", named)).read_bytes())
        snapshot.signed.meta["targets.json"] = _counted_up(public, targets, number, keyring.targets)
    timestamp.signed.snapshot_meta = _counted_up(public, snapshot, number, keyring.online)
    timestamp.signed.version = number
    keyring.online.sign_metadata(timestamp)
    path = public / tree.TIMESTAMP.path()
    path.unlink()
    path.write_bytes(timestamp.to_bytes())


def _counted_up(public: Path, metadata: Metadata[Any], number: int, signer: Ed25519Signer) -> MetaFile:
    metadata.signed.version = number
    signer.sign_metadata(metadata)
    data = metadata.to_bytes()
    (public / metadata_path(metadata.signed.type, number)).write_bytes(data)
    return MetaFile.from_data(number, data, ["sha256"])


@pytest.fixture
def circle() -> Iterator[Company]:
    """A register whose first root was signed by two of three people, each on a machine of their own."""
    with memory_folder() as folder, quick_disk():
        company = Company(folder)
        for number, name in enumerate(("alice", "bob", "carol"), start=1):
            company.done("keys", "new", folder / name / f"root-{number}.pem")
        publics = [word for path in sorted(folder.glob("*/*.pub")) for word in ("--add-root", path)]
        draft = folder / "draft.json"
        company.done("keys", "new-root", "--first", "--threshold", "2", *publics, "-o", draft)
        sign(company, "alice", 1)
        assert company.run("keys", "publish-root", draft).exit_code == 1
        sign(company, "bob", 2)
        company.done("keys", "publish-root", draft)
        company.version(1)
        company.version(2)
        assert not list(company.keys.glob("root-*.pem"))
        company.holds_for_all()
        yield company


def sign(company: Company, name: str, number: int) -> Result:
    """Let one person sign the draft, who compares a digest where they have signed nothing before."""
    key = company.folder / name / f"root-{number}.pem"
    return company.done(*signing(company.folder / "draft.json", key), "--yes")


def signing(draft: Path, key: Path) -> tuple[str | Path, ...]:
    """Return the words that sign a draft; the first time with the digest that the holder was told."""
    words = ("keys", "sign-root", draft, "--key", key)
    return words if known_file(key).exists() else (*words, "--root-sha256", told(draft))


def told(draft: Path) -> str:
    """Return the digest that holders tell each other: of the first root, published or to be signed."""
    read = read_draft(draft)
    return digest(read.published()[0]) if read.chain else signed_sha256(read.parsed())


def test_a_root_of_two_of_three_is_renewed(circle: Company) -> None:
    """The draft goes to two people and comes back; nothing but the expiry is new."""
    draft = circle.folder / "draft.json"
    said = circle.done("keys", "new-root", "-o", draft).output
    assert "root: 2 of 3 have to sign" in said
    assert "JOINS" not in said
    assert "LEAVES" not in said
    sign(circle, "carol", 3)
    refused = circle.run("keys", "publish-root", draft)
    assert refused.exit_code == 1
    assert "1 more of the root keys" in refused.output
    sign(circle, "alice", 1)
    circle.done("keys", "publish-root", draft)
    circle.holds_for_all()
    assert stock_client(circle, "stock")().version == 2
    assert (circle.folder / "public/2.root.json").exists()


def test_a_lost_root_key_is_replaced_by_the_other_two(circle: Company) -> None:
    """The person who lost it makes a new one; the old thumbprint leaves."""
    draft, carol = circle.folder / "draft.json", circle.folder / "carol"
    lost = load(carol / "root-3.pem", Ed25519Signer).kid
    (carol / "root-3.pem").unlink()
    circle.done("keys", "new", carol / "root-4.pem")
    change = ("--remove-root", lost, "--add-root", carol / "root-4.pub")
    said = circle.done("keys", "new-root", *change, "-o", draft).output
    assert f"root: - {lost}  LEAVES" in said
    assert said.count("JOINS") == 1
    sign(circle, "alice", 1)
    sign(circle, "bob", 2)
    circle.done("keys", "publish-root", draft)
    circle.holds_for_all()
    circle.done("keys", "new-root", "-o", draft)
    sign(circle, "carol", 4)
    sign(circle, "bob", 2)
    circle.done("keys", "publish-root", draft)
    circle.holds_for_all()


@pytest.mark.parametrize("role", ["targets", "online"])
def test_a_stolen_targets_or_online_key_is_replaced_by_two_signatures(circle: Company, role: str) -> None:
    """The new key is made where publishing happens and is in force with the root."""
    draft, old = circle.folder / "draft.json", (circle.keys / f"{role}.pem").read_bytes()
    refused = circle.run("keys", "rotate", role)
    assert refused.exit_code == 2
    assert "2 people have to sign" in refused.output
    circle.done("keys", "new-root", "--rotate", role, "-o", draft)
    circle.done("refresh")
    circle.version(3)
    assert (circle.keys / f"{role}.pem").read_bytes() == old
    sign(circle, "alice", 1)
    sign(circle, "bob", 2)
    circle.done("keys", "publish-root", draft)
    assert (circle.keys / f"{role}.pem").read_bytes() != old
    circle.done("refresh")
    circle.version(4)
    circle.holds_for_all()


def test_one_root_key_becomes_two_of_three(company: Company) -> None:
    """The old key signs, and two of the new ones."""
    draft, old = company.folder / "draft.json", load(company.keys / "root-1.pem", Ed25519Signer).kid
    for number, name in enumerate(("alice", "bob", "carol"), start=2):
        company.done("keys", "new", company.folder / name / f"root-{number}.pem")
    publics = [word for path in sorted(company.folder.glob("*/*.pub")) for word in ("--add-root", path)]
    change = ("--remove-root", f"root-{old}", "--threshold", "2")
    said = company.done("keys", "new-root", *change, *publics, "-o", draft).output
    assert "root: 2 of 3 have to sign  (before: 1 of 1)" in said
    first = (company.store / "public/trust/1.root.json").read_bytes()
    assert f"follows version 1, SHA-256 {digest(first)}" in said
    sign(company, "alice", 2)
    sign(company, "bob", 3)
    assert company.run("keys", "publish-root", draft).exit_code == 1
    sign(company, "private", 1)
    company.done("keys", "publish-root", draft)
    company.holds_for_all()
    assert stock_client(company, "stock")().roles["root"].threshold == 2


def test_nothing_is_published_while_the_first_root_is_out(tmp_path: Path) -> None:
    """A root of one key, made here in its place, is what customers would keep."""
    with memory_folder() as folder, quick_disk():
        company = Company(folder)
        company.say("version 1")
        for name in ("alice", "bob"):
            company.done("keys", "new", folder / name / "root-1.pem")
        publics = [word for path in sorted(folder.glob("*/*.pub")) for word in ("--add-root", path)]
        draft = folder / "draft.json"
        first = ("keys", "new-root", "--first", "--threshold", "2", *publics, "-o", draft)
        company.done(*first)
        company.done(*first)
        refused = company.run("publish")
        assert (refused.exit_code, "has not come back" in refused.output) == (1, True)
        assert not list(company.keys.glob("root-*.pem"))
        sign(company, "alice", 1)
        sign(company, "bob", 1)
        company.done("keys", "publish-root", draft)
        company.done("publish")
        assert not list(company.keys.glob("*.begun"))
        company.holds_for_all()


def test_copies_of_a_draft_that_were_signed_apart_are_brought_together(circle: Company) -> None:
    """Two people sign at the same time; copies of something else are refused."""
    draft, other = circle.folder / "draft.json", circle.folder / "other.json"
    circle.done("keys", "new-root", "-o", draft)
    copies = []
    for name, number in (("alice", 1), ("carol", 3)):
        copies.append(circle.folder / name / "copy.json")
        copies[-1].write_bytes(draft.read_bytes())
        key = circle.folder / name / f"root-{number}.pem"
        circle.done(*signing(copies[-1], key), "--yes")
    assert circle.run("keys", "publish-root", copies[0]).exit_code == 1
    circle.done("keys", "new-root", "--threshold", "3", "-o", other)
    refused = circle.run("keys", "publish-root", copies[0], other)
    assert (refused.exit_code, "not copies of one draft" in refused.output) == (2, True)
    circle.done("keys", "publish-root", *copies)
    circle.holds_for_all()


def test_nobody_signs_twice_and_nobody_holds_two_root_keys(circle: Company) -> None:
    """The same key again, a second key in the same folder, one key under two names, a stranger's key."""
    draft = circle.folder / "draft.json"
    circle.done("keys", "new-root", "-o", draft)
    sign(circle, "alice", 1)
    key = circle.folder / "alice/root-1.pem"
    again = circle.run("keys", "sign-root", draft, "--key", key, "--yes")
    assert (again.exit_code, "signed this draft already" in again.output) == (1, True)
    bobs = circle.folder / "bob/root-2.pem"
    beside = bobs.with_name("root-1.pem")
    beside.write_bytes(key.read_bytes())
    beside.chmod(0o600)
    second = circle.run("keys", "sign-root", draft, "--key", bobs, "--yes")
    assert (second.exit_code, "a second root key" in second.output) == (1, True)
    circle.done("keys", "new", circle.folder / "eve/root-9.pem")
    stranger = circle.run(*signing(draft, circle.folder / "eve/root-9.pem"), "--yes")
    assert stranger.exit_code == 1
    same = circle.folder / "alice/root-1.pub"
    assert circle.run("keys", "new-root", "--add-root", same, "-o", draft).exit_code == 16


def test_signing_asks_and_can_be_declined(circle: Company) -> None:
    """Without an answer nothing is signed."""
    draft, key = circle.folder / "draft.json", circle.folder / "alice/root-1.pem"
    circle.done("keys", "new-root", "-o", draft)
    before = draft.read_bytes()
    words = ["keys", "sign-root", str(draft), "--key", str(key)]
    assert CliRunner().invoke(cli, words, input="n\n").exit_code == 1
    assert CliRunner().invoke(cli, words, input="").exit_code == 1
    assert draft.read_bytes() == before
    assert CliRunner().invoke(cli, words, input="y\n").exit_code == 0
    assert draft.read_bytes() != before


def test_customers_refuse_a_root_that_one_of_two_has_signed(circle: Company) -> None:
    """Put into the tree past the program, it ends with 16."""
    draft = circle.folder / "draft.json"
    circle.done("keys", "new-root", "-o", draft)
    sign(circle, "alice", 1)
    path = circle.store / "public/trust/2.root.json"
    path.write_text(json.loads(draft.read_text())["root"])
    assert failed(circle.check()) == {"V02": 16}
    assert circle.check(state=True).exit_code == 16


def test_a_draft_that_does_not_start_from_the_newest_root_is_refused(circle: Company) -> None:
    """Two drafts were begun; the second comes too late."""
    late, draft = circle.folder / "late.json", circle.folder / "draft.json"
    circle.done("keys", "new-root", "-o", late)
    circle.done("keys", "new-root", "-o", draft)
    sign(circle, "alice", 1)
    sign(circle, "bob", 2)
    late.write_bytes(draft.read_bytes())
    circle.done("keys", "publish-root", draft)
    refused = circle.run("keys", "publish-root", late)
    assert (refused.exit_code, "newest root" in refused.output) == (1, True)


def test_targets_are_renewed_without_a_version(company: Company) -> None:
    """Only when half of their time is over, unless forced; what is published stays."""
    before = company.snapshot().read(tree.REGISTER.path())
    assert "Nothing to do" in company.done("keys", "renew").output
    assert "are good until" in company.done("keys", "renew", "--force").output
    assert company.snapshot().read(tree.REGISTER.path()) == before
    company.holds_for_all()


@pytest.mark.parametrize("role", [*LIST_ROLES, "online"])
def test_a_rotation_that_was_cut_off_is_finished_by_the_next_publication(
    company: Company, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tree names the new key, its file still waits: the tree decides."""

    class Cut(Exception):
        """The machine stops."""

    first = [key_transaction.promote_next_keys]  # for what an earlier rotation may have left

    def stop(*given: object) -> object:
        if not first:
            raise Cut
        return first.pop()(*given)

    with monkeypatch.context() as patch:
        patch.setattr(key_transaction, "promote_next_keys", stop)
        with company.ticking():
            result = CliRunner().invoke(
                cli, ["keys", "rotate", role, "--store", str(company.store), "--keys", str(company.keys)]
            )
    assert isinstance(result.exception, Cut)
    assert (company.keys / f"{role}.next.pem").exists()
    company.holds_for_all()
    company.version(3)
    assert not (company.keys / f"{role}.next.pem").exists()
    company.holds_for_all()


def test_a_root_that_has_expired_is_renewed(company: Company) -> None:
    """A chain may pass through expired roots; only the last one has to be good."""
    long_ago = Company(company.folder / "long ago")
    long_ago.publish(dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(days=450))
    assert failed(long_ago.check()) == {"V02": 16}
    assert long_ago.run("status").exit_code == 2
    draft = company.folder / "draft.json"
    long_ago.done("keys", "new-root", "-o", draft)
    long_ago.done("keys", "sign-root", draft, "--key", long_ago.keys / "root-1.pem", "--yes")
    long_ago.done("keys", "publish-root", draft)
    assert long_ago.done("status").exit_code == 0
    long_ago.holds_for_all()


def test_version_numbers_counted_up_by_a_thief_are_dropped_with_his_key(company: Company) -> None:
    """A customer who has seen them follows the new root all the same (TUF: fast-forward)."""
    public, keyring = company.store / "public", Keyring(company.keys)
    aside = {path: path.read_bytes() for path in (public / "trust").glob("*.json")}
    timestamp = Metadata[Timestamp].from_bytes((public / tree.TIMESTAMP.path()).read_bytes())
    named = timestamp.signed.snapshot_meta
    snapshot = Metadata[Snapshot].from_bytes((public / f"trust/{named.version}.snapshot.json").read_bytes())
    snapshot.signed.version = timestamp.signed.version = 10**9
    keyring.online.sign_metadata(snapshot)
    timestamp.signed.snapshot_meta = MetaFile.from_data(10**9, snapshot.to_bytes(), ["sha256"])
    keyring.online.sign_metadata(timestamp)
    forged = public / "trust" / f"{10**9}.snapshot.json"
    forged.write_bytes(snapshot.to_bytes())
    (public / tree.TIMESTAMP.path()).unlink()
    (public / tree.TIMESTAMP.path()).write_bytes(timestamp.to_bytes())
    assert failed(company.check(state=True)) == {}
    (public / tree.TIMESTAMP.path()).write_bytes(aside[public / tree.TIMESTAMP.path()])
    forged.unlink()
    assert company.check(state=True).exit_code == 14
    company.done("keys", "rotate", "online", "--reason", "compromised")
    company.holds_for_all()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"chain":[],"root":"{}"}',
        '{"chain":[],"root":"\\ud800"}',
        '{"chain":["{}"],"root":"{}"}',
        '{"format":"sub-processor-register-root-draft/2","chain":[],"root":"{}"}',
        '{"format":"sub-processor-register-root-draft/1","chain":[],"root":"{}","more":1}',
        "[" * 100_000,
    ],
)
def test_what_is_no_draft_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    """A file that comes by mail may hold anything."""
    draft = tmp_path / "draft.json"
    draft.write_text(text)
    done = CliRunner().invoke(cli, ["keys", "sign-root", str(draft), "--key", "none.pem", "--yes"])
    assert isinstance(done.exception, SystemExit)
    assert done.exit_code in {1, 2}


@pytest.mark.parametrize("part", ["chain", "root"])
def test_a_draft_whose_keys_make_no_sense_is_refused(circle: Company, part: str) -> None:
    """Before anything of it is shown or signed: a key of another kind, or one that is not there."""
    draft, key = circle.folder / "draft.json", circle.folder / "alice/root-1.pem"
    circle.done("keys", "new-root", "-o", draft)
    whole, codes = json.loads(draft.read_text()), []
    for old, new in (
        ('"ed25519"', '"rsa"'),
        ('"keyids":["', '"keyids":["00'),
        ('"version":1', '"version":7'),
    ):
        text = "".join(whole[part]).replace(old, new).replace('"version":2', '"version":9')
        changed = {**whole, part: [text] if part == "chain" else text}
        draft.write_text(json.dumps(changed))
        codes.append(circle.run("keys", "sign-root", draft, "--key", key, "--yes").exit_code)
    assert codes == [2, 1, 1]


def test_the_key_that_the_manual_picks_by_hand_is_the_one_beside_the_head(
    company: Company, tmp_path: Path
) -> None:
    """Also between a rotation and the next version."""
    code = re.search(r"kid=\$\(python3 -c '(.*?)'", (ROOT / "docs/verify-by-hand.md").read_text(), re.DOTALL)
    assert code is not None
    old = company.keys_of("document")[0][0]
    for published in (old, old, None):
        for path in (tree.KEYS.path(), tree.REGISTER.path()):
            (tmp_path / Path(path).name).write_bytes(company.snapshot().read(path))
        found = output_of(sys.executable, "-c", code[1], "document", cwd=tmp_path).decode()
        assert found.split() == [published or company.keys_of("document")[1][0]]
        if published and len(company.keys_of("document")) == 1:
            company.done("keys", "rotate", "document")
        elif published:
            company.version(3)
