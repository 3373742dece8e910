"""The pure core: it uses no clock, file, socket, environment or log.

What is listed in ``__all__`` is the public interface (docs/python-api.md); everything else below this
package may change with any release. Each name is loaded on first use, so that importing
one module of the core does not load them all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from register_api.core.canonical import decode, digest, encode
    from register_api.core.changes import Change, Diff
    from register_api.core.diff.document import changes_between
    from register_api.core.model import (
        Engagement,
        Location,
        Notice,
        Publisher,
        Register,
        Subprocessor,
        Transfer,
    )
    from register_api.core.notice_period import NoticeStatus, Promises, promises_of
    from register_api.core.timeline import EngagementState, State, engagement_states, state_on
    from register_api.core.upcoming_events import Upcoming, upcoming

__all__ = [
    "Change",
    "Diff",
    "Engagement",
    "EngagementState",
    "Location",
    "Notice",
    "NoticeStatus",
    "Promises",
    "Publisher",
    "Register",
    "State",
    "Subprocessor",
    "Transfer",
    "Upcoming",
    "changes_between",
    "decode",
    "digest",
    "encode",
    "engagement_states",
    "promises_of",
    "state_on",
    "upcoming",
]

_NAMES = {
    "upcoming_events": ("Upcoming", "upcoming"),
    "canonical": ("decode", "digest", "encode"),
    "changes": ("Change", "Diff"),
    "diff.document": ("changes_between",),
    "model": ("Engagement", "Location", "Notice", "Publisher", "Register", "Subprocessor", "Transfer"),
    "notice_period": ("NoticeStatus", "Promises", "promises_of"),
    "timeline": ("EngagementState", "State", "engagement_states", "state_on"),
}
"""Module to the public names that it defines."""

_HOMES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
