"""Targets: what the customer keeps, packages of evidence, lists of registers, and paths of a tree."""

from __future__ import annotations

import functools
import hashlib
import json

from evidence_packages import YEARS_LATER, check_package, make_package, unpack
from fuzz.documents import published
from fuzz.target import Target, documented
from memory_folder import memory_folder
from memory_log import private_key
from memory_publisher import NOW
from notice_packages import notice
from register_api.core import canonical, strict_base64
from register_api.core.signature import ed25519_jwk, format_jws, jws_header, jws_signing_input
from register_api.errors import Malformed
from register_api.verify.engine import verify
from register_api.verify.evidence.archive import NOTICE, REGISTER, make_archive, read_archive
from register_api.verify.fetcher import MemoryFetcher, check_path
from register_api.verify.options import Options
from register_api.verify.state import STATE_FILE, Remembered, load
from register_api.watch.register_list import KnownRegister, RegisterList, kid_of, read_list


@functools.cache
def _remembered() -> bytes:
    """Return the state that a first round over a good tree leaves."""
    with memory_folder() as folder:
        verify("x", Options(wait=0, state=folder), NOW, fetcher=MemoryFetcher(published()))
        return (folder / STATE_FILE).read_bytes()


def _load(data: bytes) -> Remembered | None:
    with memory_folder() as folder:
        (folder / STATE_FILE).write_bytes(data)
        return load(folder)


def _load_with_digest(data: bytes) -> Remembered | None:
    """Read a state whose digest fits, and go another round with it."""
    state = {"format": "sub-processor-register-state/1", "sha256": hashlib.sha256(data).hexdigest()}
    whole = json.dumps(state).encode()[:-1] + b',"state":' + data + b"}"
    with memory_folder() as folder:
        (folder / STATE_FILE).write_bytes(whole)
        remembered = load(folder)
        report = verify("x", Options(wait=0, state=folder), NOW, fetcher=MemoryFetcher(published())).report
    if report.exit_code:
        raise Malformed("another round does not hold")
    return remembered


def _state_only() -> tuple[bytes, ...]:
    return (json.dumps(json.loads(_remembered())["state"], separators=(",", ":")).encode(),)


@functools.cache
def _package() -> bytes:
    return make_package(published(), 2)


def _check_bytes(data: bytes) -> None:
    """Verify a whole package; whatever it is, there is a report."""
    with memory_folder() as folder:
        report = check_package(folder, data)
    if report.exit_code:
        raise Malformed("the package does not hold")


def _check_member(data: bytes) -> None:
    """Verify a package of which one member was replaced: a line with its path, then its bytes."""
    name, _, content = data.partition(b"\n")
    members = unpack(_package())
    path = name.decode("latin-1")
    if path not in members:
        raise Malformed("no such member")
    with memory_folder() as folder:
        report = check_package(folder, make_archive({**members, path: content}, NOW), now=YEARS_LATER)
    if report.exit_code:
        raise Malformed("the package does not hold")


def _check_notice(data: bytes) -> None:
    """Verify a proof of notice with another list of what it proves, without the register's evidence."""
    files = {path: each for path, each in notice().items() if path != REGISTER}
    _check_bytes(make_archive({**files, NOTICE: data}, NOW))


def _members() -> tuple[bytes, ...]:
    return tuple(f"{path}\n".encode() + data for path, data in unpack(_package()).items())


ZIP = (
    b"PK\3\4",
    b"PK\1\2",
    b"PK\5\6",
    b"PK\6\6",
    b"PK\x07\x08",
    b"\xff\xff\xff\xff",
    b"../x",
    b"v1/keys.json",
)

_KEY = private_key(3)


def _sign(payload: bytes) -> bytes:
    """Return a list that is whatever was drawn, signed by whoever holds the key."""
    header = jws_header(kid_of(_KEY))
    detached = format_jws(header, _KEY.sign(jws_signing_input(header, payload)))
    return detached.replace(b"..", f".{strict_base64.encode_url(payload)}.".encode())


def _list() -> bytes:
    known = KnownRegister(
        name="A", website="", address="https://a.example/", root_sha256="0" * 64, first_seen=NOW
    )
    key = ed25519_jwk(_KEY.public_key().public_bytes_raw())
    return canonical.encode(RegisterList(key=key, made_at=NOW, registers=(known,)))


TARGETS = (
    Target(
        name="list of registers",
        parse=lambda data: read_list(data, kid_of(_KEY)),
        refusals=documented(read_list),
        seeds=lambda: (_sign(_list()),),
        tokens=(b".", b"..", b"e30"),
    ),
    Target(
        name="list of registers, rightly signed",
        parse=lambda data: read_list(_sign(data), kid_of(_KEY)),
        refusals=documented(read_list),
        seeds=lambda: (_list(),),
        tokens=(b'"key":{}', b'"registers":[]', b'"kty":"OKP"', b"EC"),
        json=True,
    ),
    Target(
        name="remembered state",
        parse=_load,
        refusals=documented(load),
        seeds=lambda: (_remembered(),),
        tokens=(b'"format":"x"', b'"kept":{}', b"AAAA"),
        json=True,
        cost=3,
    ),
    Target(
        name="remembered state, used",
        parse=_load_with_digest,
        refusals=documented(load),
        seeds=_state_only,
        json=True,
        cost=40,
    ),
    Target(
        name="evidence, the ZIP",
        parse=read_archive,
        refusals=documented(read_archive),
        seeds=lambda: (_package(),),
        tokens=ZIP,
        cost=3,
    ),
    Target(
        name="evidence, verified",
        parse=_check_bytes,
        refusals=(Malformed,),
        seeds=lambda: (_package(),),
        tokens=ZIP,
        cost=20,
    ),
    Target(
        name="evidence, one member",
        parse=_check_member,
        refusals=(Malformed,),
        seeds=_members,
        cost=40,
    ),
    Target(
        name="proof of notice, verified",
        parse=_check_bytes,
        refusals=(Malformed,),
        seeds=lambda: (make_archive(notice(), NOW),),
        tokens=ZIP,
        cost=20,
    ),
    Target(
        name="proof of notice, its list",
        parse=_check_notice,
        refusals=(Malformed,),
        seeds=lambda: (notice()[NOTICE],),
        json=True,
        cost=20,
    ),
    Target(
        name="path of a tree",
        parse=lambda data: check_path(data.decode("latin-1")),
        refusals=documented(check_path),
        seeds=lambda: tuple(path.encode() for path in list(published())[:20]),
        tokens=(b"/", b"..", b".", b"//", b"\\", b"%2e", b":"),
        check=lambda data, _found: _stays_inside(data),
    ),
)


def _stays_inside(data: bytes) -> None:
    parts = data.decode("latin-1").split("/")
    assert not {"", ".", ".."} & set(parts), "a path that leads elsewhere"
