"""What one run knows so far: the files it read, and what they were found to say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from register_api.bounded_http.limits import HttpLimits
from register_api.core.format import tree
from register_api.core.format.paths import max_bytes
from register_api.core.judging.judgement import Outcome
from register_api.core.log.policy import NONE, WitnessPolicy
from register_api.errors import Forged
from register_api.verify.checks.promise import PromiseHistory
from register_api.verify.checks.recorder import Recorder, naming
from register_api.verify.fetch.fetcher import RUN_LIMITS
from register_api.verify.result import VersionsRead

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from cryptography.x509 import Certificate  # noqa: TC004  (loading X.509 takes long, and nothing reads this field's type)

    from register_api.core.documents import KeyList, KeyRecord
    from register_api.core.format.kind import FileKind
    from register_api.core.log.checkpoint import Checkpoint
    from register_api.core.log.time_stamp import TimeStamp
    from register_api.core.model import Register
    from register_api.verify.fetch.fetcher import Fetcher
    from register_api.verify.state import Remembered, RootOrigin
    from register_api.verify.trust.chain import Trusted
    from register_api.verify.trust.start import Start

    Progress = Callable[[int, int, str], None]

History = Literal["all", "new", "none"]
"""Which versions are checked in full: each, those since the last full check, or none."""

COPY_CHECK = "V25"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer asks for.

    Attributes:
        root: File with the trust root to begin from.
        root_sha256: SHA-256 (hex) that ``1.root.json`` must have.
        state: Folder that remembers this register between runs.
        history: Which versions are checked in full; ``new`` without anything remembered means all.
        quick: Look at the newest register alone, and do not fetch again what an earlier run kept.
        witnesses: C2SP verifier keys of witnesses.
        cosignatures: How many of them must have signed the checkpoint.
        policy: Which witnesses must have signed it, in another way of saying it.
        stamped_by: Root certificates of time-stamping authorities that are accepted.
        others: Checkpoints that other customers were shown, with a name for each.
        fail_on: Notice with which a run ends with 20 although all is genuine.
        limits: Bounds of the run.
        wait: Seconds before the second round, when parts of two publications seem to have been met.
    """

    root: Path | None = None
    root_sha256: str | None = None
    state: Path | None = None
    history: History = "new"
    quick: bool = False
    witnesses: tuple[str, ...] = ()
    cosignatures: int = 0
    policy: WitnessPolicy | None = None
    stamped_by: tuple[Certificate, ...] = ()
    others: tuple[tuple[str, bytes], ...] = ()
    fail_on: tuple[Outcome, ...] = ()
    limits: HttpLimits = RUN_LIMITS
    wait: float = 2.0

    @property
    def newest_alone(self) -> bool:
        """Whether nothing but the newest register is looked at."""
        return self.quick or self.history == "none"

    @property
    def asks_for_witnesses(self) -> bool:
        """Whether cosignatures are asked for."""
        return self.cosignatures > 0 or (self.policy is not None and self.policy.quorum != NONE)


