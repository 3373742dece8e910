"""Each change in plain sentences: what happened, from when, and what a customer wants to know with it.

A change is data (``core.diff.changes``); what it says in words depends on it, on the register that it
leads to, and on the language. So preview, diff, feed and pages say the same, and whoever reads a diff
can say it anew. A type or a field that this release does not know is told as it is.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from register_api.core.calendar import local_day
from register_api.core.diff.sequence import staying
from register_api.core.language.change_view import view_change
from register_api.core.language.language import Language, message
from register_api.core.language.notice import shortfall
from register_api.core.language.prose import capital, sentence, shorten
from register_api.core.language.scene import Scene
from register_api.core.language.turns import say_turn
from register_api.core.model import Engagement

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from register_api.core.diff.changes import Change
    from register_api.core.language.change_view import ChangeView
    from register_api.core.model import Register

MAX_SUMMARY = 2000
"""Longest summary, in characters."""

MAX_TITLE = 140
"""Longest title, in characters, without what it says of the notice."""

_MOST_NAMED = 3


class Sentences:
    """Changes in the sentences of one language.

    Attributes:
        tag: BCP 47 tag of that language.
    """

    def __init__(
        self, language: Language, register: Register, day: dt.date, older: Register | None = None
    ) -> None:
        """Keep what sentences speak of.

        Args:
            language: The language of the sentences.
            register: The register that the changes lead to.
            day: The publisher's local day of its publication: what is later lies ahead.
            older: The register that they begin from, if it is at hand; for names that are gone.
        """
        self.tag = language.tag
        self._scene = Scene(language, register, day, older)

    @classmethod
    def between(cls, older: Register | None, newer: Register, zone: dt.tzinfo) -> Sentences:
        """Return the sentences of a diff in the newer register's language, else in English.

        Args:
            older: The register that the diff begins from.
            newer: The one that it leads to.
            zone: The publisher's time zone.
        """
        language = Language.of(newer.publisher.language)
        return cls(language, newer, local_day(newer.published_at, zone), older)

    def summary(self, change: Change) -> str:
        """Return all that is to be said of a change, short notice and its reason included.

        Returns:
            Sentences on one line, of at most ``MAX_SUMMARY`` characters.
        """
        view = view_change(change, self._scene.vendors)
        head, *rest = self._say(view)
        said = (head, *self._short_notice(view), *rest)
        return shorten(" ".join(map(sentence, said)), MAX_SUMMARY)

    def title(self, change: Change) -> str:
        """Return one line that says what happens and from when, and that notice is short if it is."""
        head = shorten(self._say(view_change(change, self._scene.vendors))[0], MAX_TITLE)
        short = shortfall(self._scene.language, change.notice)
        return f"{head} ({short})" if short else head

    def _say(self, view: ChangeView) -> Sequence[str]:
        """Return the sentences of a change, of which the first can stand alone."""
        said = say_turn(view, self._scene)
        if said:
            return said
        if view.is_column:
            return [self._column(view)]
        return [self._reordered(view) if view.is_order else self._fields(view)]

    def _short_notice(self, view: ChangeView) -> Iterator[str]:
        """Say openly where the notice promised was not given, and why."""
        short = shortfall(self._scene.language, view.change.notice)
        if short is not None:
            yield short
            if view.engagement and view.engagement.short_notice:
                yield self._scene.phrases.fact(Engagement, "short_notice", view.engagement.short_notice)

    def _fields(self, view: ChangeView) -> str:
        """Say what became of fields, or that an entry came or went."""
        subject, type_ = self._subject(view), view.change.class_
        if not view.fields:
            if view.came or view.went:
                said = message("{subject} added") if view.came else message("{subject} removed")
                return self._scene.text(said, subject=subject)
            return f"{subject}: {self._scene.language.code('change', type_)}"
        if type_ in _MARKED:
            subject = f"{subject} ({self._scene.language.code('change', type_)})"
        how = self._scene.phrases.reordered if type_ == "reordered" else self._scene.phrases.of
        return f"{subject}: {'; '.join(map(how, view.fields))}{self._effective(view.change)}"

    def _effective(self, change: Change) -> str:
        """Say from when a change holds that lies ahead, unless its fields say so themselves."""
        start = change.notice.starts_on if change.class_ != "schedule_changed" else None
        if start is None or not change.notice.required or start <= self._scene.day:
            return ""
        return self._scene.text(", effective {date}", date=self._scene.language.day(start))

    def _subject(self, view: ChangeView) -> str:
        """Name what a change is about."""
        if view.change.subprocessor is not None:
            return self._scene.who(view)
        first, *rest = (view.change.fields[0] if view.change.fields else "").split(".")
        said = _SUBJECTS.get(first, _SUBJECTS["register"])
        return self._scene.text(said, title=self._scene.title(view, rest[0]) if rest else "")

    def _column(self, view: ChangeView) -> str:
        """Say that a field was filled that had been empty everywhere."""
        field = view.fields[0]
        label = capital(self._scene.phrases.label(field.kind, field.name))
        number = len(view.change.after)
        if field.kind is Engagement:
            return self._scene.language.plural(
                "{label} now stated for {n} use", "{label} now stated for {n} uses", number, label=label
            )
        return self._scene.language.plural(
            "{label} now stated for {n} sub-processor",
            "{label} now stated for {n} sub-processors",
            number,
            label=label,
        )

    def _reordered(self, view: ChangeView) -> str:
        """Say which entries of a list moved, or how many."""
        change = view.change
        listed = self._scene.text(_LISTS[change.fields[0]])
        subject = f"{self._subject(view)}: {listed}" if change.subprocessor else capital(listed)
        kept = set(staying(change.before, change.after))
        moved = [self._scene.names.get(id_, id_) for id_ in change.after if id_ not in kept]
        if change.fields[0] == "subprocessors" and len(moved) <= _MOST_NAMED:
            names = self._scene.language.list(moved)
            return self._scene.text("{list} reordered (moved: {names})", list=subject, names=names)
        return self._scene.text("{list} reordered", list=subject)


_MARKED = frozenset({"corrected", "editorial"})
"""Types that are named beside what changed, since they say that nothing happened in the world."""

_SUBJECTS: Mapping[str, str] = MappingProxyType(
    {
        "notice": message("Notice policy"),
        "publisher": message("Publisher"),
        "categories": message("Category “{title}”"),
        "statuses": message("Status “{title}”"),
        "register": message("Register"),
    }
)
"""What a change of the register itself is about, by the first part of its path."""

_LISTS: Mapping[str, str] = MappingProxyType(
    {
        "subprocessors": message("sub-processors"),
        "engagements": message("uses"),
        "categories": message("categories"),
        "statuses": message("statuses"),
    }
)
"""Lists of entries by the member that holds them."""
