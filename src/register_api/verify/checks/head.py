"""The newest publication: keys, register, clock, the log's head (V03 to V08)."""

from __future__ import annotations

import datetime as dt

from register_api.core.canonical import Encoded, decode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.keys.key_list import check_keys
from register_api.core.keys.trust_root import check_against_root, open_head, read_epochs
from register_api.core.model import Register
from register_api.errors import ClockBehind, Inconsistent
from register_api.verify.checks.log import Log, check_utc
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.checks.run import Run
from register_api.verify.checks.signatures import check_signatures
from register_api.verify.checks.targets import Targets
from register_api.verify.state import Remembered
from register_api.verify.trust.metadata import CLOCK_TOLERANCE


def read_key_list(targets: Targets) -> tuple[Encoded[KeyList], str]:
    """Read the list of keys and check that it makes sense beside the root (V03)."""
    data = targets.read(tree.KEYS)
    with naming(tree.KEYS.path()):
        keys = decode(data, KeyList)
        check_keys(keys)
        check_against_root(targets.trusted.root, keys)
    return Encoded(
        keys, data
    ), f"{len(keys.keys)} keys, each with one use, and none of them a key of the root"


def read_register(run: Run, targets: Targets, keys: KeyList) -> tuple[Encoded[Register], str]:
    """Read the newest register strictly (V04)."""
    data = targets.read(tree.REGISTER)
    with naming(tree.REGISTER.path()):
        register = decode(data, Register)
        check_utc(register.published_at)
    if register.register != keys.register:
        raise Inconsistent(
            f"{tree.REGISTER.path()} is of {register.register!r}, the list of keys of {keys.register!r}"
        )
    run.history.published[register.version] = format_instant(register.published_at)
    return Encoded(register, data), f"version {register.version} of {register.register}"


def check_register_signatures(run: Run, targets: Targets, keys: KeyList, register: Encoded[Register]) -> str:
    """Check both signatures of the newest register (V05).

    Where something else is served at its path, its signatures lie beside the version's own file.
    """
    if targets.kept(tree.REGISTER) is not None and targets.kept(tree.KEYS) is not None:
        return "passed when last checked; neither the register nor the keys have changed"
    version = register.document.version
    path = tree.VERSION_REGISTER.path(version) if tree.REGISTER in targets.others else tree.REGISTER.path()
    check_signatures(run, keys, "V05", path, register.data, version)
    return "as 64 raw bytes and as detached JWS"


def check_same_register(remembered: Remembered | None, register: Register) -> str:
    """Compare the register's name with the remembered one (V06)."""
    if remembered is None:
        raise NotApplicable("nothing is remembered from an earlier run")
    if remembered.register != register.register:
        raise another_register(remembered.register, register.register)
    return register.register


def another_register(remembered: str, served: str) -> Inconsistent:
    """Return the finding that a state folder belongs to another register."""
    return Inconsistent(
        f"this address serves {served!r}, the state folder remembers {remembered!r}",
        hint="use one state folder for each register",
    )


def check_clock(now: dt.datetime | None, latest: dt.datetime, signed_at: dt.datetime) -> str:
    """Compare this machine's clock with the latest instant seen signed, and with the timestamp's (V07).

    A timestamp of a clock that was ahead must not be remembered: each right version would look dated back.
    """
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
    """Return the latest instant seen signed, now or before."""
    instants = [register.published_at]
    if remembered is not None:
        instants.append(remembered.last_instant)
    return max(instants)


def open_log(run: Run, targets: Targets, keys: KeyList, newest: int | None) -> tuple[Log, str]:
    """Verify the log's checkpoint (V08)."""
    vouched = targets.read(tree.CHECKPOINT)
    data = targets.checkpoint or vouched
    with naming(tree.CHECKPOINT.path()):
        checkpoint = open_head(data, keys, newest)
    if newest not in (None, checkpoint.size):
        raise Inconsistent(f"the log has {checkpoint.size} entries, the newest register is version {newest}")
    log = Log(run, keys, checkpoint, data, vouched, read_epochs(targets.trusted.root))
    log.check_beginnings()
    return log, f"size {checkpoint.size}, signed by the log key good for that version"
