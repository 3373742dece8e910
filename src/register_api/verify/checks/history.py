"""What the versions say that were read in full so far: instants, changes, promises."""

from __future__ import annotations

from register_api.core.diff.changes import Diff
from register_api.core.diff.concern import changes_by_feed
from register_api.core.format import tree
from register_api.core.forms import FORMAT_MINOR
from register_api.core.model import Register
from register_api.verify.checks.promise import PromiseHistory
from register_api.verify.result import VersionsRead
from register_api.verify.state import Remembered

_MAIN = tree.FEED_ATOM.path()


class History:
    """What one run learns of the versions.

    Attributes:
        published: When each version looked at was published, by number, as the feeds spell it.
        checked: First and last version that were checked in full; ``None``: none was.
        feeds: Which versions each feed has to tell of, by its path, and which types of change of each.
        read: The versions that were read in full, with their changes.
        promises: What was promised, and kept.
    """

    def __init__(self, remembered: Remembered | None) -> None:
        """Begin with what an earlier run read in full."""
        self.published: dict[int, str] = {}
        self.feeds: dict[str, dict[int, tuple[str, ...]]] = {}
        self._newer: dict[int, bool] = {}
        self.checked: tuple[int, int] | None = None
        self.read = VersionsRead((remembered.checked_version or remembered.size) if remembered else None)
        self.promises = PromiseHistory(remembered)

    def add_diff(self, register: Register, diff: Diff, size: int) -> None:
        """Take the diff of a version, once it is checked."""
        self.read.add_diff(register, diff, size)
        self._newer[register.version] = diff.format_minor > FORMAT_MINOR
        for path, changes in {_MAIN: diff.changes, **changes_by_feed(register, diff.changes)}.items():
            types = tuple(dict.fromkeys(change.type for change in changes))
            self.feeds.setdefault(path, {})[register.version] = types

    def has_types(self, version: int, told: tuple[str, ...], path: str = _MAIN) -> bool:
        """Tell whether a feed has to tell changes of these types, each once, in order, as far as is known.

        Of a later minor number of the format, types that this program cannot count may stand among them.
        """
        if version not in self._newer:
            return True
        types, newer = self.feeds.get(path, {}).get(version), self._newer[version]
        if types is None:
            return newer
        return types == (tuple(type_ for type_ in told if type_ in types) if newer else told)
