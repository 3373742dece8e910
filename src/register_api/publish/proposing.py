"""What the publisher may have meant, asked of a prepared source and the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.canonical import decode
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.core.proposals import propose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.proposals import Proposal
    from register_api.publish.preparation import Prepared
    from register_api.store.reader import Snapshot


def proposals_for(prepared: Prepared, snapshot: Snapshot | None) -> tuple[Proposal, ...]:
    """Return what may have been meant; nothing where the source could not be read.

    Args:
        prepared: The source, also one that an error forbids to publish.
        snapshot: What is published; older versions are read only if a question needs them.

    Raises:
        StoreDamaged: A stored version cannot be read.
        Malformed: A stored version is damaged.
    """
    if prepared.draft is None or prepared.context is None or snapshot is None:
        return ()
    return propose(prepared.draft, prepared.context, _earlier(snapshot))


def _earlier(snapshot: Snapshot) -> Iterator[Register]:
    for version in range(snapshot.state.version - 1, 0, -1):
        yield decode(snapshot.read(tree.VERSION_REGISTER.path(version)), Register)
