"""Commands for a trust root signed on several machines, and what all key changes share."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
from tuf.api.metadata import Key, Root

from register_api import clock
from register_api.cli import options
from register_api.cli.output import err, out
from register_api.core.canonical import digest
from register_api.core.instant import format_instant
from register_api.core.text import escaped, text_problems
from register_api.core.trust_root import ROLES, read_epochs
from register_api.errors import UsageError
from register_api.publish.key_transaction import Changed, default_folder, write_public_copies
from register_api.publish.rotation import begin_first_root, begin_root, publish_root
from register_api.publish.signing.signer import Ed25519Signer, load
from register_api.publish.trust import root as trust_root
from register_api.publish.trust import root_draft


class KeyPlaces(NamedTuple):
    """Where keys are changed, and where copies of public keys go."""

    store: Path
    keys: Path
    public: Path


def key_places(command: options.Command) -> Any:
    """Add the options for key locations, passed to the command as ``places``."""

    @options.together(
        options.store_option,
        options.keys_option,
        options.source_option,
        click.option(
            "--public-keys",
            type=options.PATH,
            help="Folder for copies of the PUBLIC keys and roots.  [default: keys/ beside the source]",
        ),
    )
    @functools.wraps(command)
    def placed(*, store: Path, keys: Path, source: Path, public_keys: Path | None, **others: Any) -> None:
        command(KeyPlaces(store, keys, public_keys or default_folder(source, keys)), **others)

    return placed


def checked_text(text: str | None) -> str | None:
    """Return a text for customers, checked like every text of the register (R17)."""
    if text is None:
        return None
    problems = list(text_problems(text))
    if not text.strip() or problems:
        raise UsageError(f"the text for customers {problems[0].text if problems else 'is empty'}")
    return text


def print_changed(changed: Changed, places: KeyPlaces) -> None:
    """Print where old private keys are kept, and update the public copies."""
    for path in changed.kept:
        out.print(f"  kept         {path}; destroy it once no backup needs it")
    if write_public_copies(changed.snapshot, places.public):
        out.print(f"  public keys  {places.public}")
    else:
        err.print(
            f"Note: {places.public} holds the public files of another set of keys and was left as it is."
        )


def _described(draft: root_draft.RootDraft, known: int | None) -> Iterator[str]:
    root = draft.parsed()
    roots = [*draft.parsed_chain(), root]
    last = len(roots) - 1
    for number in range(last if known is None else min(known, last), last + 1):
        yield from _step([each.signed for each in roots[:number]], roots[number].signed)
        if number < last:
            yield "  published since the root that you know"
    if last:
        yield f"  follows version {last}, SHA-256 {digest(draft.published()[-1])}"
    yield f"  SHA-256 of what is signed: {trust_root.signed_sha256(root)}"
    signed: dict[str, Key] = {}
    for predecessor in draft.newest():
        signed |= predecessor.get_verification_result(Root.type, root.signed_bytes, root.signatures).signed
    yield from (f"  signed by {trust_root.kid_of(key)}" for key in signed.values())
    for version, missing in draft.missing().items():
        whose = "its own keys" if version == root.signed.version else f"the keys of version {version}"
        yield f"  signatures of {whose}: {f'{missing} missing' if missing else 'enough'}"


def _step(before: Sequence[Root], after: Root) -> Iterator[str]:
    """Describe how a root differs from its predecessor; ``before`` are all earlier roots."""
    yield f"Version {after.version} of the trust root, good until {format_instant(after.expires)}"
    seen = {kid for root in before for kid in trust_root.root_kids(root, *root.roles)}
    for role, names in ROLES.items():
        new = trust_root.root_kids(after, *names)
        old = trust_root.root_kids(before[-1], *names) if before else frozenset[str]()
        for kid in sorted(new - old):
            yield f"  {role}: + {kid}  JOINS{'' if kid in seen or not before else ': A NEW KEY'}"
        yield from (f"  {role}: - {kid}  LEAVES" for kid in sorted(old - new))
        yield from (f"  {role}:   {kid}  stays" for kid in sorted(old & new))
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


def _threshold(role: str, name: str, before: Root | None, after: Root) -> Iterator[str]:
    new = (after.roles[name].threshold, len(after.roles[name].keyids))
    old = (before.roles[name].threshold, len(before.roles[name].keyids)) if before else new
    if role != Root.type and old == new == (1, 1):
        return
    was = f"  (before: {old[0]} of {old[1]})" if old[0] != new[0] else ""
    lowered = "  THRESHOLD LOWERED" if new[0] < old[0] else ""
    yield f"  {role}: {new[0]} of {new[1]} have to sign{lowered}{was}"


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
@click.option("--add-root", type=options.FILE, multiple=True, metavar="PUB", help="Root key to add.")
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
    "--output", "-o", type=options.FILE, required=True, metavar="DRAFT", help="File to write the draft to."
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
    added, now = tuple(trust_root.read_public_key(path) for path in add_root), clock.now()
    change = trust_root.RootChange(added=added, removed=remove_root, threshold=threshold)
    if first:
        draft = begin_first_root(store, keys, change, now)
    else:
        draft = begin_root(store, keys, change, rotate, now, checked_text(log_epoch))
    root_draft.check_draft(draft)
    root_draft.write_draft(output, draft)
    _print_draft(draft)
    out.print(f"→ holders of root keys sign it: register-api keys sign-root {output} --key root-1.pem")


@click.command(name="sign-root")
@click.argument("path", metavar="DRAFT", type=options.FILE)
@click.option("--key", type=options.FILE, required=True, metavar="FILE", help="Your private root key.")
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
    draft = root_draft.read_draft(path)
    root_draft.check_draft(draft)
    known = root_draft.check_start(draft, key, root_sha256)
    _print_draft(draft, known)
    signer = load(key, Ed25519Signer)
    root_draft.refuse_second_root_key(draft, signer, key)
    if not yes:
        click.confirm(f"Sign this with {signer.kid}?", abort=True, err=True)
    signed = root_draft.sign_draft(draft, signer)
    # Record first what this key has signed: after a crash in between, the same draft can be signed again.
    trust_root.write_known(key, signed.parsed())
    root_draft.write_draft(path, signed)
    missing = max(signed.missing().values())
    out.print(f"Signed. {f'{missing} more to go.' if missing else 'It can be published.'}")


@click.command(name="publish-root")
@click.argument("path", metavar="DRAFT...", type=options.FILE, nargs=-1, required=True)
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
    draft = root_draft.merge_drafts([root_draft.read_draft(each) for each in path])
    changed = publish_root(places.store, places.keys, draft, clock.now())
    _print_draft(draft)
    if changed is None:
        out.print(f"Kept in {places.keys} for the first publication: register-api publish")
        return
    out.print("It is in force.")
    print_changed(changed, places)


def _print_draft(draft: root_draft.RootDraft, known: int | None = None) -> None:
    for line in _described(draft, known):
        out.print(line)
