"""From what a mail server answered to a file that proves it: to one recipient, about nobody else."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

import programs
from evidence_packages import check_package, evidence_failed
from notices import AT, add_subscribers, record
from publishers import NOW
from register_api.core.canonical import digest
from register_api.errors import NotifyError
from register_api.notify.answers import GivenAnswer, record_answer
from register_api.notify.bounces import DeliveryReport, take_report
from register_api.notify.contacts import ContactRow, import_contacts
from register_api.notify.persons import erase
from register_api.notify.publication import load
from register_api.notify.sealing import NoticeFiles, notice_files, recipients_of, stamp_seals
from register_api.publish.time_authority import TimeAuthority
from register_api.verify.evidence.archive import README
from sealed_notices import ANN, BOB, Sent
from time_authority import authority, honest
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

    from mail_peer import MailPeer
    from publishers import Publisher
    from register_api.sending.database import Database


SUE = "sue@reader.example"


@pytest.fixture
def sent(folder: Path, database: Database, publisher: Publisher, peer: MailPeer) -> Sent:
    return Sent(folder, database, publisher, peer)


def package(
    sent: Sent, address: str | None = ANN, customer: str | None = None, version: int = 2
) -> NoticeFiles:
    """Return what proves what somebody was told of a version."""
    wanted = recipients_of(sent.database, address, customer)
    return notice_files(sent.database, load(sent.database, version), wanted)


def bounce(sent: Sent, address: str) -> None:
    """Let the mail of a recipient come back a day later."""
    sent.time.pass_by(86_400)
    (row,) = sent.database.query(
        "SELECT d.id FROM deliveries d JOIN recipients r ON r.id = d.recipient WHERE r.address = ?", address
    )
    report = DeliveryReport((row["id"],), "failed", "5.1.1")
    take_report(sent.database, report, int(sent.time.now().timestamp()))


def by_hand(files: dict[str, bytes], folder: Path) -> programs.Done:
    """Unpack files and type every command that README.txt gives."""
    for program in ("bash", "openssl", "sha256sum", "python3"):
        need(program)
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    lines = files[README].decode().splitlines()
    typed = [line[4:] for line in lines if line.startswith("    ")]
    return programs.run("bash", "-c", "\n".join(typed), cwd=folder)


def test_a_recipients_package_verifies_and_shows_nobody_else(sent: Sent, tmp_path: Path) -> None:
    sent.seal()
    bounce(sent, ANN)
    sent.seal()
    found = package(sent)
    assert (found.records, found.unsealed) == (2, 0)
    report = check_package(tmp_path, found.files)
    assert (report.exit_code, evidence_failed(report)) == (0, {})
    assert report.notified is not None
    facts = [(fact.what, fact.address, fact.reply) for fact in report.notified.facts]
    assert [fact[:2] for fact in facts] == [("sent", ANN), ("bounced", ANN)]
    assert "queued as" in str(facts[0][2])
    (mail,) = (data for path, data in found.files.items() if path.startswith("messages/"))
    assert mail == next(each.data for each in sent.peer.mails if each.recipient == ANN)
    others = sent.database.query(
        "SELECT r.id, r.address, d.id AS delivery, d.message_id FROM recipients r"
        " JOIN deliveries d ON d.recipient = r.id WHERE r.address = ?",
        BOB,
    )
    for data in found.files.values():
        assert not any(str(value).encode() in data for value in others[0].values())


def test_what_is_not_sealed_is_counted_and_not_in_it(sent: Sent) -> None:
    with pytest.raises(NotifyError, match="nothing about version 2 is sealed"):
        package(sent)
    sent.seal()
    bounce(sent, ANN)
    assert (package(sent).records, package(sent).unsealed) == (1, 1)


def test_by_hand_records_mails_and_stamps_are_found_good(sent: Sent, tmp_path: Path) -> None:
    sent.seal()
    with honest() as asked:
        one = TimeAuthority(url=asked.url, anchors=authority().anchors)
        stamp_seals(sent.database, one, dt.datetime.now(dt.UTC))
    files = {**package(sent).files, "authority.pem": authority().root.read_bytes()}
    done = by_hand(files, tmp_path)
    said = done.stdout + done.stderr
    assert f"sent to {ANN} sealed" in said
    (mail,) = (path for path in files if path.startswith("messages/"))
    assert f"{digest(files[mail])}  {mail}" in said
    assert "records/1.json" in said
    assert "Time stamp: " in said
    assert "Verification: OK" in said
    assert done.returncode == 0


@pytest.mark.parametrize("what", ["record", "path", "address", "seal"])
def test_by_hand_what_was_changed_is_found(sent: Sent, tmp_path: Path, what: str) -> None:
    sent.seal()
    with honest() as asked:
        one = TimeAuthority(url=asked.url, anchors=authority().anchors)
        stamp_seals(sent.database, one, dt.datetime.now(dt.UTC))
    files = {**package(sent).files, "authority.pem": authority().root.read_bytes()}
    seal = next(path for path in files if path.startswith("seals/") and path.endswith(".json"))
    if what == "record":
        files["records/1.json"] = files["records/1.json"].replace(b'"sent"', b'"read"')
    elif what == "seal":
        files[seal] = files[seal].replace(b'"sealed_at":"20', b'"sealed_at":"19')
    else:
        notice = json.loads(files["notice.json"])
        if what == "path":
            notice["records"][0]["path"][3] = "00" * 32
        else:
            notice["openings"][0]["address"] = BOB
        files["notice.json"] = json.dumps(notice).encode()
    done = by_hand(files, tmp_path)
    good = f"sent to {ANN} sealed" in done.stdout and "Verification: OK" in done.stdout + done.stderr
    assert not good


def test_after_erasure_it_is_proven_that_somebody_of_the_customer_was_told(
    sent: Sent, tmp_path: Path
) -> None:
    """When, by which bytes, what became of it; not who, nor what the server said."""
    sent.seal()
    before = package(sent)
    customer = f"C-{ANN}"
    erase(sent.database, ANN, AT, ended=True)
    with pytest.raises(NotifyError, match="no recipient has the address"):
        package(sent)
    after = package(sent, None, customer)
    assert after.files["records/1.json"] == before.files["records/1.json"]
    assert not any(path.startswith("messages/") for path in after.files)
    report = check_package(tmp_path, after.files)
    assert report.exit_code == 0
    assert report.notified is not None
    assert [(fact.what, fact.address, fact.reply) for fact in report.notified.facts] == [("sent", None, None)]
    assert by_hand(after.files, tmp_path / "by-hand").stdout.count("an address that cannot be shown") == 1


def test_an_address_of_two_customers_needs_the_customers_name(sent: Sent) -> None:
    sent.seal()
    import_contacts(sent.database, {1: ContactRow(customer="C2", email=ANN)}, AT)
    with pytest.raises(NotifyError, match="several customers"):
        package(sent)
    assert package(sent, ANN, f"C-{ANN}").records == 1
    with pytest.raises(NotifyError, match="nothing about version 2"):
        package(sent, ANN, "C2")
    with pytest.raises(NotifyError, match="unknown recipient"):
        package(sent, None, "C3")


def test_a_digest_proves_each_of_its_versions(sent: Sent, tmp_path: Path) -> None:
    """And none that it does not tell of, though it lies between them."""
    add_subscribers(sent.database, [SUE], frequency="daily")
    for minutes, vendor in enumerate(("gamma", "delta", "omega"), 2):
        sent.publisher.list(vendor, f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        sent.publisher.publish(NOW + dt.timedelta(minutes=minutes))
        record(sent.database, sent.settings, sent.publisher)
    with sent.database.transaction() as run:
        run("DELETE FROM digest_versions WHERE version = 4")
    sent.time.pass_by(2 * 86_400)
    sent.send()
    sent.seal()
    for version in (3, 5):
        report = check_package(tmp_path, package(sent, SUE, version=version).files)
        assert report.exit_code == 0
        assert report.notified is not None
        assert [(fact.what, fact.kind) for fact in report.notified.facts] == [("sent", "digest")]
    with pytest.raises(NotifyError, match="nothing about version 4"):
        package(sent, SUE, version=4)


def test_what_a_contact_answers_is_proven_like_the_rest(sent: Sent, tmp_path: Path) -> None:
    """Their reason too, until they are erased."""
    (contact,) = recipients_of(sent.database, ANN, None)
    at = int(sent.time.now().timestamp())
    with sent.database.transaction() as run:
        given = GivenAnswer("objected", "No contract", "link")
        assert record_answer(run, 2, contact.id, given, at, late=False)
        assert not record_answer(run, 2, contact.id, given, at, late=False)
    assert sent.seal() == 3
    report = check_package(tmp_path, package(sent).files)
    assert report.notified is not None
    assert {(fact.what, fact.reply) for fact in report.notified.facts if fact.what != "sent"} == {
        ("objected", "No contract")
    }
