"""The command ``register-api``: collects the subcommands and turns errors into exit codes."""

from __future__ import annotations

import errno
import importlib
import importlib.metadata
import importlib.util
import keyword
import os
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import click
from click.shell_completion import CompletionItem

from register_api import __version__
from register_api.errors import NotInstalled, RegisterError

_PARTS = {
    "publish": ("publishing", ("feedgen",)),
    "serve": ("serving", ("litestar",)),
    "import": ("importing", ("tomlkit", "anyascii")),
    "deploy": ("deploying", ("obstore",)),
    "notify": ("notifying", ("aiosmtplib",)),
    "watch": ("watching", ("aiosmtplib", "litestar")),
}
"""Extras of the distribution: the name of the part, and packages that show that it is installed."""


class _Command(NamedTuple):
    line: str
    extras: tuple[str, ...]


_COMMANDS = {
    name: _Command(line, tuple(extras.split()))
    for name, extras, line in (
        ("init", "publish", "Create a new register: commented source files to edit."),
        ("import", "import", "Import a list of sub-processors: a page, CSV, JSON, or a file's history."),
        ("check", "publish", "Check the source for errors, and against the notice promise."),
        ("preview", "publish", "Show what customers would see: text, email, pages."),
        ("add", "publish", "Add a sub-processor, or another engagement of one."),
        ("end", "publish", "End a sub-processor, or one of its engagements, on a date."),
        ("replace", "publish", "Replace a sub-processor with a new one on a date."),
        ("change", "publish", "Plan a change to a sub-processor from a date on."),
        ("cancel", "publish", "Cancel an announced engagement or planned change."),
        ("fold", "publish", "Fold planned changes that have taken effect into the base fields."),
        ("publish", "publish", "Publish the source as the next signed version, atomically."),
        ("refresh", "publish", "Renew the signed timestamp that tells customers this is the newest version."),
        ("recover", "publish", "Rebuild the store from the public tree, after verifying it."),
        ("status", "publish", "Show what is published and when it expires."),
        ("doctor", "publish", "Diagnose current and upcoming problems, and say how to fix them."),
        ("keys", "publish", "List, create and change the register's keys."),
        ("serve", "serve", "Serve the published tree over HTTP, from memory. Needs no private key."),
        ("run", "publish serve", "Publish if nothing is published yet, then serve and renew the timestamp."),
        ("verify", "", "Verify a published register, and report each check."),
        ("evidence", "", "Save one version as a self-contained package that verifies offline."),
        ("compare", "", "Compare checkpoints: were all customers shown the same history?"),
        ("witness", "serve", "Run a transparency-log witness (C2SP tlog-witness)."),
        ("deploy", "deploy", "Copy the published tree to a folder or a bucket, and verify it from outside."),
        ("notify", "notify", "Notify contract contacts by email, and keep a record."),
        ("watch", "watch", "Watch your vendors' registers: what changed, and the deadline to act."),
        ("export", "publish", "Generate configuration for nginx, Caddy, static hosts and CI jobs."),
        ("conformance", "publish", "Test whether a server hosts a register correctly."),
        ("diff", "", "Show what changed between two register documents."),
        ("show", "", "Show who was engaged on a date, as published by a given time."),
    )
}
"""Subcommands by name, in the order a newcomer needs them; each is imported only when it is called."""


class _Commands(click.Group):
    """Subcommands by name, imported when called, so that ``verify`` loads no publishing code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        packages = (name for extra in _COMMANDS[cmd_name].extras for name in _PARTS[extra][1])
        if any(importlib.util.find_spec(name) is None for name in packages):
            if ctx.resilient_parsing:  # shell completion cannot show a message
                return None
            extras = _COMMANDS[cmd_name].extras
            names = " and ".join(_PARTS[extra][0] for extra in extras)
            raise NotInstalled(
                f"register-api {cmd_name} needs the {names} part{'s' if len(extras) > 1 else ''}: "
                f"pip install 'register-api[{','.join(extras)}]'"
            )
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        edits = cmd_name in {"add", "end", "replace", "change", "cancel", "fold"}
        module = "edit_commands" if edits else name
        command: click.Command = getattr(importlib.import_module(f"register_api.cli.{module}"), name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.line) for name, command in _COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the path of the documentation that help and messages refer to."""
        if (found := _documentation()) is not None:
            self.epilog = f"Files named docs/… are in {found}"
        super().format_epilog(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete subcommands, without importing them, and options."""
        found = [(name, command.line) for name, command in _COMMANDS.items() if name.startswith(incomplete)]
        names = [CompletionItem(name, help=line) for name, line in found]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; print our own errors, OS errors and interruptions and exit with their code.

        Files are written atomically, so that neither an OS error nor an interruption leaves partial ones.
        """
        try:
            return super().invoke(ctx)
        except (RegisterError, click.UsageError) as error:
            _end(ctx, error)
        except KeyboardInterrupt as interruption:
            done = "; ".join(getattr(interruption, "__notes__", ["nothing is half done"]))
            _print_error(RegisterError(f"interrupted; {done}", hint=_AGAIN))
            if type(interruption) is not KeyboardInterrupt:  # die of SIGTERM, so that its sender sees it
                sys.stdout.flush()
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                os.kill(os.getpid(), signal.SIGTERM)
            ctx.exit(_INTERRUPTED)
        except click.Abort:  # Ctrl-C or the end of input at a prompt, or "no" to a confirmation
            click.echo(err=True)
            _end(ctx, RegisterError("stopped at the prompt; nothing is half done", hint=_AGAIN))
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of the output has gone; click exits quietly
                raise
            what = error.strerror or str(error) or type(error).__name__
            message = f"{error.filename}: {what}" if error.filename else what
            cure = _CURES.get(error.errno or 0)
            hint = f"{cure}, then {_AGAIN}" if cure else ""
            _end(ctx, RegisterError(f"{message}; nothing is half done", hint=hint))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            _end(ctx, error)


def _documentation() -> Path | None:
    """Return the folder that contains ``docs/``, in the project or in an installation."""
    project = Path(__file__).parents[3]
    if (project / _FIRST_PAGE).is_file():
        return project
    try:
        files = importlib.metadata.files("register-api") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = (Path(str(file.locate())) for file in files if file.match(f"register-api/{_FIRST_PAGE}"))
    return next((path.resolve().parents[1] for path in found if path.is_file()), None)


_FIRST_PAGE = "docs/README.md"
_AGAIN = "run the same command again"
_INTERRUPTED = 130
"""Exit code after Ctrl-C, as in shells: 128 plus the number of SIGINT."""

_CURES = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room, or ask for a larger quota",
    errno.EACCES: "give this user the right to it, or run as the user who has it",
    errno.EPERM: "give this user the right to it, or run as the user who has it",
    errno.EROFS: "write to a disk that may be written to",
}
"""Hints for operating system errors, to follow before running the command again."""


def _end(ctx: click.Context, error: RegisterError | click.UsageError) -> NoReturn:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # it prints the help
        raise error
    _print_error(error)
    ctx.exit(error.exit_code)


def _print_error(error: RegisterError | click.UsageError) -> None:
    # Imported only on failure: it takes as long as everything else that `--version` does.
    from register_api.cli.output import print_error, usage_error  # noqa: PLC0415

    print_error(usage_error(error) if isinstance(error, click.UsageError) else error)


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

    Exit status: 0 success, 1 refused by the rules, 2 usage error, 3 state in use, 10 to 22 see `verify
    --help`.
    """


def main() -> None:
    """Run the command line; always raises ``SystemExit``."""
    cli(prog_name="register-api")
