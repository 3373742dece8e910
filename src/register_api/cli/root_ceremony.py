"""Commands for a trust root that people sign on machines of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from tuf.api.metadata import Root

from register_api import clock
from register_api.cli import options
from register_api.cli.key_changes import KeyPlaces, checked_text, key_places, print_changed
from register_api.cli.output import out
from register_api.core.canonical import digest
from register_api.core.instant import format_instant
from register_api.core.text import escaped
from register_api.core.trust_root import ROLES, read_epochs
from register_api.errors import UsageError
from register_api.publish.root_ceremony import begin_first_root, begin_root, other_root_keys, publish_root
from register_api.publish.signing.signer import Ed25519Signer, load
from register_api.publish.trust.root import (
    RootChange,
    kid_of,
    read_public_key,
    root_kids,
    signed_sha256,
    write_known,
)
from register_api.publish.trust.root_draft import (
    RootDraft,
    check_draft,
    check_start,
    merge_drafts,
    read_draft,
    refuse_second_root_key,
    sign_draft,
    write_draft,
)


def describe(draft: RootDraft, known: int | None = None) -> tuple[str, ...]:
    """Return the lines that say what signing this draft would mean."""
    roots = [*draft.parsed_chain(), draft.parsed()]
    last = len(roots) - 1
    lines: list[str] = []
    for number in range(last if known is None else min(known, last), last + 1):
        lines += _step([root.signed for root in roots[:number]], roots[number].signed)
        if number < last:
            lines.append("  published since the root that you know")
    if last:
        lines.append(f"  follows version {last}, SHA-256 {digest(draft.published()[-1])}")
    lines.append(f"  SHA-256 of what is signed: {signed_sha256(roots[-1])}")
    return (*lines, *_signatures(draft))


def _step(before: Sequence[Root], after: Root) -> Iterator[str]:
    """Say what one root changes of the one before it; ``before`` are all that came before."""
    yield f"Version {after.version} of the trust root, good until {format_instant(after.expires)}"
    for role, names in ROLES.items():
        yield from _keys(role, names, before, after)
        yield from _threshold(role, names[0], before[-1] if before else None, after)
    known = read_epochs(before[-1].to_dict()) if before else ()
    epochs = read_epochs(after.to_dict())
    for epoch in epochs[: len(known)]:
        if epoch not in known:
            yield f"  log: {escaped(epoch.origin)}  CHANGED AFTERWARDS"
    for epoch in known[len(epochs) :]:
        yield f"  log: {escaped(epoch.origin)}  TAKEN BACK"
    for epoch in epochs[len(known) :]:
        yield f"  log: NEW EPOCH {escaped(epoch.origin)}, on {epoch.size} entries, root {epoch.root_hash}"
        yield f"       because: {escaped(epoch.text)}"


def _keys(role: str, names: Sequence[str], before: Sequence[Root], after: Root) -> Iterator[str]:
    new = root_kids(after, *names)
    old = root_kids(before[-1], *names) if before else frozenset[str]()
    seen = {kid for root in before for kid in root_kids(root, *root.roles)}
    for kid in sorted(new - old):
        yield f"  {role}: + {kid}  JOINS{'' if kid in seen or not before else ': A NEW KEY'}"
    for kid in sorted(old - new):
        yield f"  {role}: - {kid}  LEAVES"
    for kid in sorted(old & new):
        yield f"  {role}:   {kid}  stays"


def _threshold(role: str, name: str, before: Root | None, after: Root) -> Iterator[str]:
    new = (after.roles[name].threshold, len(after.roles[name].keyids))
    old = (before.roles[name].threshold, len(before.roles[name].keyids)) if before else new
    if role != Root.type and old == new == (1, 1):
        return
    was = f"  (before: {old[0]} of {old[1]})" if old[0] != new[0] else ""
    lowered = "  THRESHOLD LOWERED" if new[0] < old[0] else ""
    yield f"  {role}: {new[0]} of {new[1]} have to sign{lowered}{was}"


def _signatures(draft: RootDraft) -> Iterator[str]:
    root = draft.parsed()
    signed = {
        keyid: kid_of(key)
        for asking in draft.newest()
        for keyid, key in asking.get_verification_result(
            Root.type, root.signed_bytes, root.signatures
        ).signed.items()
    }
    yield from (f"  signed by {kid}" for kid in signed.values())
    for version, missing in draft.missing().items():
        asking = "its own keys" if version == root.signed.version else f"the keys of version {version}"
        yield f"  signatures of {asking}: {f'{missing} missing' if missing else 'enough'}"


_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(name="new-root")
@options.store_option
@options.keys_option
@click.option("--first", is_flag=True, help="Draft the root of a register that is not published yet.")
@click.option(
    "--rotate",
    type=click.Choice(["targets", "online"]),
    multiple=True,
    help="Create a new key for this role here; it takes effect with the root.",
)
@click.option("--add-root", type=_FILE, multiple=True, metavar="PUB", help="Root key to add.")
@click.option("--remove-root", multiple=True, metavar="KID", help="Root key to remove.")
@click.option(
    "--threshold", type=click.IntRange(1, 20), metavar="M", help="Number of root keys that must sign."
)
@click.option(
    "--log-epoch",
    metavar="TEXT",
    help="After a stolen log key: continue under a new origin; TEXT gives the reason.",
)
@click.option(
    "--output", "-o", type=_FILE, required=True, metavar="DRAFT", help="File to write the draft to."
)
def new_root(
    store: Path,
    keys: Path,
    rotate: tuple[str, ...],
    add_root: tuple[Path, ...],
    remove_root: tuple[str, ...],
    threshold: int | None,
    log_epoch: str | None,
    output: Path,
    *,
    first: bool,
) -> None:
    """Draft the next trust root; without options a renewal, valid for 400 days.

    Nothing is published. Send the draft to the holders of root keys (sign-root), then publish it (publish-
    root).

    \b
    Examples:
      register-api keys new-root -o draft.json
      register-api keys new-root --rotate targets -o draft.json
      register-api keys new-root --log-epoch "The log key was stolen on 3 June" -o draft.json
      register-api keys new-root --remove-root M3xU0 --add-root root-2.pub -o draft.json
      register-api keys new-root --first --threshold 2 -o draft.json \\
        --add-root root-1.pub --add-root root-2.pub --add-root root-3.pub
    """
    if first and log_epoch is not None:
        raise UsageError("--log-epoch is for a log that there is already; leave --first out")
    change = RootChange(
        added=tuple(read_public_key(path) for path in add_root),
        removed=remove_root,
        threshold=threshold,
    )
    now, why = clock.now(), checked_text(log_epoch)
    if first:
        draft = begin_first_root(store, keys, change, now)
    else:
        draft = begin_root(store, keys, change, rotate, now, why)
    check_draft(draft)
    write_draft(output, draft)
    _print_draft(draft)
    out.print(f"→ holders of root keys sign it: register-api keys sign-root {output} --key root-1.pem")


@click.command(name="sign-root")
@click.argument("path", metavar="DRAFT", type=_FILE)
@click.option("--key", type=_FILE, required=True, metavar="FILE", help="Your private root key.")
@click.option(
    "--root-sha256",
    metavar="HEX",
    help=(
        "For a key's first signature: SHA-256 of 1.root.json as in your contracts, or of another root"
        " that you keep. For a first root, the value that all holders have read to each other."
    ),
)
@click.option("--yes", is_flag=True, help="Sign without confirmation, if you have read it before.")
def sign_root(path: Path, key: Path, root_sha256: str | None, *, yes: bool) -> None:
    """Verify a DRAFT of the trust root, show what it changes, and sign it with one root key.

    Needs neither network nor store, and does not trust the draft. Every root from the first on must be
    signed as customers require, and one of them must be known here: the one that this key signed last (kept
    beside it in root-2.known.json), or the one of --root-sha256. Exits with status 2 if neither is given,
    12 or 15 if it is not in the draft, and 16 if signatures are missing.

    Read what it shows. A new key and a lowered threshold are in capitals: confirm them with the other
    holders by telephone. A key in a token asks for its PIN.

    \b
    Examples:
      register-api keys sign-root draft.json --key root-2.pem
      register-api keys sign-root draft.json --key root-2.pem --root-sha256 5a27…
    """
    draft = read_draft(path)
    check_draft(draft)
    known = check_start(draft, key, root_sha256)
    _print_draft(draft, known)
    signer = load(key, Ed25519Signer)
    refuse_second_root_key(draft, signer, other_root_keys(key, signer))
    if not yes:
        click.confirm(f"Sign this with {signer.kid}?", abort=True, err=True)
    signed = sign_draft(draft, signer)
    # First what this key has signed: after a crash between the two the same draft can be signed again.
    write_known(key, signed.parsed())
    write_draft(path, signed)
    missing = max(signed.missing().values())
    out.print(f"Signed. {f'{missing} more to go.' if missing else 'It can be published.'}")


@click.command(name="publish-root")
@click.argument("path", metavar="DRAFT...", type=_FILE, nargs=-1, required=True)
@key_places
def publish_root_command(places: KeyPlaces, path: tuple[Path, ...]) -> None:
    """Publish a signed DRAFT of the root and re-sign what is below it, or keep it for the first publish.

    Copies of one draft that were signed on different machines are merged. Refused until enough of the
    previous and enough of the new root keys have signed.

    \b
    Examples:
      register-api keys publish-root draft.json
      register-api keys publish-root from-alice.json from-bob.json
    """
    draft = merge_drafts([read_draft(each) for each in path])
    changed = publish_root(places.store, places.keys, draft, clock.now())
    _print_draft(draft)
    if changed is None:
        out.print(f"Kept in {places.keys} for the first publication: register-api publish")
        return
    out.print("It is in force.")
    print_changed(changed, places)


def _print_draft(draft: RootDraft, known: int | None = None) -> None:
    for line in describe(draft, known):
        out.print(line)
