"""Commands that change keys on one machine: rotate, end; and renew, which changes no key."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.output import err, out
from register_api.core.documents import EndReason, KeyUse
from register_api.core.instant import format_instant
from register_api.core.text import text_problems
from register_api.errors import UsageError
from register_api.publish.discovery import GOOD_FOR, security_txt_expires
from register_api.publish.key_transaction import default_folder, write_public_copies
from register_api.publish.rotation import (
    USES,
    Changed,
    KeyChange,
    disowned_versions,
    end_key,
    renew_trust,
    rotate_key,
    rotate_trust_key,
)
from register_api.publish.signing.keyring import kind_of_role
from register_api.publish.trust.repository import LIFETIME, expiries
from register_api.store.reader import open_snapshot


class KeyPlaces(NamedTuple):
    """Where keys change, and where copies of public ones go."""

    store: Path
    keys: Path
    public: Path


def key_places(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where keys are; the command is given them as ``places``."""

    @options.together(
        options.store_option,
        options.keys_option,
        options.source_option,
        click.option(
            "--public-keys",
            type=click.Path(path_type=Path),
            help="Folder for copies of the PUBLIC keys and roots.  [default: keys/ beside the source]",
        ),
    )
    @functools.wraps(command)
    def placed(*, store: Path, keys: Path, source: Path, public_keys: Path | None, **others: Any) -> None:
        command(KeyPlaces(store, keys, public_keys or default_folder(source, keys)), **others)

    return placed


def _reason_options(usual: str) -> Callable[[options.Command], options.Command]:
    """Return what adds the reason, and the one that is usual."""
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


@click.command()
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
    use: KeyUse | None = next((each for each in USES if each == role), None)
    if use is not None:
        change = _key_change(places, reason, text)
        changed = rotate_key(change, use)
        out.print(f"A new {role} key signs from version {changed.snapshot.state.version + 1} on.")
    else:
        if text is not None or reason != "rotated":
            err.print("Note: a trust root has no place for a reason; customers see the new root alone.")
        changed = rotate_trust_key(places.store, places.keys, role, clock.now())
        out.print(f"A new {role} key is in force.")
    print_changed(changed, places)
    if role == "online":
        out.print("  → bring online.pem to the machine that refreshes, before the timestamp expires")


@click.command()
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
    disowned = disowned_versions(places.store, kid, last_version)
    if disowned and not yes:
        _confirm(disowned)
    change = _key_change(places, reason, text)
    changed = end_key(change, kid, last_version)
    newest = changed.snapshot.state.version
    out.print(f"The key is good up to version {last_version}.")
    print_changed(changed, places)
    if disowned:
        head = ", and so what is newest today" if newest in disowned else ""
        err.print(f"Customers refuse {_words(disowned)} permanently{head}.")
        when = " now" if head else ""
        publish = f"register-api publish --corrects {disowned[-1]} --reason …"
        err.print(f"→ publish version {newest + 1}{when}: {publish}")


def _confirm(disowned: range) -> None:
    """Ask before versions are disowned: nothing makes them good again."""
    err.print(f"Every full check will refuse {_words(disowned)} with 16, permanently.")
    err.print("That cannot be taken back; docs/stolen-keys.md says what else can be done.")
    click.confirm(f"End the key at version {disowned[0] - 1}?", abort=True, err=True)


def _words(versions: range) -> str:
    if len(versions) == 1:
        return f"version {versions[0]}"
    return f"versions {versions[0]} to {versions[-1]}"


@click.command()
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
    changed = renew_trust(places.store, places.keys, instant)
    renewed = {row.role: row.expires for row in expiries(changed.snapshot.read)}["targets"]
    out.print(f"Targets are good until {format_instant(renewed)}.")
    print_changed(changed, places)


def _key_change(places: KeyPlaces, reason: EndReason, text: str | None) -> KeyChange:
    return KeyChange(
        store=places.store, keys=places.keys, now=clock.now(), reason=reason, text=checked_text(text)
    )


def checked_text(text: str | None) -> str | None:
    """Return a text for customers, as clean as every text of the register (R17)."""
    if text is None:
        return None
    problems = list(text_problems(text))
    if not text.strip() or problems:
        raise UsageError(f"the text for customers {problems[0].text if problems else 'is empty'}")
    return text


def print_changed(changed: Changed, places: KeyPlaces) -> None:
    """Say where old private keys lie, and bring the public copies up to date."""
    for path in changed.kept:
        out.print(f"  kept         {path}; destroy it once no backup needs it")
    if write_public_copies(changed.snapshot, places.public):
        out.print(f"  public keys  {places.public}")
    else:
        err.print(
            f"Note: {places.public} holds the public files of another set of keys and was left as it is."
        )
