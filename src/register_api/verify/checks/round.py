"""Checks of the newest publication (V01 to V08) and of its list of keys (V24, V30, V33)."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from register_api.core.canonical import Encoded, decode, parse
from register_api.core.changes import Diff
from register_api.core.documents import KeyList, KeyRecord
from register_api.core.format import tree
from register_api.core.instant import format_instant, in_words
from register_api.core.key_list import Disowned, check_growth, check_keys, disowned_since, new_records
from register_api.core.model import Register
from register_api.core.trust_root import check_against_root, open_head, read_epochs
from register_api.errors import (
    ClockBehind,
    Document,
    Forged,
    Forked,
    Inconsistent,
    UntrustedKey,
    VerificationError,
)
from register_api.verify.checks.check_table import NotApplicable, naming
from register_api.verify.checks.log import Log, check_utc, read_keys
from register_api.verify.checks.run import Run, Targets, VerifiedValue, check_signatures
from register_api.verify.fetcher import NotServed
from register_api.verify.state import Remembered
from register_api.verify.tuf_client import follow
from register_api.verify.tuf_metadata import CLOCK_TOLERANCE, Start, choose_start

if TYPE_CHECKING:
    from register_api.core.log.time_stamp import TimeStamp


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version whose files match the log; its diff if the previous version is available."""

    register: Register
    data: bytes
    keys: Encoded[KeyList] | None
    diff: Diff | None = None


class Round(Run):
    """A run over a published register or an evidence package, with the values its checks verified.

    Attributes:
        version: The version of a package; 0 for a published register.
        found: The version checked last (that of a package), if its files match the log.
    """

    version = 0
    start = VerifiedValue[Start]("V01")
    targets = VerifiedValue[Targets]("V02")
    keys = VerifiedValue[Encoded[KeyList]]("V03")
    register = VerifiedValue[Encoded[Register]]("V04")
    log = VerifiedValue[Log]("V08")
    found: VerifiedValue[Version | None] = VerifiedValue("V13")
    feed = VerifiedValue[bytes]("V20")
    stamp: VerifiedValue[tuple[int, TimeStamp]] = VerifiedValue("V28")
    new_keys = VerifiedValue[tuple[KeyRecord, ...]]("V30")

    @property
    def newest(self) -> Encoded[Register] | None:
        """The verified register: the newest one, or that of the package."""
        if not self.version:
            return Round.register.of(self)
        found = Round.found.of(self)
        passed = all(map(self.record.passed, ("V16", "V17", "V19")))
        return Encoded(found.register, found.data) if found and passed else None


def choose_root(run: Round) -> str:
    """Choose the trust root to start from (V01)."""
    options = run.options
    run.start = start = choose_start(run.fetcher, options.root, options.root_sha256, run.remembered)
    return f"version {start.origin.version}, {start.origin.how}"


def follow_trust(run: Round) -> str:
    """Follow the chain of trust to the newest targets (V02)."""
    start = run.start
    if run.version:
        in_chain = b""
        with contextlib.suppress(NotServed):
            in_chain = run.get(tree.ROOT.path(start.origin.version))
        if in_chain != start.root:
            raise UntrustedKey(
                f"the root that was given, version {start.origin.version}, is not in the package's chain",
                hint="give the first root, or its SHA-256, as the contract names it",
            )
    try:
        trusted = follow(run.fetcher, start, run.now)
    except VerificationError as error:
        known = run.remembered
        if known is not None and (served := _served_name(run)) not in (None, known.register):
            raise _another_register(known.register, str(served)) from error
        if isinstance(error, Forked):
            error.documents += _served_checkpoint(run)
        raise
    run.targets = Targets(run, trusted)
    signed, until = format_instant(trusted.signed_at), format_instant(trusted.fresh_until)
    lasts = in_words(trusted.fresh_for)
    return f"root version {max(trusted.roots)}, signed at {signed} for {lasts}, fresh until {until}"


def _served_name(run: Round) -> str | None:
    """Return the served register's unverified name, to explain a failure."""
    try:
        name = parse(run.get(tree.REGISTER.path()))["register"]
    except (VerificationError, KeyError, TypeError, IndexError):
        return None
    return name if isinstance(name, str) else None


def _served_checkpoint(run: Round) -> tuple[Document, ...]:
    """Return the served checkpoint, if a log key of the remembered list has signed it."""
    known = run.remembered
    if known is None:
        return ()
    try:
        data = run.get(tree.CHECKPOINT.path())
        keys = decode(known.kept[tree.KEYS.target_name], KeyList)
        found = open_head(data, keys)
    except (VerificationError, KeyError):
        return ()
    return (Document.of_checkpoint(found.size, found.root, data),)


def _another_register(remembered: str, served: str) -> Inconsistent:
    return Inconsistent(
        f"this address serves {served!r}, the state folder remembers {remembered!r}",
        hint="use one state folder for each register",
    )


def read_key_list(run: Round) -> str:
    """Read the list of keys and check it against the root (V03)."""
    data = run.targets.read(tree.KEYS)
    with naming(tree.KEYS.path()):
        keys = decode(data, KeyList)
        check_keys(keys)
        check_against_root(run.targets.trusted.root, keys)
    run.keys = Encoded(keys, data)
    return f"{len(keys.keys)} keys, each with one use, and none of them a key of the root"


def read_register(run: Round) -> str:
    """Read the newest register strictly (V04)."""
    data, keys = run.targets.read(tree.REGISTER), run.keys.document
    with naming(tree.REGISTER.path()):
        register = decode(data, Register)
        check_utc(register.published_at)
    if register.register != keys.register:
        raise Inconsistent(
            f"{tree.REGISTER.path()} is of {register.register!r}, the list of keys of {keys.register!r}"
        )
    run.history.published[register.version] = format_instant(register.published_at)
    run.register = Encoded(register, data)
    return f"version {register.version} of {register.register}"


