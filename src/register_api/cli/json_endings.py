"""A command whose ``--json`` is kept whatever it ends with: a usage error and a state in use, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from register_api import clock
from register_api.cli.output import print_json
from register_api.errors import RegisterError, UsageError
from register_api.verify.report import ErrorTold, Report


class JsonEndings(click.Command):
    """Prints a report that names the error before it goes on to where people read of it, standard error."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        """Read the arguments."""
        given = tuple(args)
        try:
            return super().make_context(info_name, args, *rest, **extra)
        except (RegisterError, click.UsageError) as error:
            _print(error, given)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (RegisterError, click.UsageError, OSError) as error:
            _print(error, ("--json",) if ctx.params["as_json"] else (), str(ctx.params["base"] or ""))
            raise


def _print(error: RegisterError | click.UsageError | OSError, given: Sequence[str], base: str = "") -> None:
    if "--json" not in given:
        return
    told = error if isinstance(error, RegisterError) else _as_ours(error)
    print_json(
        Report(
            base=base,
            checked_at=clock.now(),
            exit_code=told.exit_code,
            word=told.word,
            checks=(),
            not_checked=("Anything at all: the run ended before it.",),
            error=ErrorTold(message=told.message, hint=told.hint),
        )
    )


def _as_ours(error: click.UsageError | OSError) -> RegisterError:
    if isinstance(error, click.UsageError):
        return UsageError(error.format_message())
    return RegisterError(error.strerror or type(error).__name__)
