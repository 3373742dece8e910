"""The command `recover`: rebuild a store from a public tree."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from register_api import clock
from register_api.cli import options, trust_options
from register_api.cli.output import interrupt_note, out, progress
from register_api.core.instant import format_instant
from register_api.errors import StoreDamaged
from register_api.publish.last_signed import MEMORY_FILE
from register_api.publish.recovery import Recovery, recover_tree
from register_api.store.reader import current


@click.command()
@options.store_option
@options.keys_option
@click.option(
    "--from",
    "base",
    metavar="URL|FOLDER",
    help="Where to read the tree: its URL, a mirror, or a folder.  [default: public/ of the store]",
)
@trust_options.root_options
@options.progress_option
@click.option("--stale", is_flag=True, help="Accept an expired tree, if nothing newer was public.")
def recover(
    store: Path, keys: Path, base: str | None, root: Path | None, root_sha256: str | None, *, stale: bool
) -> None:
    """Rebuild the store from the public tree, after verifying all of it.

    For a store that was lost, damaged or restored from a backup, and for a move to another machine. Every
    version is verified, as by `verify --history all`, from the root that the keys remember, or from --root
    or --root-sha256. Pages are rebuilt. From then on these keys continue the recovered history.

    A store with a different history is left unchanged: move it away and recover into an empty one. A tree
    older than what these keys have signed is refused. If that newer state was never public, remove
    published.json beside the keys and give --root-sha256.

    \b
    Examples:
      register-api recover --from https://trust.example.com
      register-api recover --from https://mirror.example.org/trust --root-sha256 HEX
      register-api recover --root 1.root.json        (an existing store, for keys that do not know it)
    """
    trust_options.check_root(root, root_sha256)
    source = base or str(store / "public")
    now = clock.now()
    request = Recovery(
        base=source, store=store, keys=keys, root=root, root_sha256=root_sha256, stale=stale, now=now
    )
    before = _generation(store)

    def so_far() -> str:
        return (
            "the store is as it was"
            if _generation(store) == before
            else "the store was rebuilt from what is public"
        )

    with interrupt_note(so_far), trust_options.opened(source) as fetcher, progress("recovering") as report:
        snapshot = recover_tree(request, fetcher, report)
    state = snapshot.state
    out.print(
        f"Version {state.version} of {state.register}, published {format_instant(state.published_at)},"
        f" was verified and restored from {source}: {len(snapshot.manifest.files)} files."
    )
    out.print(f"  {keys / MEMORY_FILE} remembers it; `register-api refresh` renews its freshness.")


def _generation(store: Path) -> int | None:
    with contextlib.suppress(StoreDamaged):
        return current(store)
    return None
