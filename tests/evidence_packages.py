"""Evidence packages for tests: made from a tree in memory, unpacked and repacked."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import TYPE_CHECKING

from memory_publisher import NOW
from register_api.verify.evidence.archive import make_archive
from register_api.verify.evidence.offline import verify_offline
from register_api.verify.evidence.package import make_evidence
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from register_api.verify.report import Report

YEARS_LATER = NOW + dt.timedelta(days=20 * 365)
"""A time long after everything in a package has expired."""


def make_package(files: Mapping[str, bytes], version: int) -> bytes:
    """Return the evidence package of a version of a valid tree."""
    made = make_evidence("tree", MemoryFetcher(files), version, Options(wait=0), NOW)
    assert made.data is not None, made.report
    return made.data


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the members of a package by path."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check_package(
    folder: Path, data: bytes | Mapping[str, bytes], *, now: dt.datetime = YEARS_LATER, **options: object
) -> Report:
    """Verify a package, or the members of one."""
    path = folder / "evidence.zip"
    path.write_bytes(data if isinstance(data, bytes) else make_archive(data, NOW))
    return verify_offline(path, Options(**options), now)  # type: ignore[arg-type]


def evidence_failed(report: Report) -> dict[str, int | None]:
    """Return the exit code of each check that failed."""
    return {check.id: check.code for check in report.checks if check.result == "failed"}
