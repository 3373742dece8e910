"""The command ``register-api``: collects the subcommands and turns errors into exit codes."""

from __future__ import annotations

import importlib
import keyword
from typing import Any

import click

from register_api import __version__
from register_api.cli.output import print_error
from register_api.errors import RegisterError

_COMMANDS = {
    "init": ("init", "Start a register of your own: a commented source to edit."),
    "import": ("import_", "Take over a list of sub-processors: a page, CSV, JSON, or a file's history."),
    "check": ("check", "Say what is wrong in the source, or breaks the notice promise."),
    "preview": ("preview", "Show in words what publishing now would tell your customers."),
    "publish": ("publish", "Publish the source as the next version, signed, whole or not at all."),
    "refresh": ("refresh", "Sign freshness anew, so that customers see the newest is the newest."),
    "status": ("status", "Say what is published and what expires when."),
    "keys": ("keys", "Show the keys that customers check with, and change them."),
    "serve": ("serve", "Serve what is published, from memory. Holds no private key."),
    "run": ("run", "Publish if nothing is published yet, then refresh and serve."),
    "verify": ("verify", "Check someone's register like a customer, and say what was checked."),
    "evidence": ("evidence", "Keep one version with all that proves it, to verify it without network."),
    "compare": ("compare", "Compare what several customers were shown: one history, or two."),
    "witness": ("witness", "Be a witness: sign that a log grows and is never rewritten."),
    "export": ("export", "Write what a host of files has to be told, so that it answers as the service."),
    "conformance": ("conformance", "Ask the host of a register what any such host has to answer."),
    "diff": ("diff", "Show what changed between two register documents."),
    "show": ("show", "Show who was engaged on a day, as far as it was known on a day."),
}
"""Subcommand to the module that defines it and a line of help; imported only when it is called."""


class _Commands(click.Group):
    """Subcommands by name, imported when called: ``verify`` loads nothing of the publisher."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a subcommand."""
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(importlib.import_module(f"register_api.cli.{module}"), name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; an error raised on purpose becomes its sentence and its exit code."""
        try:
            return super().invoke(ctx)
        except RegisterError as error:
            print_error(error)
            ctx.exit(error.exit_code)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="register-api")
def cli() -> None:
    """Publish a register of sub-processors that anyone can check, and check one.

    \b
    The publisher:             The customer:
      register-api check         register-api verify https://trust.example.com
      register-api preview       register-api diff old.json new.json
      register-api publish
      register-api serve

    Exit codes: 0 fine, 1 refused by rules, 2 wrong use, 10 to 19 what `verify` found.
    """


def main() -> None:
    """Run the command line.

    Raises:
        SystemExit: Always, with the exit code.
    """
    cli(prog_name="register-api")
