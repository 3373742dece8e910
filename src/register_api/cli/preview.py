"""The command `preview`: what publishing now would announce to customers."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

import click
import msgspec
from rich.text import Text

from register_api.cli import options
from register_api.cli.output import out, print_json
from register_api.cli.publish import OptionsFactory, publish_options, reason_options
from register_api.cli.words import Line, change_lines, markdown, print_lines, proposal_lines
from register_api.core.canonical import encoded
from register_api.core.diff.document import diff_document
from register_api.errors import UsageError
from register_api.preview.next_version import build_next_version
from register_api.preview.server import Preview, PreviewServer
from register_api.publish.feed.notice_mail import mail
from register_api.publish.preparation import Candidate, prepare, read_base
from register_api.store.reader import open_snapshot

_NOT_PUBLISHED = "0" * 64
"""Placeholder for the digest of a version that does not exist yet."""


@click.command()
@options.source_option
@options.store_option
@reason_options
@click.option(
    "--markdown", "as_markdown", is_flag=True, help="Print Markdown, for a comment on a pull request."
)
@options.json_option
@click.option("--mail", "as_mail", is_flag=True, help="Print the email that customers would receive.")
@click.option("--serve", "served", is_flag=True, help="Serve pages, feed entry and email on 127.0.0.1.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8010,
    show_default=True,
    help="Port of --serve on 127.0.0.1; 0 picks a free one.",
)
def preview(
    source: Path,
    store: Path,
    make_options: OptionsFactory,
    port: int,
    *,
    as_markdown: bool,
    as_json: bool,
    as_mail: bool,
    served: bool,
) -> None:
    """Show what customers would see if you published now: as text, as an email, or in the browser.

    Nothing is written, and no key is read. For warnings, run check. What you may have meant (a rename, a
    return, a replacement) is suggested after the changes, never applied.

    With --serve, pages reload when a source file is saved; while the source has errors, they show the
    output of check.

    \b
    Examples:
      register-api preview
      register-api preview --markdown
      register-api preview --mail
      register-api preview --serve
      register-api preview --corrects 7 --reason "Acme processes in Finland, not in Sweden"
    """
    if as_markdown + as_json + as_mail + served > 1:
        raise UsageError("preview takes one of --markdown, --json, --mail and --serve")
    if served:
        _serve(Preview(source, store, make_options), port)
    elif as_mail:
        snapshot = open_snapshot(store)
        pending = build_next_version(source, snapshot, make_options(snapshot))
        if pending.version_summary is None:
            out.print(_unchanged(pending.candidate))
        else:
            made = mail(pending.version_summary, pending.first_root())
            out.print(Text(f"Subject: {made.subject}\n\n{made.text}"), end="")
    else:
        show_preview(source, store, make_options, as_markdown=as_markdown, as_json=as_json)


def _serve(preview: Preview, port: int) -> None:
    with PreviewServer(preview, port) as server, contextlib.suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        out.print(f"Preview at {server.url}  (Ctrl-C ends it; nothing is published)")
        server.serve_forever()


def show_preview(
    source: Path,
    store: Path,
    make_options: OptionsFactory = publish_options,
    *,
    as_markdown: bool = False,
    as_json: bool = False,
) -> None:
    """Print what publishing the source now would announce to customers."""
    snapshot = open_snapshot(store)
    candidate = prepare(source, read_base(snapshot), make_options(snapshot))
    proposals = candidate.proposals()
    if candidate.register is None and not as_json:
        print_lines(proposal_lines(proposals))
    register, promises = candidate.required()
    diff = diff_document(candidate.base.newest, encoded(register), promises)
    diff = msgspec.structs.replace(diff, newer=msgspec.structs.replace(diff.newer, sha256=_NOT_PUBLISHED))
    if as_json:
        print_json({**msgspec.to_builtins(diff), "proposals": proposals})
        return
    lines = (*change_lines(register, diff), *proposal_lines(proposals))
    if candidate.unchanged:
        lines = (Line(0, _unchanged(candidate)),)
    if as_markdown:
        click.echo(markdown(lines), nl=False)
    else:
        print_lines(lines)


def _unchanged(candidate: Candidate) -> str:
    register, _ = candidate.required()
    return f"Nothing has changed since version {register.version - 1}; publishing makes no version."
