"""Signed notes: published examples, unknown lines passed over, every other form refused."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from memory_log import private_key, sign
from register_api.core.log.note import (
    COSIGNATURE,
    MAX_NOTE_BYTES,
    MAX_SIGNATURE_LINES,
    Note,
    SignatureLine,
    format_note,
    format_verifier_key,
    make_note_key,
    parse_note,
    parse_verifier_key,
    verify_note,
)
from register_api.errors import Forged, Malformed, UntrustedKey

VECTORS = Path(__file__).parents[2] / "vectors"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"

TEXT = "a text\n\nof three lines\n"
KEY = make_note_key("example.com/log", private_key(1).public_key().public_bytes_raw())
OTHER = make_note_key("example.com/log", private_key(2).public_key().public_bytes_raw())
GOOD = sign(TEXT, [(KEY, private_key(1))])
LINE = GOOD.decode().splitlines()[-1]


def test_the_example_of_go_verifies() -> None:
    """Both keys, each alone, and the key strings come out as they went in."""
    note = parse_note((VECTORS / "sumdb-note.txt").read_bytes())
    peter, enoch = parse_verifier_key(PETER), parse_verifier_key(ENOCH)
    assert verify_note(note, [enoch, peter]) == (peter, enoch)
    assert verify_note(note, [peter]) == (peter,)
    assert verify_note(note, [enoch]) == (enoch,)
    assert [format_verifier_key(key.name, key.public) for key in (peter, enoch)] == [PETER, ENOCH]


@pytest.mark.parametrize("name", ["c2sp-note.txt", "c2sp-cosigned-checkpoint.txt", "sumdb-note.txt"])
def test_published_notes_are_read_and_written_alike(name: str) -> None:
    """Parsing and formatting are inverse."""
    data = (VECTORS / name).read_bytes()
    note = parse_note(data)
    assert format_note(note.text, note.signatures) == data


def test_the_text_of_the_c2sp_example_keeps_its_empty_line() -> None:
    """The last empty line divides, not the first."""
    note = parse_note((VECTORS / "c2sp-note.txt").read_bytes())
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert [line.name for line in note.signatures] == ["quasimodo.example/salvatore"]


def test_key_id_is_the_hash_of_name_type_and_key() -> None:
    """SHA-256(name, newline, type, key), four bytes; so each type has its own id."""
    public = KEY.public
    assert make_note_key("example.com/log", public).key_id == KEY.key_id
    assert make_note_key("example.com/log", public, COSIGNATURE).key_id != KEY.key_id


def test_a_line_of_a_known_key_must_fit() -> None:
    """Even when another known key's line fits."""
    forged = SignatureLine(name=OTHER.name, key_id=OTHER.key_id, signature=bytes(64))
    note = parse_note(GOOD)
    both = Note(text=note.text, signatures=(*note.signatures, forged))
    assert verify_note(both, [KEY]) == (KEY,)
    with pytest.raises(Forged):
        verify_note(both, [KEY, OTHER])


def test_a_changed_text_is_forged() -> None:
    """One letter."""
    with pytest.raises(Forged):
        verify_note(parse_note(GOOD.replace(b"three", b"seven")), [KEY])


def test_a_note_without_a_known_signature_is_untrusted() -> None:
    """No key, another key of the same name, the same key under another name."""
    renamed = make_note_key("example.com/other", KEY.public)
    for keys in ([], [OTHER], [renamed]):
        with pytest.raises(UntrustedKey):
            verify_note(parse_note(GOOD), keys)


def test_a_witness_key_does_not_verify_plain_signatures() -> None:
    """Types are not mixed."""
    witness = make_note_key(KEY.name, KEY.public, COSIGNATURE)
    line = SignatureLine(name=KEY.name, key_id=witness.key_id, signature=private_key(1).sign(TEXT.encode()))
    with pytest.raises(UntrustedKey):
        verify_note(parse_note(format_note(TEXT, [line])), [witness])


def test_one_key_signing_twice_is_one_key() -> None:
    """Lines may repeat; keys do not."""
    assert verify_note(parse_note(GOOD + f"{LINE}\n".encode()), [KEY]) == (KEY,)


def test_sixteen_large_unknown_signatures_are_skipped() -> None:
    """Post-quantum signatures of 5 kB (signed-note, Format), before and after ours."""
    large = [
        SignatureLine(name=f"witness.example/{n}", key_id=bytes([n] * 4), signature=bytes(5000))
        for n in range(15)
    ]
    note = parse_note(GOOD)
    assert verify_note(parse_note(format_note(TEXT, [*large, *note.signatures])), [KEY]) == (KEY,)
    assert verify_note(parse_note(format_note(TEXT, [*note.signatures, *large])), [KEY]) == (KEY,)


