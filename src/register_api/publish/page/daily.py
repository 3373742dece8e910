"""Pages of a day: those that say something else today than on the day for which they were made.

No key is needed for them. The page of the register names its day, so it is made again each day; that of
a vendor only when what it says has changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

import msgspec

from register_api.core.format import tree
from register_api.core.instant import local_day
from register_api.core.language.language import Language
from register_api.core.model import Subprocessor
from register_api.publish.examine import Examined
from register_api.publish.page.render import in_each_language, index_page, subprocessor_pages
from register_api.publish.page.reuse import vendors_to_write
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
