"""Each change in plain sentences: what happened, from when, and what a customer wants to know with it.

A change is data (``core.changes``); what it says in words depends on it, on the register that it
leads to, and on the language. So preview, diff, feed and pages say the same, and whoever reads a diff
can say it anew. A type or a field that this release does not know is told as it is.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from register_api.core.changes import Change
from register_api.core.countries import without_mechanism
from register_api.core.instant import local_day
from register_api.core.language.change_view import ChangeView, Scene
from register_api.core.language.engagement_changes import circumstances, say_turn
from register_api.core.language.field_changes import MAX_ITEMS, TypedField
from register_api.core.language.language import Language, capital, message, sentence, shorten
from register_api.core.language.notice import notice_dates, notice_given, older_promises, shortfall
from register_api.core.language.values import MECHANISM_NOT_STATED
from register_api.core.model import Engagement, Location, PlannedChange, Register, Subprocessor
from register_api.core.planned_changes import fields_set, with_change
from register_api.core.upcoming_events import Upcoming

MAX_SUMMARY = 2000
"""Longest summary, in characters."""

MAX_TITLE = 140
"""Longest title, in characters, without what it says of the notice."""


class BothTexts(msgspec.Struct, frozen=True):
    """What a field said and says, in words; ``None`` where it was not stated."""

    label: str
    before: str | None
    after: str | None


class Sentences:
    """Changes in the sentences of one language.

    ``register`` is what they lead to, ``day`` the publisher's local day of its publication (what is later
    lies ahead), ``older`` where they begin, if it is at hand, for names that are gone. A value is told in
    full up to ``most`` characters; ``None``: every one is.
    """

    def __init__(
        self,
        language: Language,
        register: Register,
        day: dt.date,
        older: Register | None = None,
        most: int | None = MAX_ITEMS,
    ) -> None:
        self.language = language
        self._scene = Scene(language, register, day, older, most)
        self._anew = functools.partial(Sentences, register=register, day=day, older=older)

    @classmethod
    def between(cls, older: Register | None, newer: Register, zone: dt.tzinfo) -> Sentences:
        """Return the sentences of a diff in the newer register's language, else in English."""
        return cls(Language.of(newer.publisher.language), newer, local_day(newer.published_at, zone), older)

    def unabridged(self) -> Sentences:
        """Return the same sentences with every value in full, for where there is room."""
        return self._anew(self.language, most=None)

    def in_language(self, language: Language) -> Sentences:
        """Return the same sentences in another language."""
        return self if language is self.language else self._anew(language, most=self._scene.phrases.most)

    def summary(self, change: Change) -> str:
        """Return all that is to be said of a change on one line, short notice and its reason included."""
        return shorten(" ".join(self.told(change)), MAX_SUMMARY)

    def told(self, change: Change) -> tuple[str, ...]:
        """Return the same one by one: what happens first, then short notice, then what is to be known."""
        view = self._scene.view(change)
        head, *rest = _say(view)
        more = (*_short_notice(view), *rest, *_without_mechanism(view), *_still_binding(view))
        return tuple(map(sentence, (head, *more)))

    def circumstances(self, change: Change) -> tuple[str, ...]:
        """Return what ``told`` does not say of the vendor and the use, for who has to act on a change.

        The legal entity, and of the use its purpose, places, transfers, data and products, as they are from
        the change on; nothing for a first list, and nothing where nothing happened in the world.
        """
        if self._scene.register.previous is None or change.type in {*MARKED, "reordered"}:
            return ()
        told = self.told(change)
        said = map(sentence, circumstances(self._scene.view(change)))
        return tuple(item for item in said if item not in told)

    def title(self, change: Change) -> str:
        """Return one line that says what happens and from when, and that notice is short if it is."""
        head = shorten(_say(self._scene.view(change))[0], MAX_TITLE)
        short = shortfall(self.language, change.notice)
        return f"{head} ({short})" if short else head

    def texts(self, change: Change) -> tuple[BothTexts, ...]:
        """Return what was reworded or put right, whole: a summary may shorten it."""
        if change.type not in MARKED:
            return ()
        view = self._scene.view(change)
        return tuple(BothTexts(*view.phrases.texts(field)) for field in view.fields)


MARKED = frozenset({"corrected", "editorial"})
"""Types that are named beside what changed, since they say that nothing happened in the world."""

_TITLED: Mapping[str, str] = MappingProxyType(
    {
        "categories": message("Category “{title}”"),
        "products": message("Product “{title}”"),
        "statuses": message("Status “{title}”"),
    }
)
"""Entries of the register that have a title, by the list that holds them."""


def _say(view: ChangeView) -> Sequence[str]:
    """Return the sentences of a change, of which the first can stand alone."""
    # A column is no vendor's alone, and its fields are those of vendors or of their uses.
    of_rows = {field.kind for field in view.fields} & {Subprocessor, Engagement}
    is_column = view.change.subprocessor is None and of_rows
    return say_turn(view) or [_column(view) if is_column else _fields(view)]


def _short_notice(view: ChangeView) -> Iterator[str]:
    """Say openly where the notice promised was not given, and why."""
    short = shortfall(view.scene.language, view.change.notice)
    announced = view.plan or view.engagement
    if short is not None:
        yield short
        if announced and announced.short_notice:
            yield view.fact(Engagement, "short_notice", announced.short_notice)


