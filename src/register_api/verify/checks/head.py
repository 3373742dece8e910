"""The newest publication: keys, register, clock, checkpoint, witnesses (V03 to V09)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.canonical import decode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.keys.key_list import check_keys, log_key
from register_api.core.keys.trust_roles import check_keys_apart
from register_api.core.log.checkpoint import open_checkpoint
from register_api.core.model import Register
from register_api.errors import ClockBehind, Inconsistent
from register_api.verify.checks.log import check_utc
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.checks.signatures import check_signatures
from register_api.verify.checks.witnesses import witnesses_in_words

if TYPE_CHECKING:
    import datetime as dt

    from register_api.verify.checks.session import Session


def check_key_list(session: Session) -> str:
    """Read the list of keys and check that it makes sense beside the root (V03)."""
    data = session.target(tree.KEYS)
    with naming(tree.KEYS.path()):
        keys = decode(data, KeyList)
        check_keys(keys)
        check_keys_apart(session.trusted.root, keys)
    session.keys, session.keys_data = keys, data
    return f"{len(keys.keys)} keys, each with one use, and none of them a key of the root"


def check_register(session: Session) -> str:
    """Read the newest register strictly (V04)."""
    data = session.target(tree.REGISTER)
    with naming(tree.REGISTER.path()):
        register = decode(data, Register)
        check_utc(register.published_at)
    if register.register != session.keys.register:
        raise Inconsistent(
            f"{tree.REGISTER.path()} is of {register.register!r}, "
            f"the list of keys of {session.keys.register!r}"
        )
    session.register, session.register_data = register, data
    session.published[register.version] = format_instant(register.published_at)
    return f"version {register.version} of {register.register}"


def check_register_signatures(session: Session) -> str:
    """Check both signatures of the newest register (V05).

    Where something else is served at its path, its signatures lie beside the version's own file.
    """
    if session.kept(tree.REGISTER) is not None and session.kept(tree.KEYS) is not None:
        return "held when it was checked before; neither the register nor the keys have changed"
    version = session.register.version
    path = (
        tree.VERSION_REGISTER.path(version) if tree.REGISTER in session.other_copies else tree.REGISTER.path()
    )
    check_signatures(session, "V05", path, session.register_data, version)
    return "as 64 raw bytes and as detached JWS"


def check_same_register(session: Session) -> str:
    """Compare the register's name with the remembered one (V06)."""
    if session.remembered is None:
        raise NotApplicable("nothing is remembered from an earlier run")
    if session.remembered.register != session.register.register:
        raise another_register(session.remembered.register, session.register.register)
    return session.register.register


def another_register(remembered: str, served: str) -> Inconsistent:
    """Return the finding that a state folder belongs to another register."""
    return Inconsistent(
        f"this address serves {served!r}, the state folder remembers {remembered!r}",
        hint="use one state folder for each register",
    )


def check_clock(session: Session) -> str:
    """Compare this machine's clock with the latest instant seen signed (V07)."""
    latest = last_instant(session)
    if session.now < latest:
        raise ClockBehind(
            f"this machine's clock says {format_instant(session.now)},"
            f" but {format_instant(latest)} has been seen signed",
            hint="set the clock; until then nobody can tell here whether the files are fresh",
        )
    return f"it lies after {format_instant(latest)}, the latest instant seen signed"


def last_instant(session: Session) -> dt.datetime:
    """Return the latest instant seen signed, now or before."""
    instants = [session.register.published_at]
    if session.remembered is not None:
        instants.append(session.remembered.last_instant)
    return max(instants)


def check_checkpoint(session: Session) -> str:
    """Verify the log's checkpoint; its size is the newest version (V08)."""
    vouched, register = session.target(tree.CHECKPOINT), session.register
    data = session.served_checkpoint or vouched
    with naming(tree.CHECKPOINT.path()):
        checkpoint = open_checkpoint(data, register.register, [log_key(session.keys, register.version)])
    if checkpoint.size != register.version:
        raise Inconsistent(
            f"the log has {checkpoint.size} entries, the newest register is version {register.version}"
        )
    session.checkpoint, session.checkpoint_data, session.vouched_checkpoint = checkpoint, data, vouched
    return f"size {checkpoint.size}, signed by the log key good for that version"


def check_witnesses(session: Session) -> str:
    """Check that the customer's witnesses have cosigned (V09)."""
    key = log_key(session.keys, session.register.version)
    return witnesses_in_words(session.checkpoint_data, key, session.options)
