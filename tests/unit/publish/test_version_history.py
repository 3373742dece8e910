"""What pages tell of earlier versions: read from the diffs that the log names, each announcement once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from register_api.core.canonical import digest
from register_api.core.documents import Entry, FileDigest
from register_api.core.format import tree
from register_api.core.notice_period import NoticeStatus
from register_api.errors import Forged, Malformed
from register_api.publish.page.version_history import (
    MAX_VERSIONS,
    PastChange,
    PastVersion,
    by_vendor,
    notice_record,
    past_version,
    version_history,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = dt.date(2026, 3, 2)
ONE_DAY = dt.timedelta(days=1)


def told(version: int, *changes: PastChange) -> PastVersion:
    """Return a version that was published on a day of its own."""
    return PastVersion(version=version, day=DAY + version * ONE_DAY, changes=changes)


def change(
    vendor: str | None = "acme", *, said: int = 1, met: bool | None = True, **more: object
) -> PastChange:
    """Return a change announced by version ``said``; no promise covers it where ``met`` is ``None``."""
    notice = NoticeStatus(required=met is not None, announced_on=DAY + said * ONE_DAY, met=met)
    fields = {"id": "2-1", "subprocessor": vendor, "engagement": "mail", "summary": "Said.", **more}
    return PastChange(notice=notice, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("history", "kept", "announced", "exceptions"),
    [
        ([], 0, 0, []),
        ([told(1, change(met=None))], 0, 0, []),
        ([told(2, change(said=2)), told(1, change("other"))], 2, 2, []),
        # Put off: the version that put it off tells of the same announcement again.
        ([told(2, change(said=1)), told(1, change(said=1))], 1, 1, []),
        ([told(2, change(said=1, met=True)), told(1, change(said=1, met=False))], 1, 1, []),
        # Two changes of one use are two announcements where they were announced apart.
        ([told(2, change(said=2, planned="move")), told(1, change(said=1))], 2, 2, []),
        ([told(3, change(said=3, met=False)), told(1, change(said=1, met=False))], 0, 2, [3, 1]),
    ],
)
def test_each_announcement_counts_once(
    history: list[PastVersion], kept: int, announced: int, exceptions: list[int]
) -> None:
    record = notice_record(history)
    assert (record.kept, record.announced) == (kept, announced)
    assert [version.version for version, _ in record.exceptions] == exceptions


def test_a_change_stands_in_the_history_of_each_vendor_that_it_concerns() -> None:
    """Once, the newest first; one of the register as a whole in none."""
    history = [
        told(3, change("acme", affects=("acme", "other"))),
        told(2, change(None)),
        told(1, change("acme")),
    ]
    found = {vendor: [version.version for version, _ in rows] for vendor, rows in by_vendor(history).items()}
    assert found == {"acme": [3, 1], "other": [3]}


def diffs(number: int) -> tuple[list[Entry], Callable[[str], bytes]]:
    """Return log entries of some versions, and what reads their diffs."""
    files = {tree.VERSION_DIFF.path(n): b'{"changes":[]}' for n in range(1, number + 1)}
    entries = [
        Entry(
            files=(FileDigest(path=path, sha256=digest(data), size=len(data)),),
            published_at=dt.datetime(2026, 3, 2, 23, 30, tzinfo=dt.UTC),
            register="example.com/sub-processors",
            version=n,
        )
        for n, (path, data) in enumerate(files.items(), start=1)
    ]
    return entries, files.__getitem__


def test_the_newest_versions_are_read_on_their_local_days() -> None:
    entries, read = diffs(MAX_VERSIONS + 2)
    found = version_history(entries, read, dt.timezone(dt.timedelta(hours=2)))
    assert [item.version for item in found] == list(range(MAX_VERSIONS + 2, 2, -1))
    assert {item.day for item in found} == {dt.date(2026, 3, 3)}


def test_a_diff_that_the_log_does_not_name_is_not_told() -> None:
    """What whoever can write the store puts there stands on no page that is made here."""
    entries, _ = diffs(2)
    with pytest.raises(Forged, match=r"2/diff\.json"):
        version_history(entries, lambda _: b'{"changes":[{}]}', dt.UTC)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"changes":[{}]}', b"[" * 100_000])
def test_what_is_not_a_diff_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed, match="version 7"):
        past_version(7, dt.datetime(2026, 3, 2, tzinfo=dt.UTC), data, dt.UTC)
