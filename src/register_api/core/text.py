"""Validation and normalisation of texts, ids, names and addresses (docs/format/bytes.md)."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html.entities import html5
from typing import NamedTuple


def printable(text: object, limit: int = 300) -> str:
    """Return a text, or an exception's message, truncated and escaped for terminal output (ASCII)."""
    return ascii(str(text)[:limit])[1:-1]


def quoted(text: str, limit: int = 60) -> str:
    """Return a text in double quotes, truncated with an ellipsis, with invisible characters escaped."""
    return f'"{escaped(text if len(text) <= limit else text[: limit - 1] + "…")}"'


def escaped(text: str) -> str:
    r"""Return a text with every unprintable character written as an escape such as ``\x1b``."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


_MAX_EMAIL = 254
_MAX_PORT = 65535

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_PORT = re.compile(r"0*[1-9][0-9]{0,4}")
_CHARACTERS = r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_URL = re.compile(rf"https://(?P<authority>[^/?#]*)(?:[/?]{_CHARACTERS})?(?:#{_CHARACTERS})?")
_QUERY = re.compile(_CHARACTERS)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")


def is_host(text: str) -> bool:
    """Tell whether a text is a DNS name in ASCII (RFC 1123, section 2.1)."""
    return _HOST.fullmatch(text) is not None


def url_problem(url: str) -> str | None:
    """Return what is wrong with an absolute ``https`` URL in ASCII (RFC 3986), or ``None``."""
    if not url.startswith("https://"):
        return "does not begin with https://"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "holds a space or a character that has to be written in ASCII"
    match = _URL.fullmatch(url)
    if match is None:
        return "holds a character that has to be written as %XX"
    if "@" in match["authority"]:
        return "contains a user name"
    host, colon, port = match["authority"].partition(":")
    if not is_host(host):
        return "has no host name"
    good_port = not colon or (_PORT.fullmatch(port) and int(port) <= _MAX_PORT)
    return None if good_port else "has an invalid port"


def masked_url(url: str) -> str:
    """Return scheme and host of a URL whose user info, path or query may contain a secret."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest)[0].rpartition('@')[2]}/…"


def email_problem(address: str) -> str | None:
    """Return what is wrong with an email address (dot-atom form of RFC 5322), or ``None``."""
    local, at, domain = address.rpartition("@")
    good = at and _LOCAL.fullmatch(local) and is_host(domain) and "." in domain
    if good and len(address) <= _MAX_EMAIL:
        return None
    return "is not a valid email address such as privacy@example.com"


def link_problem(url: str) -> str | None:
    """Return what is wrong with an ``https`` or ``mailto`` URL (RFC 6068), or ``None``."""
    if not url.startswith("mailto:"):
        return (problem := url_problem(url)) and f"{problem}, nor is it a good mailto: address"
    address, _, query = url.removeprefix("mailto:").partition("?")
    if not _QUERY.fullmatch(query):
        return "holds a character that an address has to write as %XX"
    return email_problem(address)


def contact_problem(contact: str) -> str | None:
    """Return what is wrong with a contact (a link, an email address or plain words), or ``None``."""
    if _SCHEME.match(contact):
        return link_problem(contact)
    if "@" in contact and len(contact.split()) == 1:
        return email_problem(contact)
    return None


_LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


def base_url_problem(url: str) -> str | None:
    """Return what is wrong with a tree's base URL (https, or http to this machine), or ``None``."""
    is_here = any(url.startswith((f"{host}/", f"{host}:")) for host in _LOOPBACK)
    path = url.partition("://")[2].partition("/")[2]
    problem = url_problem(f"https://localhost.example/{path}" if is_here else url)
    if problem is None and ("?" in url or "#" in url):
        problem = "has a query or a fragment"
    return problem or (None if url.endswith("/") else "does not end in a slash")


def license_problem(text: str) -> str | None:
    """Return what is wrong with a licence, as the end of a sentence, or ``None``."""
    if _SPDX.fullmatch(text):
        return None
    return "is not an SPDX identifier" if "://" not in text else url_problem(text)


MAX_SLUG = 64
"""Longest id, in characters (docs/rules.md, R02)."""

_PLAIN = re.compile(r"[!-%'-;=-~](?:[ -%'-;=-~\n]*[!-%'-;=-~])?")
"""ASCII text that passes every check: a fast path for most texts."""

