"""Every procedure of the pages on keys is carried out as it stands, and customers accept what comes of it."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from commands import ROOT
from test_key_life import Company, told

from memory_folder import memory_folder
from programs import output_of
from quick_disk import quick_disk
from softhsm import SoftHsm
from static_host import static_host
from verify_outcome import failed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = ("keys", "making-keys", "tokens", "rotating-keys", "lost-keys", "stolen-keys")
NOT_PUBLISHED_YET = {
    "One person, one root key",
    "Three people, of whom two sign",
    "Root keys in three tokens",
}
DISOWNED = {"A version that is not your own": {"V17": 16, "V33": 16}}
"""Where customers are told of something for ever, and what."""


def sections() -> dict[str, list[str]]:
    """Return the lines of shell below each heading of the pages."""
    found = {}
    text = "".join((ROOT / f"docs/{page}.md").read_text("utf-8") for page in PAGES)
    for part in re.split(r"^#{1,3} ", text, flags=re.MULTILINE)[1:]:
        blocks = re.findall(r"^```sh\n(.*?)^```", part, re.DOTALL | re.MULTILINE)
        if blocks:
            found[part.partition("\n")[0]] = "".join(blocks).splitlines()
    return found


SECTIONS = sections()


class Reader(Company):
    """Someone who types what the page says, in a folder with ``register`` and ``var``."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        """Keep everything where the commands look by themselves; variables stay set once they are."""
        super().__init__(folder)
        self.patch = patch
        self.store = folder / "var/store"
        self.keys = folder / "var/keys"

    def type(self, line: str) -> None:
        """Carry out one line; what it asks is answered with yes."""
        if not re.search(r"(^| )register-api ", line):
            output_of("bash", "-c", line, cwd=self.folder)
            return
        variables, _, words = line.partition("register-api ")
        if words.startswith("publish "):
            self.say(words.replace('"', "'"))
        for variable in shlex.split(variables):
            self.patch.setenv(*variable.split("=", 1))
        result = self.invoke(shlex.split(self.named(words)), "y\n")
        assert result.exit_code == 0, f"{line}\n{result.output}"

    def named(self, words: str) -> str:
        """Put the name of the oldest key of a use in the place of KID, and the digest in that of HEX."""

        def name(match: re.Match[str]) -> str:
            use = match[1]
            if use == "root":
                gone = self.folder / "carol/root-3.pub"
                known = gone.read_text() if gone.exists() else None
                public = [
                    path
                    for path in (self.folder / "keys").glob("root-*.pem")
                    if known is None or path.read_text() == known
                ]
                return public[0].stem
            return f"{use}-{self.keys_of(use)[0][0]}"

        if draft := re.search(r"\S+\.json(?=.* HEX)", words):
            words = words.replace("HEX", told(self.folder / draft[0]))
        return re.sub(r"\b(\w+)-KID\b", name, words)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """An empty place with a source."""
    with memory_folder() as folder, quick_disk():
        monkeypatch.chdir(folder)
        (folder / "passphrase").write_text("six random words that nobody guesses\n")
        (folder / "passphrase").chmod(0o600)
        yield Reader(folder, monkeypatch)


def test_a_customer_who_had_checked_is_told_and_can_acknowledge_it(reader: Reader) -> None:
    """The procedure of the page, and the command of the customer over HTTP: full, quick, newest alone."""
    (heading,) = DISOWNED
    root, state = reader.folder / "keys/1.root.json", reader.folder / "customer"

    def customer(*more: str) -> tuple[int, str]:
        with static_host(reader.store / "public") as base:
            words = ["verify", base, "--root", str(root), "--state", str(state), *more]
            result = reader.invoke(words)
        return result.exit_code, result.output

    reader.type("register-api publish")
    reader.type("register-api publish --reason 'Version two'")
    assert customer()[0] == 0
    ways = ((), ("--quick",), ("--history", "none"))
    for line in SECTIONS[heading]:
        reader.type(line)
        if line.startswith("register-api keys end"):
            assert [customer(*way)[0] for way in ways] == [16, 16, 16]
    for way in ways:
        code, printed = customer(*way)
        assert (code, "Version 2 was not published by us" in printed) == (16, True)
    assert customer("--acknowledge", "2")[0] == 0
    for way in (*ways, ("--history", "all")):
        code, printed = customer(*way)
        assert (code, "has disowned version 2. On " in printed) == (0, True)
    assert customer("--acknowledge", "two")[0] == 2


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_works_as_it_stands(
    reader: Reader, heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a register of two versions; both customers, and the next publication, are content after it."""
    lines = SECTIONS[heading]
    labels = sorted({label for line in lines for label in re.findall(r"pkcs11:token=(\w+)", line)})
    if labels:
        hsm = SoftHsm(tmp_path, monkeypatch)
        for label in labels:
            hsm.add(label)
    if heading not in NOT_PUBLISHED_YET:
        if any("alice/root-1.pem" in line for line in lines):
            for line in SECTIONS["Three people, of whom two sign"]:
                reader.type(line)
        else:
            reader.type("register-api publish")
        reader.type("register-api publish --reason 'Version two'")
    for line in lines:
        reader.type(line)
    reader.type("register-api publish --reason 'The one after'")
    reader.type("register-api refresh")
    found = DISOWNED.get(heading, {})
    assert failed(reader.check()) == found
    assert failed(reader.check(state=True)) == found
    assert not list(reader.keys.glob("*.next.pem"))
