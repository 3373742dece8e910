"""Commands on keys: showing them, making one, changing them."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli import key_changes, options, root_ceremony
from register_api.cli.output import out, print_json
from register_api.core.canonical import decode
from register_api.core.documents import KeyList, KeyRecord
from register_api.core.format import tree
from register_api.core.trust_root import ROLES
from register_api.errors import StoreError, UsageError
from register_api.files import durable
from register_api.publish.signing.key_file import Secret
from register_api.publish.signing.passphrase import Passphrases
from register_api.publish.signing.signer import Ed25519Signer, generate, new_token_key
from register_api.publish.trust.metadata import newest_root
from register_api.publish.trust.root import kid_of
from register_api.store.reader import open_snapshot


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
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
        signer = generate(path, Ed25519Signer, _passphrases(path, encrypt=encrypt))
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
    out.print(f"Public key  {public}: give it to whoever begins the root. Thumbprint {signer.kid}")


def _public_file(path: Path) -> Path | None:
    """Return where the public half goes: of a root key beside it; others are published by themselves."""
    role, following, _ = path.name.removesuffix(".pem").partition(".next")
    if role == "feed":
        raise UsageError("a feed key is no Ed25519 key", hint="publish, or keys rotate feed, makes it")
    if following or role in {"document", "log", "targets", "online"}:
        return None
    public = path.with_suffix(".pub")
    if public == path or public.exists():
        raise UsageError(f"{public} exists already, or is where the private key would go")
    return public


def _passphrases(path: Path, *, encrypt: bool) -> Passphrases:
    passphrases = Passphrases()
    if encrypt:
        question = f"Passphrase for {path}"
        passphrases.remember(
            Secret(click.prompt(question, hide_input=True, confirmation_prompt=True, err=True).encode())
        )
    return passphrases


@click.group()
def keys() -> None:
    """List, create and change the register's keys."""


for _command in (
    key_changes.rotate,
    key_changes.end,
    key_changes.renew,
    new,
    root_ceremony.new_root,
    root_ceremony.sign_root,
    root_ceremony.publish_root_command,
):
    keys.add_command(_command)


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
