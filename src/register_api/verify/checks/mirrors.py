"""What is served twice: keys as PEM files, the register's name in discovery (V24, V26)."""

from __future__ import annotations

import re

from register_api.core.canonical import decode, is_digest
from register_api.core.documents import Discovery, KeyList, RegisterReference
from register_api.core.format import tree
from register_api.errors import Forged, Inconsistent, Malformed
from register_api.verify.checks.run import Run
from register_api.verify.trust.chain import Trusted


def check_key_files(run: Run, keys: KeyList) -> str:
    """Compare every key's PEM file with the list of keys (V24)."""
    for key in keys.keys:
        path = tree.PUBLIC_KEY.path(key.kid)
        with run.record.recording("V24", path):
            if run.get(path) != key.pem.encode():
                raise Forged("not the key that the list of keys gives")
    return f"{len(keys.keys)} files"


def check_discovery(run: Run, trusted: Trusted, register: str) -> str:
    """Check what the discovery document says of this register (V26)."""
    data = run.get(tree.DISCOVERY.path())
    found = [one for one in decode(data, Discovery).registers if one.register == register]
    if not found:
        raise Inconsistent(f"{tree.DISCOVERY.path()} does not name {register!r}")
    for one in found:
        if not (_BASE.fullmatch(one.tree_url) and is_digest(one.root.sha256)):
            raise Malformed(f"{tree.DISCOVERY.path()} gives an address or a digest that is not valid")
        if trusted.roots.get(one.root.version, one.root.sha256) != one.root.sha256:
            raise Inconsistent(f"{tree.DISCOVERY.path()} names another root as version {one.root.version}")
        if _addresses(one) != tuple(one.tree_url + path for path in _DISCOVERED):
            raise Inconsistent(f"{tree.DISCOVERY.path()} names addresses that are not below its base")
    return register


_SEGMENT = r"(?!\.{1,2}/)(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!2[EeFf]|5[Cc])[0-9A-Fa-f]{2})+/"
_BASE = re.compile(rf"\.\./|https?://[A-Za-z0-9.:\[\]-]+/(?:{_SEGMENT})*")
"""Relative to the document, or absolute; nothing that leads up, be it encoded (RFC 3986 section 5.2.4)."""

_DISCOVERED = (tree.REGISTER.path(), tree.FEED_ATOM.path(), tree.TRUST_FOLDER, tree.TARGETS_FOLDER)


def _addresses(one: RegisterReference) -> tuple[str, ...]:
    return one.register_url, one.feed_url, one.trust_url, one.targets_url