def test_the_number_of_lines_is_bounded() -> None:
    """1,000 are read, one more is refused."""
    line = f"— w {base64.b64encode(bytes(5)).decode()}\n"
    assert len(parse_note(f"text\n\n{line * MAX_SIGNATURE_LINES}".encode()).signatures) == MAX_SIGNATURE_LINES
    with pytest.raises(Malformed):
        parse_note(f"text\n\n{line * (MAX_SIGNATURE_LINES + 1)}".encode())


SHORT = base64.b64encode(bytes(4)).decode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        f"{TEXT}{LINE}\n".encode(),
        f"{TEXT}\n".encode(),
        f"\n{LINE}\n".encode(),
        f"\n\n{LINE}\n".encode(),
        f"{TEXT}\n\n{LINE}\n".encode(),
        f"{TEXT}\n{LINE}".encode(),
        f"{TEXT}\n{LINE}\n\n".encode(),
        f"{TEXT}\n{LINE}\n".replace("\n", "\r\n").encode(),
        f"{TEXT}\n{LINE}\r\n".encode(),
        f"{TEXT}\t\n{LINE}\n".encode(),
        f"{TEXT}\x00\n{LINE}\n".encode(),
        b"\xff" + GOOD,
        f"{TEXT}\n{LINE.replace('— ', '- ')}\n".encode(),
        f"{TEXT}\n{LINE.replace('— ', '—')}\n".encode(),
        f"{TEXT}\n {LINE}\n".encode(),
        f"{TEXT}\n{LINE}=\n".encode(),
        f"{TEXT}\n{LINE[:-1]}\n".encode(),
        f"{TEXT}\n{LINE} \n".encode(),
        f"{TEXT}\n— example.com/log\n".encode(),
        f"{TEXT}\n— example.com/log {SHORT}\n".encode(),
        f"{TEXT}\n—  {SHORT}A\n".encode(),
        f"{TEXT}\n{LINE.replace('example.com/log', 'a+b')}\n".encode(),
        f"{TEXT}\n{LINE.replace('example.com/log', 'a b')}\n".encode(),
        f"{TEXT}\n{LINE}\n".replace("example.com/log", "a\u2003b").encode(),
        f"{TEXT}\n{LINE}\nno signature\n".encode(),
        b"x" * (MAX_NOTE_BYTES + 1),
    ],
)
def test_malformed_notes_are_refused(data: bytes) -> None:
    """CR, control characters, missing or doubled lines, other base64, names with spaces or a plus."""
    with pytest.raises(Malformed):
        parse_note(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("c74f20a3", "0c74f20a3"),
        PETER.replace("PeterNeumann", ""),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER.replace("PeterNeumann", "\ud800"),
        PETER + "\n",
        PETER[:-4],
        PETER.replace("+AR", "+ZR"),
        PETER.replace("+AR", "+-R"),
        "PeterNeumann+c74f20a3+" + base64.b64encode(b"\x01" + b"\xff" * 32).decode(),
    ],
)
def test_malformed_verifier_keys_are_refused(text: str) -> None:
    """Wrong id, wrong spelling, unknown type, no point."""
    with pytest.raises(Malformed):
        parse_verifier_key(text)


@pytest.mark.parametrize(
    ("text", "name", "signature"),
    [
        ("no final newline", "a", b"x"),
        ("text\n\n", "a", b"x"),
        ("", "a", b"x"),
        ("te\rxt\n", "a", b"x"),
        ("\ud800\n", "a", b"x"),
        ("text\n", "a b", b"x"),
        ("text\n", "a", b""),
        ("text\n\n— b AAAAAAA=\n", "a", b"x"),
    ],
)
def test_no_note_is_written_that_would_not_be_read(text: str, name: str, signature: bytes) -> None:
    """The writer reads what it wrote; the last text is one that is read as it was meant."""
    line = SignatureLine(name=name, key_id=bytes(4), signature=signature)
    if text.startswith("text\n\n—"):
        assert parse_note(format_note(text, [line])).text == text
        return
    with pytest.raises(Malformed):
        format_note(text, [line])


def test_a_note_needs_a_signature() -> None:
    """Written without one it is no note."""
    with pytest.raises(Malformed):
        format_note(TEXT, [])
