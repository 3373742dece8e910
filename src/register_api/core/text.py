"""Hygiene of strings: what a text, an id, an address may look like (docs/format.md, Bytes).

Every check says what is wrong in words, so that whoever edits the source can act on it; nothing is
ever mended silently.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SLUG = 64
"""Longest id, in characters (docs/rules.md, R02)."""

_MAX_HOST = 253
_MAX_EMAIL = 254
_MAX_PORT = 65535

_PLAIN = re.compile(r"[!-%'-;=-~](?:[ -%'-;=-~\n]*[!-%'-;=-~])?")
"""ASCII that no check can object to: most texts, so that the others may take their time."""

_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = re.compile(r"<[A-Za-z/!?]")
_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);")

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HOST = re.compile(
    r"(?=.{1,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_URL = re.compile(
    r"https://(?P<authority>[^/?#]*)(?P<rest>(?:[/?#](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)*)"
)
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUERY = re.compile(r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_NAME_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


def text_problems(text: str) -> Iterator[str]:
    """Yield what is wrong with a text, each as the end of the sentence "this text …".

    Length is not judged here. HTML is what an HTML parser would take for a tag, a comment or a
    character reference: ``<`` directly followed by a letter, ``/``, ``!`` or ``?`` (WHATWG HTML,
    section 13.2.5.6), and ``&name;``, ``&#38;``, ``&#x26;``. ``a < b`` and ``R&D`` are text.
    """
    if _PLAIN.fullmatch(text):
        return
    if not text:
        yield "is empty"
    if text != text.strip():
        yield "begins or ends with white space"
    if not unicodedata.is_normalized("NFC", text):
        yield "is not in Unicode normalisation form C"
    for pattern, kind in ((_CONTROL, "control"), (_HIDDEN, "invisible"), (_SURROGATE, "surrogate")):
        found = pattern.search(text)
        if found:
            yield f"holds the {kind} character U+{ord(found[0]):04X} in place {found.start() + 1}"
    for pattern in (_TAG, _REFERENCE):
        found = pattern.search(text)
        if found:
            yield f"holds HTML: {found[0]} in place {found.start() + 1}"


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
    return (
        host == host.lower()
        and _HOST.fullmatch(host) is not None
        and bool(_NAME_PATH.fullmatch(slash + path))
    )


def url_problem(url: str) -> str | None:
    """Say what is wrong with an address that has to be absolute ``https`` (RFC 3986), or nothing.

    The host is a DNS name; other scripts than Latin are written in their ASCII forms (``xn--…``,
    ``%C3%BC``).

    Returns:
        The end of the sentence "this address …", or ``None``.
    """
    if not url.startswith("https://"):
        return "does not begin with https://"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "holds a space or a character that has to be written in ASCII"
    match = _URL.fullmatch(url)
    if match is None:
        return "holds a character that an address has to write as %XX"
    authority = match["authority"]
    if "@" in authority:
        return "names a user"
    host, colon, port = authority.partition(":")
    if _HOST.fullmatch(host) is None:
        return "has no host name"
    if colon and not (port.isdigit() and 0 < int(port[: len(str(_MAX_PORT)) + 1]) <= _MAX_PORT):
        return "has no right port"
    return None


def email_problem(address: str) -> str | None:
    """Say what is wrong with an e-mail address (the dot-atom form of RFC 5322), or nothing.

    Returns:
        The end of the sentence "this address …", or ``None``.
    """
    local, at, domain = address.rpartition("@")
    good = at and _LOCAL.fullmatch(local) and _HOST.fullmatch(domain) and "." in domain
    return None if good and len(address) <= _MAX_EMAIL else "is no e-mail address such as privacy@example.com"


def link_problem(url: str) -> str | None:
    """Say what is wrong with an address that may be ``https`` or ``mailto`` (RFC 6068), or nothing.

    Returns:
        The end of the sentence "this address …", or ``None``.
    """
    if not url.startswith("mailto:"):
        return None if url_problem(url) is None else f"{url_problem(url)}, nor is it a good mailto: address"
    address, _, query = url.removeprefix("mailto:").partition("?")
    if not _QUERY.fullmatch(query):
        return "holds a character that an address has to write as %XX"
    return email_problem(address)


def contact_problem(contact: str) -> str | None:
    """Say what is wrong with a contact: an e-mail address, a link, or words, or nothing.

    What looks like a link (a scheme before a colon) has to be a good one, and what is one word with
    an ``@`` has to be an e-mail address; anything else is words.
    """
    if _SCHEME.match(contact):
        return link_problem(contact)
    if "@" in contact and len(contact.split()) == 1:
        return email_problem(contact)
    return None
