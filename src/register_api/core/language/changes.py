"""Each change in plain sentences: what happened, from when, and what a customer wants to know with it.

A type or a field that this release does not know is told as it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from register_api.core.changes import Change
from register_api.core.countries import without_mechanism
from register_api.core.instant import local_day
from register_api.core.language.change_view import ChangeView, SentenceContext, with_id
from register_api.core.language.engagement_changes import circumstances, engagement_sentences
from register_api.core.language.field_changes import TypedField
from register_api.core.language.language import Language, capital, message, sentence, shorten
from register_api.core.language.notice import notice_dates, notice_given, older_promises, shortfall
from register_api.core.language.values import MECHANISM_NOT_STATED
from register_api.core.model import Engagement, Location, PlannedChange, Register, Subprocessor
from register_api.core.timeline import fields_set, with_change
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


class Sentences(SentenceContext):
    """Changes in the sentences of one language."""

    @classmethod
    def between(cls, older: Register | None, newer: Register, zone: dt.tzinfo) -> Sentences:
        """Return the sentences of a diff in the newer register's language, else in English."""
        return cls(Language.of(newer.publisher.language), newer, local_day(newer.published_at, zone), older)

    def unabridged(self) -> Sentences:
        """Return the same sentences with every value in full, for where there is room."""
        return Sentences(self.language, self.register, self.day, self.older, most=None)

    def in_language(self, language: Language) -> Sentences:
        """Return the same sentences in another language."""
        if language is self.language:
            return self
        return Sentences(language, self.register, self.day, self.older, self.phrases.most)

    def summary(self, change: Change) -> str:
        """Return all that is to be said of a change on one line, short notice and its reason included."""
        return shorten(" ".join(self.of(change)), MAX_SUMMARY)

    def of(self, change: Change) -> tuple[str, ...]:
        """Return the same one by one: what happens first, then short notice, then what is to be known."""
        view = self.view(change)
        head, *rest = _change_sentences(view)
        return tuple(map(sentence, (head, *_short_notice(view), *rest, *_remarks(view))))

    def circumstances(self, change: Change) -> tuple[str, ...]:
        """Return what ``of`` does not say of the vendor and the use, as they are from the change on.

        Nothing for a first list, and nothing where nothing happened in the world.
        """
        if self.register.previous is None or change.type in {*MARKED, "reordered"}:
            return ()
        told = self.of(change)
        said = map(sentence, circumstances(self.view(change)))
        return tuple(item for item in said if item not in told)

    def title(self, change: Change) -> str:
        """Return one line that says what happens and from when, and that notice is short if it is."""
        head = shorten(_change_sentences(self.view(change))[0], MAX_TITLE)
        short = shortfall(self.language, change.notice)
        return f"{head} ({short})" if short else head

    def texts(self, change: Change) -> tuple[BothTexts, ...]:
        """Return what was reworded or put right, whole: a summary may shorten it."""
        if change.type not in MARKED:
            return ()
        view = self.view(change)
        return tuple(BothTexts(*view.phrases.texts(field)) for field in view.fields)


MARKED = frozenset({"corrected", "editorial"})
"""Types that are named beside what changed, since they say that nothing happened in the world."""

_TITLED: Mapping[str, str] = {
    "categories": message("Category “{title}”"),
    "products": message("Product “{title}”"),
    "statuses": message("Status “{title}”"),
}
"""Entries of the register that have a title, by the list that holds them."""


def _change_sentences(view: ChangeView) -> Sequence[str]:
    """Return the sentences of a change, of which the first can stand alone."""
    # A column is no vendor's alone, and its fields are those of vendors or of their uses.
    of_rows = {field.kind for field in view.fields} & {Subprocessor, Engagement}
    is_column = view.change.subprocessor is None and of_rows
    return engagement_sentences(view) or [_newly_filled_field(view) if is_column else _fields(view)]


def _short_notice(view: ChangeView) -> Iterator[str]:
    """Say openly where the notice promised was not given, and why."""
    announced = view.plan or view.engagement
    if short := shortfall(view.context.language, view.change.notice):
        yield short
        if announced and announced.short_notice:
            yield view.fact(Engagement, "short_notice", announced.short_notice)


