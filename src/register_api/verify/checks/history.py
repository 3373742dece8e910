"""What the versions say that were read in full so far: instants, changes, promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.verify.checks.promise import PromiseHistory
from register_api.verify.result import VersionsRead

if TYPE_CHECKING:
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
        self.checked: tuple[int, int] | None = None
        self.read = VersionsRead()
        self.promises = PromiseHistory(remembered)
