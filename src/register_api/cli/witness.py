"""Commands of a witness: init, serve, status."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import click
import msgspec

from register_api import clock
from register_api.cli import options
from register_api.cli.options import PATH
from register_api.cli.output import out, print_json
from register_api.core import strict_base64
from register_api.core.instant import format_instant
from register_api.serve.server import run_app
from register_api.serve.settings import read_settings
from register_api.witness.server import create_app, make_witness, open_witness
from register_api.witness.witness import Cosigned, Record


@click.group()
def witness() -> None:
    """Run a transparency-log witness (C2SP tlog-witness).

    For a partner's register, or your own on a second machine. It cosigns a checkpoint once a consistency
    proof shows that the log extends what was cosigned before, and never a smaller or conflicting one. It
    has its own key and needs nothing from the publisher.

    \b
    Examples:
      register-api witness init --state var/witness --key var/witness/key.pem --name witness.example.com/w1
      register-api witness serve --state var/witness --key var/witness/key.pem --log VKEY
      register-api witness status --state var/witness
    """


_state_option = click.option(
    "--state",
    type=PATH,
    required=True,
    help="Folder that remembers what was signed; never restore an older copy of it.",
)
_key_option = click.option(
    "--key",
    "key_file",
    type=PATH,
    required=True,
    help="File with the witness's PRIVATE key, readable only by you.",
)


@witness.command()
@_state_option
@_key_option
@click.option("--name", required=True, help="Name of the key, e.g. witness.example.com/w1 .")
@click.option(
    "--unused-key",
    is_flag=True,
    help="Use the existing key in the file; it must not have signed anything yet.",
)
def init(state: Path, key_file: Path, name: str, *, unused_key: bool) -> None:
    """Create a witness's key and state, and print the verifier key to give out.

    \b
    Example:
      register-api witness init --state var/witness --key var/witness/key.pem --name witness.example.com/w1
    """
    out.print(make_witness(state, key_file, name, unused_key=unused_key))


@witness.command()
@_state_option
@_key_option
@click.option(
    "--log",
    "logs",
    metavar="VKEY",
    multiple=True,
    required=True,
    help="Verifier key of a log to cosign: note_key in its v1/keys.json. May be repeated.",
)
@options.with_variable(
    "--port",
    "PORT",
    type=click.IntRange(0, 65535),
    default=8001,
    show_default=True,
    help="Port to listen on.",
)
@options.with_variable("--host", "HOST", default="127.0.0.1", show_default=True, help="Address to listen on.")
def serve(state: Path, key_file: Path, logs: tuple[str, ...], host: str, port: int) -> None:
    """Serve /add-checkpoint and cosign checkpoints that extend what was cosigned before.

    SIGTERM shuts it down gracefully. Put a TLS proxy in front.

    \b
    Example:
      register-api witness serve --state var/witness --key var/witness/key.pem --log VKEY --port 8001
    """
    opened = open_witness(state, key_file, logs)
    settings = msgspec.structs.replace(read_settings(os.environ), host=host, port=port)
    run_app(create_app(opened, lambda: int(clock.now().timestamp())), settings, out.print)


@witness.command()
@_state_option
@options.json_option
def status(state: Path, as_json: bool) -> None:
    """Show the witness's key and what it last cosigned for each log.

    \b
    Example:
      register-api witness status --state var/witness --json
    """
    found = Record(state).load()
    if as_json:
        print_json({"verifier_key": found.verifier_key, "logs": [_row(*each) for each in found.logs.items()]})
        return
    out.print(found.verifier_key)
    for origin, cosigned in found.logs.items():
        row = _row(origin, cosigned)
        out.print(f"  {origin}: size {row['size']}, root {row['root_hash']}, {row['at']}")


def _row(origin: str, cosigned: Cosigned) -> dict[str, Any]:
    return {
        "origin": origin,
        "size": cosigned.size,
        "root_hash": strict_base64.encode(cosigned.root),
        "at": format_instant(dt.datetime.fromtimestamp(cosigned.at, dt.UTC)),
    }
