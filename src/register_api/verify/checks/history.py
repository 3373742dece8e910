"""What the versions say that were read in full so far: instants, changes, promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.minor import FORMAT_MINOR
from register_api.verify.checks.promise import PromiseHistory
from register_api.verify.result import VersionsRead

if TYPE_CHECKING:
    from register_api.core.diff.changes import Diff
    from register_api.core.model import Register
    from register_api.verify.state import Remembered


class History:
    """What one run learns of the versions.

    Attributes:
        published: When each version looked at was published, by number, as the feeds spell it.
        checked: First and last version that were checked in full; ``None``: none was.
        read: The versions that were read in full, with their changes.
        promises: What was promised, and kept.
    """

    def __init__(self, remembered: Remembered | None) -> None:
        """Begin with what an earlier run read in full."""
        self.published: dict[int, str] = {}
        self._changes: dict[int, tuple[tuple[str, ...], bool]] = {}
        self.checked: tuple[int, int] | None = None
        self.read = VersionsRead()
        self.promises = PromiseHistory(remembered)

    def add_diff(self, register: Register, diff: Diff, size: int) -> None:
        """Take the diff of a version, once it is checked."""
        self.read.add_diff(register, diff, size)
        types = tuple(dict.fromkeys(change.type for change in diff.changes))
        self._changes[register.version] = types, diff.format_minor > FORMAT_MINOR

    def has_types(self, version: int, told: tuple[str, ...]) -> bool:
        """Tell whether a version's changes are of these types, each once, in order, as far as is known.

        Of a later minor number of the format, types that this program cannot count may stand among them.
        """
        types, newer = self._changes.get(version, (told, False))
        return types == (tuple(type_ for type_ in told if type_ in types) if newer else told)