def _without_mechanism(view: ChangeView) -> Iterator[str]:
    """Say so where processing comes to a country outside the EEA and no transfer mechanism is stated."""
    changed, use = view.field("locations"), view.engagement
    if view.change.kind != "changed" or changed is None or use is None:
        return
    before, after = (
        {item.country for item in places or () if isinstance(item, Location)}
        for places in (changed.before, changed.after)
    )
    use = use if view.plan is None else with_change(use, view.plan)
    if (after - before).intersection(without_mechanism(use)):
        yield view.text(MECHANISM_NOT_STATED)


def _still_binding(view: ChangeView) -> Iterator[str]:
    """Say which older promise still binds, where the promise changed."""
    if any(field.path.startswith("notice.") for field in view.change.fields):
        yield from older_promises(view.scene.language, view.scene.register.notice)


def _fields(view: ChangeView) -> str:
    """Say what became of fields, or that an entry came or went."""
    change, subject = view.change, _subject(view)
    type_ = view.scene.language.code("change", change.type)
    if not view.fields:
        return f"{subject}: {type_}"
    if change.kind != "changed":
        said = message("{subject} added") if change.kind == "added" else message("{subject} removed")
        return view.text(said, subject=subject)
    if change.type == "reordered":
        return f"{subject}: {view.phrases.reordered(view.fields)}"
    marked = change.type in MARKED
    what = view.phrases.of_all(view.fields, reworded=marked)
    return f"{subject}{f' ({type_})' if marked else ''}: {what}{_effective(view)}"


def _effective(view: ChangeView) -> str:
    """Say from when a change holds that lies ahead, unless its fields say so themselves."""
    change, scene = view.change, view.scene
    start = change.notice.effective_on if change.type != "schedule_changed" else None
    if start is None or not (change.planned or (change.notice.required and start > scene.day)):
        return ""
    return view.text(", effective {date}", date=scene.language.day(start))


def _subject(view: ChangeView) -> str:
    """Name what a change is about."""
    if view.change.subprocessor is not None:
        of_plan = any(field.kind is PlannedChange for field in view.fields)
        return view.planned if of_plan else view.who
    first, *rest = (view.change.fields[0].path if view.change.fields else "").split(".")
    if first in _TITLED and rest:
        return view.text(_TITLED[first], title=_title(view, first, rest[0]))
    return capital(view.phrases.label(Register, first)) if rest else view.text("Register")


def _title(view: ChangeView, listed: str, id_: str) -> str:
    """Return what an entry of ``statuses``, ``categories`` or ``products`` is called."""
    gone = view.field("title")
    return view.scene.titles[listed].get(id_) or str(gone.before if gone else id_)


def _column(view: ChangeView) -> str:
    """Say that a field was filled that had been empty everywhere."""
    label, field = view.phrases.label, view.fields[0]
    of = (Subprocessor, "engagements") if field.kind is Engagement else (Register, "subprocessors")
    return view.text(
        "{label} now stated for {n} {entries}",
        label=capital(label(field.kind, field.name)),
        n=len(view.fields),
        entries=label(*of),
    )


class ShownChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change with what is to be said beside its summary, which itself says where notice was short.

    Attributes:
        summary: What happens, in the language of the sentences.
        dates: A sentence for each date.
        notice: That the notice promise was kept, where it was.
        texts: What was reworded or put right, whole, before and after.
    """

    change: Change
    summary: str
    dates: tuple[str, ...]
    notice: str | None
    texts: tuple[BothTexts, ...]


def shown_changes(changes: Iterable[Change], sentences: Sentences) -> list[ShownChange]:
    """Return the changes of a diff as preview, feed and pages tell them."""
    return [
        ShownChange(
            change=change,
            summary=change.summary
            if change.summary_language == sentences.language.tag
            else sentences.summary(change),
            dates=tuple(notice_dates(sentences.language, change.notice)),
            notice=notice_given(sentences.language, change.notice) if change.notice.met else None,
            texts=sentences.texts(change),
        )
        for change in changes
    ]


_TITLES = {
    "start": message("{name}: start ({what})"),
    "end": message("{name}: end ({what})"),
    "change": message("{name}: change ({what})"),
    "objection_deadline": message("{name}: last day to object ({what})"),
}

_MAX_WHAT = 120


class EventWords:
    """Titles of what one version announces, which was published on a day in the publisher's time zone.

    Attributes:
        vendors: Every vendor of the version by id.
    """

    def __init__(self, language: Language, register: Register, day: dt.date) -> None:
        self.vendors = {vendor.id: vendor for vendor in register.subprocessors}
        self._scene = Scene(language, register, day)

    def title(self, event: Upcoming) -> str:
        """Return who, what happens, and to what, in a line."""
        vendor = self.vendors[event.subprocessor]
        use = next((item for item in vendor.engagements if item.id == event.engagement), None)
        what = shorten(self._what(vendor, use, event.planned), _MAX_WHAT)
        return self._scene.text(_TITLES[event.what], name=vendor.name, what=what)

    def _what(self, vendor: Subprocessor, use: Engagement | None, planned: str | None) -> str:
        """Return what an event is about: each field that a planned change changes, or the use."""
        owner = vendor if use is None else use
        change = next((item for item in owner.planned if item.id == planned), None)
        if change is not None:
            fields = fields_set(vendor, use.id if use else None, change)
            return self._scene.phrases.of_all([TypedField(type(owner), *field) for field in fields])
        if use is None:
            return vendor.id
        return use.purpose or self._scene.titles["categories"].get(use.category, use.category)
