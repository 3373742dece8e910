"""Lines that witnesses add below the checkpoint: exactly these may join what was vouched for, and count."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_packages import check_package, evidence_failed, make_package, unpack
from memory_log import cosign, private_key, witness_key
from memory_publisher import NAME, NOW, MemoryPublisher
from register_api.core.format import tree
from register_api.core.log.note import format_verifier_key
from register_api.core.log.policy import parse_policy
from register_api.verify import state
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from thoroughness import examples
from verify_outcome import failed, sentence_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from register_api.core.log.policy import WitnessPolicy
    from register_api.verify.report import Report

AT = int(NOW.timestamp())
WITNESSES = {f"w{number}.example": private_key(80 + number) for number in range(3)}
PUBLISHER = MemoryPublisher().publish().publish()
FILES: Mapping[str, bytes] = dict(PUBLISHER.files)
VOUCHED = FILES[tree.CHECKPOINT.path()]
LOG_KEY = format_verifier_key(NAME, PUBLISHER.log.note_key.public)


def vkey(name: str) -> str:
    """Return a witness's verifier key."""
    key = witness_key(name, WITNESSES[name])
    return format_verifier_key(name, key.public, key.algorithm)


def policy(*lines: str) -> WitnessPolicy:
    """Return a policy: the three witnesses as a, b and c, and further lines."""
    named = (f"witness {short} {vkey(name)}" for short, name in zip("abc", WITNESSES, strict=True))
    return parse_policy("".join(f"{line}\n" for line in (*named, *lines)).encode())


def lines_of(*names: str, at: int = AT) -> bytes:
    """Return good lines of witnesses."""
    data = VOUCHED
    for name in names:
        data = cosign(data, name, WITNESSES[name], at)
    return data.removeprefix(VOUCHED)


def report_on(checkpoint: bytes, **options: Any) -> Report:
    """Verify the tree with another public checkpoint."""
    files = {**FILES, tree.CHECKPOINT.path(): checkpoint}
    return verify("memory", Options(wait=0, **options), NOW, fetcher=MemoryFetcher(files)).report


ANY = policy("group g any a b c", "quorum g")
TWO = policy("group g 2 a b c", "quorum g")
NESTED = policy("group g any a b", "group h all g c", "quorum h")


def test_lines_below_the_signed_target_are_accepted() -> None:
    """Of witnesses that are asked for, with who and when, and of others without a word."""
    report = report_on(VOUCHED + lines_of("w0.example", "w2.example"), policy=NESTED)
    assert report.exit_code == 0
    stamp = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert sentence_of(report, "V09") == f"w0.example at {stamp}, w2.example at {stamp}"
    assert report_on(VOUCHED + lines_of(*WITNESSES)).exit_code == 0


@pytest.mark.parametrize(
    ("asked", "names", "missing"),
    [
        (ANY, (), "a (w0.example), b (w1.example), c (w2.example)"),
        (TWO, ("w1.example",), "a (w0.example), c (w2.example)"),
        (NESTED, ("w0.example", "w1.example"), "c (w2.example)"),
        (NESTED, ("w2.example",), "a (w0.example), b (w1.example)"),
    ],
)
def test_a_quorum_that_is_not_met_is_17_and_says_who_is_missing(
    asked: WitnessPolicy, names: Iterable[str], missing: str
) -> None:
    """Nothing else is wrong."""
    report = report_on(VOUCHED + lines_of(*names), policy=asked)
    assert failed(report) == {"V09": 17}
    assert f"missing: {missing}" in sentence_of(report, "V09")


def test_a_policy_for_another_log_is_16() -> None:
    """Its log lines have to name this register's key; without such lines any log will do."""
    lines = VOUCHED + lines_of("w0.example")
    other = format_verifier_key("other.example", PUBLISHER.log.note_key.public)
    assert failed(report_on(lines, policy=policy(f"log {other}", "quorum a"))) == {"V09": 16}
    assert failed(report_on(lines, policy=policy(f"log {other}", "quorum none"))) == {"V09": 16}


def test_a_policy_that_names_this_log_is_met() -> None:
    """Also among others."""
    lines = VOUCHED + lines_of("w0.example")
    stranger = format_verifier_key("other.example", private_key(9).public_key().public_bytes_raw())
    asked = policy(f"log {stranger}", f"log {LOG_KEY}", "quorum a")
    assert report_on(lines, policy=asked).exit_code == 0


