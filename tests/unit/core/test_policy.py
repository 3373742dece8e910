"""Policy files (C2SP tlog-policy): which are read, which are refused, and when a quorum is met."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory_log import MemoryLog, private_key, witness_key
from register_api.core.log.note import format_verifier_key
from register_api.core.log.policy import (
    MAX_OF_A_KIND,
    MAX_POLICY_BYTES,
    NONE,
    WitnessPolicy,
    parse_policy,
    printable_name,
)
from register_api.errors import Malformed, UntrustedKey

KEYS = [witness_key(f"w{number}.example", private_key(80 + number)) for number in range(6)]
V = [format_verifier_key(key.name, key.public, key.algorithm) for key in KEYS]
LOG = MemoryLog().note_key
L = format_verifier_key(LOG.name, LOG.public)
PUBLIC = [key.public for key in KEYS]
RENAMED = format_verifier_key("other.example", KEYS[0].public, KEYS[0].algorithm)

EXAMPLE = f"""\
log {L}

witness X1 {V[0]}
witness X2 {V[1]} https://x2.example/submit
witness X3 {V[2]}
group X-witnesses 2 X1 X2 X3

# the other organisation
\twitness \tY1   {V[3]}\t
witness Y2 {V[4]}
witness Y3 {V[5]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
""".encode()
"""The example of tlog-policy, with keys."""


def policy(*lines: str | bytes) -> bytes:
    """Return lines as a file."""
    return b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines)


def test_the_example_of_the_specification_is_read() -> None:
    """Two levels of groups, comments, tabs, an address."""
    read = parse_policy(EXAMPLE)
    assert [log.key for log in read.logs] == [LOG]
    assert read.keys == tuple(KEYS)
    assert [witness.url for witness in read.witnesses][:2] == [None, "https://x2.example/submit"]
    assert [(group.name, group.threshold) for group in read.groups] == [
        (b"X-witnesses", 2),
        (b"Y-witnesses", 1),
        (b"X-and-Y", 2),
    ]
    assert read.quorum == b"X-and-Y"


def test_a_nested_quorum_is_met_only_by_its_members() -> None:
    """Every set of witnesses: two of X and one of Y, whoever they are."""
    read = parse_policy(EXAMPLE)
    for size in range(len(PUBLIC) + 1):
        for seen in itertools.combinations(PUBLIC, size):
            enough = len({*seen} & {*PUBLIC[:3]}) >= 2 and len({*seen} & {*PUBLIC[3:]}) >= 1
            assert read.is_met(seen) == enough


def test_missing_witnesses_are_those_that_could_count() -> None:
    """Witnesses that the quorum does not reach are not asked for."""
    read = parse_policy(
        policy(f"witness a {V[0]}", f"witness b {V[1]}", f"witness c {V[2]}", "group g any a b", "quorum g")
    )
    assert [one.name for one in read.missing([PUBLIC[0]])] == [b"b"]
    assert [one.name for one in read.missing([])] == [b"a", b"b"]


def test_a_policy_names_this_log_or_no_log() -> None:
    """Another log, or another key under the same name, is not the policy's."""
    other = MemoryLog(key=private_key(9)).note_key
    parse_policy(policy("quorum none")).check_log(other)
    read = parse_policy(policy(f"log {L}", "quorum none"))
    read.check_log(LOG)
    with pytest.raises(UntrustedKey):
        read.check_log(other)
    with pytest.raises(UntrustedKey):
        read.check_log(MemoryLog(origin="other.example").note_key)


ACCEPTED = {
    "nothing but a quorum": policy("quorum none"),
    "one witness": policy(f"witness w {V[0]}", "quorum w"),
    "lines after the quorum": policy("quorum none", f"witness w {V[0]}", f"log {L} https://x"),
    "a name that is a word of the format": policy(f"witness quorum {V[0]}", "quorum quorum"),
    "a name of other octets than UTF-8": policy(b"witness \xff\xfe " + V[0].encode(), b"quorum \xff\xfe"),
    "a kelvin sign is no K": policy(f"witness K {V[0]}", f"witness \u212a {V[1]}", "quorum \u212a"),
    "an address of other octets than UTF-8": policy(b"witness w " + V[0].encode() + b" \xff", b"quorum w"),
    "one key for a log and a witness": policy(
        f"log {L}", f"witness w {format_verifier_key(LOG.name, LOG.public, 4)}", "quorum w"
    ),
    "a member that is also the quorum": policy(f"witness w {V[0]}", "group g 1 w", "quorum w"),
    "empty lines and comments": policy("", " \t", "#", "  # x", "quorum\tnone  "),
    "a name that begins with a hash": policy(f"witness #w {V[0]}", "quorum #w"),
    "32 of each": policy(
        *(
            f"log {format_verifier_key(f'l{n}.example', witness_key('x', private_key(n)).public)}"
            for n in range(1, 33)
        ),
        *(
            f"witness w{n} {format_verifier_key('w', witness_key('x', private_key(n)).public, 4)}"
            for n in range(1, 33)
        ),
        *(f"group g{n} all w{n}" + (f" g{n - 1}" if n > 1 else "") for n in range(1, 33)),
        "quorum g32",
    ),
}

REFUSED = {
    "empty": b"",
    "no quorum": policy(f"witness w {V[0]}"),
    "two quorums": policy("quorum none", "quorum none"),
    "a last line without end": b"quorum none",
    "an unknown line": policy("quorum none", "witnesses"),
    "another case": policy("Quorum none"),
    "carriage return": b"quorum none\r\n",
    "a null": policy("quorum none", b"# \x00"),
    "delete": policy("quorum none", b"# \x7f"),
    "a form feed between words": policy(b"quorum\x0cnone"),
    "a no-break space between words": policy("quorum\u00a0none"),
    "a quorum of nothing": policy("quorum"),
    "a quorum of two": policy(f"witness a {V[0]}", "quorum a a"),
    "a quorum that is not defined": policy("quorum w"),
    "a quorum that is defined later": policy("quorum w", f"witness w {V[0]}"),
    "a witness called none": policy(f"witness none {V[0]}", "quorum none"),
    "a group called none": policy(f"witness w {V[0]}", "group none 1 w", "quorum none"),
    "a member called none": policy(f"witness w {V[0]}", "group g 1 w none", "quorum g"),
    "one name for two witnesses": policy(f"witness w {V[0]}", f"witness w {V[1]}", "quorum w"),
    "one name for a witness and a group": policy(f"witness w {V[0]}", "group w 1 w", "quorum w"),
    "one key for two witnesses": policy(f"witness a {V[0]}", f"witness b {V[0]}", "quorum a"),
    "one key for two witnesses with two key names": policy(
        f"witness a {V[0]}", f"witness b {RENAMED}", "quorum a"
    ),
    "one key for two logs": policy(f"log {L}", f"log {L} https://x", "quorum none"),
    "a group of nothing": policy("group g all", "quorum none"),
    "a group of itself": policy("group g 1 g", "quorum g"),
    "a group of a later name": policy("group g 1 w", f"witness w {V[0]}", "quorum g"),
    "a circle": policy(f"witness w {V[0]}", "group g 1 w h", "group h 1 g", "quorum h"),
    "a member twice in one group": policy(f"witness w {V[0]}", "group g 2 w w", "quorum g"),
    "a member of two groups": policy(f"witness w {V[0]}", "group g 1 w", "group h 1 w", "quorum h"),
    "none of one": policy(f"witness w {V[0]}", "group g 0 w", "quorum g"),
    "two of one": policy(f"witness w {V[0]}", "group g 2 w", "quorum g"),
    "a signed threshold": policy(f"witness w {V[0]}", "group g +1 w", "quorum g"),
    "a threshold with a leading zero": policy(f"witness w {V[0]}", "group g 01 w", "quorum g"),
    "a threshold in other digits": policy(f"witness w {V[0]}", "group g \u0661 w", "quorum g"),
    "a threshold without end": policy(f"witness w {V[0]}", f"group g {'9' * 10_000} w", "quorum g"),
    "a witness without a key": policy("witness w", "quorum w"),
    "a witness with too much": policy(f"witness w {V[0]} https://x y", "quorum w"),
    "a witness with a log's key": policy(f"witness w {L}", "quorum w"),
    "a log with a witness's key": policy(f"log {V[0]}", "quorum none"),
    "a log with nothing": policy("log", "quorum none"),
    "a log with too much": policy(f"log {L} https://x y", "quorum none"),
    "a key with another id": policy(f"witness w {V[0].replace('+', '+0', 1)}", "quorum w"),
    "a key of another type": policy("witness w w.example+00000000+Bgo=", "quorum w"),
    "a key that is not UTF-8": policy(b"witness w \xff" + V[0].encode(), "quorum w"),
    "a key of small order": policy(
        "witness w w+8d4be4b9+BAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "quorum w"
    ),
    "too large": policy("quorum none", "#" * MAX_POLICY_BYTES),
    "too many groups": policy(
        f"witness w {V[0]}",
        "group g0 1 w",
        *(f"group g{n} 1 g{n - 1}" for n in range(1, MAX_OF_A_KIND + 1)),
        "quorum none",
    ),
}


@pytest.mark.parametrize("data", ACCEPTED.values(), ids=ACCEPTED)
def test_right_files_are_read(data: bytes) -> None:
    """Whatever the specification allows, in whatever odd form."""
    assert isinstance(parse_policy(data), WitnessPolicy)


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_wrong_files_are_refused(data: bytes) -> None:
    """Nothing is guessed: each of these means something else to somebody."""
    with pytest.raises(Malformed):
        parse_policy(data)


def test_a_quorum_of_none_needs_no_witness() -> None:
    """A quorum of none is met by nobody at all."""
    read = parse_policy(policy(f"witness w {V[0]}", "quorum none"))
    assert read.quorum == NONE
    assert read.is_met([])
    assert read.missing([]) == ()


def test_names_are_displayed_without_control_characters() -> None:
    """Octets that are no UTF-8, and characters that move the cursor or turn the text about."""
    assert printable_name(b"w\xff") == "w\\xff"
    assert printable_name("w\u202e\x1b[2Jé".encode()) == "w\\u202e\\x1b[2Jé"


WORDS = st.sampled_from(
    [
        "log",
        "witness",
        "group",
        "quorum",
        "none",
        "all",
        "any",
        "1",
        "2",
        "a",
        "b",
        "g",
        "#",
        "\u212a",
        L,
        *V[:3],
    ]
)


@given(st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=8).map(lambda lines: policy(*lines)))
def test_any_words_are_read_or_refused(data: bytes) -> None:
    """No other error, and what was read can be asked."""
    try:
        read = parse_policy(data)
    except Malformed:
        return
    assert read.is_met(PUBLIC) or read.missing(PUBLIC) == ()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No other error."""
    try:
        parse_policy(data)
    except Malformed:
        return
