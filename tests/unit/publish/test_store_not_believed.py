"""Whoever can write the store can stop a publication, and never has anything foreign signed."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from memory_folder import memory_folder
from publishers import NOW, Publisher
from quick_disk import quick_disk
from register_api.core.canonical import digest
from register_api.core.documents import Ended
from register_api.core.format import tree
from register_api.core.format.paths import FILES, kind_of
from register_api.errors import (
    Forged,
    Forked,
    RegisterError,
    RolledBack,
    StoreDamaged,
    StoreError,
    UntrustedKey,
)
from register_api.publish.examine import examine
from register_api.publish.last_signed import MEMORY_FILE, read_memory
from register_api.publish.pipeline import refresh_freshness
from register_api.publish.rotation import renew_trust, rotate_key
from register_api.store import reader
from register_api.store.reader import Journal, current, read_document
from store_writer import exchange, say
from thoroughness import cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECOND = dt.timedelta(seconds=1)
NEXT = NOW + 10 * SECOND


@pytest.fixture(scope="module")
def published() -> Iterator[Path]:
    """Three versions and a refresh, in a folder that tests copy."""
    with memory_folder() as folder:
        publisher = Publisher(folder)
        for number in range(3):
            publisher.publish_note(f"version {number + 1}", NOW + number * SECOND)
        publisher.refresh(NOW + 3 * SECOND)
        publisher.say("the next one")
        yield folder


@pytest.fixture
def publisher(published: Path) -> Iterator[Publisher]:
    with memory_folder() as folder:
        yield copy_of(published, folder / "copy")


def copy_of(folder: Path, target: Path) -> Publisher:
    return Publisher(shutil.copytree(folder, target, symlinks=True, copy_function=copy_or_link))


def copy_or_link(source: str, target: str) -> None:
    """Link what was published: neither the publisher nor ``exchange`` writes into a published file."""
    published = {reader.PUBLIC, reader.TREE} & {*source.split("/")}
    (os.link if published else shutil.copy2)(source, target)


def publish(publisher: Publisher) -> None:
    publisher.publish(NEXT)


def refresh(publisher: Publisher) -> None:
    publisher.refresh(NEXT)


def renew(publisher: Publisher) -> None:
    renew_trust(publisher.store, publisher.keys, NEXT)


def rotate(publisher: Publisher) -> None:
    rotate_key(publisher.store, publisher.keys, "log", Ended(at=NEXT, reason="rotated", text=None))


SIGNING: tuple[Callable[[Publisher], None], ...] = (publish, refresh, renew, rotate)
"""Everything that signs over a store."""


def public_files(publisher: Publisher) -> dict[str, bytes]:
    public = publisher.store / reader.PUBLIC
    paths = [f"{folder}/{name}" for folder, _, names in os.walk(public) for name in names]
    return {path.removeprefix(f"{public}/"): Path(path).read_bytes() for path in paths}


def refused(publisher: Publisher, sign: Callable[[Publisher], None], error: type[RegisterError]) -> None:
    """Nothing is signed, nothing is shown, and the keys remember what they remembered."""
    before = public_files(publisher), (publisher.keys / MEMORY_FILE).read_bytes(), current(publisher.store)
    with pytest.raises(error) as told:
        sign(publisher)
    assert told.value.hint
    after = public_files(publisher), (publisher.keys / MEMORY_FILE).read_bytes(), current(publisher.store)
    assert after == before


def stored(publisher: Publisher, path: str) -> bytes:
    return (publisher.store / reader.PUBLIC / path).read_bytes()


@pytest.mark.parametrize("sign", SIGNING)
def test_another_text_in_an_old_entry_of_the_feed_is_not_signed(
    publisher: Publisher, sign: Callable[[Publisher], None]
) -> None:
    """The window of the feed is read from the feed that is signed, and from nowhere else."""
    feed = json.loads(stored(publisher, tree.FEED_JSON.path()))
    feed["items"][-1]["title"] = "Nothing of interest"
    exchange(publisher.store, {tree.FEED_JSON.path(): json.dumps(feed).encode()})
    refused(publisher, sign, Forged)


def test_another_text_in_a_feed_by_interest_is_not_signed(publisher: Publisher) -> None:
    """Its earlier entries are read from the file that the list of head files names."""
    path = tree.FEED_IMPORTANT.path()
    exchange(publisher.store, {path: stored(publisher, path).replace(b"important", b"nothing")})
    refused(publisher, publish, Forged)


@pytest.mark.parametrize("sign", SIGNING)
def test_another_calendar_is_not_carried_on(publisher: Publisher, sign: Callable[[Publisher], None]) -> None:
    """An event that was put into it would be vouched for with the next version."""
    calendar = stored(publisher, tree.CALENDAR.path())
    foreign = b"BEGIN:VEVENT\r\nUID:evil\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    exchange(publisher.store, {tree.CALENDAR.path(): calendar.replace(b"END:VCALENDAR\r\n", foreign)})
    refused(publisher, sign, Forged)


@pytest.mark.parametrize("sign", SIGNING)
@pytest.mark.parametrize("place", ["public", "copy", "both"])
def test_another_list_of_keys_is_not_vouched_for(
    publisher: Publisher, sign: Callable[[Publisher], None], place: str
) -> None:
    """A foreign document key, in the list that everybody is served, in what TUF vouches for, or in both."""
    data = stored(publisher, tree.KEYS.path())
    copy = f"trust/targets/{digest(data)}.keys.json"
    with memory_folder() as folder:
        other = Publisher(folder)
        other.publish()
        foreign = stored(other, tree.KEYS.path())
    paths = {"public": [tree.KEYS.path()], "copy": [copy], "both": [tree.KEYS.path(), copy]}[place]
    exchange(publisher.store, dict.fromkeys(paths, foreign))
    refused(publisher, sign, Forged)


@pytest.mark.parametrize("sign", SIGNING)
@pytest.mark.parametrize("path", ["log/tile/0/000.p/3", "log/tile/entries/000.p/3"])
def test_another_log_is_not_signed(
    publisher: Publisher, sign: Callable[[Publisher], None], path: str
) -> None:
    """One tile or bundle with other content: the publisher's own key would sign a fork."""
    data = bytearray(stored(publisher, path))
    data[-1] ^= 1
    exchange(publisher.store, {path: bytes(data)})
    refused(publisher, sign, Forked)


