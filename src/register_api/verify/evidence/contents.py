"""What lies in a package, and what of it has been found to hold so far."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from register_api.core.format import tree
from register_api.core.format.paths import max_bytes
from register_api.errors import Malformed
from register_api.verify.checks.recorder import Recorder, naming
from register_api.verify.evidence.archive import README
from register_api.verify.evidence.check_table import CHECKS
from register_api.verify.fetch.fetcher import MemoryFetcher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuf.api.metadata import Root

    from register_api.core.diff.changes import Diff
    from register_api.core.documents import KeyList
    from register_api.core.log.checkpoint import Checkpoint
    from register_api.core.log.time_stamp import TimeStamp
    from register_api.core.model import Register
    from register_api.verify.checks.session import Options
    from register_api.verify.state import RootOrigin
    from register_api.verify.trust.chain import Trusted
    from register_api.verify.trust.metadata import Part
    from register_api.verify.trust.start import Start

_VERSION = re.compile(r"v1/versions/([1-9][0-9]{0,15})/.*")


class Contents:
    """One package under examination; later attributes are set by the check that vouches for them.

    Attributes:
        files: Path to bytes.
        options: What the customer asks for; only root, witnesses and time authorities count here.
        record: Collects the results.
        version: The version that the package is of (E01).
        start: What trust begins with (E02), and where it came from in ``origin``.
        roots: The chain of roots from that one to the newest (E03).
        trusted: What TUF vouched for (E04).
        keys: The list of keys (E05).
        register: The register (E06), with its bytes in ``register_data``.
        diff: What the version changed (E08).
        log: The log when it had the size of the version (E10).
        head: The log's newest checkpoint in the package (E11), with its bytes in ``head_data``.
        time_stamp: The stamped size, and what its stamp says (E16).
    """

    def __init__(self, files: Mapping[str, bytes], options: Options) -> None:
        """Begin with nothing known but the names."""
        self.files = files
        self.options = options
        self.record = Recorder(CHECKS)
        self.fetcher = MemoryFetcher(files)
        self.version: int
        self.start: Start
        self.origin: RootOrigin | None = None
        self.roots: list[Part[Root]]
        self.trusted: Trusted
        self.keys: KeyList
        self.register: Register
        self.register_data: bytes
        self.diff: Diff
        self.log: Checkpoint
        self.head: Checkpoint
        self.head_data: bytes
        self.time_stamp: tuple[int, TimeStamp] | None = None

    def get(self, path: str) -> bytes:
        """Return a file of the package.

        Raises:
            Unreachable: It is not there.
            Malformed: It is larger than its kind may be.
        """
        with naming(path):
            return self.fetcher.get(path, max_bytes(path))

    def document_paths(self) -> tuple[str, str]:
        """Return the paths of the version's register and diff."""
        return tree.VERSION_REGISTER.path(self.version), tree.VERSION_DIFF.path(self.version)

    def unread(self) -> tuple[str, ...]:
        """Return the files that no check has looked at."""
        return tuple(sorted(set(self.files) - {*self.fetcher.asked, README}))


def only_version(files: Mapping[str, bytes]) -> int:
    """Return the version that a package is of."""
    found = {int(match[1]) for path in files if (match := _VERSION.fullmatch(path))}
    if len(found) != 1:
        raise Malformed(f"a package is of one version, this one has files of {len(found)}")
    return found.pop()
