"""What `init` asks: one row a question, the same for an option on the command line and at a terminal."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import click
import holidays

from register_api.core.forms import LANGUAGE_TAG, LICENSE, LINK, MAX_DAYS, Form
from register_api.core.text import base_url_problem
from register_api.errors import Refused, UsageError
from register_api.source.load import load_zone

NONE = "none"
"""Answers that there is no such thing."""

_LICENSE = "CC0-1.0"
"""What is proposed: a register is there to be copied, compared and joined with others."""
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
_MAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")
_COUNTED_YEARS = 3
"""Years whose holidays are written, from the present one on; R29 warns of those that come after."""


class Asked(NamedTuple):
    """A question.

    Attributes:
        name: Of the option, with ``_``.
        text: What is asked.
        usual: Returns what is proposed, from the answers so far; ``None`` where it is not asked.
        read: Returns what an answer means; raises ``UsageError`` for one that does not fit.
        help: Of the option.
    """

    name: str
    text: str
    usual: Callable[[Mapping[str, Any]], str | None]
    read: Callable[[str], Any]
    help: str


def _domain(answer: str) -> str:
    if not _DOMAIN.fullmatch(answer):
        hint = "lower-case letters, such as example.com"
        if not answer.isascii():
            hint += "; a name with other letters as the Domain Name System has it, such as xn--mller-kva.de"
        raise UsageError(f"{answer!r} is not a valid domain", hint=hint)
    return answer


def _mail(answer: str) -> str:
    if not _MAIL.fullmatch(answer):
        raise UsageError(f"{answer!r} is not a valid mail address", hint="such as privacy@example.com")
    return answer


def _address(answer: str) -> str:
    url = answer if answer.endswith("/") else f"{answer}/"
    problem = base_url_problem(url)
    if problem is not None:
        raise UsageError(f"{answer!r} {problem}", hint="write it like https://trust.example.com/")
    return url


def _zone(answer: str) -> str:
    try:
        load_zone(answer)
    except Refused as refusal:
        (finding,) = refusal.findings
        raise UsageError(finding.message, hint=finding.hint) from None
    return answer


def _number(answer: str) -> int:
    if not answer.isdecimal() or int(answer) > MAX_DAYS:
        raise UsageError(f"{answer!r} is not a number of days", hint=f"a whole number up to {MAX_DAYS}")
    return int(answer)


def _day_count(answer: str) -> str:
    if answer not in {"calendar", "business"}:
        raise UsageError(f"{answer!r} is not a way of counting days", hint="calendar, or business")
    return answer


def _country(answer: str) -> str | None:
    """Return a country, or a part of one, whose holidays the library knows: ``DE``, ``DE-BE``."""
    country, _, part = answer.partition("-")
    known = holidays.list_supported_countries()
    if answer == NONE:
        return None
    if country not in known or (part and part not in known[country]):
        hint = "an ISO 3166 code such as DE, or of a part such as DE-BE; none for none"
        if country in known:
            hint = f"parts of {country}: {', '.join(known[country])}"
        raise UsageError(f"the holidays of {answer!r} are not known", hint=hint)
    return answer


def _of(form: Form) -> Callable[[str], str | None]:
    def read(answer: str) -> str | None:
        fault = None if answer == NONE else form.fault(answer)
        if fault is not None:
            raise UsageError(fault.message, hint=fault.hint)
        return None if answer == NONE else answer

    return read


QUESTIONS = (
    Asked("name", "Name of your company", lambda _: "Example Company", str.strip, "Your company's name."),
    Asked(
        "domain", "Your domain", lambda _: "example.com", _domain,
        "Your domain, e.g. example.com; part of the register's permanent name.",
    ),
    Asked(
        "url", "Address at which the register will be published", lambda said: f"https://trust.{said['domain']}/",
        _address, "Address of the register's root.",
    ),
    Asked(
        "contact", "Mail address for privacy questions", lambda said: f"privacy@{said['domain']}", _mail,
        "Mail address for privacy questions.",
    ),
    Asked(
        "time_zone", "Time zone in which days are counted", lambda _: "UTC", _zone,
        "IANA name of the time zone in which days are counted, e.g. Europe/Berlin.",
    ),
    Asked(
        "notice_days", "Days of notice you promise", lambda _: "30", _number,
        "Days of notice that you promise.",
    ),
    Asked(
        "day_count", "Counted as calendar or business days", lambda _: "calendar", _day_count,
        "Whether these are calendar or business days (Monday to Friday without holidays).",
    ),
    Asked(
        "holidays", "Country whose public holidays do not count, such as DE or DE-BE (none for none)",
        lambda said: NONE if said["day_count"] == "business" else None, _country,
        "Country, or part of one, whose public holidays are no business days, e.g. DE or DE-BE.",
    ),
    Asked(
        "objection", "Where customers object, mailto: or https: (none for no way to object)",
        lambda said: f"mailto:{said['contact']}", _of(LINK),
        "Where customers object to what was announced: mailto: or https:.",
    ),
    Asked(
        "language", "Language of your texts", lambda _: "en", _of(LANGUAGE_TAG),
        "Language of your texts (BCP 47); pages are in English, or in German for de.",
    ),
    Asked(
        "license", "Licence for reuse of the data (none for no licence)", lambda _: _LICENSE, _of(LICENSE),
        "Licence for reuse of the data: an SPDX identifier or an https URL; none for no licence.",
    ),
)  # fmt: skip


def answers(given: Mapping[str, str | None], *, interactive: bool) -> dict[str, Any]:
    """Return the answer to each question, from options, from a person, or as it is proposed."""
    said: dict[str, Any] = {}
    for question in QUESTIONS:
        option, usual = given[question.name], question.usual(said)
        if option is not None:
            said[question.name] = question.read(option)
        elif usual is None:
            said[question.name] = None
        else:
            said[question.name] = _ask(question, usual) if interactive else question.read(usual)
    return said


def _ask(question: Asked, usual: str) -> Any:
    def read(answer: str) -> Any:
        try:
            return question.read(answer.strip())
        except UsageError as error:  # click asks again
            raise click.UsageError(f"{error.message}. {error.hint}") from None

    return click.prompt(question.text, default=usual, value_proc=read)


def holidays_of(place: str | None, day: dt.date) -> list[dt.date]:
    """Return the public holidays of a country, or a part of one, on days from Monday to Friday."""
    if place is None:
        return []
    country, _, part = place.partition("-")
    years = range(day.year, day.year + _COUNTED_YEARS)
    found = holidays.country_holidays(country, subdiv=part or None, years=years)
    weekdays = 5
    return sorted(each for each in found if each.weekday() < weekdays)
