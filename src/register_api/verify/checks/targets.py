"""The files that TUF vouches for, as everybody is served them."""

from __future__ import annotations

from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.errors import Forged
from register_api.verify.checks.run import Run
from register_api.verify.trust.chain import Trusted

CHECK = "V25"


class Targets:
    """The files that the targets metadata names.

    Attributes:
        trusted: What TUF vouches for.
        others: What lies at the public path of a target and is not the target, by its kind.
        checkpoint: The checkpoint as it is served: the target, with further signature lines below it.
    """

    def __init__(self, run: Run, trusted: Trusted) -> None:
        """Begin with nothing read."""
        self.trusted = trusted
        self.others: dict[FileKind, bytes] = {}
        self.checkpoint: bytes | None = None
        self._run = run

    def kept(self, kind: FileKind) -> bytes | None:
        """Return a target as an earlier run kept it, if it is still the one that is vouched for.

        Only a quick run goes by this; others also look at what everybody is served.
        """
        if not self._run.options.quick or self._run.remembered is None:
            return None
        data = self._run.remembered.kept.get(kind.target_name)
        return data if data is not None and self.trusted.is_target(kind, data) else None

    def read(self, kind: FileKind) -> bytes:
        """Return the bytes of a target: as kept, else from its public path, else from its copy.

        Where witnesses are asked for, the public checkpoint is looked at in any case: they may have
        signed it since it was kept.
        """
        kept = self.kept(kind)
        if kept is not None and not (kind is tree.CHECKPOINT and self._run.options.asks_for_witnesses):
            return kept
        with self._run.record.recording(CHECK, kind.path()):
            data = self._run.get(kind.path())
            if (vouched := self.trusted.vouched_part(kind, data)) is not None:
                self.checkpoint = data if kind is tree.CHECKPOINT else self.checkpoint
                return vouched
            self.others[kind] = data
        return self.copy(kind) if kept is None else kept

    def copy(self, kind: FileKind) -> bytes:
        """Return a target's copy below ``/trust/targets/``."""
        path = self.trusted.copy_path(kind)
        data = self._run.get(path)
        if not self.trusted.is_target(kind, data):
            raise Forged(f"{path} has not the digest that the targets metadata gives", path=path)
        return data
