"""Builds and runs the judge in ``judges/sumdb``: Go's own log code, as packaged by Debian."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

import programs
from tools import GO_PACKAGE, GO_SOURCES, has_go_sources, missing, need

SOURCE = Path(__file__).parent / "judges" / "sumdb" / "main.go"


@functools.cache
def sumdb_judge() -> Path:
    """Build the judge once per test run and return its path; skip the test without Go or its sources."""
    go = need("go")
    if not has_go_sources():
        missing("the Go package golang.org/x/mod/sumdb", f"apt-get install {GO_PACKAGE}")
    folder = Path(tempfile.mkdtemp(prefix="sumdb-judge-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = {"GO111MODULE": "off", "GOFLAGS": "", "GOPATH": str(GO_SOURCES)}
    environment = {"GOCACHE": str(folder / "cache")} | dict(os.environ) | settings
    command = [go, "build", "-o", str(folder / "judge"), str(SOURCE)]
    programs.output_of(*command, env=environment)
    return folder / "judge"


def judge(*arguments: str | Path) -> programs.Done:
    """Run the judge: it exits with 0 and a line ``ok …``, or with 1 and a reason."""
    return programs.run(sumdb_judge(), *arguments)


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write a tree of files below a folder."""
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
