"""Describes each change in sentences: what happened, from when, and the facts that customers need.

Unknown change types and fields are named by their codes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from register_api.core.changes import Change
from register_api.core.countries import without_mechanism
from register_api.core.instant import local_day
from register_api.core.language.change_view import ChangeView, SentenceContext, with_id
from register_api.core.language.engagement_changes import circumstances, effective, engagement_sentences
from register_api.core.language.language import Language, capital, message, sentence, shorten
from register_api.core.language.notice import notice_dates, notice_given, older_promises, shortfall
from register_api.core.language.values import MECHANISM_NOT_STATED
from register_api.core.model import Engagement, Location, PlannedChange, Register, Subprocessor
from register_api.core.timeline import fields_set, with_change
from register_api.core.upcoming_events import Upcoming

MAX_SUMMARY = 2000
"""Maximum length of a summary, in characters."""

MAX_TITLE = 140
"""Maximum length of a title, in characters, without the remark on short notice."""


class BothTexts(msgspec.Struct, frozen=True):
    """A field's label, and its values before and after as text; ``None`` if not stated."""

    label: str
    before: str | None
    after: str | None


class Sentences(SentenceContext):
    """Describes changes in one language."""

    @classmethod
    def between(cls, older: Register | None, newer: Register, zone: dt.tzinfo) -> Sentences:
        """Return sentences for a diff in the newer register's language, else in English."""
        return cls(Language.of(newer.publisher.language), newer, local_day(newer.published_at, zone), older)

    def unabridged(self) -> Sentences:
        """Return the same sentences with every value in full."""
        return Sentences(self.language, self.register, self.day, self.older, most=None)

    def in_language(self, language: Language) -> Sentences:
        """Return the same sentences in another language."""
        if language is self.language:
            return self
        return Sentences(language, self.register, self.day, self.older, self.phrases.most)

    def summary(self, change: Change) -> str:
        """Return the complete description of a change on one line, with short notice and its reason."""
        return shorten(" ".join(self.of(change)), MAX_SUMMARY)

    def of(self, change: Change) -> tuple[str, ...]:
        """Return the description as separate sentences: the event, then short notice, then facts."""
        view = self.view(change)
        head, *rest = _change_sentences(view)
        return tuple(map(sentence, (head, *_short_notice(view), *rest, *_remarks(view))))

    def circumstances(self, change: Change) -> tuple[str, ...]:
        """Return facts on vendor and engagement after the change that ``of`` does not mention.

        Empty for an initial list and for corrections, editorial changes and reordering.
        """
        if self.register.previous is None or change.type in {*MARKED, "reordered"}:
            return ()
        described = self.of(change)
        sentences = map(sentence, circumstances(self.view(change)))
        return tuple(item for item in sentences if item not in described)

    def title(self, change: Change) -> str:
        """Return one line with the event and its date, and a remark if notice is short."""
        head = shorten(_change_sentences(self.view(change))[0], MAX_TITLE)
        short = shortfall(self.language, change.notice)
        return f"{head} ({short})" if short else head

    def texts(self, change: Change) -> tuple[BothTexts, ...]:
        """Return the full texts of an editorial change or correction, which a summary may shorten."""
        if change.type not in MARKED:
            return ()
        view = self.view(change)
        return tuple(BothTexts(*view.phrases.texts(field)) for field in view.fields)


MARKED = frozenset({"corrected", "editorial"})
"""Types that are named in the sentence, since only the text of the register changed."""

_TITLED: Mapping[str, str] = {
    "categories": message("Category “{title}”"),
    "products": message("Product “{title}”"),
    "statuses": message("Status “{title}”"),
}
"""How to name entries that have a title, by the register's field that lists them."""


def _change_sentences(view: ChangeView) -> Sequence[str]:
    """Return the sentences of a change; the first makes sense on its own."""
    # A newly filled field concerns several vendors or engagements.
    of_rows = {field.kind for field in view.fields} & {Subprocessor, Engagement}
    is_column = view.change.subprocessor is None and of_rows
    return engagement_sentences(view) or [_newly_filled_field(view) if is_column else _fields(view)]


def _short_notice(view: ChangeView) -> Iterator[str]:
    """Yield sentences about notice that was shorter than promised, and the reason."""
    announced = view.plan or view.engagement
    if short := shortfall(view.context.language, view.change.notice):
        yield short
        if announced and announced.short_notice:
            yield view.fact(Engagement, "short_notice", announced.short_notice)


def _remarks(view: ChangeView) -> Iterator[str]:
    """Yield remarks on new countries without a transfer mechanism, and on older promises that still bind."""
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
    """Describe changed fields, or the addition or removal of an entry."""
    change, subject = view.change, _subject(view)
    type_ = view.context.language.code("change", change.type)
    if not view.fields:
        return f"{subject}: {type_}"
    if change.kind != "changed":
        template = message("{subject} added") if change.kind == "added" else message("{subject} removed")
        return view.text(template, subject=subject)
    if change.type == "reordered":
        return f"{subject}: {view.phrases.reordered(view.fields)}"
    marked = change.type in MARKED
    what = view.phrases.of_all(view.fields, reworded=marked)
    when = effective(view) if change.type != "schedule_changed" else ""  # it is among the fields
    return f"{subject}{f' ({type_})' if marked else ''}: {what}{when}"


def _subject(view: ChangeView) -> str:
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
    """Describe a field that is now stated for several entries and was empty in all of them before."""
    label, field = view.phrases.label, view.fields[0]
    of = (Subprocessor, "engagements") if field.kind is Engagement else (Register, "subprocessors")
    return view.text(
        "{label} now stated for {n} {entries}",
        label=capital(label(field.kind, field.name)),
        n=len(view.fields),
        entries=label(*of),
    )


class DescribedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change with its summary, a sentence for each date, and full texts of corrections.

    ``notice`` is set if the promise was kept; short notice is part of the summary.
    """

    change: Change
    summary: str
    dates: tuple[str, ...]
    notice: str | None
    texts: tuple[BothTexts, ...]


def described_changes(changes: Iterable[Change], sentences: Sentences) -> list[DescribedChange]:
    """Return the changes of a diff as displayed in previews, feeds and pages."""
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
    """Titles of the upcoming events of one version."""

    def entries(self, event: Upcoming) -> tuple[Subprocessor, Engagement | None, PlannedChange | None]:
        """Return the vendor, engagement and planned change of an event."""
        vendor = self.vendors[event.subprocessor]
        use = with_id(vendor.engagements, event.engagement)
        return vendor, use, with_id((use or vendor).planned, event.planned)

    def fields(self, event: Upcoming, change: PlannedChange) -> str:
        """Describe the fields that a planned change alters."""
        vendor = self.vendors[event.subprocessor]
        return self.phrases.of_all(list(fields_set(vendor, event.engagement, change)))

    def title(self, event: Upcoming) -> str:
        """Return vendor, event and subject on one line."""
        vendor, use, change = self.entries(event)
        if change:
            what = self.fields(event, change)
        elif use:
            what = use.purpose or self.titles["categories"].get(use.category, use.category)
        else:
            what = vendor.id
        return self.text(_TITLES[event.what], name=vendor.name, what=shorten(what, _MAX_SUBJECT))
