"""From a source and what was published to what the publisher may have meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.proposals.identity import doubles, former_names, renames, returns
from register_api.core.proposals.joints import merges, splits
from register_api.core.proposals.mistakes import accidents, corrections
from register_api.core.proposals.scene import look
from register_api.core.proposals.succession import replacements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from register_api.core.model import Draft, Register
    from register_api.core.proposals.proposal import Proposal
    from register_api.core.rules.context import Context

_BY_EVIDENCE = (merges, splits, returns, renames, doubles, replacements)
"""What needs the most evidence comes first: of each vendor one thing is proposed."""


def propose(draft: Draft, context: Context, earlier: Iterable[Register] = ()) -> tuple[Proposal, ...]:
    """Say what a publisher may have meant and did not write (docs/rules.md, Proposals).

    Nothing is decided and nothing changed. Where two readings are as likely, neither is proposed.

    Args:
        draft: The source, which may break rules.
        context: What it would be published after, when and why.
        earlier: Versions before the newest, newest first. Read only where a country or a seat
            changes; without them the newest version counts as the one that brought it.
    """
    previous = context.previous
    if previous is None:
        return ()
    scene = look(previous, draft, context.day)
    found: list[Proposal] = []
    for find in _BY_EVIDENCE:
        new = list(find(scene))
        found += new
        scene = scene.without({id_ for proposal in new for id_ in proposal.subprocessors})
    found += accidents(scene, context.zone)
    if context.reason.kind != "correction":
        found += former_names(scene)
        found += corrections(scene, previous, context.zone, earlier)
    return tuple(found)
