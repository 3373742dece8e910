"""No passphrase, PIN or key byte reaches an output, an error, or a traceback with all its local variables."""

from __future__ import annotations

import base64
import os
import shutil
import sys
from typing import TYPE_CHECKING, NoReturn

import click
import pkcs11
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from rich.pretty import pretty_repr

from publishers import Publisher
from register_api.cli.main import cli
from register_api.publish.signing import key_file, signer, token_key
from register_api.publish.signing.signer import Ed25519Signer, P256Signer, new_token_key
from softhsm import PIN, SoftHsm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from click.testing import Result

WORDS = "canary-Zx81-correct-horse-staple"
_OURS = ("/tests/", "click/testing.py")
"""Whose frames hold the secrets by right: they are what types them."""


class Crash(RuntimeError):
    """Something that nobody expected."""


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and all behind it, also those that tracebacks leave out."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def frames(trace: TracebackType | None) -> Iterator[dict[str, object]]:
    """Yield the local variables of each frame of the program and its libraries."""
    while trace is not None:
        if not any(each in trace.tb_frame.f_code.co_filename for each in _OURS):
            yield trace.tb_frame.f_locals
        trace = trace.tb_next


def everything(result: Result) -> str:
    """Return all that could be shown of a command: what it printed, and its errors with local variables."""
    shown = [result.output]
    for error in chain(result.exception):
        shown.append(f"{error!r} {error} {error.args!r} {getattr(error, 'hint', '')} {vars(error)!r}")
        for found in frames(error.__traceback__):
            # As rich draws them: it looks into containers and objects by ways of its own.
            shown += [f"{name} = {value!r} {pretty_repr(value)}" for name, value in found.items()]
    return "\n".join(shown)


def secrets_of(keys: Path) -> set[str]:
    """Return every form in which a folder's private keys could be printed."""
    found = {WORDS, PIN}
    for path in keys.glob("*.pem"):
        pem = path.read_bytes()
        if not pem.startswith(b"-----BEGIN"):
            continue
        lines = pem.decode(errors="replace").splitlines()[1:-1]
        found |= {line[:24] for line in lines}
        try:
            private = load_pem_private_key(pem, WORDS.encode() if b"ENCRYPTED" in pem else None)
        except ValueError:  # a damaged one
            continue
        numbers = getattr(private, "private_numbers", None)
        raw = numbers().private_value.to_bytes(32, "big") if numbers else private.private_bytes_raw()
        found |= {raw.hex(), repr(raw)[2:-1], base64.b64encode(raw).decode(), str(int.from_bytes(raw, "big"))}
    return found


