"""Asking witnesses: what is kept, what is refused, and that nothing of it can stop the publisher."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from memory_folder import memory_folder
from memory_log import MemoryLog, cosign, private_key, witness_key
from patience import PATIENCE
from publishers import NAME, NOW, Publisher
from quick_disk import quick_disk
from register_api.core.canonical import decode
from register_api.core.documents import Ended, KeyList
from register_api.core.format import tree
from register_api.core.key_list import log_key
from register_api.core.log.checkpoint import verify_cosignatures
from register_api.core.log.note import format_verifier_key, parse_note
from register_api.core.log.policy import parse_policy
from register_api.core.log.proofs import SIZE_TYPE, parse_request
from register_api.errors import StoreError, UntrustedKey
from register_api.publish import cosigning
from register_api.publish.cosigning import ask_witnesses, read_head, witness_status
from register_api.publish.rotation import renew_trust, rotate_key, rotate_trust_key
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher
from register_api.verify.options import Options
from witnesses import Answering, Partner, log_vkey, serving, waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from register_api.core.log.policy import WitnessPolicy
    from register_api.publish.cosigning import CosigningResult

SECOND = int(NOW.timestamp())
KEY = private_key(80)
LIAR = witness_key("liar.example", KEY)
VKEY = log_vkey(LIAR)


@pytest.fixture(scope="module", autouse=True)
def disk() -> Iterator[None]:
    """What is asked here is not whether the disk keeps what it was given."""
    with quick_disk():
        yield


@pytest.fixture(scope="module")
def shared(disk: None) -> Iterator[Publisher]:
    """A publisher with one version, for tests after which it is as it was."""
    with memory_folder() as folder:
        made = Publisher(folder / "publisher")
        made.publish()
        yield made


@pytest.fixture
def publisher(shared: Publisher, tmp_path: Path) -> Publisher:
    """A publisher with one version."""
    return shared.copied(tmp_path / "publisher")


@pytest.fixture
def partner(tmp_path: Path) -> Partner:
    """An honest partner."""
    return Partner(tmp_path / "witness")


@pytest.fixture
def witness(publisher: Publisher, partner: Partner) -> Iterator[str]:
    """The partner's witness, served; its address."""
    keys = decode(publisher.snapshot().read(tree.KEYS.path()), KeyList)
    with serving(partner.open(log_key(keys, 1)), lambda: SECOND) as url:
        yield url


def policy_of(*witnesses: tuple[str, str], quorum: str = "all") -> WitnessPolicy:
    """Return a policy of witnesses by verifier key and address."""
    lines = [f"witness w{number} {vkey} {url}" for number, (vkey, url) in enumerate(witnesses)]
    names = " ".join(f"w{number}" for number in range(len(witnesses)))
    return parse_policy("".join(f"{x}\n" for x in (*lines, f"group g {quorum} {names}", "quorum g")).encode())


def asked(publisher: Publisher, policy: WitnessPolicy, seconds: float = 10.0) -> CosigningResult:
    """Ask for the newest checkpoint."""
    return ask_witnesses(publisher.store, policy, NOW, seconds)


