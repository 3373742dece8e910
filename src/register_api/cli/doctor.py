"""The command `doctor`: possible problems, and how to fix each."""

from __future__ import annotations

import os
from typing import Any

import click
from rich.text import Text

from register_api import clock
from register_api.cli import options
from register_api.cli.output import out, print_json
from register_api.cli.serve import settings_option
from register_api.core.language.language import count
from register_api.core.text import escaped
from register_api.doctor.check_table import diagnose
from register_api.doctor.machine import Machine

_WORDS = {
    "good": ("ok", "green"),
    "soon": ("SOON", "yellow"),
    "wrong": ("WRONG", "red"),
    "unknown": ("?", "dim"),
}
"""Labels of the verdicts."""


@click.command()
@options.store_option
@options.keys_option
@settings_option
@options.offline_option
@options.address_option
@click.option("--target", metavar="TARGET", help="Test the folder or bucket that `deploy` writes to.")
@options.endpoint_option("As for `deploy`.")
@options.json_option
def doctor(*, as_json: bool, **given: Any) -> None:
    """Diagnose current and upcoming problems, and say how to fix them.

    Checks the store and its signatures, keys and permissions, clock and timer, what customers read at the
    register's URL, its certificate, the settings, the mail server for notices, and disk space. Nothing is
    changed, except that --target writes a test file there and removes it. What could not be checked is
    marked with a question mark and does not count as good.

    Exits with status 2 if something is wrong, 1 if something soon will be or needs attention, else 0.

    \b
    Examples:
      register-api doctor
      register-api doctor --target s3://trust-example-com
      register-api doctor --offline --json
    """
    found = []
    for item in diagnose(Machine(now=clock.now(), environment=os.environ, **given)):
        found.append(item)
        if as_json:
            continue
        word, style = _WORDS[item.verdict]
        out.print(Text(f"{word:<6}", style=style) + Text(f"{item.check:<16}{escaped(item.sentence)}"))
        if item.cure:
            out.print(Text(f"{'':<22}→ {escaped(item.cure)}"))
    verdicts = [item.verdict for item in found]
    if as_json:
        print_json({"diagnoses": found, "ok": not {"wrong", "soon"} & set(verdicts)})
    else:
        wrong, soon, unknown = (verdicts.count(each) for each in ("wrong", "soon", "unknown"))
        out.print(f"{wrong} wrong, {soon} soon, {count(unknown, 'thing')} not checked")
    raise click.exceptions.Exit(2 if "wrong" in verdicts else 1 if "soon" in verdicts else 0)
