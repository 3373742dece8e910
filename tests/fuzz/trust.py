"""Targets: the metadata that the customer's TUF client is served, as received and rightly signed.

What is signed by the right key and still nonsense gets further than what is merely damaged.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from typing import TYPE_CHECKING, Any

import msgspec
from securesystemslib.formats import encode_canonical

from fuzz.documents import published
from fuzz.target import Target, documented
from memory_folder import memory_folder
from memory_publisher import NOW, MemoryPublisher, tuf_signer
from register_api.core.format import tree
from register_api.errors import VerificationError
from register_api.publish.trust import root_draft
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.tuf_client import Trusted, follow
from register_api.verify.tuf_metadata import choose_start, read_root

if TYPE_CHECKING:
    from collections.abc import Callable

ROLES = ("1.root", "2.root", "timestamp", "3.snapshot", "3.targets")
TOKENS = (
    b'"_type":"root"',
    b'"signatures":[]',
    b'"version":1',
    b'"keyids":[]',
    b'"threshold":0',
    b'"hashes":{}',
    b'"delegations":{}',
    b'"spec_version":"2.0.0"',
    b'"expires":"2000-01-01T00:00:00Z"',
)


@functools.cache
def _publisher() -> MemoryPublisher:
    """Return a publisher whose trust has a second root."""
    publisher = MemoryPublisher().publish().publish()
    publisher.add_root()
    return publisher.publish()


def _path(role: str) -> str:
    return tree.TIMESTAMP.path() if role == "timestamp" else f"trust/{role}.json"


def _follow(files: dict[str, bytes]) -> Trusted:
    fetcher = MemoryFetcher(files)
    return follow(fetcher, choose_start(fetcher, None, None, None), NOW)


def _as_received(role: str) -> Callable[[bytes], Trusted]:
    return lambda data: _follow({**_publisher().files, _path(role): data})


def _rightly_signed(role: str) -> Callable[[bytes], Trusted]:
    """Return a reader of a role's signed part, which is signed and named by what stands above it."""

    def read(data: bytes) -> Trusted:
        publisher = _publisher()
        files = {**publisher.files, _path(role): _signed(role, data)}
        if role == "3.targets":
            files["trust/3.snapshot.json"] = _naming("3.snapshot", "targets.json")
        if role in ("3.targets", "3.snapshot"):
            files[tree.TIMESTAMP.path()] = _naming("timestamp", "snapshot.json")
        return _follow(files)

    return read


@functools.cache
def _naming(role: str, name: str) -> bytes:
    """Return metadata that names another by its version only, whatever its bytes are."""
    signed = json.loads(_publisher().files[_path(role)])["signed"]
    signed["meta"] = {name: {"version": 3}}
    return _signed(role, json.dumps(signed).encode())


def _signed(role: str, data: bytes) -> bytes:
    """Return metadata with a good signature over whatever it says; JSON only is signed."""
    publisher = _publisher()
    key = publisher.root_keys[0] if role.endswith("root") else publisher.online_key
    signer = tuf_signer(publisher.targets_key if role == "3.targets" else key)
    try:
        said: Any = json.loads(data)
        signature = signer.sign(encode_canonical(said).encode())
    except Exception:  # noqa: BLE001 (what cannot be signed is served without a signature)
        return b'{"signatures":[],"signed":' + data + b"}"
    return _compact({"signatures": [signature.to_dict()], "signed": said})


def _compact(document: Any) -> bytes:
    """Return JSON in the one spelling of metadata."""
    return json.dumps(document, separators=(",", ":")).encode()


def _part(role: str) -> tuple[bytes, ...]:
    return (_compact(json.loads(_publisher().files[_path(role)])["signed"]),)


def _is_fresh(_data: bytes, trusted: Trusted) -> None:
    """Check what is promised of everything that is believed."""
    assert trusted.fresh_until > NOW, "expired"
    assert all(isinstance(moment, dt.datetime) for moment in trusted.expires.values()), "no instants"
    assert trusted.versions["targets"] >= 1, "no version"


def _read_draft(data: bytes) -> None:
    """Read a draft of a root that was brought here, and judge it as whoever is to sign it does."""
    with memory_folder() as folder:
        (folder / "draft.json").write_bytes(data)
        draft = root_draft.read_draft(folder / "draft.json")
    root_draft.check_draft(draft)


def _drafts() -> tuple[bytes, ...]:
    first, second = (_publisher().files[f"trust/{version}.root.json"].decode() for version in (1, 2))
    drafts = (root_draft.RootDraft(root=first, chain=()), root_draft.RootDraft(root=second, chain=(first,)))
    return tuple(msgspec.json.encode(draft) for draft in drafts)


def _targets(role: str) -> tuple[Target, Target]:
    received = Target(
        name=f"TUF {role}",
        parse=_as_received(role),
        refusals=(VerificationError,),
        seeds=lambda: (_publisher().files[_path(role)],),
        tokens=TOKENS,
        json=True,
        check=_is_fresh,
        cost=10,
    )
    signed = Target(
        name=f"TUF {role}, signed",
        parse=_rightly_signed(role),
        refusals=(VerificationError,),
        seeds=lambda: _part(role),
        tokens=TOKENS,
        json=True,
        check=_is_fresh,
        cost=10,
    )
    return received, signed


TARGETS = (
    *(target for role in ROLES for target in _targets(role)),
    Target(
        name="draft of a trust root",
        parse=_read_draft,
        refusals=documented(root_draft.read_draft, root_draft.check_draft),
        seeds=_drafts,
        tokens=TOKENS,
        json=True,
        cost=3,
    ),
    Target(
        name="trust root as a file",
        parse=read_root,
        refusals=documented(read_root),
        seeds=lambda: (published()["trust/1.root.json"],),
        tokens=TOKENS,
        json=True,
    ),
)