def _remarks(view: ChangeView) -> Iterator[str]:
    """Say where no transfer mechanism is stated for a new country, and which older promise still binds."""
    changed, use = view.field("locations"), view.engagement
    if view.change.kind == "changed" and changed is not None and use is not None:
        before, after = (
            {item.country for item in places or () if isinstance(item, Location)}
            for places in (changed.before, changed.after)
        )
        use = use if view.plan is None else with_change(use, view.plan)
        if (after - before).intersection(without_mechanism(use)):
            yield view.text(MECHANISM_NOT_STATED)
    if any(field.path.startswith("notice.") for field in view.change.fields):
        yield from older_promises(view.context.language, view.context.register.notice)


def _fields(view: ChangeView) -> str:
    """Say what became of fields, or that an entry came or went."""
    change, subject = view.change, _subject(view)
    type_ = view.context.language.code("change", change.type)
    if not view.fields:
        return f"{subject}: {type_}"
    if change.kind != "changed":
        said = message("{subject} added") if change.kind == "added" else message("{subject} removed")
        return view.text(said, subject=subject)
    if change.type == "reordered":
        return f"{subject}: {view.phrases.reordered(view.fields)}"
    marked = change.type in MARKED
    what = view.phrases.of_all(view.fields, reworded=marked)
    # From when it holds, where that lies ahead and its fields do not say so themselves.
    start = change.notice.effective_on if change.type != "schedule_changed" else None
    ahead = start is not None and (change.planned or (change.notice.required and start > view.context.day))
    when = view.text(", effective {date}", date=start) if start and ahead else ""
    return f"{subject}{f' ({type_})' if marked else ''}: {what}{when}"


def _subject(view: ChangeView) -> str:
    """Name what a change is about."""
    if view.change.subprocessor is not None:
        of_plan = any(field.kind is PlannedChange for field in view.fields)
        return view.planned if of_plan else view.who
    first, *rest = (view.change.fields[0].path if view.change.fields else "").split(".")
    if first in _TITLED and rest:
        gone = view.field("title")
        title = view.context.titles[first].get(rest[0]) or str(gone.before if gone else rest[0])
        return view.text(_TITLED[first], title=title)
    return capital(view.phrases.label(Register, first)) if rest else view.text("Register")


def _newly_filled_field(view: ChangeView) -> str:
    """Say that a field was filled that had been empty everywhere."""
    label, field = view.phrases.label, view.fields[0]
    of = (Subprocessor, "engagements") if field.kind is Engagement else (Register, "subprocessors")
    return view.text(
        "{label} now stated for {n} {entries}",
        label=capital(label(field.kind, field.name)),
        n=len(view.fields),
        entries=label(*of),
    )


class DescribedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change with its summary, a sentence for each date, that the promise was kept, and texts put right.

    The summary itself says where notice was short.
    """

    change: Change
    summary: str
    dates: tuple[str, ...]
    notice: str | None
    texts: tuple[BothTexts, ...]


def described_changes(changes: Iterable[Change], sentences: Sentences) -> list[DescribedChange]:
    """Return the changes of a diff as preview, feed and pages tell them."""
    return [
        DescribedChange(
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

_MAX_SUBJECT = 120


class EventTitles(SentenceContext):
    """Titles of what one version announces, which was published on a day in the publisher's time zone."""

    def title(self, event: Upcoming) -> str:
        """Return who, what happens, and to what, in a line."""
        vendor = self.vendors[event.subprocessor]
        use = with_id(vendor.engagements, event.engagement)
        owner = use or vendor
        if change := with_id(owner.planned, event.planned):
            fields = fields_set(vendor, event.engagement, change)
            what = self.phrases.of_all([TypedField(type(owner), *field) for field in fields])
        elif use:
            what = use.purpose or self.titles["categories"].get(use.category, use.category)
        else:
            what = vendor.id
        return self.text(_TITLES[event.what], name=vendor.name, what=shorten(what, _MAX_SUBJECT))
