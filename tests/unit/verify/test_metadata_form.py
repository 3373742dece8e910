"""TUF metadata has one form: what the library would let pass is refused before it is acted upon."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from memory_publisher import NOW, MemoryPublisher
from register_api.core.format import tree
from register_api.errors import Malformed
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.tuf_metadata import check_form
from verify_outcome import failed

if TYPE_CHECKING:
    from pathlib import Path

GOOD = MemoryPublisher().publish().files[tree.TIMESTAMP.path()]
PLAIN = json.loads(GOOD)


def spelled(document: object, **form: object) -> bytes:
    """Return a document in another spelling."""
    return json.dumps(document, **{"separators": (",", ":"), **form}).encode()


@pytest.mark.parametrize(
    "path", ["trust/1.root.json", tree.TIMESTAMP.path(), "trust/1.snapshot.json", "trust/1.targets.json"]
)
def test_what_the_publisher_writes_is_of_the_form(path: str) -> None:
    """Nothing that is published in earnest is refused."""
    check_form(path, MemoryPublisher().publish().files[path])


def test_a_root_that_a_customer_brings_may_be_spelled_as_it_was_kept(tmp_path: Path) -> None:
    """An editor's newline in the customer's own file does not stop trust; only its digest is another."""
    files = MemoryPublisher().publish().files
    kept = tmp_path / "1.root.json"
    kept.write_bytes(files["trust/1.root.json"] + b"\n")
    options = Options(root=kept, wait=0)
    assert failed(verify("x", options, NOW, fetcher=MemoryFetcher(files)).report) == {"V26": 18}


def test_the_order_of_members_is_free() -> None:
    """Other libraries may write them in another one."""
    check_form("x", spelled({"signed": PLAIN["signed"], "signatures": PLAIN["signatures"]}))


OTHERS = {
    "empty": b"",
    "not JSON": b"<html>",
    "a list": b"[]",
    "indented": spelled(PLAIN, indent=1, separators=(",", ": ")),
    "a space": GOOD.replace(b'"signed":', b'"signed": ', 1),
    "newline at the end": GOOD + b"\n",
    "byte-order mark": b"\xef\xbb\xbf" + GOOD,
    "not ASCII": spelled({**PLAIN, "signed": {**PLAIN["signed"], "x": "\u00e9"}}, ensure_ascii=False),
    "needless escape": GOOD.replace(b"timestamp", b"\\u0074imestamp", 1),
    "escaped slash": GOOD.replace(b"timestamp", b"\\/imestamp", 1),
    "duplicate name": GOOD.replace(b'"signed":', b'"signed":{},"signed":', 1),
    "duplicate name within": GOOD.replace(b'"version":', b'"version":9,"version":', 1),
    "fraction": GOOD.replace(b'"version":1', b'"version":1.0', 1),
    "NaN": GOOD.replace(b'"version":1', b'"version":NaN', 1),
    "number of 5,000 digits": GOOD.replace(b'"version":1', b'"version":' + b"1" * 5000, 1),
    "100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "member beside": spelled({**PLAIN, "note": "x"}),
    "no signatures": spelled({"signed": PLAIN["signed"]}),
    "signatures that are none": spelled({**PLAIN, "signatures": "x"}),
    "member beside a signature": spelled({**PLAIN, "signatures": [{**PLAIN["signatures"][0], "note": "x"}]}),
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS.keys())
def test_any_other_form_is_malformed(data: bytes) -> None:
    """Whatever nobody has signed, and whatever two programs would read in two ways."""
    assert data != GOOD
    with pytest.raises(Malformed):
        check_form("trust/timestamp.json", data)
