"""What happened is sealed once, by whoever comes first, and stamped as soon as the authority answers."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from notices import AT
from patience import PATIENCE
from register_api.core.canonical import decode, digest
from register_api.core.delivery import SMALLEST_TREE, DeliveryRecord, Seal, address_mac, audit_path, reply_mac
from register_api.core.log.merkle import leaf_hash
from register_api.core.log.time_stamp import open_time_stamp
from register_api.errors import NotStamped
from register_api.notify.bounces import DeliveryReport, take_report
from register_api.notify.persons import erase, retain
from register_api.notify.publication import load
from register_api.notify.schema import STEPS
from register_api.notify.sealing import Sealing, seal_facts, sealing, stamp_seals
from register_api.notify.worker import Worker
from register_api.publish.time_authority import TimeAuthority
from register_api.sending.database import opened
from register_api.sending.sender import Runtime
from sealed_notices import ANN, BOB, Sent
from time_authority import authority, honest, refusal, serving

if TYPE_CHECKING:
    from pathlib import Path

    from mail_peer import MailPeer
    from publishers import Publisher
    from register_api.sending.database import Database


@pytest.fixture
def sent(folder: Path, database: Database, publisher: Publisher, peer: MailPeer) -> Sent:
    return Sent(folder, database, publisher, peer)


def seals(database: Database) -> list[dict]:
    return database.query("SELECT * FROM seals ORDER BY sealed_at")


def test_every_fact_becomes_a_leaf_at_a_place_by_chance(sent: Sent) -> None:
    assert sealing(sent.database).unsealed == 2
    assert (sent.seal(), sent.seal()) == (2, 0)
    assert sealing(sent.database) == Sealing(unsealed=0, sealed_at=sent.time.now(), unstamped=1)
    (seal,) = seals(sent.database)
    leaves = [bytes(seal["leaves"])[at : at + 32] for at in range(0, len(seal["leaves"]), 32)]
    document = decode(bytes(seal["document"]), Seal)
    assert (document.size, document.root) == (len(leaves), audit_path(leaves, 0)[1].hex())
    assert len(set(leaves)) == SMALLEST_TREE
    for row in sent.database.query("SELECT * FROM facts"):
        assert leaves[row["leaf"]] == leaf_hash(bytes(row["record"]))


def test_a_record_says_what_was_sent_and_names_nobody(sent: Sent) -> None:
    sent.seal()
    rows = sent.database.query(
        "SELECT f.record, f.reply, r.address, r.pseudonym_key, b.body FROM facts f"
        " JOIN deliveries d ON d.id = f.delivery JOIN recipients r ON r.id = d.recipient"
        " JOIN bodies b ON b.delivery = d.id"
    )
    assert {row["address"] for row in rows} == {ANN, BOB}
    mails = {mail.recipient: mail for mail in sent.peer.mails}
    for row in rows:
        data, key = bytes(row["record"]), bytes(row["pseudonym_key"])
        found = decode(data, DeliveryRecord)
        assert row["address"].encode() not in data.replace(found.customer.encode(), b"")
        assert (found.what, found.kind, found.channel) == ("sent", "notice", "mail")
        assert (found.recipient, found.reply) == (
            address_mac(key, row["address"]),
            reply_mac(key, row["reply"]),
        )
        assert found.message_id == mails[row["address"]].read()["Message-ID"]
        assert [told.version for told in found.versions] == [2]
        assert found.sha256_of(2) == digest(load(sent.database, 2).data)


def test_what_happens_later_is_below_a_later_root(sent: Sent) -> None:
    sent.seal()
    delivery = sent.database.query("SELECT id FROM deliveries LIMIT 1")[0]["id"]
    sent.time.pass_by(86_400)
    at = int(sent.time.now().timestamp())
    take_report(sent.database, DeliveryReport((delivery,), "failed", "5.1.1"), at)
    assert seal_facts(sent.database, sent.time.now() - dt.timedelta(seconds=1)) == 0  # not before it happened
    assert sent.seal() == 1
    first, second = seals(sent.database)
    whats = {row["seal"]: row["what"] for row in sent.database.query("SELECT seal, what FROM facts")}
    assert whats == {first["root"]: "sent", second["root"]: "bounced"}


def test_workers_that_seal_at_once_make_one_root(sent: Sent, server: str) -> None:
    """Each with a connection of its own, on both kinds of database."""
    row = sent.database.query("SELECT id FROM deliveries LIMIT 1")[0]
    with sent.database.transaction() as run:
        for number in range(500):
            run(
                "INSERT INTO facts (id, delivery, at, what, reply) VALUES (?, ?, ?, 'deferred', '')",
                *(f"{number:032x}", row["id"], AT),
            )
    where = server if sent.database.skip_locked else sent.settings.database
    together = threading.Barrier(4)

    def seal(_: int) -> int:
        with opened(where, STEPS) as database:
            together.wait(PATIENCE)
            return seal_facts(database, sent.time.now())

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(seal, range(4))) == [0, 0, 0, 502]
    assert len(seals(sent.database)) == 1


def test_more_facts_than_a_tree_takes_go_below_several_roots(
    sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("register_api.notify.sealing.MAX_FACTS", 1)
    assert sent.seal() == 2
    assert len(seals(sent.database)) == 2


def test_a_seal_is_stamped_once_and_the_stamp_is_of_its_bytes(sent: Sent) -> None:
    sent.seal()
    with honest() as asked:
        one = TimeAuthority(url=asked.url, anchors=authority().anchors)
        assert len(stamp_seals(sent.database, one, dt.datetime.now(dt.UTC))) == 1
        assert stamp_seals(sent.database, one, dt.datetime.now(dt.UTC)) == []
        assert len(asked.queries) == 1
    (seal,) = seals(sent.database)
    assert open_time_stamp(bytes(seal["stamp"]), bytes(seal["document"]), authority().anchors)
    assert sealing(sent.database).unstamped == 0


def test_an_authority_that_gives_no_good_stamp_is_asked_again_later(sent: Sent) -> None:
    sent.seal()
    now = dt.datetime.now(dt.UTC)
    with serving(lambda _: [refusal(2)]) as asked, pytest.raises(NotStamped):
        stamp_seals(sent.database, TimeAuthority(url=asked.url, anchors=authority().anchors), now)
    with honest() as asked:
        one = TimeAuthority(url=asked.url, anchors=authority().anchors)
        with pytest.raises(NotStamped, match="clock"):
            stamp_seals(sent.database, one, now + dt.timedelta(hours=1))
        assert sealing(sent.database).unstamped == 1
        assert len(stamp_seals(sent.database, one, now)) == 1


def test_a_worker_seals_by_itself_and_tells_once_what_the_authority_lacks(sent: Sent) -> None:
    log: list[str] = []
    runtime = Runtime(sent.time.now, threading.Event(), log.append)
    with serving(lambda _: [refusal(2)]) as asked:
        one = TimeAuthority(url=asked.url, anchors=authority().anchors)
        with Worker(sent.database, sent.settings, "", runtime, one) as made:
            made.seal()
            made.seal()
    assert log[0] == "2 facts sealed"
    assert [line.split(":")[0] for line in log[1:]] == ["not time-stamped"]
    with honest() as asked:
        one = TimeAuthority(url=asked.url, anchors=authority().anchors)
        with Worker(sent.database, sent.settings, "", runtime, one) as made:
            made.seal()
    assert "seal stamped by" in log[-1]


def test_who_is_erased_leaves_records_that_name_nobody(sent: Sent) -> None:
    sent.seal()
    before = {bytes(row["record"]) for row in sent.database.query("SELECT record FROM facts")}
    erase(sent.database, ANN, AT, ended=True)
    assert {bytes(row["record"]) for row in sent.database.query("SELECT record FROM facts")} == before
    late = sent.database.query(
        "SELECT d.id FROM deliveries d JOIN recipients r ON r.id = d.recipient WHERE r.state = 'erased'"
    )
    take_report(sent.database, DeliveryReport((late[0]["id"],), "failed", "5.1.1"), AT)
    assert sent.seal() == 1
    (row,) = sent.database.query("SELECT record FROM facts WHERE what = 'bounced'")
    found = decode(bytes(row["record"]), DeliveryRecord)
    assert (found.recipient, found.reply) == (None, None)


def test_a_seal_goes_with_the_last_of_its_records(sent: Sent) -> None:
    sent.seal()
    for address in (ANN, BOB):
        erase(sent.database, address, AT, ended=True)
        assert len(seals(sent.database)) == 1
        retain(sent.database, AT + 1, AT)
    assert seals(sent.database) == []