class Session:
    """One round over one register; later attributes are set by the check that vouches for them.

    Attributes:
        fetcher: Gives the files.
        options: What was asked for.
        now: The present instant, UTC.
        remembered: State of an earlier run.
        record: Collects the results.
        origin: The root that trust began from (V01).
        start: What the TUF client begins with (V01).
        trusted: What TUF vouches for (V02).
        keys: The list of keys (V03), with its bytes in ``keys_data``.
        register: The newest register (V04), with its bytes in ``register_data``.
        checkpoint: The log's head (V08), with its bytes in ``checkpoint_data``: all lines that are served.
        vouched_checkpoint: The target ``checkpoint`` (V08), with which those bytes begin.
        served_checkpoint: What lies at the checkpoint's public path, if it is the target there.
        feed: Bytes of the feed that TUF vouches for (V20).
        other_copies: Bytes at the public path of a target that are not the target's, by their kind.
        published: When each version looked at was published, by number.
        versions_checked: First and last version that were checked in full.
        versions_read: What the versions say that were read in full, after those that are remembered.
        promises: What was promised, and kept, in the versions read in full (V31).
        time_stamp: The newest stamped size, and what its stamp says (V28).
        new_keys: Keys that joined the list since an earlier run (V30).
    """

    def __init__(
        self,
        fetcher: Fetcher,
        options: Options,
        now: dt.datetime,
        remembered: Remembered | None,
        progress: Progress | None,
    ) -> None:
        """Begin with nothing known."""
        self.fetcher = fetcher
        self.options = options
        self.now = now
        self.remembered = remembered
        self.record = Recorder()
        self.origin: RootOrigin | None = None
        self.start: Start
        self.trusted: Trusted
        self.keys: KeyList
        self.keys_data: bytes
        self.register: Register
        self.register_data: bytes
        self.checkpoint: Checkpoint
        self.checkpoint_data: bytes
        self.vouched_checkpoint: bytes
        self.served_checkpoint: bytes | None = None
        self.feed: bytes
        self.other_copies: dict[FileKind, bytes] = {}
        self.published: dict[int, str] = {}
        self.versions_checked: tuple[int, int] | None = None
        self.versions_read = VersionsRead()
        self.promises = PromiseHistory(remembered)
        self.time_stamp: tuple[int, TimeStamp] | None = None
        self.new_keys: tuple[KeyRecord, ...] = ()
        self._tiles: dict[str, bytes] = {}
        self._progress = progress
        self._done = 0
        self._total = 0

    def get(self, path: str) -> bytes:
        """Return a file within the bound of its kind.

        Raises:
            Unreachable: As the fetcher says.
            Malformed: Likewise.
        """
        with naming(path):
            return self.fetcher.get(path, max_bytes(path))

    def read_log(self, path: str) -> bytes:
        """Return a file of the log, a tile or an entry; each is fetched once.

        Raises:
            Unreachable: As the fetcher says.
            Malformed: Likewise.
        """
        if path not in self._tiles:
            self._tiles[path] = self.get(path)
        return self._tiles[path]

    def kept(self, kind: FileKind) -> bytes | None:
        """Return a target as an earlier run kept it, if it is still the one that is vouched for.

        Only a quick run goes by this; others also look at what everybody is served.
        """
        if not self.options.quick or self.remembered is None:
            return None
        data = self.remembered.kept.get(kind.target_name)
        return data if data is not None and self.trusted.is_target(kind, data) else None

    def target(self, kind: FileKind) -> bytes:
        """Return the bytes of a target: as kept, else from its public path, else from its copy.

        Where witnesses are asked for, the public checkpoint is looked at in any case: they may have
        signed it since it was kept.

        Raises:
            Unreachable: Neither is served.
            Malformed: The copy is too large.
            Forged: The copy is not what its name and the metadata say.
        """
        kept = self.kept(kind)
        if kept is not None and not (kind is tree.CHECKPOINT and self.options.asks_for_witnesses):
            return kept
        with self.record.recording(COPY_CHECK, kind.path()):
            data = self.get(kind.path())
            if (vouched := self.trusted.vouched_part(kind, data)) is not None:
                self.served_checkpoint = data if kind is tree.CHECKPOINT else self.served_checkpoint
                return vouched
            self.other_copies[kind] = data
        return self.target_copy(kind) if kept is None else kept

    def target_copy(self, kind: FileKind) -> bytes:
        """Return a target's copy below ``/trust/targets/``.

        Raises:
            Unreachable: It is not served.
            Malformed: It is too large.
            Forged: It is not what its name and the metadata say.
        """
        path = self.trusted.copy_path(kind)
        data = self.get(path)
        if not self.trusted.is_target(kind, data):
            raise Forged(f"{path} has not the digest that the targets metadata gives", path=path)
        return data

    def expect(self, steps: int) -> None:
        """Say that so many more steps will come."""
        self._total += steps

    def advance(self, what: str) -> None:
        """Tell whoever watches that a step begins."""
        if self._progress is not None:
            self._progress(self._done, self._total, what)
        self._done += 1