def verified(publisher: Publisher, policy: WitnessPolicy | None = None) -> int:
    """Return the exit code of a customer who asks for a policy."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    fetcher = FolderFetcher(publisher.store / "public")
    return verify("folder", Options(wait=0, policy=policy), now, fetcher=fetcher).report.exit_code


def problem(publisher: Publisher, url: str, seconds: float = 10.0) -> str:
    """Return what is said of a witness that gives no good line; the tree is as it was."""
    before = publisher.snapshot().generation
    (outcome,) = asked(publisher, policy_of((VKEY, url)), seconds).outcomes
    assert outcome.line is None
    assert publisher.snapshot().generation == before
    return outcome.problem


def test_a_line_joins_below_what_was_vouched_for(
    publisher: Publisher, partner: Partner, witness: str
) -> None:
    """The public checkpoint grows; target, copy and proof stay as they were published."""
    policy = policy_of((partner.vkey, witness))
    before = publisher.snapshot().read(tree.CHECKPOINT.path())
    assert verified(publisher, policy) == 17
    found = asked(publisher, policy)
    assert [outcome.problem for outcome in found.outcomes] == [""]
    assert found.after.is_met
    head = read_head(publisher.snapshot())
    assert (head.vouched, head.further_lines) == (before, 1)
    assert head.public.startswith(before)
    assert (publisher.store / "public" / tree.VERSION_PROOF.path(1)).read_bytes().endswith(before)
    assert (verified(publisher), verified(publisher, policy)) == (0, 0)


def test_nothing_piles_up(publisher: Publisher, partner: Partner, witness: str) -> None:
    """Who has signed is not asked again; a new version begins with fresh lines."""
    policy = policy_of((partner.vkey, witness))
    asked(publisher, policy)
    generation = publisher.snapshot().generation
    assert asked(publisher, policy).outcomes == ()
    assert publisher.snapshot().generation == generation
    publisher.refresh(NOW + dt.timedelta(minutes=1))
    assert verified(publisher, policy) == 0
    publisher.publish_note("second", NOW + dt.timedelta(minutes=2))
    assert read_head(publisher.snapshot()).further_lines == 0
    assert verified(publisher, policy) == 17
    asked(publisher, policy)
    assert read_head(publisher.snapshot()).further_lines == 1
    assert verified(publisher, policy) == 0


def test_many_versions_at_once_are_proven_to_continue(
    publisher: Publisher, partner: Partner, witness: str
) -> None:
    """A witness that was away is led from its last size to the newest; so is one that is new."""
    policy = policy_of((partner.vkey, witness))
    for number in range(2, 8):
        publisher.publish_note(f"note {number}", NOW + dt.timedelta(seconds=number))
        if number in (2, 6):
            assert asked(publisher, policy).after.is_met


def test_missing_lines_join_those_that_are_there(
    publisher: Publisher, partner: Partner, witness: str, tmp_path: Path
) -> None:
    """Only the witness that is missing is asked."""
    other = Partner(tmp_path / "other", "witness.example/w2")
    asked(publisher, policy_of((partner.vkey, witness)))
    keys = decode(publisher.snapshot().read(tree.KEYS.path()), KeyList)
    with serving(other.open(log_key(keys, 1)), lambda: SECOND) as second:
        both = policy_of((partner.vkey, witness), (other.vkey, second))
        (outcome,) = asked(publisher, both).outcomes
    assert outcome.witness.key == other.key
    assert read_head(publisher.snapshot()).further_lines == 2
    assert verified(publisher, both) == 0


def test_changes_of_keys_vouch_for_the_checkpoint_as_it_was(
    publisher: Publisher, partner: Partner, witness: str
) -> None:
    """Targets signed anew name the same bytes; the lines stay below them."""
    policy = policy_of((partner.vkey, witness))
    asked(publisher, policy)
    vouched = read_head(publisher.snapshot()).vouched
    rotate_key(publisher.store, publisher.keys, "document", Ended(at=NOW, reason="rotated", text=None))
    rotate_trust_key(publisher.store, publisher.keys, "targets", NOW)
    renew_trust(publisher.store, publisher.keys, NOW)
    head = read_head(publisher.snapshot())
    assert (head.vouched, head.further_lines) == (vouched, 1)
    assert verified(publisher, policy) == 0


def test_a_version_is_visible_before_a_witness_hears_of_it(publisher: Publisher) -> None:
    """What a witness is sent is on the disk already, and the store is free while it thinks."""
    seen: list[bytes] = []

    def answer(body: bytes) -> tuple[int, dict[str, str], bytes]:
        seen.append((publisher.store / "public" / tree.CHECKPOINT.path()).read_bytes())
        assert parse_request(body).checkpoint == seen[-1]
        publisher.refresh(NOW)  # takes the store's lock
        line = cosign(seen[-1], LIAR.name, KEY, SECOND).removeprefix(seen[-1])
        return 200, {}, line

    with Answering(answer) as server:
        assert asked(publisher, policy_of((VKEY, server.url))).after.is_met
    assert len(seen) == 1


def test_lines_that_come_too_late_are_dropped(publisher: Publisher) -> None:
    """A newer version has begun with fresh lines meanwhile."""

    def answer(body: bytes) -> tuple[int, dict[str, str], bytes]:
        publisher.publish_note("second", NOW + dt.timedelta(seconds=1))
        data = parse_request(body).checkpoint
        return 200, {}, cosign(data, LIAR.name, KEY, SECOND).removeprefix(data)

    with Answering(answer) as server, pytest.raises(StoreError, match="a newer version"):
        asked(publisher, policy_of((VKEY, server.url)))
    assert read_head(publisher.snapshot()).further_lines == 0
    assert verified(publisher) == 0


def test_a_line_that_another_run_added_meanwhile_is_not_added_twice(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two timers may ask at once; the same line joins once."""

    def answer(body: bytes) -> tuple[int, dict[str, str], bytes]:
        data = parse_request(body).checkpoint
        return 200, {}, cosign(data, LIAR.name, KEY, SECOND).removeprefix(data)

    with Answering(answer) as server:
        policy = policy_of((VKEY, server.url))
        whole = cosigning.ask_all

        def twice(*arguments: Any) -> Any:
            monkeypatch.setattr(cosigning, "ask_all", whole)
            asked(publisher, policy)
            return whole(*arguments)

        monkeypatch.setattr(cosigning, "ask_all", twice)
        assert asked(publisher, policy).after.is_met
    assert read_head(publisher.snapshot()).further_lines == 1


