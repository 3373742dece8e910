"""The command ``watch evidence``."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli.output import out
from register_api.cli.serving_options import settings_option
from register_api.cli.watch_options import watching
from register_api.core.printable import quoted
from register_api.errors import WatchError
from register_api.verify.evidence.archive import check_free, write_archive
from register_api.verify.evidence.package import make_evidence
from register_api.verify.options import Options
from register_api.verify.report_text import render_text
from register_api.watch.look import Asking


@click.command()
@settings_option
@click.argument("news")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="File to write, e.g. evidence.zip."
)
def evidence(settings: Path | None, news: str, output: Path) -> None:
    """Save the version that an inbox item is about as an evidence package, as `evidence` does.

    It is fetched again from the register and verified from the root known here. An existing file is never
    overwritten.

    \b
    Examples:
      register-api watch evidence NEWS -o evidence.zip --settings watch.toml
      register-api verify --offline evidence.zip
    """
    check_free(output)
    with watching(settings) as opened:
        rows = opened.database.query(
            "SELECT register, news.version AS version, vendors.root_sha256 AS agreed,"
            " polls.root_sha256 AS begun FROM news"
            " JOIN vendors ON vendors.id = news.vendor JOIN polls ON polls.vendor = news.vendor"
            " WHERE news.id = ?",
            news,
        )
        if not rows:
            raise WatchError(f"there is no news {quoted(news)}", hint="register-api watch inbox")
        row = rows[0]
        if not row["version"] or not row["register"]:
            raise WatchError(f"{quoted(news)} is not about a version of a register")
        options = Options(root_sha256=row["agreed"] or row["begun"] or None)
        with Asking.of(opened.settings).fetcher(row["register"]) as fetcher:
            made = make_evidence(row["register"], fetcher, row["version"], options, opened.now)
    if made.package is None or made.data is None:
        failed = made.package or made.served
        out.print(render_text(failed), markup=False)
        raise click.exceptions.Exit(failed.exit_code)
    write_archive(output, made.data)
    out.print(f"Wrote {output}: version {row['version']}; verify --offline reads it.", markup=False)