_INVISIBLE = re.compile(
    # Default_Ignorable_Code_Point, including reserved ones (Unicode, DerivedCoreProperties.txt)
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
    # line and paragraph separator (Zl, Zp), interlinear annotations, and characters not allowed in XML
    "\u2028\u2029\ufff9-\ufffb\ufffe\uffff]"
)
_JOINERS = "\u200c\u200d"
_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_VIRAMA = 9
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = re.compile(r"<[A-Za-z/!?]")
_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);")

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NAME_PATH = re.compile(r"(?:/\.*[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
"""No segment is empty, ``.`` or ``..``, which would change the path in a URL or folder."""

_LONGEST_NAME = 64
_MIN_SIMILARITY = 0.6

_WORD = re.compile(r"\w+")
_LEGAL_FORMS = frozenset(
    {
        "ab", "ag", "as", "bv", "co", "corp", "corporation", "gmbh", "inc",
        "incorporated", "kg", "limited", "llc", "llp", "ltd", "nv", "oy", "pbc",
        "plc", "pte", "pty", "sa", "sarl", "sas", "se", "spa", "srl",
    }
)  # fmt: skip


class TextProblem(NamedTuple):
    """A problem, as the end of the sentence "this text …", and a hint for fixing it."""

    text: str
    hint: str


def text_problems(text: str) -> Iterator[TextProblem]:
    """Yield the problems of a text, except its length.

    HTML is what an HTML parser would read as a tag, a comment or a character reference (WHATWG HTML, section
    13.2.5.6): ``<`` directly before a letter, ``/``, ``!`` or ``?``, and ``&name;``, ``&#38;``, ``&#x26;``.
    """
    if _PLAIN.fullmatch(text):
        return
    if not text:
        yield TextProblem("is empty", "leave the field out if it is unknown")
    if text != text.strip():
        hint = "remove the white space; the program does not change texts"
        yield TextProblem("begins or ends with white space", hint)
    if not unicodedata.is_normalized("NFC", text):
        hint = "write it with composed characters; the program does not change texts"
        yield TextProblem("is not in Unicode normalisation form C", hint)
    for matches, kind in (
        (_CONTROL.finditer(text), "control"),
        (_invisible(text), "invisible"),
        (_SURROGATE.finditer(text), "surrogate"),
    ):
        if found := next(matches, None):
            what = f"holds the {kind} character U+{ord(found[0]):04X} in place {found.start() + 1}"
            yield TextProblem(what, "remove it; it may have been copied along with the text")
    # Every number is a character reference, but only some names are (WHATWG HTML, section 13.5).
    references = (at for at in _REFERENCE.finditer(text) if at[0][1] == "#" or at[0][1:] in html5)
    if found := _TAG.search(text) or next(references, None):
        hint = "write plain text; a < that no letter follows is fine, and so is a bare &"
        yield TextProblem(f"holds HTML: {found[0]} in place {found.start() + 1}", hint)


def without_invisible(text: str) -> str:
    """Return a text without the characters that ``text_problems`` calls invisible."""
    places = {found.start() for found in _invisible(text)}
    return "".join(char for place, char in enumerate(text) if place not in places)


def without_any_invisible(text: str) -> str:
    """Return a text without any invisible character, even those that its script needs, for comparison."""
    return _INVISIBLE.sub("", text)


def _invisible(text: str) -> Iterator[re.Match[str]]:
    return (found for found in _INVISIBLE.finditer(text) if not _is_needed(text, found.start()))


def _is_needed(text: str, place: int) -> bool:
    """Tell whether the script needs the invisible character at this position.

    Scripts need joiners and non-joiners next to a virama or between Arabic or Syriac letters (roughly
    RFC 5892, appendix A), and variation selectors after a symbol or an ideograph.
    """
    before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
    if text[place] in _JOINERS and before and after:
        neighbours = (before, after)
        return any(unicodedata.combining(char) == _VIRAMA for char in neighbours) or all(
            unicodedata.bidirectional(char) in {"AL", "NSM"} for char in neighbours
        )
    if _VARIATION_SELECTORS.match(text, place) and before:
        return unicodedata.category(before) == "So" or unicodedata.name(before, "").startswith("CJK ")
    return False


def is_slug(text: str) -> bool:
    """Tell whether a text is a valid id: groups of a-z, 0-9 joined by single hyphens, 64 at most."""
    return len(text) <= MAX_SLUG and _SLUG.fullmatch(text) is not None


def is_register_name(text: str) -> bool:
    """Tell whether a text is a valid name of a register and its log (C2SP): lower-case host and path."""
    host, slash, path = text.partition("/")
    return host == host.lower() and is_host(host) and _NAME_PATH.fullmatch(slash + path) is not None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most similar to a name, or ``None`` if none is similar enough."""
    asked = name[:_LONGEST_NAME].casefold().replace("-", "_").replace(" ", "_")
    folded = {item.casefold().replace("-", "_"): item for item in known}
    matches = difflib.get_close_matches(asked, folded, n=1, cutoff=_MIN_SIMILARITY)
    return folded[matches[0]] if matches else None


def words_of(text: str) -> list[str]:
    """Return the words of a name or sentence, case-folded and without full stops."""
    return _WORD.findall(text.casefold().replace(".", ""))


@lru_cache(maxsize=4096)
def normalise_name(name: str) -> tuple[str, ...]:
    """Return a company name's sorted, case-folded words without punctuation and legal form."""
    words = sorted(words_of(name))
    return tuple(word for word in words if word not in _LEGAL_FORMS) or tuple(words) or (name.casefold(),)
