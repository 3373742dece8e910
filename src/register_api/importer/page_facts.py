"""What a page states of itself: the day it is of, and how many days of notice it promises."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from babel import Locale
from lxml.html import HtmlElement

from register_api.importer.columns import folded
from register_api.importer.html_page import text_of
from register_api.importer.places import LANGUAGES
from register_api.importer.table import Stated, Table

_KEYS: dict[str, Literal["updated_on", "notice_days"]] = {
    **dict.fromkeys(("updated", "updatedat", "updatedon", "lastupdate", "lastupdated", "lastupdatedat",
                     "lastmodified", "lastmod", "modified", "effectivedate", "effectivefrom", "asof"),
                    "updated_on"),
    **dict.fromkeys(("noticedays", "noticeperiod", "noticeperioddays", "notificationdays",
                     "notificationperiod", "notificationperioddays", "advancenoticedays"), "notice_days"),
}  # fmt: skip
"""Keys, folded, of a page's settings and of what stands beside the rows of a document."""
_STATING = (
    r"last (?:updated|modified|changed|revised|reviewed)", "updated", "effective(?: date| as of| from)?",
    "as of", "zuletzt (?:aktualisiert|geändert)", "stand", "dernière mise à jour",
    "laatst (?:bijgewerkt|gewijzigd)", "última actualización", "ultimo aggiornamento",
)  # fmt: skip
"""Words before the day that a page is of."""
_DATED = re.compile(
    rf"\b(?:{'|'.join(_STATING)})\b(?: on| am| le| op| el| il)?[ :\n\u2013\u2014-]{{1,4}}", re.IGNORECASE
)
_SPAN = r"\b(\d{1,3})[ -](?:calendar |business |working )?days?\b"
_NOTICE = re.compile(
    rf"{_SPAN}[^.\n]{{0,40}}?\b(?:notice|notif|in advance|prior|before)"
    rf"|\b(?:notice|notif\w{{0,10}}|advance)\b[^.\n]{{0,60}}?{_SPAN}",
    re.IGNORECASE,
)
_YEAR = r"(?P<year>\d{4})\b"
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)",
        r"(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\. ?" + _YEAR,
        r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?,? (?:(?:of|de) )?(?P<month>[^\W\d]{3,12})[.,]* (?:de )?"
        + _YEAR,
        r"(?P<month>[^\W\d]{3,12})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? " + _YEAR,
    )
)
_DAYS = re.compile(r"P?(\d{1,3})(?: ?(?:d|days?))?", re.IGNORECASE)
_MONTHS = {
    folded(name): number
    for language in ("en", *LANGUAGES)
    for width in ("wide", "abbreviated")
    for number, name in Locale(language).months["format"][width].items()
}
_LONGEST = 60


def day_in(text: str) -> dt.date | None:
    """Return the day that a text begins with. 03/04/2026 is none: it is a day in March, or one in April."""
    text = text.lstrip()
    found = next(filter(None, (form.match(text) for form in _FORMS)), None)
    if found is None:
        return None
    month = found["month"]
    try:
        number = int(month) if month.isdecimal() else _MONTHS[folded(month)]
        return dt.date(int(found["year"]), number, int(found["day"]))
    except (KeyError, ValueError):
        return None


def stated_under(file: str, key: str, value: str) -> Iterator[Stated]:
    """Yield what a key of the page's settings, or beside the rows of a document, states."""
    field = _KEYS.get(folded(key))
    if field == "updated_on":
        found: object = day_in(value)
    else:
        days = _DAYS.fullmatch(value) if field else None
        found = days and days[1]
    if field and found:
        yield Stated(field=field, value=str(found), words=f"{key}: {value[:_LONGEST]}", file=file)


def stated_of(
    name: str, tables: tuple[Table, ...], root: HtmlElement, more: Iterable[Stated] = ()
) -> tuple[Table, ...]:
    """Return tables with what the page around them states of itself, which the first of them keeps."""
    if not tables:
        return ()
    stated = (*tables[0].stated, *more, *_stated_by(name, text_of(root)))
    return (msgspec.structs.replace(tables[0], stated=stated), *tables[1:])


def _stated_by(file: str, text: str) -> Iterator[Stated]:
    """Yield what the words of a page state: "Last updated: 12 March 2026", "30 days' notice"."""
    for found in _DATED.finditer(text):
        after = text[found.end() : found.end() + _LONGEST]
        day = day_in(after)
        if day is not None:
            words = found[0].replace("\n", " ") + after.partition("\n")[0]
            yield Stated(field="updated_on", value=day.isoformat(), words=words, file=file)
    for found in _NOTICE.finditer(text):
        words = " ".join(found[0].split())
        yield Stated(field="notice_days", value=found[1] or found[2], words=words, file=file)
