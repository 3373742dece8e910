"""Where an import of history goes on: after the state that the store's newest version came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.instant import format_instant
from register_api.errors import UsageError
from register_api.importer.table import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from register_api.core.model import Register
    from register_api.importer.list_states import DatedState, ListState

_BEGINS = "Taken over from "


def reason_of(state: ListState, subject: str | None) -> str:
    """Return why a version was published: where it comes from, and what was said of it there."""
    return f"{_BEGINS}{state.mark}" + (f": {subject}" if subject else "")


def published_before(dated: Sequence[DatedState], newest: Register | None) -> int:
    """Return how many states lie up to the one that the newest version came from."""
    if newest is None:
        return 0
    if newest.recorded == "live":
        message = f"version {newest.version} was published live; history cannot follow it"
        refuse("register.toml", "", message, "history comes first", rule="R15")
    for number, item in enumerate(dated, 1):
        if _is_from(newest, item):
            return number
    if dated and dated[0].at <= newest.published_at:
        raise UsageError(
            f"the store's newest version is of {format_instant(newest.published_at)}"
            " and comes from none of these states",
            hint="--store names another store, --since begins later",
        )
    return 0


def _is_from(newest: Register, item: DatedState) -> bool:
    """Tell by the mark; one that only counts states needs the instant, too."""
    said = newest.reason.text or ""
    mark = f"{_BEGINS}{item.state.mark}"
    if said != mark and not said.startswith(f"{mark}:"):
        return False
    return item.state.mark.startswith("commit ") or item.at == newest.published_at
