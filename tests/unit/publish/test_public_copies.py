"""The public folder beside the source: what a stranger begins from, and never somebody else's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from publishers import NOW, Publisher
from register_api.publish.key_transaction import default_folder, write_public_copies

SECOND = dt.timedelta(seconds=1)


def test_the_folder_lies_beside_the_source() -> None:
    assert default_folder(Path("/a/register"), Path("/a/var/keys")) == Path("/a/keys")
    assert default_folder(Path("register"), Path("var/keys")) == Path.cwd() / "keys"


def test_public_files_never_share_the_folder_of_the_private_keys() -> None:
    assert default_folder(Path("/a/register"), Path("/a/keys")) == Path("/a/keys/public")


def test_every_key_and_root_is_copied_and_nothing_private(publisher: Publisher) -> None:
    publisher.publish(NOW, root_keys=3, root_threshold=2)
    folder = publisher.folder / "made/keys"
    assert write_public_copies(publisher.snapshot(), folder)
    roles = sorted(path.name.split("-")[0] for path in folder.glob("*.pem"))
    assert roles == ["document", "feed", "log", "online", "root", "root", "root", "targets"]
    assert all(b"PUBLIC KEY" in path.read_bytes() for path in folder.glob("*.pem"))
    assert not any(b"PRIVATE" in path.read_bytes() for path in folder.iterdir())
    root = (folder / "1.root.json").read_bytes()
    assert root == publisher.snapshot().read("trust/1.root.json")


def test_a_second_time_writes_nothing_again_and_mends_what_was_damaged(publisher: Publisher) -> None:
    publisher.publish(NOW)
    folder = publisher.folder / "keys"
    write_public_copies(publisher.snapshot(), folder)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    damaged = next(folder.glob("log-*.pem"))
    good = damaged.read_bytes()
    damaged.write_bytes(b"")
    assert write_public_copies(publisher.snapshot(), folder)
    assert damaged.read_bytes() == good
    after = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {path for path in before if after[path] != before[path]} <= {damaged}


def test_the_folder_of_another_register_is_left_as_it_is(publisher: Publisher) -> None:
    other = Publisher(publisher.folder / "other")
    other.publish(NOW)
    folder = publisher.folder / "keys"
    assert write_public_copies(other.snapshot(), folder)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    publisher.publish(NOW)
    assert not write_public_copies(publisher.snapshot(), folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_what_else_lies_in_the_folder_stays(publisher: Publisher) -> None:
    publisher.publish(NOW)
    folder = publisher.folder / "keys"
    folder.mkdir()
    (folder / "README.md").write_text("ours", "utf-8")
    assert write_public_copies(publisher.snapshot(), folder)
    assert (folder / "README.md").read_text("utf-8") == "ours"