def test_a_quorum_of_none_asks_for_nothing_and_still_names_who_signed() -> None:
    """Without a line there is nothing to check."""
    nobody = policy("quorum none")
    assert report_on(VOUCHED, policy=nobody).exit_code == 0
    assert sentence_of(report_on(VOUCHED, policy=nobody), "V09") == "the policy asks for no witnesses"
    assert sentence_of(report_on(VOUCHED + lines_of("w1.example"), policy=nobody), "V09").startswith(
        "w1.example at "
    )


def damaged(position: int) -> bytes:
    """Return a line of the right form whose signature has one other byte."""
    head, _, text = lines_of("w0.example").decode().rstrip("\n").rpartition(" ")
    data = bytearray(base64.b64decode(text))
    data[position] ^= 1
    return f"{head} {base64.b64encode(data).decode()}\n".encode()


@pytest.mark.parametrize("position", [4, 11, 12, 40, 75])
def test_a_damaged_line_of_a_known_witness_is_found(position: int) -> None:
    """Its time or its signature: 12 for who asks for this witness, whoever else has signed.

    The lowest bit of the first byte is 2^56 seconds, still a time; so this is 12, too.
    """
    checkpoint = VOUCHED + damaged(position) + lines_of("w1.example")
    assert failed(report_on(checkpoint, policy=ANY)) == {"V09": 12}
    assert report_on(checkpoint).exit_code == 0


def test_a_line_of_the_wrong_length_is_malformed() -> None:
    """Of a known witness: 11."""
    head, _, text = lines_of("w0.example").decode().rstrip("\n").rpartition(" ")
    short = f"{head} {base64.b64encode(base64.b64decode(text)[:-1]).decode()}\n".encode()
    assert failed(report_on(VOUCHED + short, policy=ANY)) == {"V09": 11}


GOOD = lines_of("w0.example")

NOT_LINES = {
    "text below": VOUCHED + b"more\n",
    "a blank line below": VOUCHED + b"\n",
    "a second note below": VOUCHED + b"\n" + VOUCHED,
    "a line without end": VOUCHED + GOOD[:-1],
    "carriage returns": VOUCHED + GOOD.replace(b"\n", b"\r\n"),
    "no UTF-8": VOUCHED + b"\xff\n",
    "padding left out": VOUCHED + GOOD.replace(b"==\n", b"\n").replace(b"=\n", b"\n") + b"x\n",
    "a line above": VOUCHED.replace(b"\n\n", b"\n\n" + GOOD, 1),
    "another text": VOUCHED.replace(b"\n2\n", b"\n3\n") + GOOD,
    "an extension line": VOUCHED.replace(b"\n\n", b"\nmore\n\n", 1) + GOOD,
    "without the log's line": VOUCHED.partition(b"\n\n")[0] + b"\n\n" + GOOD,
    "too many": VOUCHED + GOOD * 1001,
}


@pytest.mark.parametrize("checkpoint", NOT_LINES.values(), ids=NOT_LINES)
def test_anything_else_differs_from_the_target(checkpoint: bytes) -> None:
    """As without witnesses: forged, over the bound, or signed and yet another file; its copy is judged."""
    found = failed(report_on(checkpoint, policy=ANY))
    assert found["V25"] in {11, 12, 18}
    assert found["V09"] == 17


def test_a_second_line_of_the_log_that_does_not_fit_is_forged() -> None:
    """The log's own key is known: its line must fit wherever it stands."""
    own = VOUCHED.partition(b"\n\n")[2]
    other = MemoryPublisher().publish().files[tree.CHECKPOINT.path()].partition(b"\n\n")[2]
    assert own != other
    assert failed(report_on(VOUCHED + other))["V08"] == 12


