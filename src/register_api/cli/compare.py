"""The customer's command `compare`."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from register_api import clock
from register_api.cli import options, trust_options
from register_api.cli.output import out, print_json, progress
from register_api.core.format import tree
from register_api.core.format.paths import max_bytes
from register_api.core.log.note import ED25519
from register_api.errors import UsageError
from register_api.verify.checks.check_table import worst
from register_api.verify.checks.log import Log
from register_api.verify.compare import NamedCheckpoint, compare_checkpoints, render_text
from register_api.verify.engine import check_with_retry
from register_api.verify.options import Options


@click.command()
@click.argument("checkpoint", nargs=-1, required=True)
@click.option("--base", help="URL or folder of the register, for its keys and tiles.")
@click.option("--key", "keys", metavar="VKEY", multiple=True, help="Verifier key of the log (C2SP).")
@click.option(
    "-o",
    "--state",
    "folder",
    type=options.PATH,
    help="Folder in which to keep contradicting checkpoints, below evidence/.",
)
@trust_options.root_options
@options.json_option
def compare(
    checkpoint: tuple[str, ...],
    base: str | None,
    keys: tuple[str, ...],
    folder: Path | None,
    root: Path | None,
    root_sha256: str | None,
    as_json: bool,
) -> None:
    """Compare checkpoints: were all customers shown the same history?

    CHECKPOINT is a file, or the URL of a register whose checkpoint is fetched; that register is then also
    --base. Checkpoints of the same size must have the same root hash. Different sizes are compared by a
    consistency proof from the tiles at --base.

    \b
    Examples:
      register-api compare mine.checkpoint theirs.checkpoint --base https://trust.example.com
      register-api compare mine.checkpoint https://trust.example.com -o kept

    \b
    Exit status: 0 one history, 2 undecided or usage error, 15 two histories, else as `verify`.
    """
    trust_options.check_root(root, root_sha256)
    addresses = [name for name in checkpoint if "://" in name]
    place = base or next(iter(addresses), None)
    if len(checkpoint) == 1 and base is None:
        raise UsageError("compare needs two checkpoints, or one and --base")
    chosen = Options(root=root, root_sha256=root_sha256, history="none")
    with contextlib.ExitStack() as stack:
        log = None
        if place is not None:
            fetcher = stack.enter_context(trust_options.opened(place))
            with progress("checking") as report_progress:
                found = check_with_retry(fetcher, chosen, clock.now(), None, report_progress)
            if errors := found.record.errors():
                raise worst(errors)
            log = found.log
        trusted = [trust_options.read_verifier_key("--key", text, ED25519) for text in keys]
        given = [_given(name, place, log) for name in checkpoint]
        report = compare_checkpoints(given, trusted, log, folder)
    if as_json:
        print_json(report)
    else:
        out.print(render_text(report))
    raise click.exceptions.Exit(report.exit_code)


def _given(name: str, place: str | None, log: Log | None) -> NamedCheckpoint:
    if "://" not in name:
        return NamedCheckpoint(name=name, data=trust_options.read_checkpoint(Path(name)))
    if name == place and log is not None:
        return NamedCheckpoint(name=name, data=log.data)
    with trust_options.opened(name) as fetcher:
        return NamedCheckpoint(
            name=name, data=fetcher.get(tree.CHECKPOINT.path(), max_bytes(tree.CHECKPOINT.path()))
        )
