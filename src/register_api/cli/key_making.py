"""The command that makes one key, in a file or in a token."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli.output import out
from register_api.errors import UsageError
from register_api.files import durable
from register_api.publish.signing.making import adopt_token_key, new_token_key
from register_api.publish.signing.passphrase import Passphrases
from register_api.publish.signing.secret import Secret
from register_api.publish.signing.signer import Ed25519Signer, generate


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--encrypt", is_flag=True, help="Ask for a passphrase, twice, and encrypt the private key.")
@click.option("--token", metavar="URI", help="Make it in the PKCS#11 token of this pkcs11: URI (RFC 7512).")
@click.option("--adopt", is_flag=True, help="With --token: take the key that is there already.")
def new(path: Path, token: str | None, *, encrypt: bool, adopt: bool) -> None:
    """Make an Ed25519 key: the private one in FILE, the public one of a root key beside it as .pub.

    For the root it is done by the person who will keep the key, on a machine of their own. Only the
    .pub file leaves it.

    With --token the key is made in a token and stays there; FILE then only says where it lies. The
    token's library is module-path in the URI, or REGISTER_PKCS11_MODULE. The PIN is asked for, or read
    from the file of pin-source or REGISTER_PKCS11_PIN_FILE. A key for another role goes where that
    role's key lies, before the first publication, or as ROLE.next.pem before keys rotate ROLE. Not for
    feed.

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
        signer = (adopt_token_key if adopt else new_token_key)(path, token)
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
