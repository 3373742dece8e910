"""Commands for a trust root that people sign on machines of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from tuf.api.metadata import Root

from register_api import clock
from register_api.cli import options
from register_api.cli.key_changes import print_changed, public_keys_options
from register_api.cli.output import out
from register_api.core.canonical import digest
from register_api.core.instant import format_instant
from register_api.core.keys.trust_roles import ROLES
from register_api.publish.root_ceremony import begin_first_root, begin_root, other_root_keys, publish_root
from register_api.publish.signing.signer import Ed25519Signer, load
from register_api.publish.trust.root_change import RootChange, kid_of, read_public_key
from register_api.publish.trust.root_draft import (
    RootDraft,
    check_draft,
    merge_drafts,
    read_draft,
    refuse_second_root_key,
    sign_draft,
    write_draft,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tuf.api.metadata import Metadata


def describe(draft: RootDraft) -> tuple[str, ...]:
    """Return the lines that say what signing this draft would mean.

    Args:
        draft: A draft that ``check_draft`` has passed.
    """
    metadata, parsed = draft.parsed(), draft.parsed_before()
    before, after = (parsed.signed if parsed else None), metadata.signed
    lines = [f"Version {after.version} of the trust root"]
    if draft.before is not None and before is not None:
        lines.append(
            f"  follows version {before.version}, good until {format_instant(before.expires)},"
            f" SHA-256 {digest(draft.before.encode())}"
        )
    lines.append(f"  good until {format_instant(after.expires)}")
    for role, names in ROLES.items():
        lines += _role(role, names[0], before, after)
    lines += _signatures(metadata)
    for version, missing in draft.missing().items():
        asking = "its own keys" if version == after.version else f"the keys of version {version}"
        lines.append(f"  signatures of {asking}: {f'{missing} missing' if missing else 'enough'}")
    return tuple(lines)


def _role(role: str, name: str, before: Root | None, after: Root) -> Iterator[str]:
    old, new = _kids(before, name), _kids(after, name)
    if old == new and role != Root.type:
        yield f"  {role}: the same {_count(len(new), 'key')}"
    for kid in sorted(new - old):
        yield f"  {role}: + {kid}  JOINS"
    for kid in sorted(old - new):
        yield f"  {role}: - {kid}  LEAVES"
    if role != Root.type:
        return
    for kid in sorted(old & new):
        yield f"  {role}:   {kid}  stays"
    threshold = after.roles[name].threshold
    changed = before is not None and before.roles[name].threshold != threshold
    was = f"  (before: {before.roles[name].threshold} of {len(old)})" if before and changed else ""
    yield f"  {role}: {threshold} of {len(new)} have to sign{was}"


def _signatures(metadata: Metadata[Root]) -> Iterator[str]:
    for keyid in metadata.signatures:
        key = metadata.signed.keys.get(keyid)
        yield f"  signed by {kid_of(key) if key else 'a key of the version before'}"


def _kids(root: Root | None, name: str) -> frozenset[str]:
    if root is None:
        return frozenset()
    return frozenset(kid_of(root.keys[keyid]) for keyid in root.roles[name].keyids)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(name="new-root")
@options.store_option
@options.keys_option
@click.option("--first", is_flag=True, help="The root of a register that is not published yet.")
@click.option(
    "--rotate",
    type=click.Choice(["targets", "online"]),
    multiple=True,
    help="Make a new key for this role here; it is in force once the root is.",
)
@click.option("--add-root", type=_FILE, multiple=True, metavar="PUB", help="A root key that joins.")
@click.option("--remove-root", multiple=True, metavar="KID", help="A root key that leaves.")
@click.option("--threshold", type=click.IntRange(1, 20), metavar="M", help="How many root keys have to sign.")
@click.option("--output", "-o", type=_FILE, required=True, metavar="DRAFT", help="Where the draft goes.")
def new_root(
    store: Path,
    keys: Path,
    rotate: tuple[str, ...],
    add_root: tuple[Path, ...],
    remove_root: tuple[str, ...],
    threshold: int | None,
    output: Path,
    *,
    first: bool,
) -> None:
    """Make a draft of the next trust root; without options a renewal, good for 400 days.

    Nothing is published. The draft goes round to the holders of root keys (sign-root), and comes back
    (publish-root).

    \b
    Examples:
      register-api keys new-root -o draft.json
      register-api keys new-root --rotate targets -o draft.json
      register-api keys new-root --remove-root M3xU0 --add-root root-2.pub -o draft.json
      register-api keys new-root --first --threshold 2 -o draft.json \\
        --add-root root-1.pub --add-root root-2.pub --add-root root-3.pub
    """
    change = RootChange(
        added=tuple(read_public_key(path) for path in add_root),
        removed=remove_root,
        threshold=threshold,
    )
    begin: Callable[[], RootDraft] = (
        (lambda: begin_first_root(store, keys, change, clock.now()))
        if first
        else (lambda: begin_root(store, keys, change, rotate, clock.now()))
    )
    draft = begin()
    check_draft(draft)
    write_draft(output, draft)
    _print_draft(draft)
    out.print(f"→ holders of root keys sign it: register-api keys sign-root {output} --key root-1.pem")


@click.command(name="sign-root")
@click.argument("path", metavar="DRAFT", type=_FILE)
@click.option("--key", type=_FILE, required=True, metavar="FILE", help="Your private root key.")
@click.option("--yes", is_flag=True, help="Sign without being asked; for those who have read it before.")
def sign_root(path: Path, key: Path, *, yes: bool) -> None:
    """Say in words what the DRAFT changes, ask, and add the signature of one root key.

    Needs no network and no store. Compare the SHA-256 of the root that it follows with your own copy.
    A key in a token asks for its PIN.

    \b
    Example:
      register-api keys sign-root draft.json --key root-2.pem
    """
    draft = read_draft(path)
    check_draft(draft)
    _print_draft(draft)
    signer = load(key, Ed25519Signer)
    refuse_second_root_key(draft, signer, other_root_keys(key, signer))
    if not yes:
        click.confirm(f"Sign this with {signer.kid}?", abort=True, err=True)
    signed = sign_draft(draft, signer)
    write_draft(path, signed)
    missing = max(signed.missing().values())
    out.print(f"Signed. {f'{missing} more to go.' if missing else 'It can be published.'}")


@click.command(name="publish-root")
@click.argument("path", metavar="DRAFT...", type=_FILE, nargs=-1, required=True)
@public_keys_options
def publish_root_command(
    path: tuple[Path, ...], store: Path, keys: Path, source: Path, public_keys: Path | None
) -> None:
    """Put a signed DRAFT into the tree, with all below it signed anew; or keep it for the first publish.

    Several copies of one draft, each signed on another machine, are brought together. Refused until
    the root keys before and those after have each signed in sufficient number.

    \b
    Examples:
      register-api keys publish-root draft.json
      register-api keys publish-root from-alice.json from-bob.json
    """
    draft = merge_drafts([read_draft(each) for each in path])
    changed = publish_root(store, keys, draft, clock.now())
    _print_draft(draft)
    if changed is None:
        out.print(f"Kept in {keys} for the first publication: register-api publish")
        return
    out.print("It is in force.")
    print_changed(changed, source, keys, public_keys)


def _print_draft(draft: RootDraft) -> None:
    for line in describe(draft):
        out.print(line)
