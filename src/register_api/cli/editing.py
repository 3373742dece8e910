"""What the commands that edit the source share: who is meant, from when, and what it comes to."""

from __future__ import annotations

import datetime as dt
import difflib
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from register_api import clock
from register_api.cli import options
from register_api.cli.options import Command
from register_api.cli.output import out
from register_api.cli.preview import show_preview
from register_api.core.instant import earliest_start, local_day
from register_api.core.text import is_slug
from register_api.errors import Refused, UsageError
from register_api.publish.preparation import read_base
from register_api.source.edit import SourceEdit
from register_api.source.load import load, load_zone
from register_api.store.reader import open_snapshot

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


class Editing:
    """An edit of the source under way, and the day on which it is made.

    Attributes:
        edit: The files as they are to be.
        today: The publisher's local day.
    """

    def __init__(self, source: Path, store: Path) -> None:
        """Read source and store."""
        loaded = load(source)
        if loaded.draft is None:
            raise Refused(loaded.findings)
        self.edit = SourceEdit(source, loaded.draft)
        self._source, self._store = source, store
        self._base = read_base(open_snapshot(store))
        self._notice = loaded.draft.register.notice
        zone = load_zone(loaded.draft.register.publisher.time_zone)
        self.today = local_day(clock.now(), zone)

    @property
    def is_first_list(self) -> bool:
        """Whether nothing was published yet, so that what is in use was never announced."""
        return self._base.register is None

    def day(self, given: dt.date | None) -> dt.date:
        """Return the day that was given, or the earliest that every promise allows if announced today."""
        if given is not None:
            return given
        promises, register = self._base.promises, self._base.register
        older = list(promises.binding(register.version + 1, self.today)) if promises and register else []
        return max(earliest_start(self.today, notice) for notice in (self._notice, *older))

    def finish(self, *, dry_run: bool) -> None:
        """Print how the files change, write them, and print what publishing would tell customers."""
        changed = self.edit.changed()
        for name, (before, after) in changed.items():
            _print_difference(name, before, after)
        if not changed:
            out.print("Nothing to change.")
            return
        if dry_run:
            out.print("Dry run: nothing was written.")
            return
        self.edit.write()
        show_preview(self._source, self._store)


def _print_difference(name: str, before: str, after: str) -> None:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), name if before else "/dev/null", name, lineterm="", n=2
    )
    for line in lines:
        out.print(Text(line, style=_COLOURS.get(line[:1], "")))


def edit_options(command: Command) -> Command:
    """Add the options of every command that edits the source."""
    dry_run = click.option("--dry-run", is_flag=True, help="Show the edit without writing it.")
    return options.source_option(options.store_option(dry_run(command)))


def on_option(command: Command) -> Command:
    """Add ``--on``: the day from which it holds."""
    return click.option(
        "--on",
        "day",
        type=options.DayParam(),
        metavar="DAY",
        help="Effective date.  [default: the earliest date the notice promise allows]",
    )(command)


def use_option(command: Command) -> Command:
    """Add ``--use``: which engagement is meant."""
    return click.option(
        "--use", "use", metavar="ID", help="Id of the engagement; required if there are several."
    )(command)


def checked_id(name: str, what: str) -> str:
    """Return an id that a command is to write, if it can be one."""
    if not is_slug(name):
        hint = "lower-case letters, digits and single hyphens, such as acme-cloud"
        raise UsageError(f"{name!r} is not a valid id of {what}", hint=hint)
    return name


def stated(**fields: Any) -> dict[str, Any]:
    """Return the fields that were given: neither ``None`` nor empty."""
    return {name: value for name, value in fields.items() if value not in (None, (), [], "")}
