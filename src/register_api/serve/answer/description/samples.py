"""Real values for the manual, taken from what is published: none is ever made up."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import msgspec

from register_api.core.calendar import local_day
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.instant import format_instant
from register_api.core.log.tiles import TILE_WIDTH
from register_api.core.two_clocks import Moment
from register_api.errors import StoreDamaged
from register_api.serve.answer.description.paths import file_of, is_text
from register_api.serve.stored.stored_file import read_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from register_api.core.model import Register
    from register_api.serve.answer.archive import Archive
    from register_api.store.reader import Snapshot

LONGEST_EXAMPLE = 8 * 1024
"""Bytes of the largest body that is shown as an example; a larger one would drown the rest."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """Values of parameters that get an answer from this publication.

    Attributes:
        subprocessor: Id of the first vendor that is used for something, if there is one.
        engagement: Its first engagement.
        country: A country in which that engagement works, if one is stated.
        text: That vendor's name.
        moment: The day on which the newest version was published; nothing else is known.
        day: That day, in the publisher's time zone, as text.
        instant: When it was published.
    """

    oldest: int
    previous: int
    newest: int
    moment: Moment
    categories: tuple[str, ...]
    day: str
    instant: str
    subprocessor: str | None = None
    engagement: str | None = None
    country: str | None = None
    text: str | None = None


def samples_of(archive: Archive) -> Samples:
    """Return what the newest version offers as values.

    Raises:
        StoreDamaged: Its file cannot be read.
    """
    register = archive.register(archive.newest)
    day = local_day(register.published_at, archive.zone)
    return Samples(
        oldest=1,
        previous=max(1, archive.newest - 1),
        newest=archive.newest,
        categories=tuple(category.id for category in register.categories),
        moment=Moment(on=day),
        day=day.isoformat(),
        instant=format_instant(register.published_at),
        **_of_a_vendor(register),
    )


def _of_a_vendor(register: Register) -> dict[str, str | None]:
    vendor = next((item for item in register.subprocessors if item.engagements), None)
    if vendor is None:
        return {}
    engagement = vendor.engagements[0]
    countries = [location.country for location in engagement.locations]
    return {
        "subprocessor": vendor.id,
        "engagement": engagement.id,
        "country": countries[0] if countries else None,
        "text": vendor.name,
    }


class StoredExamples:
    """Finds a file for each kind of address, and shows its bytes where they are short."""

    def __init__(self, snapshot: Snapshot, samples: Samples) -> None:
        """Keep what values of placeholders there may be.

        Args:
            snapshot: The publication.
            samples: Values of its newest version.
        """
        self._snapshot = snapshot
        self._candidates = _candidates(snapshot, samples)

    def values(self, url: str) -> dict[str, str] | None:
        """Return values of an address's placeholders that name a file, or ``None`` if none is there."""
        names = _PLACEHOLDER.findall(url)
        for values in itertools.product(*(self._candidates[name] for name in names)):
            chosen = dict(zip(names, values, strict=True))
            if file_of(url.format(**chosen)) in self._snapshot.manifest.files:
                return chosen
        return None

    def is_possible(self, url: str) -> bool:
        """Tell whether an address can ever name a file here: one without placeholders has to now."""
        return "{" in url or file_of(url) in self._snapshot.manifest.files

    def body(self, url: str, media_type: str) -> object | None:
        """Return the body of an address without placeholders, or ``None`` if it is no text or too long."""
        path = file_of(url)
        shown = is_text(media_type) and not media_type.startswith("text/html")
        if not shown or self._snapshot.manifest.files[path].size > LONGEST_EXAMPLE:
            return None
        data = read_form(self._snapshot, path)
        return msgspec.json.decode(data) if "json" in media_type else data.decode("utf-8")


def _candidates(snapshot: Snapshot, samples: Samples) -> Mapping[str, Sequence[str]]:
    files = snapshot.manifest.files
    heads = (tree.REGISTER.path(), tree.KEYS.path(), tree.FEED_ATOM.path(), tree.CHECKPOINT.path())
    return {
        "n": [str(samples.newest)],
        "id": [samples.subprocessor] if samples.subprocessor else [],
        "kid": list(_key_ids(snapshot)),
        "name": ["register"],
        "k": [str(samples.newest // FEED_PAGE_SIZE)],
        "v": [str(version) for version in range(snapshot.generation, 0, -1)],
        "sha256": [files[path].sha256 for path in heads if path in files],
        "level": ["0"],
        "tile": ["000"],
        "width": [str(samples.newest % TILE_WIDTH)],
    }


def _key_ids(snapshot: Snapshot) -> Iterator[str]:
    try:
        listed = msgspec.json.decode(read_form(snapshot, tree.KEYS.path()), type=KeyList)
    except (KeyError, StoreDamaged, msgspec.MsgspecError):
        return
    yield from (key.kid for key in listed.keys)
