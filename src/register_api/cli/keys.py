"""Commands that list, create and rotate keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from register_api import clock
from register_api.cli import options, root_ceremony
from register_api.cli.output import err, out, print_json
from register_api.cli.root_ceremony import KeyPlaces, checked_text, key_places, print_changed
from register_api.cli.words import published
from register_api.core.canonical import decode
from register_api.core.documents import Ended, EndReason, KeyList, KeyUse
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.trust_root import ROLES
from register_api.errors import UsageError
from register_api.files import durable
from register_api.publish import rotation
from register_api.publish.discovery import GOOD_FOR, security_txt_expires
from register_api.publish.signing.key_file import Passphrases, Secret
from register_api.publish.signing.keyring import kind_of_role
from register_api.publish.signing.signer import Ed25519Signer, generate, new_token_key
from register_api.publish.trust.metadata import newest_root
from register_api.publish.trust.repository import LIFETIME, expiries
from register_api.publish.trust.root import kid_of
from register_api.store.reader import open_snapshot


@click.group()
def keys() -> None:
    """List, create and change the register's keys."""


for _command in (root_ceremony.new_root, root_ceremony.sign_root, root_ceremony.publish_root_command):
    keys.add_command(_command)


@keys.command()
@click.argument("path", metavar="FILE", type=options.FILE)
@click.option(
    "--encrypt", is_flag=True, help="Encrypt the private key with a passphrase, which is asked for twice."
)
@click.option(
    "--token", metavar="URI", help="Create it in the PKCS#11 token with this pkcs11: URI (RFC 7512)."
)
@click.option("--adopt", is_flag=True, help="With --token: use the key that exists there.")
def new(path: Path, token: str | None, *, encrypt: bool, adopt: bool) -> None:
    """Create an Ed25519 key: the private key in FILE, and for a root key the public key beside it as .pub.

    A root key is created by the person who will keep it, on their own machine. Only the .pub file leaves
    that machine.

    With --token the key is created in a token and stays there; FILE only refers to it. The token's library
    is module-path in the URI, or REGISTER_PKCS11_MODULE. You are asked for the PIN, or it is read from the
    file of pin-source or REGISTER_PKCS11_PIN_FILE. To use a token for another role (not feed), write FILE
    in place of that role's key before the first publication, or as ROLE.next.pem before keys rotate ROLE.

    \b
    Examples:
      register-api keys new root-2.pem --encrypt
      register-api keys new root-2.pem --token 'pkcs11:token=Alice;object=root-2'
      register-api keys new var/keys/document.next.pem --token 'pkcs11:token=Office;object=document-2'
    """
    public = _public_file(path)
    if token is None:
        if adopt:
            raise UsageError("--adopt takes a key that is in a token: say which by --token")
        passphrases = Passphrases()
        if encrypt:
            question = f"Passphrase for {path}"
            passphrases.remember(  # not in a local variable, which a traceback would show
                Secret(click.prompt(question, hide_input=True, confirmation_prompt=True, err=True).encode())
            )
        signer = generate(path, Ed25519Signer, passphrases)
        out.print(f"Private key {path}: keep it offline, and a copy elsewhere.")
    else:
        if encrypt:
            raise UsageError("--encrypt is for keys in files; a token has a PIN")
        signer = new_token_key(path, token, adopt=adopt)
        out.print(f"Private key in the token, of which no copy can be made; {path} says where.")
    if public is None:
        out.print(f"Thumbprint  {signer.kid}")
        return
    durable.create(public, signer.public_pem.encode("ascii"))
    out.print(f"Public key  {public}: give it to the person who starts the root. Thumbprint {signer.kid}")


def _public_file(path: Path) -> Path | None:
    """Return where to write a root key's public half; the keys of other roles are published anyway."""
    role, following, _ = path.name.removesuffix(".pem").partition(".next")
    if role == "feed":
        raise UsageError("a feed key is not an Ed25519 key", hint="publish, or keys rotate feed, makes it")
    if following or role in {"document", "log", "targets", "online"}:
        return None
    public = path.with_suffix(".pub")
    if public == path or public.exists():
        raise UsageError(f"{public} exists already, or is where the private key would go")
    return public


def _reason_options(usual: str) -> Callable[[options.Command], options.Command]:
    return options.together(
        click.option(
            "--reason",
            type=click.Choice(["rotated", "lost", "compromised"]),
            default=usual,
            show_default=True,
            help="The reason, for customers.",
        ),
        click.option("--text", help="Further explanation for customers."),
    )


