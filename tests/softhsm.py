"""SoftHSM, a software token, with a separate store for each test."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import programs
from register_api.publish.signing import token_key, token_uri
from tools import missing, need

if TYPE_CHECKING:
    import pytest

PIN = "730915-canary"
"""The PIN, which must not appear in any output."""

_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")


class SoftHsm:
    """A folder with tokens, and environment variables that point every command to them.

    Attributes:
        module: The PKCS #11 library.
        pin_file: A file with the PIN, named by an environment variable.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        """Create an empty store below a folder."""
        self._program = need("softhsm2-util")
        if importlib.util.find_spec("pkcs11") is None:
            missing("the Python package pkcs11", "pip install 'register-api[pkcs11]'")
        self.module = next(path for path in map(Path, _MODULES) if path.exists())
        self.pin_file = folder / "pin"
        (folder / "tokens").mkdir(exist_ok=True)
        configuration = folder / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
        self.pin_file.write_text(f"{PIN}\n")
        self.pin_file.chmod(0o600)
        patch.setenv("SOFTHSM2_CONF", str(configuration))
        patch.setenv(token_key.VARIABLE, str(self.module))
        patch.setenv(token_uri.PIN_VARIABLE, str(self.pin_file))

    def add(self, label: str) -> None:
        """Initialise a token."""
        command = [self._program, "--init-token", "--free", "--label", label, "--so-pin", "87654321"]
        programs.output_of(*command, "--pin", PIN)

    def take_over(self, label: str, pem: Path, name: str, identifier: str) -> None:
        """Import a key file into a token with SoftHSM's own tool."""
        command = [self._program, "--import", str(pem), "--token", label, "--label", name, "--id", identifier]
        programs.output_of(*command, "--pin", PIN)
