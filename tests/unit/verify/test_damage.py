"""Any byte of any file may be wrong: a finding, never a crash, and never silence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory_publisher import NOW, MemoryPublisher
from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.errors import VerificationError
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report_text import render_text
from thoroughness import examples
from verify_outcome import failed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Run

TREE = MemoryPublisher().publish().publish().publish().files

PATHS = sorted(TREE)
OLD_METADATA = re.compile(r"trust/[12]\.(snapshot|targets)\.json")
"""Nobody reads these any more."""

UNREAD_COPIES = {
    path
    for path in PATHS
    if path.startswith("trust/targets/")
    and TREE[path] not in [TREE[kind.path()] for kind in TARGETS_BY_NAME.values()]
}


def without_digest(path: str) -> str:
    """Return a name that stays, since digests change with the day."""
    return re.sub(r"[0-9a-f]{64}", "{sha256}", path)


CHECKED = sorted(
    (path for path in PATHS if not OLD_METADATA.fullmatch(path) and path not in UNREAD_COPIES),
    key=without_digest,
)


@pytest.mark.parametrize("path", CHECKED, ids=without_digest)
def test_a_flipped_bit_in_any_file_is_found(run: Run, path: str) -> None:
    """First, middle and last byte; the code is that of a damaged or forged file, or of its key."""
    for at in (0, len(TREE[path]) // 2, len(TREE[path]) - 1):
        data = bytearray(TREE[path])
        data[at] ^= 1
        report = run({**TREE, path: bytes(data)})
        assert report.exit_code in (11, 12, 16), (at, failed(report))


@pytest.mark.parametrize("path", CHECKED, ids=without_digest)
def test_a_missing_file_is_withheld(run: Run, path: str) -> None:
    """What is vouched for and not there is code 10."""
    files = dict(TREE)
    del files[path]
    assert run(files).exit_code == 10


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Any bytes, or the file with a piece of it replaced."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    start = draw(st.integers(0, len(data)))
    end = min(len(data), start + draw(st.integers(0, 40)))
    piece = draw(
        st.binary(max_size=20) | st.sampled_from([b"", b"null", b"{}", b"[]", b"0", b'""', b"1e9", b"-1"])
    )
    return data[:start] + piece + data[end:]


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_bytes_in_any_file_give_a_report(data: st.DataObject) -> None:
    """A customer's program never falls over what a server sends, and can always say what it found."""
    path = data.draw(st.sampled_from(CHECKED))
    files = {**TREE, path: data.draw(_damaged(TREE[path]))}
    report = verify("x", Options(wait=0), NOW, fetcher=MemoryFetcher(files)).report
    assert render_text(report)
    if files[path] != TREE[path]:
        assert report.exit_code >= 10


_METADATA = [f"trust/{name}.json" for name in ("1.root", "timestamp", "3.snapshot", "3.targets")]


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from([*_METADATA, tree.KEYS.path(), tree.FEED_JSON.path()]), document=_JSON)
def test_any_json_in_trusted_places_gives_a_report(path: str, document: object) -> None:
    """Well-formed nonsense is met with the same calm."""
    try:
        data = msgspec.json.encode(document)
    except (ValueError, OverflowError):
        return
    report = verify("x", Options(wait=0), NOW, fetcher=MemoryFetcher({**TREE, path: data})).report
    assert report.exit_code >= 10


def test_the_tree_itself_is_good(run: Run) -> None:
    """What the damage above is compared with."""
    good: Mapping[str, bytes] = TREE
    assert run(good).exit_code == 0


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_signed_nonsense_gives_a_report(data: st.DataObject) -> None:
    """A publisher with all its keys may write anything: still a finding, never a crash."""
    publisher = MemoryPublisher().publish()
    path = data.draw(
        st.sampled_from(
            [
                tree.REGISTER.path(),
                tree.KEYS.path(),
                tree.VERSIONS.path(),
                tree.FEED_ATOM.path(),
                tree.FEED_JSON.path(),
                tree.CHECKPOINT.path(),
            ]
        )
    )
    nonsense = data.draw(_damaged(publisher.files[path]))
    changed = nonsense != publisher.files[path]
    if path == tree.FEED_ATOM.path():
        publisher.write_feed(path, nonsense)
    else:
        publisher.write_signed(path, nonsense)
    publisher.vouch()
    report = verify("x", Options(wait=0), NOW, fetcher=MemoryFetcher(publisher.files)).report
    assert render_text(report)
    # XML has many spellings of one feed; every other document has one form.
    assert (
        report.exit_code >= 10
        or not changed
        or path in (tree.FEED_ATOM.path(), tree.FEED_JSON.path(), tree.KEYS.path())
    )


@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    diff=_JSON,
    patch=st.lists(st.dictionaries(st.sampled_from(["op", "path", "from", "value"]), _JSON), max_size=3),
)
def test_logged_nonsense_gives_a_report(diff: object, patch: list[object]) -> None:
    """A diff that is logged and signed, whatever it holds, is at worst inconsistent."""
    publisher = MemoryPublisher().publish()
    register = publisher.next_register()
    good = msgspec.to_builtins(publisher.diff(register))
    for document in (diff, {**good, "patch": patch}):
        other = MemoryPublisher().publish()
        other.registers.append(register)
        try:
            other.write_version(register, document)  # type: ignore[arg-type]
        except VerificationError:
            return  # nothing that JSON can hold: such a diff cannot be published at all
        other.write_log()
        other.write_heads()
        other.vouch()
        report = verify("x", Options(wait=0), NOW, fetcher=MemoryFetcher(other.files)).report
        assert report.exit_code in (11, 18)