def test_an_older_checkpoint_is_still_rolled_back() -> None:
    """With or without good lines below: 14, as without witnesses."""
    older = MemoryPublisher().publish().files[tree.CHECKPOINT.path()]
    signed = cosign(older, "w0.example", WITNESSES["w0.example"], AT)
    for checkpoint in (older, signed):
        assert failed(report_on(checkpoint)) == {"V25": 14}


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(0, len(VOUCHED + GOOD) - 1), st.integers(1, 255))
def test_no_changed_byte_passes_for_a_good_line(place: int, change: int) -> None:
    """Wherever it is: what is vouched for, the line's name, key id, time or signature."""
    data = bytearray(VOUCHED + GOOD)
    data[place] ^= change
    report = report_on(bytes(data), policy=ANY, history="none")
    assert report.exit_code in {11, 12, 17}


def quick(files: Mapping[str, bytes], folder: Path, asked: WitnessPolicy | None) -> tuple[Report, list[str]]:
    """Make a quick run; return its report and what it asked for."""
    fetcher = MemoryFetcher(files)
    options = Options(wait=0, state=folder, quick=True, policy=asked)
    return verify("memory", options, NOW, fetcher=fetcher).report, fetcher.asked


def test_a_quick_run_looks_for_witnesses_with_one_request_more(tmp_path: Path) -> None:
    """The checkpoint alone is read again where nothing is new, and only if witnesses are asked for."""
    cosigned = {**FILES, tree.CHECKPOINT.path(): VOUCHED + lines_of("w0.example")}
    assert quick(FILES, tmp_path, None)[0].exit_code == 0
    report, asked = quick(FILES, tmp_path, ANY)
    assert failed(report) == {"V09": 17}
    assert asked == ["trust/2.root.json", tree.TIMESTAMP.path(), tree.CHECKPOINT.path()]
    report, asked = quick(cosigned, tmp_path, ANY)
    assert (report.exit_code, len(asked)) == (0, 3)
    report, asked = quick(cosigned, tmp_path, None)
    assert (report.exit_code, len(asked)) == (0, 2)


def test_a_new_version_costs_no_request_more_where_witnesses_are_asked_for(tmp_path: Path) -> None:
    """Its checkpoint is read anyway."""
    publisher = MemoryPublisher().publish()
    older = dict(publisher.files)
    newer = publisher.publish().files
    asked = {}
    for wish in (None, ANY):
        folder = tmp_path / str(wish is None)
        quick(older, folder, None)
        asked[wish] = quick(newer, folder, wish)[1]
    assert asked[None] == asked[ANY]
    assert len(asked[ANY]) <= 12


def test_lines_are_saved_as_evidence_and_the_target_as_kept(tmp_path: Path) -> None:
    """The remembered checkpoint has all its lines; the kept target is the target."""
    data = VOUCHED + lines_of("w0.example")
    assert quick({**FILES, tree.CHECKPOINT.path(): data}, tmp_path, None)[0].exit_code == 0
    remembered = state.load(tmp_path)
    assert remembered is not None
    assert (remembered.checkpoint, remembered.kept["checkpoint"]) == (data, VOUCHED)


def test_evidence_keeps_the_lines_and_asks_for_them_years_later(tmp_path: Path) -> None:
    """In the public checkpoint of the package; its copy stays as it was vouched for."""
    files = {**FILES, tree.CHECKPOINT.path(): VOUCHED + lines_of("w0.example", "w1.example")}
    for version in (1, 2):
        package = make_package(files, version)
        held = unpack(package)
        assert held[tree.CHECKPOINT.path()] == files[tree.CHECKPOINT.path()]
        assert [held[path] for path in held if path.endswith(".checkpoint")] == [VOUCHED]
        assert check_package(tmp_path, package).exit_code == 0
        assert check_package(tmp_path, package, policy=TWO).exit_code == 0
        assert evidence_failed(check_package(tmp_path, package, policy=NESTED)) == {"V09": 17}
        other = policy(
            f"log {format_verifier_key('x', private_key(9).public_key().public_bytes_raw())}", "quorum a"
        )
        assert evidence_failed(check_package(tmp_path, package, policy=other)) == {"V09": 16}


@pytest.mark.parametrize("checkpoint", NOT_LINES.values(), ids=NOT_LINES)
def test_a_package_with_anything_else_is_forged(tmp_path: Path, checkpoint: bytes) -> None:
    """As where it is served: forged, over the bound of a member, or signed and yet another file."""
    package = {**unpack(make_package(FILES, 2)), tree.CHECKPOINT.path(): checkpoint}
    assert check_package(tmp_path, package).exit_code in {11, 12, 18}
