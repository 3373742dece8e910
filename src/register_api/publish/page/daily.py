"""Pages of a day: those that say something else today than on the day for which they were made.

No key is needed for them. The page of the register names its day, so it is made again each day; that of
a vendor only when what it says has changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator

import msgspec

from register_api.core.format import tree
from register_api.core.instant import local_day
from register_api.core.language.language import Language
from register_api.core.model import Register, Subprocessor
from register_api.core.planned_changes import vendor_on
from register_api.core.timeline import vendor_states
from register_api.publish.examine import Examined
from register_api.publish.page.render import in_each_language, index_page, subprocessor_pages
from register_api.publish.page.version_history import version_history
from register_api.publish.page.view import PageView
from register_api.publish.trust.metadata import Read


def pages_of_day(found: Examined, read: Read, shown_on: dt.date | None, now: dt.datetime) -> dict[str, bytes]:
    """Return pages that are out of date, as they have to be today."""
    register, zone = found.newest.document, found.promises.zone
    today, made_for = local_day(now, zone), shown_on or local_day(register.published_at, zone)
    if shown_on is not None and today <= shown_on:
        return {}
    view = PageView(
        register=register,
        history=version_history(found.versions.document.versions, read, zone),
        promises=found.promises,
        language=Language.of(register.publisher.language),
        today=today,
        size=found.head.size,
        root_hash=bytes.fromhex(found.head.root_hash),
    )
    vendors = vendors_to_write(register, made_for, register, today, told=())
    return in_each_language(
        register.publisher,
        lambda language: _pages(msgspec.structs.replace(view, language=language), vendors),
    )


def _pages(view: PageView, vendors: Iterable[Subprocessor]) -> Iterator[tuple[str, bytes]]:
    yield tree.INDEX.path(), index_page(view)
    for id_, data in subprocessor_pages(view, vendors):
        yield tree.SUBPROCESSOR_PAGE.path(id_), data


_SHOWN_ON_ALL = ("register", "url", "publisher", "notice", "statuses", "categories", "products", "recorded")
"""Fields of the register that every vendor's page shows."""


def vendors_to_write(
    before: Register | None, day_before: dt.date, after: Register, day: dt.date, told: Collection[str]
) -> list[Subprocessor]:
    """Return the vendors whose page would say something else than it does."""
    if before is None or _all_change(before, after):
        return list(after.subprocessors)
    old = {vendor.id: vendor for vendor in before.subprocessors}
    return [
        vendor
        for vendor in after.subprocessors
        if vendor.id in told
        or old.get(vendor.id) != vendor
        or _shown(vendor, day_before) != _shown(vendor, day)
    ]


def _all_change(before: Register, after: Register) -> bool:
    names = {vendor.id: vendor.name for vendor in after.subprocessors}
    renamed = any(names.get(vendor.id) != vendor.name for vendor in before.subprocessors)
    return renamed or any(getattr(before, name) != getattr(after, name) for name in _SHOWN_ON_ALL)


def _shown(vendor: Subprocessor, day: dt.date) -> tuple[Subprocessor, list[str], list[bool]]:
    """Return what a vendor's page shows on a day: itself, the states of its uses, what has expired."""
    shown = vendor_on(vendor, day)
    expired = [item.valid_until is not None and item.valid_until < day for item in shown.certifications or ()]
    return shown, [row.state for row in vendor_states(vendor, day)], expired
