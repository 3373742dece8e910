"""Commands on keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from register_api.cli import key_changes, key_making, options, root_ceremony
from register_api.cli.output import out, print_json
from register_api.core.canonical import decode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.keys.trust_roles import ROLES
from register_api.errors import StoreError
from register_api.publish.trust.metadata import newest_root
from register_api.publish.trust.root_change import kid_of
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.core.documents import KeyRecord


@click.group()
def keys() -> None:
    """Show the keys that customers check with, and change them."""


for _command in (
    key_changes.rotate,
    key_changes.end,
    key_changes.renew,
    key_making.new,
    root_ceremony.new_root,
    root_ceremony.sign_root,
    root_ceremony.publish_root_command,
):
    keys.add_command(_command)


@keys.command(name="list")
@options.store_option
@options.json_option
def list_keys(store: Path, as_json: bool) -> None:
    """List every document, log and feed key with the versions it is good for, and the root's keys.

    With --json, the list of keys as published.

    \b
    Example:
      register-api keys list --json
    """
    snapshot = open_snapshot(store)
    if snapshot is None:
        raise StoreError(f"nothing was published into {store} yet", hint="register-api publish")
    listed = decode(snapshot.read(tree.KEYS.path()), KeyList)
    if as_json:
        print_json(listed)
        return
    for key in listed.keys:
        out.print(f"{key.use:<9} {key.kid}  {_range(key)}")
    root = newest_root(snapshot.read)
    for role, names in ROLES.items():
        holders = root.roles[names[0]]
        count = f"{holders.threshold} of {len(holders.keyids)}"
        for keyid in holders.keyids:
            out.print(f"{role:<9} {kid_of(root.keys[keyid])}  {count}, by version {root.version} of the root")


def _range(key: KeyRecord) -> str:
    until = "to this day" if key.last_version is None else f"to version {key.last_version}"
    ended = f", {key.ended.reason}" if key.ended else ""
    return f"from version {key.first_version} {until}{ended}"
