"""The customer: calls ``register-api verify``, and is judged by exit code and by what was printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from click.testing import CliRunner

from memory_publisher import NOW
from register_api import errors
from register_api.bounded_http.limits import HttpLimits
from register_api.cli.main import cli
from register_api.verify.engine import verify as verify_register
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from attack import Attack
    from click.testing import Result

QUICK = HttpLimits(redirects=3, connect=0.5, read=0.6, exchange=0.8, run=20.0, requests=400, first_wait=0.01)
"""For whoever is not answered in time."""

PATIENT = HttpLimits(redirects=3, first_wait=0.01)
"""For answers that come at once, however busy the machine is."""

WORDS = {
    kind.exit_code: kind.word
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.VerificationError)
}
"""Exit code to the word that stands for it in reports."""


def verify(*arguments: str) -> Result:
    """Call the command in this process; an exception that is no exit code is a traceback."""
    return CliRunner().invoke(cli, ["verify", *arguments])


def verify_files(files: Mapping[str, bytes], state: Path) -> None:
    """Let a customer see a tree and remember it, without any server.

    Raises:
        AssertionError: There is something wrong with it.
    """
    wishes = Options(state=state, wait=0)
    report = verify_register("memory", wishes, NOW, fetcher=MemoryFetcher(files)).report
    assert report.exit_code == 0, report


def judge(attack: Attack, code: int, printed: str) -> None:
    """Check what the command ended with and what it said.

    Raises:
        AssertionError: It let the attack pass, called it by another name, or fell over it.
    """
    assert "Traceback" not in printed, printed
    assert code == attack.code, f"exit code {code}, not {attack.code}: {_findings(printed)}"
    if attack.check:
        found = rf"^FAILED +{attack.check}  .*\n +{WORDS[attack.code]}: "
        assert re.search(found, printed, re.MULTILINE), f"not found by {attack.check}: {_findings(printed)}"
        assert f"NOT VERIFIED ({WORDS[code]}, exit code {code})" in printed
    elif code == 0:
        assert "\nVerified: " in printed, printed
    for words in attack.says:
        assert words in printed, f"{words!r} is not said:\n{printed}"


def _findings(printed: str) -> str:
    """Return the numbers and sentences of what was found."""
    found = re.findall(r"^FAILED +(V\d\d).*\n +(.*)$", printed, re.MULTILINE)
    return "; ".join(f"{check} {sentence}" for check, sentence in found) or printed