@pytest.mark.parametrize("sign", SIGNING)
@pytest.mark.parametrize(
    "lie",
    [
        {"policies": []},
        {"first_live": 3},
        {"version": 2},
        {"published_at": "2026-01-01T00:00:00Z"},
        {"first_published_at": "2020-01-01T00:00:00Z"},
        {"root_hash": "00" * 32},
        {"time_zone": "Asia/Tokyo"},
        {"register": "example.org/other"},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_what_the_store_says_of_itself_is_compared(
    publisher: Publisher, sign: Callable[[Publisher], None], lie: dict[str, object]
) -> None:
    say(publisher.store, **lie)
    refused(publisher, sign, StoreDamaged)


@pytest.mark.parametrize("sign", SIGNING)
def test_another_register_under_its_own_root_is_refused(
    publisher: Publisher, sign: Callable[[Publisher], None]
) -> None:
    """The whole store of somebody else, whose root says that its keys may sign."""
    with memory_folder() as folder:
        other = Publisher(folder)
        for number in range(4):
            other.publish_note(f"theirs {number}", NOW + number * SECOND)
        shutil.rmtree(publisher.store)
        shutil.copytree(other.store, publisher.store, symlinks=True)
    refused(publisher, sign, Forged)


@pytest.mark.parametrize("sign", SIGNING)
def test_an_older_store_is_refused(publisher: Publisher, sign: Callable[[Publisher], None]) -> None:
    """A backup of one version earlier comes back: whatever it would sign, customers would call a fork."""
    with memory_folder() as folder:
        backup = shutil.copytree(publisher.store, folder / "backup", symlinks=True)
        publisher.publish(NEXT - SECOND)
        shutil.rmtree(publisher.store)
        shutil.copytree(backup, publisher.store, symlinks=True)
    publisher.say("another one")
    refused(publisher, sign, RolledBack)


@pytest.mark.parametrize("sign", SIGNING)
def test_an_older_freshness_is_refused(publisher: Publisher, sign: Callable[[Publisher], None]) -> None:
    """The same log, with the timestamp of one refresh earlier: customers would call it rolled back."""
    with memory_folder() as folder:
        backup = shutil.copytree(publisher.store, folder / "backup", symlinks=True)
        publisher.refresh(NEXT - SECOND)
        shutil.rmtree(publisher.store)
        shutil.copytree(backup, publisher.store, symlinks=True)
    refused(publisher, sign, RolledBack)


def test_an_empty_store_is_refused_once_something_was_published(publisher: Publisher) -> None:
    """A second first version would be another history."""
    shutil.rmtree(publisher.store)
    with pytest.raises(RolledBack, match="the store is empty") as told:
        publisher.publish(NEXT)
    assert "register-api recover" in told.value.hint
    assert current(publisher.store) is None


def test_two_stores_with_the_same_keys_do_not_both_go_on(publisher: Publisher) -> None:
    """They went apart: the first to publish wins, the second is told so and signs nothing."""
    with memory_folder() as folder:
        other = copy_of(publisher.folder, folder / "other")
        shutil.rmtree(other.keys)
        other.keys.symlink_to(publisher.keys)
        publisher.publish_note("one", NEXT)
        with pytest.raises(RolledBack):
            other.publish_note("two", NEXT)
        publisher.publish_note("three", NEXT + SECOND)
    assert publisher.verify().exit_code == 0


def test_keys_that_do_not_know_what_was_published_sign_nothing(publisher: Publisher) -> None:
    (publisher.keys / MEMORY_FILE).unlink()
    for sign in SIGNING:
        with pytest.raises(StoreError, match="cannot be believed") as told:
            sign(publisher)
        assert MEMORY_FILE in told.value.hint


def test_the_machine_that_refreshes_has_a_memory_of_its_own(publisher: Publisher) -> None:
    """It takes the file along with its key, and goes on from there; so does the one that publishes."""
    timer = publisher.folder / "timer"
    timer.mkdir(mode=0o700)
    for name in ("online.pem", MEMORY_FILE):
        shutil.copy2(publisher.keys / name, timer / name)
    refresh_freshness(publisher.store, timer, NEXT)
    publisher.publish(NEXT + SECOND)
    publisher.publish_note("one more", NEXT + 2 * SECOND)
    refresh_freshness(publisher.store, timer, NEXT + 3 * SECOND)
    publisher.publish_note("the last", NEXT + 4 * SECOND)
    assert publisher.verify().exit_code == 0
    assert (timer / MEMORY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_publisher_whose_newest_key_was_ended_can_go_on(publisher: Publisher) -> None:
    """What a disowned key signed is still what has to be continued: the log takes nothing back."""
    kid = json.loads(stored(publisher, tree.KEYS.path()))["keys"][0]["kid"]
    from register_api.publish.rotation import end_key  # noqa: PLC0415

    end_key(publisher.store, publisher.keys, kid, 2, Ended(at=NEXT, reason="compromised", text=None))
    publisher.publish(NEXT + SECOND, corrects=3)


# ------------------------------------------------------------------ a bit in every file

DOCUMENTS = (reader.STATE, reader.MANIFEST, reader.JOURNAL)


def every_file(folder: Path) -> list[str]:
    """Return a path of each kind there is in a tree, by the table of files."""
    public = folder / "store" / reader.PUBLIC
    found = {str(path.relative_to(public)) for path in public.rglob("*") if path.is_file()}
    known = sorted(found - {path for path in found if path.endswith(tuple(reader.SUFFIXES.values())[1:])})
    assert {kind.template for kind in FILES if not kind.optional} - {kind_of(p).template for p in known} <= {
        tree.FEED_ARCHIVE.template,
        tree.TILE.template,
        tree.BUNDLE.template,
    }
    return known


def outcome(publisher: Publisher, sign: Callable[[Publisher], None]) -> dict[str, bytes] | None:
    """Return what was written by signing, or nothing where it was refused."""
    before = public_files(publisher)
    try:
        sign(publisher)
    except RegisterError:
        assert public_files(publisher) == before
        return None
    number = current(publisher.store)
    assert number is not None
    journal = read_document(reader.generation_folder(publisher.store, number) / reader.JOURNAL, Journal)
    return {name: stored(publisher, name) for name in journal.changed if name not in before} | {
        name: stored(publisher, name)
        for name in journal.changed
        if name.startswith(("v1/", "trust/", "feed"))
    }


PLACES: tuple[Callable[[int], int], ...] = (
    lambda size: size // 3,
    lambda _: 0,
    lambda size: size * 5 // 8,
    lambda size: size - 1,
)
"""Where a bit is changed: at both ends, and at places that have no step in common."""


def changed_bit(folder: Path, path: str, place: Callable[[int], int]) -> dict[str, bytes]:
    """Return a file of the tree with another bit, if it has a place for that."""
    data = bytearray((folder / "store" / reader.PUBLIC / path).read_bytes())
    if not data:
        return {}
    data[place(len(data))] ^= 1
    return {path: bytes(data)}


@pytest.mark.parametrize("sign", [publish, refresh])
def test_a_changed_bit_anywhere_is_refused_or_has_no_effect_on_what_is_signed(
    published: Path, sign: Callable[[Publisher], None]
) -> None:
    """Each file of the tree, with a manifest that says that it was published so.

    A file that stops signing is changed at each place alone. Those that have no effect are each changed
    alone once, and at the other places all together, which has to have none either.
    """
    with memory_folder() as folder, quick_disk():
        wanted = outcome(copy_of(published, folder / "honest"), sign)
        assert wanted

        def is_signed(files: dict[str, bytes]) -> bool:
            publisher = copy_of(published, folder / "copy")
            exchange(publisher.store, files)
            made = outcome(publisher, sign)
            shutil.rmtree(publisher.folder)
            same = {path: data for path, data in wanted.items() if path not in files}
            assert made is None or made.items() >= same.items(), list(files)
            return made is not None

        first, *further = PLACES
        files = every_file(published)
        without_effect = [path for path in files if is_signed(changed_bit(published, path, first))]
        alone = [path for path in files if path not in without_effect]
        for place in cases(further):
            changed = [changed_bit(published, path, place) for path in without_effect]
            assert is_signed({path: data for one in changed for path, data in one.items()})
            for path in cases(alone):
                is_signed(changed_bit(published, path, place))
    read = {tree.REGISTER, tree.KEYS, tree.VERSIONS, tree.CHECKPOINT, tree.FEED_ATOM, tree.FEED_JSON}
    read |= {tree.ROOT, tree.TARGETS, tree.SNAPSHOT, tree.TIMESTAMP, tree.PARTIAL_TILE, tree.PARTIAL_BUNDLE}
    assert {kind_of(path).template for path in alone} >= {kind.template for kind in read}


@pytest.mark.parametrize("sign", [publish, refresh])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_changed_bit_in_a_document_of_the_store_is_refused_or_has_no_effect(
    published: Path, name: str, sign: Callable[[Publisher], None]
) -> None:
    number = current(published / "store")
    assert number is not None
    data = (reader.generation_folder(published / "store", number) / name).read_bytes()
    with memory_folder() as folder, quick_disk():
        wanted = outcome(copy_of(published, folder / "honest"), sign)
        for at in cases(range(0, len(data), max(1, len(data) // 60))):
            changed = bytearray(data)
            changed[at] ^= 1
            publisher = copy_of(published, folder / "copy")
            (reader.generation_folder(publisher.store, number) / name).write_bytes(changed)
            assert outcome(publisher, sign) in (None, wanted), at
            shutil.rmtree(publisher.folder)


def test_a_journal_that_leads_out_of_the_store_moves_nothing(publisher: Publisher) -> None:
    """Finishing an interrupted publication, the publisher would write where the attacker cannot."""
    number = current(publisher.store)
    assert number is not None
    folder = reader.generation_folder(publisher.store, number)
    outside = publisher.folder / "outside"
    outside.write_text("mine", "utf-8")
    link = publisher.folder / "link"
    link.symlink_to(outside)
    (folder / "outside").write_text("theirs", "utf-8")
    for name in ("../../outside", "../../link", "/etc/passwd", "v1//register.json", "v1/../../../outside"):
        (folder / reader.JOURNAL).write_text(json.dumps({"changed": [name], "retired": [name]}), "utf-8")
        refused_by = pytest.raises(StoreDamaged)
        with refused_by:
            publisher.publish(NEXT)
        assert outside.read_text("utf-8") == "mine"
        assert link.is_symlink()


def test_a_full_disk_after_the_switch_forgets_nothing(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What says that the version was shown lies on the disk before it is shown."""
    from register_api.files import durable  # noqa: PLC0415

    switch_link = durable.switch_link

    def fill(link: Path, target: str) -> None:
        switch_link(link, target)
        monkeypatch.setattr(durable, "_write", full)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with memory_folder() as folder:
        backup = shutil.copytree(publisher.store, folder / "backup", symlinks=True)
        monkeypatch.setattr(durable, "switch_link", fill)
        publisher.publish(NEXT)
        monkeypatch.undo()
        shutil.rmtree(publisher.store)
        shutil.copytree(backup, publisher.store, symlinks=True)
    with pytest.raises(RolledBack):
        publisher.publish_note("another", NEXT + SECOND)


def test_an_unreadable_memory_stops_and_names_the_file(publisher: Publisher) -> None:
    for text in ("", "{}x", '{"shown": {}}', '{"shown": null, "more": 1}'):
        (publisher.keys / MEMORY_FILE).write_text(text, "utf-8")
        with pytest.raises(RegisterError, match=MEMORY_FILE):
            publisher.publish(NEXT)
    (publisher.keys / MEMORY_FILE).chmod(0o644)
    with pytest.raises(RegisterError, match="open to other users"):
        publisher.publish(NEXT)


def test_a_root_that_somebody_else_signed_is_not_followed(publisher: Publisher) -> None:
    """A second root in the store, by a stranger, that gives the roles away."""
    with memory_folder() as folder:
        other = Publisher(folder)
        other.publish()
        foreign = stored(other, tree.ROOT.path(1))
    number = current(publisher.store)
    assert number is not None
    exchange_in = {tree.ROOT.path(1): foreign}
    exchange(publisher.store, exchange_in)
    for sign in SIGNING:
        with pytest.raises((Forged, UntrustedKey, StoreDamaged)):
            sign(publisher)


STEP = int(os.environ.get("SWEEP_STEP", "61"))
"""Every so many bytes one is changed; ``SWEEP_STEP=1`` changes each, in some minutes."""


def test_every_byte_that_is_read_is_vouched_for(published: Path) -> None:
    """What is found in a store is the same, or it is refused, whichever byte of it is another."""
    snapshot = Publisher(published).snapshot()
    known = read_memory(published / "private").shown
    asked: dict[str, bytes] = {}

    def read(path: str) -> bytes:
        asked[path] = snapshot.read(path)
        return asked[path]

    honest = examine(read, known)
    assert len(asked) >= 18
    for path, data in tuple(asked.items()):
        for at in {*cases(range(len(path) % STEP, len(data), STEP)), len(data) - 1}:
            changed = bytearray(data)
            changed[at] ^= 1

            def lie(asked_for: str, path: str = path, changed: bytes = bytes(changed)) -> bytes:
                return changed if asked_for == path else snapshot.read(asked_for)

            try:
                found = examine(lie, known)
            except RegisterError:
                continue
            assert found == honest, (path, at)