KINDS = ["plain", "encrypted", "token", "environment"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each place where keys can lie: plain or encrypted files, a token, the environment."""
    made = {}
    for kind in KINDS:
        made[kind] = tmp_path_factory.mktemp(kind)
        with pytest.MonkeyPatch.context() as patch:
            _publish(made[kind], kind, patch)
    return made


def _publish(folder: Path, kind: str, patch: pytest.MonkeyPatch) -> None:
    """Publish a first version; the environment says where the secrets are."""
    patch.setattr(os, "fsync", lambda _descriptor: None)
    publisher = Publisher(folder / "company")
    if kind == "encrypted":
        _name_passphrase(folder, patch)
    if kind == "token":
        SoftHsm(folder, patch).add("Office")
        for role in ("document", "log", "targets", "online", "root-1"):
            new_token_key(publisher.keys / f"{role}.pem", f"pkcs11:token=Office;object={role}")
    publisher.publish()
    publisher.say("more to publish")
    if kind == "environment":
        (folder / kind).touch()  # what is in the files moves there once they have been spoiled


def _name_passphrase(folder: Path, patch: pytest.MonkeyPatch) -> None:
    path = folder / "passphrase"
    path.write_text(WORDS)
    path.chmod(0o600)
    patch.setenv(key_file.UNLOCKED_BY, str(path))


@pytest.fixture(params=KINDS)
def company(
    request: pytest.FixtureRequest,
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Publisher:
    """A register with something to publish, its secrets where the environment says."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folders[request.param], tmp_path, symlinks=True, dirs_exist_ok=True)
    if request.param == "encrypted":
        _name_passphrase(tmp_path, monkeypatch)
    if request.param == "token":
        SoftHsm(tmp_path, monkeypatch)
    return Publisher(tmp_path / "company")


def _move_to_environment(keys: Path, patch: pytest.MonkeyPatch) -> None:
    for name, variable in key_file.VARIABLES.items():
        patch.setenv(variable, os.fsdecode((keys / name).read_bytes()))
        (keys / name).unlink()


def _nothing(company: Publisher, patch: pytest.MonkeyPatch) -> None:
    """All goes well."""


def _wrong_secret(company: Publisher, patch: pytest.MonkeyPatch) -> None:
    for name in ("passphrase", "pin"):
        path = company.folder.parent / name
        if path.exists():
            path.write_text(f"{path.read_text().strip()}-wrong")


def _damaged(company: Publisher, patch: pytest.MonkeyPatch) -> None:
    for path in company.keys.glob("*.pem"):
        content = path.read_text()
        path.write_text(content.replace("M", "N", 1).replace("object", "other"))


def _cut_off(company: Publisher, patch: pytest.MonkeyPatch) -> None:
    for path in company.keys.glob("*.pem"):
        path.write_text(path.read_text()[:70])


def _too_large(company: Publisher, patch: pytest.MonkeyPatch) -> None:
    for path in company.keys.glob("*.pem"):
        path.write_text(path.read_text() * 200)


def _other_bytes(company: Publisher, patch: pytest.MonkeyPatch) -> None:
    for path in company.keys.glob("*.pem"):
        path.write_bytes(path.read_bytes() + b"\xff")


def _open(company: Publisher, patch: pytest.MonkeyPatch) -> None:
    for path in company.keys.glob("*.pem"):
        path.chmod(0o644)


def _crash_in(place: object, name: str) -> Callable[[Publisher, pytest.MonkeyPatch], None]:
    def spoil(company: Publisher, patch: pytest.MonkeyPatch) -> None:
        def crash(*_: object, **__: object) -> NoReturn:
            raise Crash("in the middle")

        patch.setattr(place, name, crash)

    return spoil


SPOILS = {
    "nothing": _nothing,
    "wrong secret": _wrong_secret,
    "damaged": _damaged,
    "cut off": _cut_off,
    "too large": _too_large,
    "other bytes": _other_bytes,
    "open to others": _open,
    "crash in signing a document": _crash_in(Ed25519Signer, "sign"),
    "crash in signing a feed": _crash_in(P256Signer, "sign"),
    "crash in opening a key": _crash_in(signer, "load_pem_private_key"),
    "crash in checking a file": _crash_in(key_file, "_check_folder"),
    "crash in a token": _crash_in(token_key, "_one"),
    "crash in the token's library": _crash_in(pkcs11, "lib"),
}
COMMANDS = {
    "publish": ["publish"],
    "refresh": ["refresh"],
    "rotate log": ["keys", "rotate", "log"],
    "rotate root": ["keys", "rotate", "root-1"],
    "renew": ["keys", "renew", "--force"],
}
CASES = [("publish", spoil) for spoil in SPOILS] + [
    (command, spoil) for command in list(COMMANDS)[1:] for spoil in ("nothing", "wrong secret", "damaged")
]


@pytest.mark.parametrize(("command", "spoil"), CASES)
def test_nothing_secret_is_shown(
    company: Publisher, monkeypatch: pytest.MonkeyPatch, command: str, spoil: str
) -> None:
    """Whatever goes wrong, also what nobody expected, and however much of it is printed."""
    secret = secrets_of(company.keys)
    SPOILS[spoil](company, monkeypatch)
    if (company.folder.parent / "environment").exists():
        _move_to_environment(company.keys, monkeypatch)
    folders = ["--store", str(company.store), "--keys", str(company.keys)]
    source = [] if command == "refresh" else ["--source", str(company.source)]
    result = CliRunner().invoke(cli, [*COMMANDS[command], *folders, *source])
    monkeypatch.undo()
    shown = everything(result)
    assert [each for each in secret if each in shown] == []


@pytest.mark.parametrize("place", ["generate", "write_new"])
def test_a_typed_passphrase_is_not_shown_by_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Between the question and the file."""
    monkeypatch.chdir(tmp_path)
    module = key_file if place == "write_new" else sys.modules["register_api.cli.keys"]
    _crash_in(module, place)(None, monkeypatch)
    words = ["keys", "new", "alice/root-1.pem", "--encrypt"]
    result = CliRunner().invoke(cli, words, input=f"{WORDS}\n{WORDS}\n")
    monkeypatch.undo()
    assert isinstance(result.exception, Crash)
    assert WORDS not in everything(result)


def test_the_judge_sees_what_a_local_variable_holds() -> None:
    """Otherwise the tests above could not fail."""
    names: dict[str, object] = {"Crash": Crash, "WORDS": WORDS}
    careless = "def careless():\n    held = {'key': WORDS}\n    raise Crash(len(held))\n"
    exec(compile(careless, "somewhere/else.py", "exec"), names)  # noqa: S102
    command = click.command()(names["careless"])
    shown = everything(CliRunner().invoke(command))
    assert f"held = {{'key': '{WORDS}'}}" in shown
