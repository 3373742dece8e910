"""The list of keys beside its files, the log, and what this customer knows of it (V24, V30, V33)."""

from __future__ import annotations

from register_api.core.canonical import Encoded
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.key_list import Disowned, check_growth, new_records
from register_api.errors import Document, Forged, Forked, UntrustedKey
from register_api.verify.checks.check_table import NotApplicable
from register_api.verify.checks.log import read_keys
from register_api.verify.checks.round import Round


def check_key_files(run: Round) -> str:
    """Compare every key's PEM file with the list of keys (V24)."""
    keys = run.keys.document.keys
    for key in keys:
        path = tree.PUBLIC_KEY.path(key.kid)
        with run.record.recording("V24", path):
            if run.get(path) != key.pem.encode():
                raise Forged("not the key that the list of keys gives")
    return f"{len(keys)} files"


def check_key_history(run: Round) -> str:
    """Compare the list of keys with that of a version in the log, and with the remembered one (V30)."""
    newest, log = run.keys, run.log
    version = run.version or log.size
    run.new_keys = ()
    if all(run.targets.kept(kind) is not None for kind in (tree.KEYS, tree.REGISTER, tree.CHECKPOINT)):
        return "passed when last checked; neither the list nor the log has changed"
    # The newest is not fetched again.
    same = log.logged_digests(version)[tree.VERSION_KEYS.path(version)] == newest.sha256
    check_continues(run, newest if same else log.logged_keys(version), newest, version)
    known = run.remembered
    if known is None or (kept := known.kept.get(tree.KEYS.target_name)) is None:
        return f"it says all that the list of version {version} says"
    remembered = read_keys(kept, newest.document.register, "the remembered list of keys")
    check_continues(run, remembered, newest, known.size)
    run.new_keys = new_keys = new_records(remembered.document, newest.document)
    new = ", ".join(key.in_words for key in new_keys) or "none"
    return f"it says all that the list of version {version} and the remembered list say; new: {new}"


def check_continues(run: Round, older: Encoded[KeyList], newer: Encoded[KeyList], size: int) -> None:
    """Check that a list takes nothing back; two that contradict each other are kept as evidence."""
    try:
        check_growth(older.document, newer.document, size)
    except Forked as error:
        error.hint = "both lists were vouched for: keep them, and ask the publisher which one holds"
        vouching = [run.targets.trusted.metadata["targets"]]
        vouching += [run.remembered.targets] if run.remembered else []
        error.documents = (
            *(Document.of("keys", keys.data) for keys in (older, newer)),
            *(Document.of("targets", data) for data in vouching),
        )
        raise


def check_disowned(run: Round) -> str:
    """Compare the remembered list of keys with today's: no version may have lost its key unnoticed (V33)."""
    known, newest = run.remembered, run.keys
    if known is not None and (kept := known.kept.get(tree.KEYS.target_name)) not in (None, newest.data):
        before = read_keys(kept, newest.document.register, "the remembered list of keys")
        run.disowned.find(before.document, newest.document, known.size)
    found = run.disowned.all
    pending = [one for one in found if not run.disowned.is_acknowledged(one.first, one.last)]
    if pending:
        named = " and ".join(dict.fromkeys(_span(one) for one in pending))
        later = "" if max(one.last for one in pending) < run.log.size else "wait for the version after it; "
        options = " ".join(dict.fromkeys(f"--acknowledge {_span(one)}" for one in pending))
        raise UntrustedKey(
            f"the publisher does not stand for version {named} any more",
            hint=f"{later}see Disowned below, and what you did by such a version; then {options}",
        )
    if found:
        return "but for what was acknowledged: see Disowned below"
    if known is None:
        raise NotApplicable("nothing is remembered from an earlier run")
    return f"each version up to {known.size} is signed by keys that are good for it"


def _span(one: Disowned) -> str:
    """Return a range of versions as ``--acknowledge`` takes it: ``2``, or ``2-7``."""
    return f"{one.first}" if one.first == one.last else f"{one.first}-{one.last}"
