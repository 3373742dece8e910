"""The command ``watch``: a group, of which each command is in a module of its own."""

from __future__ import annotations

import click

from register_api.cli.watch_chain import chain
from register_api.cli.watch_digest import digest
from register_api.cli.watch_evidence import evidence
from register_api.cli.watch_export import export
from register_api.cli.watch_inbox import decide, decisions, inbox
from register_api.cli.watch_registers import import_list, key
from register_api.cli.watch_run import run, status
from register_api.cli.watch_serve import serve
from register_api.cli.watch_vendors import vendors


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


for command in (vendors, run, status, inbox, decide, decisions, chain):
    watch.add_command(command)
for command in (export, evidence, digest, key, serve):
    watch.add_command(command)
vendors.add_command(import_list)
