"""Programs that judge what the project makes: found, or the test is skipped."""

from __future__ import annotations

import os
import shutil

import pytest


def need(program: str) -> str:
    """Return the path of a program.

    Without it the test is skipped; with ``REQUIRE_TOOLS=1`` (continuous integration) it fails.
    """
    path = shutil.which(program)
    if path is None:
        message = f"{program} is not installed"
        if os.environ.get("REQUIRE_TOOLS") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return path
