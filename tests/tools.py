"""External programs that tests use: where they come from, and skipping tests without them.

``python3 tests/tools.py`` prints the missing Debian packages; it needs only Python.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

PACKAGES = {
    "bash": "bash",
    "caddy": "caddy",
    "ceph": "ceph-common",
    "ceph-authtool": "ceph-common",
    "ceph-mgr": "ceph-mgr",
    "ceph-mon": "ceph-mon",
    "ceph-osd": "ceph-osd",
    "chromium": "chromium",
    "curl": "curl",
    "faketime": "faketime",
    "git": "git",
    "go": "golang-go",
    "java": "default-jre-headless",
    "jq": "jq",
    "khal": "khal",
    "make": "make",
    "newsboat": "newsboat",
    "monmaptool": "ceph-base",
    "nginx": "nginx-light",
    "node": "nodejs",
    "npm": "npm",
    "opendkim": "opendkim",
    "openssl": "openssl",
    "postfix": "postfix",
    "r2e": "rss2email",
    "radosgw": "radosgw",
    "radosgw-admin": "ceph-common",
    "rsync": "rsync",
    "sfeed_update": "sfeed",
    "sha256sum": "coreutils",
    "soffice": "libreoffice-calc-nogui",
    "softhsm2-util": "softhsm2",
    "systemd-analyze": "systemd",
    "systemd-socket-activate": "systemd",
    "unshare": "util-linux",
    "xmlsec1": "xmlsec1",
}
"""The Debian package of each program."""

GO_SOURCES = Path(os.environ.get("JUDGE_GOPATH", "/usr/share/gocode"))
"""Path of the sources from the Debian package ``GO_PACKAGE``."""

GO_PACKAGE = "golang-golang-x-mod-dev"


POSTGRESQL_PACKAGE = "postgresql"
"""The Debian package of the server, whose programs are not in ``PATH``."""


def postgresql_programs() -> Path | None:
    """Return the folder with the programs of the newest installed PostgreSQL, if any."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def need(program: str) -> str:
    """Return the path of a program; skip the test if it is missing."""
    path = shutil.which(program)
    if path is None:
        missing(program, f"apt-get install {PACKAGES[program]}")
    return path


def missing(what: str, command: str) -> NoReturn:
    """Skip the test, and state the command that installs what is missing."""
    import pytest  # noqa: PLC0415 - as a command this module needs only Python

    pytest.skip(f"{what} is missing: {command}")


def has_go_sources() -> bool:
    """Return whether Go's own log code is installed."""
    return (GO_SOURCES / "src/golang.org/x/mod/sumdb/tlog").is_dir()


def lacking() -> set[str]:
    """Return the missing Debian packages that the suite needs."""
    found = {package for program, package in PACKAGES.items() if shutil.which(program) is None}
    if not has_go_sources():
        found.add(GO_PACKAGE)
    if postgresql_programs() is None:
        found.add(POSTGRESQL_PACKAGE)
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        found.add("python3-venv")
    return found


if __name__ == "__main__":
    sys.stdout.writelines(f"{package}\n" for package in sorted(lacking()))
