"""What a publisher may have meant: likely renames, returns, successors. Nothing here decides."""

from register_api.core.proposals.proposal import Proposal
from register_api.core.proposals.propose import propose

__all__ = ["Proposal", "propose"]
