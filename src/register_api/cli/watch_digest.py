"""The command ``watch digest``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.text import Text as Styled

from register_api import clock
from register_api.cli.interruption import stopped_by_signals
from register_api.cli.output import out
from register_api.cli.serving_options import settings_option
from register_api.cli.watch_options import Watching, watching
from register_api.core.printable import escaped
from register_api.errors import UsageError
from register_api.sending.database import Database, Row
from register_api.sending.sender import Surroundings
from register_api.sending.settings import smtp_password
from register_api.watch import messages
from register_api.watch.mailer import Mailer


@click.command()
@settings_option
@click.option("--preview", is_flag=True, help="Print what would be sent, without sending or recording it.")
def digest(settings: Path | None, preview: bool) -> None:
    """Notify owners: of deadlines and failed verification at once, of everything else once a day.

    Mails go to the owners; the same content goes to the webhooks of the settings.

    `watch run` does this too; use this command from a timer, or to preview.

    \b
    Examples:
      register-api watch digest --preview --settings watch.toml
      register-api watch digest --settings watch.toml
    """
    with watching(settings) as opened:
        if preview:
            _preview(opened)
            return
        if not opened.settings.tells_somebody:
            raise UsageError(
                "[watch] has neither sender nor webhooks, so nothing is sent", hint="docs/watch-digest.md"
            )
        with stopped_by_signals() as stop:
            around = Surroundings(clock.now, stop, lambda line: out.print(escaped(line), markup=False))
            password = smtp_password(opened.settings, os.environ)
            with Mailer(opened.database, opened.settings, password, around) as mailer:
                counts = mailer.send()
    out.print(", ".join(f"{number} {what}" for what, number in sorted(counts.items())) or "Nothing to send.")


class _Undone(Exception):
    """Ends a transaction of which nothing is to be kept."""


@contextlib.contextmanager
def _undone(database: Database) -> Iterator[Callable[..., list[Row]]]:
    """Run statements of which nothing is kept."""
    with contextlib.suppress(_Undone), database.transaction() as run:
        yield run
        raise _Undone


def _preview(opened: Watching) -> None:
    with _undone(opened.database) as run:
        moment = messages.Moment.of(opened.now, opened.settings)
        found = messages.preview(run, opened.settings, moment)
    for due, text in found:
        out.print(Styled(f"{due.kind} to {escaped(due.recipient)}: {text.subject}", style="bold"))
        out.print(text.body, markup=False)
    if not found:
        out.print("Nothing to send.")
