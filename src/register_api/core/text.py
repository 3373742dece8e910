"""Hygiene of strings: what a text, an id, a name may look like (docs/format.md, Bytes).

Every check says what is wrong in words, so that whoever edits the source can act on it; nothing is
ever mended silently.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from html.entities import html5
from typing import TYPE_CHECKING, NamedTuple

from register_api.core.address import is_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_SLUG = 64
"""Longest id, in characters (docs/rules.md, R02)."""


_PLAIN = re.compile(r"[!-%'-;=-~](?:[ -%'-;=-~\n]*[!-%'-;=-~])?")
"""ASCII that no check can object to: most texts, so that the others may take their time."""

HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = re.compile(r"<[A-Za-z/!?]")
_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);")

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_NAME_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")

_LONGEST_NAME = 64
_LIKENESS = 0.6


class TextProblem(NamedTuple):
    """What is wrong with a text, as the end of the sentence "this text …", and what to do about it."""

    text: str
    hint: str


def is_plain(text: str) -> bool:
    """Tell whether a text is ASCII to which ``text_problems`` cannot object: true of most, and quick."""
    return _PLAIN.fullmatch(text) is not None


def text_problems(text: str) -> Iterator[TextProblem]:
    """Yield what is wrong with a text.

    Length is not judged here. HTML is what an HTML parser would take for a tag, a comment or a
    character reference: ``<`` directly followed by a letter, ``/``, ``!`` or ``?`` (WHATWG HTML,
    section 13.2.5.6), and ``&name;``, ``&#38;``, ``&#x26;``. ``a < b`` and ``R&D;`` are text.
    """
    if is_plain(text):
        return
    if not text:
        yield TextProblem("is empty", "leave the field out if it is unknown")
    if text != text.strip():
        hint = "take the white space away; it is not done silently"
        yield TextProblem("begins or ends with white space", hint)
    if not unicodedata.is_normalized("NFC", text):
        hint = "write it with composed characters; it is not done silently"
        yield TextProblem("is not in Unicode normalisation form C", hint)
    for pattern, kind in ((_CONTROL, "control"), (HIDDEN, "invisible"), (_SURROGATE, "surrogate")):
        found = pattern.search(text)
        if found:
            what = f"holds the {kind} character U+{ord(found[0]):04X} in place {found.start() + 1}"
            yield TextProblem(what, "take it out; it may have come along when the text was copied")
    found = _TAG.search(text) or next(filter(_is_known, _REFERENCE.finditer(text)), None)
    if found:
        hint = "write plain text; a < that no letter follows is fine, and so is a bare &"
        yield TextProblem(f"holds HTML: {found[0]} in place {found.start() + 1}", hint)


def _is_known(reference: re.Match[str]) -> bool:
    """Tell whether HTML has a character of that name or number (WHATWG HTML, section 13.5)."""
    return reference[0].startswith("&#") or reference[0][1:] in html5


def is_slug(text: str) -> bool:
    """Tell whether a text may be an id: groups of a-z, 0-9 joined by single hyphens, 64 at most."""
    return len(text) <= MAX_SLUG and _SLUG.fullmatch(text) is not None


def is_language_tag(text: str) -> bool:
    """Tell whether a text has the form of a language tag, e.g. ``en`` or ``de-AT`` (BCP 47)."""
    return _LANGUAGE.fullmatch(text) is not None


def is_register_name(text: str) -> bool:
    """Tell whether a text may name a register: a host in lower case and a path, without a scheme.

    It is also the origin and key name of the log (C2SP signed-note: no white space, no plus sign).
    """
    host, slash, path = text.partition("/")
    return host == host.lower() and is_host(host) and _NAME_PATH.fullmatch(slash + path) is not None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like this one, or ``None`` if none is at all alike."""
    asked = name[:_LONGEST_NAME].casefold().replace("-", "_").replace(" ", "_")
    folded = {item.casefold().replace("-", "_"): item for item in known}
    matches = difflib.get_close_matches(asked, folded, n=1, cutoff=_LIKENESS)
    return folded[matches[0]] if matches else None
