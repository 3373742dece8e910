"""A ZIP from a stranger: bounded, with one reading, or refused as malformed."""

from __future__ import annotations

import datetime as dt
import errno
import io
import stat
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_packages import check_package, evidence_failed, make_package, unpack
from memory_folder import memory_folder
from memory_publisher import NOW, MemoryPublisher
from register_api.errors import Malformed, UsageError
from register_api.verify.evidence import archive
from register_api.verify.evidence.archive import check_free, make_archive, read_archive, write_archive
from register_api.verify.evidence.offline import verify_offline
from register_api.verify.options import Options
from thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKAGE = make_package(MemoryPublisher().publish().files, 1)
MEMBERS = unpack(PACKAGE)
REGISTER = "v1/versions/1/register.json"


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a ZIP of members in order, whatever they are called."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for info, data in members:
            made.writestr(info, data)
    return buffer.getvalue()


def named(name: str, mode: int) -> zipfile.ZipInfo:
    """Return a member of a kind of its own."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def twice() -> bytes:
    """Return a ZIP with one name for two members."""
    data = zipped(("v1/keys.json", b"1"), ("v1/kexs.json", b"2"))
    return data.replace(b"v1/kexs.json", b"v1/keys.json")


def other_crc() -> bytes:
    """Return a ZIP of which a byte has changed since it was packed."""
    return zipped(("README.txt", b"what it says")).replace(b"what it says", b"what it SAYS")


def lying_size() -> bytes:
    """Return a ZIP whose index says that a large member is small."""
    data = zipped(("README.txt", bytes(100_000)), method=zipfile.ZIP_DEFLATED)
    return data.replace(struct.pack("<I", 100_000), struct.pack("<I", 10))


def bomb() -> bytes:
    """Return a small ZIP that says to be large."""
    return zipped((REGISTER, bytes(archive.MAX_PACKAGE_BYTES + 1)), method=zipfile.ZIP_DEFLATED)


def many_bombs() -> bytes:
    """Return a small ZIP of members of which each is allowed, and not all together."""
    members = [(f"v1/versions/{number}/register.json", bytes(15 * 2**20)) for number in range(1, 6)]
    return zipped(*members, method=zipfile.ZIP_DEFLATED)


def encrypted() -> bytes:
    """Return a ZIP whose member says to be encrypted."""
    data = bytearray(zipped(("README.txt", b"secret")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    return bytes(data)


def commented() -> bytes:
    """Return a ZIP with a comment, in which anything may lie."""
    return PACKAGE[:-2] + b"\x04\x00text"


def hidden() -> bytes:
    """Return a ZIP that shows a member only to those who unpack it as a stream."""
    data = zipped(("README.txt", b"shown"), ("v1/keys.json", b"hidden"))
    end = bytearray(data[-22:])
    index = data[data.index(b"PK\x01\x02") : -22]
    kept = index[: index.index(b"PK\x01\x02", 4)]
    end[8:16] = struct.pack("<2HL", 1, 1, len(kept))
    return data[: data.index(b"PK\x01\x02")] + kept + bytes(end)


def two_descriptions() -> bytes:
    """Return a ZIP whose member is stored by its own header, and deflated by the index."""
    data = bytearray(zipped(("README.txt", b"text"), method=zipfile.ZIP_DEFLATED))
    data[8:10] = b"\0\0"
    return bytes(data)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "no ZIP": lambda: b"no ZIP at all",
    "empty": lambda: b"",
    "empty ZIP": zipped,
    "cut": lambda: PACKAGE[: len(PACKAGE) // 2],
    "larger than a package may be": lambda: bytes(archive.MAX_PACKAGE_BYTES + 1),
    "too many members": lambda: zipped(*((f"v1/versions/{n}/entry.json", b"") for n in range(1, 1100))),
    "above": lambda: zipped(("../v1/keys.json", b"{}")),
    "above within": lambda: zipped(("v1/../../keys.json", b"{}")),
    "absolute": lambda: zipped(("/v1/keys.json", b"{}")),
    "backslash": lambda: zipped(("v1\\..\\keys.json", b"{}")),
    "drive": lambda: zipped(("C:/keys.json", b"{}")),
    "null byte": lambda: zipped(("v1/keys.jsonX.txt", b"{}")).replace(b"jsonX", b"json\0"),
    "not ASCII": lambda: zipped(("v1/keys.jsоn", b"{}")),  # noqa: RUF001  (the o is Cyrillic on purpose)
    "twice": twice,
    "twice but for case": lambda: zipped(("README.txt", b""), ("readme.TXT", b"")),
    "symbolic link": lambda: zipped((named("README.txt", stat.S_IFLNK | 0o777), b"/etc/passwd")),
    "device": lambda: zipped((named("README.txt", stat.S_IFCHR | 0o666), b"")),
    "folder with content": lambda: zipped(("v1/", b"{}")),
    "wrong CRC": other_crc,
    "size that lies": lying_size,
    "bomb": bomb,
    "many bombs": many_bombs,
    "encrypted": encrypted,
    "something before": lambda: b"#!/bin/sh\n" + PACKAGE,
    "something behind": lambda: PACKAGE + b"\0",
    "a second ZIP before": lambda: zipped(("README.txt", b"another")) + PACKAGE,
    "with a comment": commented,
    "a member that the index leaves out": hidden,
    "two descriptions of a member": two_descriptions,
    "other packing": lambda: zipped(("README.txt", b"text"), method=zipfile.ZIP_BZIP2),
    "nested": lambda: zipped(("evidence.zip", PACKAGE)),
    "program": lambda: zipped(("install.sh", b"#!/bin/sh")),
    "of no version": lambda: make_archive({"v1/keys.json": b"{}"}, NOW),
    "of two versions": lambda: make_archive({**MEMBERS, "v1/versions/2/entry.json": b"{}"}, NOW),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_zip_is_malformed(tmp_path: Path, name: str) -> None:
    """Nothing is unpacked beyond the bounds, and nothing else is judged."""
    report = check_package(tmp_path, HOSTILE[name]())
    assert evidence_failed(report) == {"E01": 11}
    assert report.exit_code == 11


def test_a_repacked_package_is_valid(tmp_path: Path) -> None:
    """With folders, deflated, in another order: it is the same evidence."""
    members = [("v1/", b""), *sorted(MEMBERS.items(), reverse=True)]
    report = check_package(tmp_path, zipped(*members, method=zipfile.ZIP_DEFLATED))
    assert (report.exit_code, evidence_failed(report)) == (0, {})


def test_time_stamps_of_other_checkpoints_may_lie_in_a_package(tmp_path: Path) -> None:
    """They are named as not looked at."""
    path = "log/checkpoints/9.tsr"
    report = check_package(tmp_path, {**MEMBERS, path: b"a time stamp"})
    assert report.exit_code == 0
    assert any(path in sentence for sentence in report.not_checked)


@settings(max_examples=examples(150), deadline=None)
@given(data=st.binary(max_size=400), at=st.integers(0, len(PACKAGE)), end=st.integers(0, 400))
def test_any_bytes_are_judged_and_nothing_else_is_raised(data: bytes, at: int, end: int) -> None:
    """A package with any bytes at any place: files, or the one refusal."""
    for whole in (data, PACKAGE[:at] + data + PACKAGE[at + end :]):
        try:
            files = read_archive(whole)
        except Malformed:
            continue
        assert sum(map(len, files.values())) <= archive.MAX_PACKAGE_BYTES


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_any_members_give_a_report(data: st.DataObject) -> None:
    """Whatever stands in the files of a package, there is a report with an exit code of the format."""
    path = data.draw(st.sampled_from(sorted(MEMBERS)))
    text = MEMBERS[path]
    at = data.draw(st.integers(0, len(text)))
    changed = text[:at] + data.draw(st.binary(max_size=30)) + text[at + data.draw(st.integers(0, 30)) :]
    with memory_folder() as folder:
        report = check_package(folder, {**MEMBERS, path: changed})
    assert report.exit_code in {0, 10, 11, 12, 13, 14, 15, 16, 18}


@pytest.mark.parametrize(("year", "kept"), [(1970, 1980), (2026, 2026), (2200, 2107)])
def test_members_are_dated_like_the_version(year: int, kept: int) -> None:
    """As far as a ZIP can say it."""
    data = make_archive({"README.txt": b""}, dt.datetime(year, 5, 10, 9, tzinfo=dt.UTC))
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        assert made.infolist()[0].date_time == (kept, 5, 10, 9, 0, 0)


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    """Neither seen before the work, nor made while it was done; and nothing is left behind."""
    path = tmp_path / "evidence.zip"
    write_archive(path, b"first")
    for write in (lambda: check_free(path), lambda: write_archive(path, b"second")):
        with pytest.raises(UsageError, match="not overwritten"):
            write()
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_without_second_names_is_written_to_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory sticks have no hard links; what lies there is not overwritten either."""

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(type(tmp_path), "hardlink_to", refuse)
    path = tmp_path / "evidence.zip"
    write_archive(path, b"first")
    with pytest.raises(UsageError, match="not overwritten"):
        write_archive(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "none" / "evidence.zip"
    with pytest.raises(UsageError, match="folder not found"):
        check_free(path)
    with pytest.raises(UsageError, match="cannot be written"):
        write_archive(path, b"")


def test_a_file_that_cannot_be_read_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        verify_offline(tmp_path / "none.zip", Options(), NOW)
