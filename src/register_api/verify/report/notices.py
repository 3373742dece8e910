"""The section Notice: each announcement that a promise covers, in sentences made from what was recounted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from register_api.core.judging.changes import NoticeGiven
from register_api.core.language import notice as words
from register_api.core.language.language import ENGLISH
from register_api.verify.report.report import NoticeTold
from register_api.verify.report.text import plain


def notices_told(given: Iterable[NoticeGiven]) -> Iterator[NoticeTold]:
    """Yield announcements with a sentence for each."""
    for item in given:
        yield NoticeTold(**msgspec.structs.asdict(item), sentence=_sentence(item))


def _sentence(given: NoticeGiven) -> str:
    place = "/".join(part for part in (given.subprocessor, given.engagement, given.planned) if part)
    said = [f"Version {given.version}, {plain(given.name)} ({place}): {given.outcome}."]
    said += words.notice_dates(ENGLISH, given.notice)
    counted = words.notice_given(ENGLISH, given.notice)
    said += [f"{counted}."] if counted else []
    if given.outcome != "kept":
        said += [f"Reason given: {plain(given.reason)}" if given.reason else "No reason is given."]
    return " ".join(said)
