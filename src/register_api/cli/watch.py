"""The command group ``watch``, and its commands that concern all vendors."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
from rich.text import Text

from register_api import clock
from register_api.cli import options
from register_api.cli.database_options import Watching, answer, counted, watching
from register_api.cli.output import out, stopped_by_signals
from register_api.cli.serve import listening_options, serve_app, settings_option
from register_api.cli.watch_chain import chain
from register_api.cli.watch_vendors import decide, decisions, inbox, key, vendors
from register_api.core.instant import format_instant
from register_api.core.language.language import count
from register_api.core.text import escaped, quoted
from register_api.errors import UsageError, WatchError
from register_api.files import durable
from register_api.sending.sender import Runtime
from register_api.sending.settings import smtp_password
from register_api.sending.webhook import read_key
from register_api.verify.evidence.archive import check_free, write_archive
from register_api.verify.report_text import render_text
from register_api.watch.check_vendor import Polling, evidence_of
from register_api.watch.export import FILES, Watched
from register_api.watch.guard import make_token, read_token
from register_api.watch.inbox import describe, root_of, vendors_status
from register_api.watch.messages import Mailer
from register_api.watch.messages import preview as messages_due
from register_api.watch.poller import Poller
from register_api.watch.register_list import signed_list
from register_api.watch.service import create_app
from register_api.watch.settings import read_watch_settings
from register_api.watch.vendors import load


@click.group()
def watch() -> None:
    """Watch your vendors' registers: what changed, what affects you, and the deadline to act.

    Each register is verified as by `verify`, with its own state. Settings are the table [watch] of the
    settings file; docs/watch.md lists them.

    \b
    Examples:
      register-api watch vendors import vendors.csv --settings watch.toml
      register-api watch run --once --settings watch.toml
      register-api watch inbox --settings watch.toml
    """


for command in (vendors, inbox, decide, decisions, chain, key):
    watch.add_command(command)


@contextlib.contextmanager
def _mailer(opened: Watching) -> Iterator[tuple[Mailer, Runtime]]:
    with stopped_by_signals() as stop:
        runtime = Runtime(clock.now, stop, lambda line: out.print(escaped(line)))
        password = smtp_password(opened.settings, os.environ)
        with Mailer(opened.database, opened.settings, password, runtime) as mailer:
            yield mailer, runtime


@watch.command()
@watching
@click.option("--once", is_flag=True, help="Check what is due or nearly due, then exit; for a timer.")
def run(opened: Watching, once: bool) -> None:
    """Poll every register and record what is new, until SIGTERM; with --once, one round.

    Each is verified with its state, by conditional requests, one at a time per host. With --once, what is
    due within half of `poll_minutes` counts as due.

    \b
    Examples:
      register-api watch run --settings watch.toml
      register-api watch run --once --settings watch.toml
    """
    with _mailer(opened) as (mailer, runtime):
        poller = Poller(opened.database, opened.settings, Polling.of(opened.settings), runtime)
        if not once:
            poller.run(mailer.try_to_send)
            return
        counts = poller.round(opened.settings.poll_minutes * 30)
        mailer.try_to_send()
    out.print(f"{count(counts.polls, 'check')}, {counts.fresh} verified, {counts.news} news.")


@watch.command()
@watching
@options.json_option
def status(opened: Watching, as_json: bool) -> None:
    """Show the result of the last check of each vendor; exits with status 1 if a register does not verify.

    \b
    Examples:
      register-api watch status --settings watch.toml
      register-api watch status --json --settings watch.toml
    """
    found = vendors_status(opened.database)
    counts = Counter(each.outcome or "not checked yet" for each in found)
    lines = [
        escaped(f"{each.vendor}: {each.outcome} since {format_instant(each.since)}: {each.message}")
        for each in found
        if not each.is_well and each.since
    ]
    answer(found, [*lines, counted(dict(sorted(counts.items()))) or "No vendors."], as_json=as_json)
    raise click.exceptions.Exit(int(not all(each.is_well for each in found)))


class _Undone(Exception):
    """Raised to roll back a transaction."""


@watch.command()
@watching
@click.option("--preview", is_flag=True, help="Print what would be sent, without sending or recording it.")
def digest(opened: Watching, preview: bool) -> None:
    """Notify owners: of deadlines and failed verification at once, of everything else once a day.

    Emails go to the owners; the same content goes to the webhooks of the settings.

    `watch run` does this too; use this command from a timer, or to preview.

    \b
    Examples:
      register-api watch digest --preview --settings watch.toml
      register-api watch digest --settings watch.toml
    """
    printed = ""
    if preview:
        with contextlib.suppress(_Undone), opened.database.transaction() as run:
            for due, text in messages_due(run, opened.context):
                printed = f"{due.kind} to {escaped(due.recipient)}: {text.subject}"
                out.print(Text(printed, style="bold"))
                out.print(text.mail)
            raise _Undone
    elif opened.settings.sender or opened.settings.webhooks:
        with _mailer(opened) as (mailer, _):
            printed = counted(dict(sorted(mailer.send().items())))
            if printed:
                out.print(printed)
    else:
        words = "[watch] has neither sender nor webhooks, so nothing is sent"
        raise UsageError(words, hint="docs/watch-digest.md")
    if not printed:
        out.print("Nothing to send.")


@watch.command()
@watching
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--only",
    type=click.Choice([*FILES]),
    multiple=True,
    metavar="FILE",
    help="Write only this file. May be repeated.",
)
@click.option(
    "--registers",
    type=options.PATH,
    metavar="KEY",
    help="Write only registers.jws: the list of known registers, signed with the key in this file.",
)
def export(opened: Watching, folder: Path, only: tuple[str, ...], registers: Path | None) -> None:
    """Export news, deadlines and vendors to FOLDER, for spreadsheets, calendars and other programs.

    \b
    Examples:
      register-api watch export out --settings watch.toml
      register-api watch export out --only deadlines.ics --settings watch.toml
    """
    if registers is not None:
        key = read_key(registers, "key")
        files = {"registers.jws": signed_list(opened.database, key, opened.context.now)}
    else:
        watched = Watched.of(opened.database, opened.context)
        files = {name: FILES[name](watched) for name in only or FILES}
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        durable.replace(folder / name, data)
        out.print(str(folder / name))


@watch.command()
@watching
@click.argument("news")
@click.option("-o", "--output", type=options.PATH, required=True, help="File to write, e.g. evidence.zip.")
def evidence(opened: Watching, news: str, output: Path) -> None:
    """Save the version that an inbox item is about as an evidence package, as `evidence` does.

    It is fetched again from the register and verified from the root known here. An existing file is never
    overwritten.

    \b
    Examples:
      register-api watch evidence NEWS -o evidence.zip --settings watch.toml
      register-api verify --offline evidence.zip
    """
    check_free(output)
    row = describe(opened.database, news)
    vendor, root = load(opened.database, row["vendor"]), root_of(opened.database, row["vendor"])
    if not row["version"] or not vendor.register:
        raise WatchError(f"{quoted(news)} is not about a version of a register")
    made = evidence_of(vendor, row["version"], root, Polling.of(opened.settings), opened.context.now)
    if made.data is None:
        out.print(render_text(made.report))
        raise click.exceptions.Exit(made.report.exit_code)
    write_archive(output, made.data)
    out.print(f"Wrote {output}: version {row['version']}; verify --offline reads it.")


@watch.command()
@settings_option
@listening_options(8003)
def serve(settings: Path | None, host: str, port: int) -> None:
    """Serve the web page: inbox, deadlines, decisions, vendors, supply chain, search, evidence.

    Users are named by a proxy (`user_header`) or sign in with a token (`token_file`, created if missing).
    SIGTERM shuts it down gracefully.

    \b
    Example:
      register-api watch serve --port 8003 --settings watch.toml
    """
    read = read_watch_settings(settings, os.environ)
    if not read.user_header and not read.token_file:
        raise UsageError(
            "nothing says who may see the page", hint='set token_file = "watch.token", or user_header'
        )
    token = ""
    if read.token_file:
        path = Path(read.token_file)
        if make_token(path):
            out.print(f"Made {path}: people sign in with the token in it.")
        token = read_token(path)
    serve_app(create_app(read, token, clock.now), host, port)
