"""Builds and asks the judge in ``judges/sumdb``: Go's own log code, as Debian packages it."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tools import need

SOURCE = Path(__file__).parent / "judges" / "sumdb" / "main.go"

GO_SOURCES = os.environ.get("JUDGE_GOPATH", "/usr/share/gocode")
"""Where Debian's package golang-golang-x-mod-dev puts its sources."""


@functools.cache
def sumdb_judge() -> Path:
    """Return the judge's program, built once a test run; without Go or its sources the test is skipped."""
    go = need("go")
    if not Path(GO_SOURCES, "src", "golang.org", "x", "mod", "sumdb", "tlog").is_dir():
        missing = "golang-golang-x-mod-dev is not installed"
        pytest.fail(missing) if os.environ.get("REQUIRE_TOOLS") == "1" else pytest.skip(missing)
    folder = Path(tempfile.mkdtemp(prefix="sumdb-judge-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = {"GO111MODULE": "off", "GOFLAGS": "", "GOPATH": GO_SOURCES}
    environment = {"GOCACHE": str(folder / "cache")} | dict(os.environ) | settings
    command = [go, "build", "-o", str(folder / "judge"), str(SOURCE)]
    subprocess.run(command, check=True, env=environment)
    return folder / "judge"


def judge(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Ask for a judgement: exit status 0 with a line ``ok …``, or 1 with a reason."""
    command = [str(sumdb_judge()), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write a tree of files below a folder."""
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
