"""Publishing the states of a list one after the other, as history that is taken over (R15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.errors import UsageError
from register_api.importer.import_folder import vendor_ids
from register_api.importer.resuming import published_before
from register_api.importer.staging import Staging
from register_api.importer.state_publisher import StatePublisher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from register_api.importer.list_states import DatedState, ListState
    from register_api.importer.state_importer import StateImporter
    from register_api.importer.state_publisher import ImportedState, Target

    Progress = Callable[[int, int, str], None]


def replay(
    importer: StateImporter, dated: Sequence[DatedState], target: Target, progress: Progress | None = None
) -> tuple[ImportedState, ...]:
    """Take over states and publish each that says something else than the one before.

    Interrupted, it can be called again: it goes on after the newest version in the store.
    """
    done = published_before(dated, target.newest)
    _check_folder(importer, target)
    taken: list[ImportedState] = []
    with Staging(importer.folder) as staging:
        publisher = StatePublisher(importer, target, staging)
        if done:
            publisher.catch_up(dated[done - 1])
        publisher.check_source()
        for number, item in enumerate(dated[done:], done + 1):
            if progress is not None:
                progress(number - 1, len(dated), item.state.mark[:18])
            if _is_skipped(item.state, target.skip):
                importer.reporter.note("skipped", f"{item.state.mark} was left out, as --skip says")
                continue
            taken.append(publisher.publish(item))
    return tuple(taken)


def _check_folder(importer: StateImporter, target: Target) -> None:
    if target.newest is None and vendor_ids(importer.folder):
        raise UsageError(
            f"{importer.folder} has sub-processors already, but nothing was published yet",
            hint="history begins in a folder without them; register.toml and names.toml may be there",
        )


def _is_skipped(state: ListState, skip: Sequence[str]) -> bool:
    kind, _, name = state.mark.partition(" ")
    return any(name == item or (kind == "commit" and name.startswith(item)) for item in skip)
