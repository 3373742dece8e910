"""A version of a vendor's register with all that proves it, fetched anew and verified."""

from __future__ import annotations

import datetime as dt

import msgspec

from register_api.errors import WatchError
from register_api.verify import Options
from register_api.verify.evidence.package import make_evidence
from register_api.verify.report_text import render_text
from register_api.watch.look import Asking
from register_api.watch.settings import WatchSettings
from register_api.watch.vendors import Vendor

_SECONDS = 60
"""How long it may take: somebody waits for it."""


def evidence_of(
    vendor: Vendor, version: int, root_sha256: str, settings: WatchSettings, now: dt.datetime
) -> bytes:
    """Return the package, a ZIP that ``verify --offline`` takes."""
    if not vendor.register or version < 1:
        raise WatchError(f"{vendor.name} has no register with a version {version}")
    options = Options(root_sha256=vendor.root_sha256 or root_sha256 or None)
    asking = Asking.of(msgspec.structs.replace(settings, lease_seconds=_SECONDS))
    with asking.fetcher(vendor.register) as fetcher:
        made = make_evidence(vendor.register, fetcher, version, options, now)
    if made.data is None:
        raise WatchError(render_text(made.package or made.served))
    return made.data
