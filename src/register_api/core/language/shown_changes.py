"""Changes as preview, feed and pages show them: the summary, and beside it what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from register_api.core.diff.changes import Change
from register_api.core.language.changes import BothTexts, Sentences
from register_api.core.language.notice import notice_dates, notice_given


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
    """Return changes as preview, feed and pages tell them.

    Args:
        changes: The changes of a diff.
        sentences: Sentences about that diff.
    """
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
