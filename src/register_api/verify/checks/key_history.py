"""The list of keys beside what the log and this customer know of it (V30)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.canonical import Encoded, decode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.keys.key_list import check_growth, check_keys, new_records
from register_api.errors import Document, Forked, Inconsistent
from register_api.verify.checks.recorder import naming

if TYPE_CHECKING:
    from register_api.core.documents import KeyRecord
    from register_api.verify.checks.log import Log
    from register_api.verify.checks.run import Run
    from register_api.verify.checks.targets import Targets

NewKeys = tuple["KeyRecord", ...]


def check_key_history(
    run: Run, targets: Targets, newest: Encoded[KeyList], log: Log, version: int
) -> tuple[NewKeys, str]:
    """Compare the list of keys with the one that the log holds of a version, and with the remembered one."""
    if all(targets.kept(kind) is not None for kind in (tree.KEYS, tree.REGISTER, tree.CHECKPOINT)):
        return (), "passed when last checked; neither the list nor the log has changed"
    continues(run, targets, _logged(newest, log, version), newest, version)
    known = run.remembered
    if known is None or (kept := known.kept.get(tree.KEYS.target_name)) is None:
        return (), f"it says all that the list of version {version} says"
    remembered = read_key_list(kept, newest.document.register, "the remembered list of keys")
    continues(run, targets, remembered, newest, known.size)
    new_keys = new_records(remembered.document, newest.document)
    new = ", ".join(key.in_words for key in new_keys) or "none"
    return new_keys, (
        f"it says all that the list of version {version} and the remembered list say; new: {new}"
    )


def continues(
    run: Run, targets: Targets, older: Encoded[KeyList], newer: Encoded[KeyList], size: int
) -> None:
    """Check that a list takes nothing back; two that contradict each other are kept as evidence."""
    try:
        check_growth(older.document, newer.document, size)
    except Forked as error:
        error.hint = "both lists were vouched for: keep them, and ask the publisher which one holds"
        vouching = [targets.trusted.metadata["targets"]]
        vouching += [run.remembered.targets] if run.remembered else []
        error.documents = (
            *(Document.of("keys", keys.data) for keys in (older, newer)),
            *(Document.of("targets", data) for data in vouching),
        )
        raise


def read_key_list(data: bytes, register: str, path: str) -> Encoded[KeyList]:
    """Read the list of keys at a version."""
    with naming(path):
        keys = decode(data, KeyList)
        check_keys(keys)
        if keys.register != register:
            raise Inconsistent(f"the list of keys of {keys.register!r}")
    return Encoded(keys, data)


def _logged(newest: Encoded[KeyList], log: Log, version: int) -> Encoded[KeyList]:
    """Return the list of keys that the log's entry of a version names; the newest is not fetched again."""
    same = log.logged_digests(version)[tree.VERSION_KEYS.path(version)] == newest.sha256
    return newest if same else log.logged_keys(version)
