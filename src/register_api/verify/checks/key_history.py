"""The list of keys beside what the log and this customer know of it (V30)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.canonical import Encoded, decode, digest
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.keys.key_growth import check_growth, new_records
from register_api.core.keys.key_list import check_keys
from register_api.errors import Document, Forged, Forked, Inconsistent
from register_api.verify.checks.log import logged_digests
from register_api.verify.checks.recorder import naming

if TYPE_CHECKING:
    from register_api.verify.checks.session import Session


def check_key_history(session: Session) -> str:
    """Compare the list of keys with the one that the log holds, and with the remembered one (V30)."""
    if all(session.kept(kind) is not None for kind in (tree.KEYS, tree.REGISTER, tree.CHECKPOINT)):
        return "held when it was checked before; neither the list nor the log has changed"
    version = session.register.version
    newest = Encoded(session.keys, session.keys_data)
    continues(session, _logged(session, newest), newest, version)
    known = session.remembered
    if known is None or (kept := known.kept.get(tree.KEYS.target_name)) is None:
        return f"it says all that the list of version {version} says"
    remembered = read_key_list(session, kept, "the remembered list of keys")
    continues(session, remembered, newest, known.size)
    session.new_keys = new_records(remembered.document, session.keys)
    new = ", ".join(key.in_words for key in session.new_keys) or "none"
    return f"it says all that the list of version {version} and the remembered list say; new: {new}"


def continues(session: Session, older: Encoded[KeyList], newer: Encoded[KeyList], size: int) -> None:
    """Check that a list takes nothing back; two that contradict each other are kept as evidence.

    Raises:
        Forked: It does.
    """
    try:
        check_growth(older.document, newer.document, size)
    except Forked as error:
        error.hint = "both lists were vouched for: keep them, and ask the publisher which one holds"
        vouching = [session.trusted.metadata["targets"]]
        vouching += [session.remembered.targets] if session.remembered else []
        error.documents = (
            *(Document.of("keys", keys.data) for keys in (older, newer)),
            *(Document.of("targets", data) for data in vouching),
        )
        raise


def read_key_list(session: Session, data: bytes, path: str) -> Encoded[KeyList]:
    """Read the list of keys at a version.

    Raises:
        Malformed: It is not one; so is the kind of finding of what stands in it.
        Inconsistent: It is another register's.
    """
    with naming(path):
        keys = decode(data, KeyList)
        check_keys(keys)
        if keys.register != session.register.register:
            raise Inconsistent(f"the list of keys of {keys.register!r}")
    return Encoded(keys, data)


def _logged(session: Session, newest: Encoded[KeyList]) -> Encoded[KeyList]:
    """Return the list of keys that the newest entry of the log names."""
    version = session.register.version
    path = tree.VERSION_KEYS.path(version)
    sha256 = logged_digests(session, version)[path]
    if sha256 == newest.sha256:
        return newest
    data = session.get(path)
    if digest(data) != sha256:
        raise Forged("the digest that the log's entry names does not fit the bytes received", path=path)
    return read_key_list(session, data, path)
