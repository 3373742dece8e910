"""Everything that one publication adds, in the groups in which it has to reach the disk."""

from __future__ import annotations

import datetime as dt
import json

import jsonschema
import pytest

from publishers import NOW, Publisher
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME, in_language, in_order, kind_of
from register_api.errors import KeyStoreError
from register_api.publish.building import building
from register_api.publish.pipeline import PublishRequest, make_version
from register_api.publish.preparation import PublishOptions, prepare, read_base
from register_api.publish.signing.keyring import Keyring

SECOND = dt.timedelta(seconds=1)


def make(publisher: Publisher, now: dt.datetime, *, create: bool) -> dict[str, bytes]:
    """Make the artefacts of the next version without storing them."""
    order = PublishRequest(
        source=publisher.source,
        store=publisher.store,
        keys=publisher.keys,
        options=PublishOptions(now=now),
    )
    with building(publisher.store, publisher.keys) as work:
        prepared = prepare(publisher.source, read_base(work.snapshot), order.options)
        _, files, _ = make_version(work, prepared, Keyring(publisher.keys, create=create), order)
        return files


def test_groups_come_in_the_order_of_the_format(publisher: Publisher) -> None:
    fixed, trust, heads, checkpoint, timestamp = in_order(make(publisher, NOW, create=True))
    assert {tree.VERSION_REGISTER.path(1), tree.VERSION_PROOF.path(1), "log/tile/0/000.p/1"} <= fixed.keys()
    pages = (tree.VERSION_PAGE.path(1), in_language(tree.VERSION_PAGE.path(1), "de"))
    assert all(kind_of(path).cache == "immutable" or path in pages for path in fixed)
    assert all(path.startswith("trust/") for path in trust)
    assert "trust/1.root.json" in fixed
    assert {
        tree.REGISTER.path(),
        tree.VERSIONS.path(),
        tree.KEYS.path(),
        tree.FEED_ATOM.path(),
        tree.INDEX.path(),
        tree.DISCOVERY.path(),
    } <= heads.keys()
    assert all(kind_of(path).cache == "mutable" for path in heads)
    assert list(checkpoint) == [tree.CHECKPOINT.path()]
    assert list(timestamp) == [tree.TIMESTAMP.path()]


def test_targets_are_the_bytes_at_the_public_paths(publisher: Publisher) -> None:
    _, trust, heads, checkpoint, _ = in_order(make(publisher, NOW, create=True))
    public = heads | checkpoint
    for name, kind in TARGETS_BY_NAME.items():
        assert trust[f"trust/targets/{digest(public[kind.path()])}.{name}"] == public[kind.path()]


def test_a_later_version_makes_no_root_and_carries_the_history_on(publisher: Publisher) -> None:
    publisher.publish(NOW)
    publisher.say("second")
    fixed, trust, heads, *_ = in_order(make(publisher, NOW + SECOND, create=False))
    assert "trust/1.root.json" not in fixed
    assert "trust/2.targets.json" in trust
    assert not any("/versions/1/" in path for path in fixed)
    assert len(json.loads(heads[tree.VERSIONS.path()])["versions"]) == 2


def test_a_vendor_that_is_new_gets_a_page(publisher: Publisher) -> None:
    publisher.publish(NOW)
    publisher.list("beta", f"starts_on = {(NOW + dt.timedelta(days=40)).date()}")
    heads = make(publisher, NOW + SECOND, create=False)
    assert b"Beta Oy" in heads[tree.SUBPROCESSOR_PAGE.path("beta")]


@pytest.mark.parametrize("name", ["document", "log", "feed", "targets", "online"])
def test_another_key_in_a_keys_place_makes_nothing(publisher: Publisher, name: str) -> None:
    """Customers know the old key; what another signs, nobody would believe."""
    publisher.publish(NOW)
    other = Publisher(publisher.folder / "other")
    other.publish(NOW)
    (publisher.keys / f"{name}.pem").write_bytes((other.keys / f"{name}.pem").read_bytes())
    publisher.say("second")
    with pytest.raises(KeyStoreError):
        make(publisher, NOW + SECOND, create=False)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("register", tree.REGISTER.path()),
        ("register", tree.VERSION_REGISTER.path(1)),
        ("diff", tree.VERSION_DIFF.path(2)),
        ("diff", tree.VERSION_DIFF.path(1)),
        ("entry", tree.VERSION_ENTRY.path(1)),
        ("versions", tree.VERSIONS.path()),
        ("keys", tree.KEYS.path()),
        ("discovery", tree.DISCOVERY.path()),
    ],
)
def test_published_documents_fit_their_published_schemas(publisher: Publisher, name: str, path: str) -> None:
    publisher.publish(NOW)
    publisher.list("beta", f"starts_on = {(NOW + dt.timedelta(days=40)).date()}")
    publisher.publish(NOW + SECOND)
    snapshot = publisher.snapshot()
    schema = json.loads(snapshot.read(tree.SCHEMA.path(name)))
    jsonschema.Draft202012Validator(schema).validate(json.loads(snapshot.read(path)))