def check_register_signatures(run: Round) -> str:
    """Check both signatures of the newest register (V05).

    If another file is served at its path, the signatures beside the version's own file are checked.
    """
    targets, register = run.targets, run.register
    if targets.kept(tree.REGISTER) is not None and targets.kept(tree.KEYS) is not None:
        return "passed when last checked; neither the register nor the keys have changed"
    version = register.document.version
    path = tree.VERSION_REGISTER.path(version) if tree.REGISTER in targets.others else tree.REGISTER.path()
    check_signatures(run, run.keys.document, "V05", path, register.data, version)
    return "as 64 raw bytes and as detached JWS"


def check_same_register(run: Round) -> str:
    """Compare the register's name with the remembered one (V06)."""
    name = run.register.document.register
    if run.remembered is None:
        raise NotApplicable("nothing is remembered from an earlier run")
    if run.remembered.register != name:
        raise _another_register(run.remembered.register, name)
    return name


def check_clock(run: Round) -> str:
    """Compare this machine's clock with the latest signed time seen, including the timestamp's (V07).

    A timestamp from the future must not be saved, since every later version would then look backdated.
    """
    now, signed_at = run.now, run.targets.trusted.signed_at
    latest = last_instant(run.remembered, run.register.document)
    if now is not None and signed_at - now > CLOCK_TOLERANCE:
        latest = max(latest, signed_at)
    if now is not None and now < latest:
        raise ClockBehind(
            f"this machine's clock says {format_instant(now)},"
            f" but {format_instant(latest)} has been seen signed",
            hint="set the clock; until then nobody can tell here whether the files are fresh",
        )
    return f"it is later than {format_instant(latest)}, the latest signed time seen"


def last_instant(remembered: Remembered | None, register: Register) -> dt.datetime:
    """Return the latest signed time seen in this run or before."""
    published = register.published_at
    return published if remembered is None else max(published, remembered.last_instant)


def open_log(run: Round) -> str:
    """Verify the log's checkpoint (V08)."""
    targets, keys = run.targets, run.keys.document
    newest = None if run.version else run.register.document.version
    target = targets.read(tree.CHECKPOINT)
    data = targets.checkpoint or target
    with naming(tree.CHECKPOINT.path()):
        checkpoint = open_head(data, keys, newest)
    if newest not in (None, checkpoint.size):
        raise Inconsistent(f"the log has {checkpoint.size} entries, the newest register is version {newest}")
    log = Log(run, keys, checkpoint, data, target, read_epochs(targets.trusted.root))
    log.check_epoch_prefixes()
    run.log = log
    return f"size {checkpoint.size}, signed by the log key valid for that version"


def check_key_files(run: Round) -> str:
    """Check that every key's PEM file matches the list of keys (V24)."""
    keys = run.keys.document.keys
    for key in keys:
        path = tree.PUBLIC_KEY.path(key.kid)
        with run.record.recording("V24", path):
            if run.get(path) != key.pem.encode():
                raise Forged("not the key that the list of keys gives")
    return f"{len(keys)} files"


def check_key_history(run: Round) -> str:
    """Compare the list of keys with the one in the log and with the remembered one (V30)."""
    newest, log = run.keys, run.log
    version = run.version or log.size
    run.new_keys = ()
    if all(run.targets.kept(kind) is not None for kind in (tree.KEYS, tree.REGISTER, tree.CHECKPOINT)):
        return "passed when last checked; neither the list nor the log has changed"
    # Do not fetch the newest list again.
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
    """Check that a newer list of keys takes nothing back; contradictory lists become evidence."""
    try:
        check_growth(older.document, newer.document, size)
    except Forked as error:
        error.hint = "both lists were authenticated: keep them, and ask the publisher which one holds"
        listing = [run.targets.trusted.metadata["targets"]]
        listing += [run.remembered.targets] if run.remembered else []
        error.documents = (
            *(Document.of("keys", keys.data) for keys in (older, newer)),
            *(Document.of("targets", data) for data in listing),
        )
        raise


def check_disowned(run: Round) -> str:
    """Check that no version has been disowned without the customer's acknowledgement (V33)."""
    known, newest = run.remembered, run.keys
    if known is not None and (kept := known.kept.get(tree.KEYS.target_name)) not in (None, newest.data):
        before = read_keys(kept, newest.document.register, "the remembered list of keys")
        run.disowned.add(disowned_since(before.document, newest.document, known.size))
    found = run.disowned.all
    pending = [one for one in found if not run.disowned.is_acknowledged(one.first, one.last)]
    if pending:
        named = " and ".join(dict.fromkeys(_span(one) for one in pending))
        later = "" if max(one.last for one in pending) < run.log.size else "wait for the version after it; "
        options = " ".join(dict.fromkeys(f"--acknowledge {_span(one)}" for one in pending))
        raise UntrustedKey(
            f"the publisher has disowned version {named}",
            hint=f"{later}see Disowned below, and what you did by such a version; then {options}",
        )
    if found:
        return "but for what was acknowledged: see Disowned below"
    if known is None:
        raise NotApplicable("nothing is remembered from an earlier run")
    return f"each version up to {known.size} is signed by keys valid for it"


def _span(one: Disowned) -> str:
    """Return a range of versions in the form of ``--acknowledge``: ``2`` or ``2-7``."""
    return f"{one.first}" if one.first == one.last else f"{one.first}-{one.last}"
