"""Builds the next version and its files with the code that publishing uses.

The keys for a checkpoint and a first key list are temporary (``Keyring.ephemeral``), so the files they sign
are withheld: their bytes would differ once published.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.format.paths import kind_of
from register_api.errors import Refused
from register_api.publish.artefact_builders import make_files, new_version, no_longer_made
from register_api.publish.examine import Examined, examine
from register_api.publish.feed.entry import FeedEntry, VersionSummary
from register_api.publish.preparation import Candidate, PublishOptions, base_of, prepare
from register_api.publish.signing.keyring import Keyring
from register_api.publish.trust import metadata as trust_metadata
from register_api.store.reader import Snapshot

_OF_ANY_KEYS = (tree.CHECKPOINT, tree.VERSION_PROOF)
_OF_FIRST_KEYS = (tree.KEYS, tree.VERSION_KEYS, tree.VERSION_ENTRY, tree.PUBLIC_KEY, tree.DISCOVERY)
_NO_ROOT = (b"",)
"""Placeholder for the first root before it exists; the one file that names it is withheld."""


class NextVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The current publication overlaid with the next version; ``None`` and empty if nothing has changed.

    ``files`` are new or changed files; the bytes at the paths ``withheld`` are known only once published.
    """

    candidate: Candidate
    snapshot: Snapshot | None
    version_summary: VersionSummary | None = None
    entry: FeedEntry | None = None
    files: dict[str, bytes] = {}
    withheld: frozenset[str] = frozenset()

    def read(self, path: str) -> bytes | None:
        """Return a file as it would be served; ``None`` if it does not exist or is withheld."""
        if path in self.files:
            return self.files[path]
        hidden = path in self.withheld or (self.files and path.startswith(tree.TRUST_FOLDER))
        if self.snapshot is None or hidden or path not in self.snapshot.manifest.files:
            return None
        return self.snapshot.read(path)

    def first_root(self) -> str | None:
        """Return the SHA-256 (hex) of the initial trust root; ``None`` before it exists."""
        return digest(self.snapshot.read(tree.ROOT.path(1))) if self.snapshot else None


def build_next_version(source: Path, snapshot: Snapshot | None, options: PublishOptions) -> NextVersion:
    """Build the next version without locking or writing the store."""
    found = examine(snapshot.read, None) if snapshot else None
    candidate = prepare(source, base_of(found), options)
    if candidate.register is None:
        raise Refused(candidate.findings)
    if candidate.unchanged:
        return NextVersion(candidate=candidate, snapshot=snapshot)
    roots = trust_metadata.roots(snapshot.read) if snapshot else _NO_ROOT
    new = new_version(candidate, found, snapshot, Keyring.ephemeral(), roots, options.now)
    made = make_files(new)
    return NextVersion(
        candidate=candidate,
        snapshot=snapshot,
        version_summary=new.version_summary,
        entry=new.feed_window[0],
        files={path: data for path, data in made.items() if not _hangs_on_keys(path, found)},
        withheld=frozenset(
            [
                *(path for path in made if _hangs_on_keys(path, found)),
                *(signature.of(path) for path in made for signature in kind_of(path).signatures),
                *no_longer_made(made, new.stored, new.register),
            ]
        ),
    )


def _hangs_on_keys(path: str, found: Examined | None) -> bool:
    """Whether a file's bytes depend on the real signing keys."""
    kinds = _OF_ANY_KEYS if found else (*_OF_ANY_KEYS, *_OF_FIRST_KEYS)
    return kind_of(path) in kinds
