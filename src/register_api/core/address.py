"""Addresses: https and mailto links, e-mail addresses, and contacts that may be either, or words.

Every check says what is wrong in words, as the end of the sentence "this address …". The patterns
are read in time linear in the text: none repeats what it repeats.
"""

from __future__ import annotations

import re

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
    return (
        _authority_problem(match["authority"]) if match else "holds a character that has to be written as %XX"
    )


def _authority_problem(authority: str) -> str | None:
    """Say what is wrong with host and port (RFC 3986, section 3.2)."""
    if "@" in authority:
        return "names a user"
    host, colon, port = authority.partition(":")
    if not is_host(host):
        return "has no host name"
    good_port = not colon or (_PORT.fullmatch(port) and int(port) <= _MAX_PORT)
    return None if good_port else "has no right port"


def masked_url(url: str) -> str:
    """Return as much of an address as may be shown where what follows the host may be a password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest)[0].rpartition('@')[2]}/…"


def email_problem(address: str) -> str | None:
    """Say what is wrong with an e-mail address (the dot-atom form of RFC 5322), or nothing."""
    local, at, domain = address.rpartition("@")
    good = at and _LOCAL.fullmatch(local) and is_host(domain) and "." in domain
    return None if good and len(address) <= _MAX_EMAIL else "is no e-mail address such as privacy@example.com"


def link_problem(url: str) -> str | None:
    """Say what is wrong with an address that may be ``https`` or ``mailto`` (RFC 6068), or nothing."""
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


_LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


def base_url_problem(url: str) -> str | None:
    """Say what is wrong with the address of a tree's root, as the end of a sentence, or ``None``.

    It is https; http only to this machine, for a trial.
    """
    if any(url.startswith((f"{host}/", f"{host}:")) for host in _LOOPBACK):
        judged = "https://localhost.example/" + url.partition("://")[2].partition("/")[2]
    else:
        judged = url
    problem = url_problem(judged)
    if problem is None and ("?" in url or "#" in url):
        problem = "has a query or a fragment"
    return problem or (None if url.endswith("/") else "does not end in a slash")


def license_problem(text: str) -> str | None:
    """Say what is wrong with a licence, as the end of a sentence, or ``None``."""
    if _SPDX.fullmatch(text):
        return None
    return "is not an SPDX identifier" if "://" not in text else url_problem(text)