@keys.command()
@click.argument("role", metavar="ROLE")
@key_places
@_reason_options("rotated")
def rotate(places: KeyPlaces, role: str, reason: EndReason, text: str | None) -> None:
    """Replace the key of a ROLE with a new one.

    A ROLE is document, log, feed, targets, online, or root-1, root-2 and so on.

    Takes effect at once, without a new version. A document, log or feed key signs from the next version on;
    the old one stays valid for all versions so far. A new targets, online or root key makes a new trust
    root. Old private keys are kept as NAME.pem.old.

    \b
    Examples:
      register-api keys rotate document
      register-api keys rotate log --reason lost --text "The disk with the key failed"
      register-api keys rotate targets
    """
    kind_of_role(role)
    use: KeyUse | None = next((each for each in rotation.USES if each == role), None)
    if use is not None:
        ended = Ended(at=clock.now(), reason=reason, text=checked_text(text))
        changed = rotation.rotate_key(places.store, places.keys, use, ended)
        out.print(f"A new {role} key signs from version {changed.snapshot.state.version + 1} on.")
    else:
        if text is not None or reason != "rotated":
            err.print("Note: a trust root has no place for a reason; customers see the new root alone.")
        changed = rotation.rotate_trust_key(places.store, places.keys, role, clock.now())
        out.print(f"A new {role} key is in force.")
    print_changed(changed, places)
    if role == "online":
        out.print("  → bring online.pem to the machine that refreshes, before the timestamp expires")


@keys.command()
@click.argument("kid", metavar="KID")
@key_places
@click.option(
    "--last-version",
    type=click.IntRange(min=1),
    metavar="N",
    required=True,
    help="Last version that you vouch for under this key.",
)
@_reason_options("compromised")
@click.option("--yes", is_flag=True, help="Disown versions without confirmation.")
def end(
    places: KeyPlaces, kid: str, last_version: int, reason: EndReason, text: str | None, *, yes: bool
) -> None:
    """Stop trusting the key KID after the last version that you vouch for.

    KID is the thumbprint shown by keys list, or its first characters; write document-M3xU0 where it starts
    with a hyphen.

    Later versions signed with this key are permanently refused by every customer who verifies them in full
    (exit status 16). This cannot be undone, so you are asked to confirm. Read docs/stolen-keys.md first:
    usually the newest version is the right one.

    \b
    Example:
      register-api keys end M3xU0 --last-version 7 --text "Laptop stolen on 3 June"
    """
    disowned = rotation.disowned_versions(places.store, kid, last_version)
    if disowned and not yes:
        err.print(f"Every full check will refuse {_words(disowned)} with 16, permanently.")
        err.print("That cannot be taken back; docs/stolen-keys.md says what else can be done.")
        click.confirm(f"End the key at version {disowned[0] - 1}?", abort=True, err=True)
    ended = Ended(at=clock.now(), reason=reason, text=checked_text(text))
    changed = rotation.end_key(places.store, places.keys, kid, last_version, ended)
    newest = changed.snapshot.state.version
    out.print(f"The key is good up to version {last_version}.")
    print_changed(changed, places)
    if disowned:
        head = ", and so what is newest today" if newest in disowned else ""
        err.print(f"Customers refuse {_words(disowned)} permanently{head}.")
        publish = f"register-api publish --corrects {disowned[-1]} --reason …"
        err.print(f"→ publish version {newest + 1}{' now' if head else ''}: {publish}")


def _words(versions: range) -> str:
    if len(versions) == 1:
        return f"version {versions[0]}"
    return f"versions {versions[0]} to {versions[-1]}"


@keys.command()
@key_places
@click.option("--force", is_flag=True, help="Renew even if more than half of the time is left.")
def renew(places: KeyPlaces, *, force: bool) -> None:
    """Renew the signed targets, snapshot and timestamp metadata, without a new version.

    For a register that does not change for a year: targets metadata is valid for 400 days, and only publish
    or this command renews it. security.txt, if any, is valid for 364 days and is renewed too. Does nothing
    while more than half of both periods is left, so a timer may run it weekly. Needs the targets and the
    online key, and for security.txt the document key.

    \b
    Example:
      register-api keys renew
    """
    instant, snapshot = clock.now(), open_snapshot(places.store)
    left = {row.role: row.expires for row in expiries(snapshot.read)} if snapshot else {}
    contact = security_txt_expires(snapshot) if snapshot else None
    contact_is_good = contact is None or contact > instant + GOOD_FOR / 2
    if not force and left and left["targets"] > instant + LIFETIME / 2 and contact_is_good:
        out.print(f"Nothing to do: targets are good until {format_instant(left['targets'])}.")
        return
    changed = rotation.renew_trust(places.store, places.keys, instant)
    renewed = {row.role: row.expires for row in expiries(changed.snapshot.read)}["targets"]
    out.print(f"Targets are good until {format_instant(renewed)}.")
    print_changed(changed, places)


@keys.command(name="list")
@options.store_option
@options.json_option
def list_keys(store: Path, as_json: bool) -> None:
    """List every document, log and feed key with the versions it is valid for, and the root keys.

    With --json, prints the published list of keys.

    \b
    Example:
      register-api keys list --json
    """
    snapshot = published(store)
    listed = decode(snapshot.read(tree.KEYS.path()), KeyList)
    if as_json:
        print_json(listed)
        return
    for key in listed.keys:
        until = "to this day" if key.last_version is None else f"to version {key.last_version}"
        ended = f", {key.ended.reason}" if key.ended else ""
        out.print(f"{key.use:<9} {key.kid}  from version {key.first_version} {until}{ended}")
    root = newest_root(snapshot.read)
    for role, names in ROLES.items():
        holders = root.roles[names[0]]
        count = f"{holders.threshold} of {len(holders.keyids)}"
        for keyid in holders.keyids:
            out.print(f"{role:<9} {kid_of(root.keys[keyid])}  {count}, by version {root.version} of the root")