def line(data: bytes, *, name: str = LIAR.name, key: Any = KEY, at: int = SECOND) -> bytes:
    """Return a cosignature's line on a checkpoint."""
    return cosign(data, name, key, at).removeprefix(data)


def parse_lines(data: bytes) -> list[bytes]:
    """Return the signature lines of a checkpoint."""
    return data.partition(b"\n\n")[2].splitlines(keepends=True)


LIES: dict[str, tuple[int, dict[str, str], Callable[[bytes], bytes]]] = {
    "nothing": (200, {}, lambda _: b""),
    "a page": (200, {"Content-Type": "text/html"}, lambda _: b"<html>signed!</html>\n"),
    "no UTF-8": (200, {}, lambda _: b"\xff\xfe\n"),
    "another text": (200, {}, lambda data: cosign(data.replace(b"\n1\n", b"\n9\n"), LIAR.name, KEY, SECOND)),
    "a blank line before it": (200, {}, lambda data: b"\n" + line(data)),
    "a blank line after it": (200, {}, lambda data: line(data) + b"\n"),
    "a line without end": (200, {}, lambda data: line(data)[:-1]),
    "carriage returns": (200, {}, lambda data: line(data).replace(b"\n", b"\r\n")),
    "the signature of another checkpoint": (
        200,
        {},
        lambda _: line(MemoryLog(origin=NAME).grow(1).checkpoint()),
    ),
    "another key": (200, {}, lambda data: line(data, key=private_key(81))),
    "another name": (200, {}, lambda data: line(data, name="w.example")),
    "a time before the version": (200, {}, lambda data: line(data, at=SECOND - 3600)),
    "a time to come": (200, {}, lambda data: line(data, at=SECOND + 3600)),
    "no time": (200, {}, lambda data: line(data, at=0)),
    "a plain signature": (200, {}, lambda data: b"\n".join(parse_lines(data))),
    "more than a little": (200, {}, lambda data: line(data) * 1000),
    "compressed": (200, {"Content-Encoding": "gzip"}, line),
    "a redirect": (307, {"Location": "http://127.0.0.1:9/"}, lambda _: b""),
    "a fault": (500, {}, lambda _: b"Traceback"),
    "unknown": (404, {}, lambda _: b""),
    "forbidden": (403, {}, lambda _: b""),
    "accepted, for later": (202, {}, line),
    "a size that is none": (409, {"Content-Type": SIZE_TYPE}, lambda _: b"one\n"),
    "a size of other digits": (409, {"Content-Type": SIZE_TYPE}, lambda _: "\u0661\n".encode()),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_whatever_is_no_good_line_is_told_and_not_kept(
    shared: Publisher, lie: tuple[int, dict[str, str], Callable[[bytes], bytes]]
) -> None:
    """In words of ours, on one line."""
    status, headers, make = lie
    with Answering(lambda body: (status, headers, make(parse_request(body).checkpoint))) as server:
        said = problem(shared, server.url)
        assert said
        assert said.isprintable()
        assert "html" not in said
        assert "Traceback" not in said
    assert verified(shared) == 0


def test_a_good_line_among_others_is_kept_alone(publisher: Publisher) -> None:
    """A witness may have several keys; those that the policy does not give are dropped."""

    def answer(body: bytes) -> tuple[int, dict[str, str], bytes]:
        data = parse_request(body).checkpoint
        return 200, {}, line(data, key=private_key(81)) + line(data) + line(data, name="w.example")

    with Answering(answer) as server:
        assert asked(publisher, policy_of((VKEY, server.url))).after.is_met
    head = read_head(publisher.snapshot())
    assert (head.further_lines, len(verify_cosignatures(head.public, [LIAR]))) == (1, 1)


def test_a_bad_line_of_its_own_key_beside_a_good_one_is_refused(shared: Publisher) -> None:
    """A reader of the checkpoint would have to refuse both."""

    def answer(body: bytes) -> tuple[int, dict[str, str], bytes]:
        data = parse_request(body).checkpoint
        wrong = line(MemoryLog(origin=NAME).grow(1).checkpoint())
        return 200, {}, line(data) + wrong

    with Answering(answer) as server:
        assert "does not fit" in problem(shared, server.url)


def test_a_witness_that_has_seen_more_is_told_of(shared: Publisher) -> None:
    """A store from an old backup shows itself here, before customers see it."""
    with Answering(lambda _: (409, {}, b"9\n")) as server:
        assert "size 9, larger than" in problem(shared, server.url)
        assert len(server.bodies) == 1


def test_a_witness_that_has_seen_another_checkpoint_is_told_of(shared: Publisher) -> None:
    """It names the very size that it was asked to sign, and still refuses."""
    with Answering(lambda _: (409, {}, b"1\n")) as server:
        assert "ANOTHER checkpoint" in problem(shared, server.url)
        assert [parse_request(body).old_size for body in server.bodies] == [0, 1]


def test_a_witness_that_leads_in_circles_is_left(publisher: Publisher) -> None:
    """It is asked three times and no more."""
    publisher.publish_note("second", NOW + dt.timedelta(seconds=1))
    publisher.publish_note("third", NOW + dt.timedelta(seconds=2))
    sizes = iter([1, 2, 1, 2, 1, 2])
    with Answering(lambda _: (409, {}, f"{next(sizes)}\n".encode())) as server:
        assert "another size each time" in problem(publisher, server.url)
        assert len(server.bodies) == 3


def test_slow_and_unreachable_witnesses_cost_the_time_once(
    publisher: Publisher, partner: Partner, witness: str
) -> None:
    """They are asked at once, and the good line of another is kept."""
    enough = threading.Event()
    with Answering(waiting(enough)) as slow, Answering(waiting(enough)) as slower:
        policy = policy_of(
            (VKEY, slow.url),
            (partner.vkey, witness),
            (log_vkey(witness_key("b", private_key(81))), "http://127.0.0.1:1/"),
            (log_vkey(witness_key("c", private_key(82))), slower.url),
            quorum="any",
        )
        begin = time.monotonic()
        found = asked(publisher, policy, 1.5)
        assert time.monotonic() - begin < PATIENCE / 6  # they themselves would go on for ever
        enough.set()
    said = [outcome.problem for outcome in found.outcomes]
    assert said[0] == said[3] == "too slow: no complete response within 1.5 s"
    assert (said[1], said[2].startswith("cannot be reached")) == ("", True)
    assert verified(publisher, policy) == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://witness.example/",
        "https://",
        "https://user:pass@witness.example/",
        "https://witness.example/?x=1",
        "https://[::1/",
        "witness.example",
        "http://127.0.0.1:99999/",
        "https://xn--/",
    ],
)
def test_an_address_that_is_none_is_not_asked(shared: Publisher, url: str) -> None:
    """It is told of like any other failure."""
    assert problem(shared, url)


def test_a_policy_for_other_logs_is_not_ours(shared: Publisher) -> None:
    """Its witnesses do not know this log."""
    other = format_verifier_key("other.example", LIAR.public)
    policy = parse_policy(f"log {other}\nwitness w {VKEY} http://127.0.0.1:1/\nquorum w\n".encode())
    with pytest.raises(UntrustedKey):
        asked(shared, policy)
    assert verified(shared, policy) == 16


def test_where_a_policy_stands(publisher: Publisher, partner: Partner, witness: str) -> None:
    """Who has signed and when, and who is missing."""
    policy = policy_of((partner.vkey, witness), (VKEY, "http://127.0.0.1:1/"), quorum="any")
    asked(publisher, policy)
    found = witness_status(read_head(publisher.snapshot()), policy)
    assert [(one.witness, one.at) for one in found.found] == [(partner.key.name, SECOND)]
    assert [one.key for one in found.absent] == [LIAR]
    assert found.is_met
    assert len(parse_note(read_head(publisher.snapshot()).public).signatures) == 2
