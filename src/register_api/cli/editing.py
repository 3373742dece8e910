"""What the commands that edit the source share: the pending edit, its diff and its preview."""

from __future__ import annotations

import datetime as dt
import difflib
import functools
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from register_api import clock
from register_api.cli import options
from register_api.cli.output import out
from register_api.cli.preview import show_preview
from register_api.core.instant import earliest_start, local_day
from register_api.errors import Refused
from register_api.publish.preparation import read_base
from register_api.source.edit import SourceEdit
from register_api.source.load import load, load_zone
from register_api.store.reader import open_snapshot

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


class Editing:
    """A pending edit of the source (``edit``) and today's date in the publisher's time zone."""

    def __init__(self, source: Path, store: Path) -> None:
        loaded = load(source)
        if loaded.draft is None:
            raise Refused(loaded.findings, "written")
        self.edit = SourceEdit(source, loaded.draft, loaded.texts)
        self._source, self._store = source, store
        self._base = read_base(open_snapshot(store))
        self._notice = loaded.draft.register.notice
        self.today = local_day(clock.now(), load_zone(loaded.draft.register.publisher.time_zone))

    @property
    def is_first_list(self) -> bool:
        """Whether nothing has been published yet, so that current use was never announced."""
        return self._base.register is None

    def day(self, given: dt.date | None) -> dt.date:
        """Return the given day, or the earliest that all binding notice promises allow from today."""
        if given is not None:
            return given
        promises, register = self._base.promises, self._base.register
        older = list(promises.binding(register.version + 1, self.today)) if promises and register else []
        return max(earliest_start(self.today, notice) for notice in (self._notice, *older))

    def finish(self, *, dry_run: bool) -> None:
        """Print a diff of the files, write them, and preview what publishing would announce."""
        changed = self.edit.changed()
        for name, (before, after) in changed.items():
            was = name if before else "/dev/null"
            lines = difflib.unified_diff(before.splitlines(), after.splitlines(), was, name, lineterm="", n=2)
            for line in lines:
                out.print(Text(line, style=_COLOURS.get(line[:1], "")))
        if not changed:
            out.print("Nothing to change.")
        elif dry_run:
            out.print("Dry run: nothing was written.")
        else:
            self.edit.write()
            try:
                show_preview(self._source, self._store)
            except Refused as refusal:
                refusal.hint = "the edit is written: correct it in the files, then run register-api check"
                raise


def edits(command: options.Command) -> Any:
    """Pass a pending edit to a command, then show and write it; adds the options for that."""

    @functools.wraps(command)
    def run(source: Path, store: Path, *, dry_run: bool, **given: Any) -> None:
        editing = Editing(source, store)
        command(editing, **given)
        editing.finish(dry_run=dry_run)

    dry_run = click.option("--dry-run", is_flag=True, help="Show the edit without writing it.")
    return options.together(options.source_option, options.store_option, dry_run)(run)
