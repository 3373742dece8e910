"""What a store knows of a target: which bytes it has left there, so that they are not sent again.

It is kept in the store and not at the target: whoever can write there could say anything. It counts only
while the target's timestamp is one that was sent from here; else every file is read and compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from register_api.core.canonical import digest
from register_api.files.state_file import DamagedState, read_state, write_state

_FORMAT = "sub-processor-register-deployed/1"
_FOLDER = "deployed"


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """What lies at a target.

    Attributes:
        target: Its address.
        files: Name to SHA-256 (hex); empty for what was being sent, or removed, and may be there or not.
        timestamps: SHA-256 (hex) that its timestamp has if nobody else has written there.
    """

    target: str
    files: dict[str, str] = {}
    timestamps: tuple[str, ...] = ()

    def during(self, names: Iterable[str], timestamp: str) -> Deployed:
        """Return what is known once files are on their way, or being removed."""
        return msgspec.structs.replace(
            self,
            files=self.files | dict.fromkeys(names, ""),
            timestamps=tuple(dict.fromkeys((*self.timestamps, timestamp))),
        )


def _place(store: Path, target: str) -> Path:
    return store / _FOLDER / f"{digest(target.encode())[:32]}.json"


def load(store: Path, target: str) -> Deployed:
    """Return what a store knows of a target: nothing, where that cannot be read."""
    try:
        found = read_state(_place(store, target), Deployed, format_name=_FORMAT)
    except (OSError, DamagedState):
        return Deployed(target=target)
    return found if found.target == target else Deployed(target=target)


def save(store: Path, known: Deployed) -> None:
    """Keep what is known of a target."""
    path = _place(store, known.target)
    path.parent.mkdir(exist_ok=True)
    write_state(path, known, format_name=_FORMAT)
