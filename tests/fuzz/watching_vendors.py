"""Targets: tables of vendors, of one's own and of other programs."""

from __future__ import annotations

import functools

from fuzz.target import Target
from register_api.watch.vendors_file import COLUMNS, read_vendors

_TABLE = """\
name,website,root_sha256,owner,objection_days,counting,critical
Acme,acme.example,,dpo@customer.example,14,business,yes
"Beta, of B",https://beta.example/x?y#z,,,,,no
"""
_TOML = """\
[[vendors]]
name = "Acme"
products = ["crm", "mail"]
objection_days = 14
"""


def _tables() -> tuple[bytes, ...]:
    return (_TABLE.encode(), _TABLE.replace(",", ";").encode("utf-8-sig"))


TARGETS = (
    Target(
        name="vendors",
        parse=functools.partial(read_vendors, is_toml=False),
        refusals=(),
        seeds=_tables,
        tokens=(b'"', b";", b"\r\n", b"://", *(name.encode() for name in COLUMNS)),
    ),
    Target(
        name="vendors in TOML",
        parse=functools.partial(read_vendors, is_toml=True),
        refusals=(),
        seeds=lambda: (_TOML.encode(),),
        tokens=(b"[[vendors]]", b"'", b"[", b"= ", *(name.encode() for name in COLUMNS)),
    ),
)
