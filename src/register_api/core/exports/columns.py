"""The columns of the exports: a row for each use of a sub-processor at each location.

The CSV with its Table Schema, the workbook and docs/export-columns.md are generated from this table.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Literal

import msgspec

from register_api.core.countries import OPENLY_UNSTATED, is_in_eea, without_mechanism
from register_api.core.fields import FIELDS
from register_api.core.instant import local_day
from register_api.core.language.language import Language, capital, message
from register_api.core.language.values import Values
from register_api.core.model import (
    Announced,
    Category,
    Engagement,
    Location,
    Register,
    Subprocessor,
    Transfer,
)
from register_api.core.timeline import EngagementState

CellType = Literal["string", "boolean", "integer", "date"]


class ExportColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column.

    Attributes:
        name: Its permanent name in the header row of the CSV.
        title: Its title for people: a message of the catalogue.
        description: Meaning of a cell, in English.
        value: Returns a row's value as in the register; ``None`` if not stated.
        words: Returns the value as text.
        type: Type of the cells (Table Schema); ``string`` for lists and codes.
        required: Whether every row has a value.
        of_use: Whether it concerns the use or the location; otherwise the workbook shows it elsewhere, once.
        of_place: Whether it concerns the location, so that the rows of one use differ in it.
    """

    name: str
    title: str
    description: str
    value: Callable[[UseAtPlace], Any]
    words: Callable[[Values, Any], str]
    type: CellType = "string"
    required: bool = False
    of_use: bool = True
    of_place: bool = False

    def heading(self, language: Language) -> str:
        """Return the title in a language."""
        return capital(language.template(self.title))


_VENDOR, _ENTITY, _USE = "current.vendor", "current.entity", "current.engagement"
_ANNOUNCED, _PLACE, _REGISTER = "current.engagement.announced", "location", "register"


def _field(
    owner: str, kind: type[msgspec.Struct], field: str, description: str, **other: Any
) -> ExportColumn:
    """Return the column of a register field, titled with the field's label."""
    get = attrgetter(f"{owner}.{field}")
    given: dict[str, Any] = {
        "name": field,
        "title": FIELDS[kind][field].label,
        "value": get if owner != _PLACE else lambda row: get(row) if row.location else None,
        "words": lambda values, value: values.of_field(kind, field, value),
        "description": description,
        "of_place": owner == _PLACE,
        **other,
    }
    return ExportColumn(**given)


def _own(
    name: str, title: str, description: str, value: Callable[[UseAtPlace], Any], **other: Any
) -> ExportColumn:
    """Return a column derived from several fields of the register."""
    given: dict[str, Any] = {"words": lambda values, found: values.of(found), **other}
    return ExportColumn(name=name, title=title, description=description, value=value, **given)


def _codes(vocabulary: str) -> Callable[[Values, Any], str]:
    return lambda values, value: values.codes(vocabulary, (value,) if isinstance(value, str) else value)


# fmt: off
COLUMNS: tuple[ExportColumn, ...] = (
    _field(_VENDOR, Subprocessor, "id", "Id of the sub-processor.",
           name="subprocessor", title=message("id of the sub-processor"), required=True),
    _field(_VENDOR, Subprocessor, "name", "Name of the sub-processor.", required=True),
    _field(_ENTITY, Subprocessor, "legal_name",
           "Legal entity engaged: that of the use, else the sub-processor."),
    _field(_ENTITY, Subprocessor, "seat", "Country in which it is established, ISO 3166-1 alpha-2."),
    _field(_ENTITY, Subprocessor, "address", "Its address."),
    _field(_ENTITY, Subprocessor, "identifiers", "Its company identifiers: `scheme:value` each."),
    _field(_VENDOR, Subprocessor, "kind", "`third_party` or `affiliate`.", required=True, of_use=False),
    _field(_VENDOR, Subprocessor, "role", "`sub_processor` or `independent_controller`.", required=True,
           of_use=False),
    _field(_VENDOR, Subprocessor, "parent", "Id of its parent company.", of_use=False),
    _field(_VENDOR, Subprocessor, "engaged_by", "Id of the sub-processor that engages it.", of_use=False),
    _field(_USE, Engagement, "id", "Id of the use, unique within the sub-processor.",
           name="use", title=message("id of the use"), required=True),
    _field(_USE, Engagement, "category", "Id of its category.", required=True),
    _own("category_title", message("title of the category"), "Title of that category.",
         lambda row: row.category.title if row.category else None,         of_use=False),
    _field(_USE, Engagement, "purpose", "What the sub-processor is used for."),
    _field(_USE, Engagement, "products", "Products that use it: `all`, or their ids."),
    _field(_USE, Engagement, "ict_service",
           "Type of ICT service, `S01` to `S19` (Regulation (EU) 2024/2956)."),
    _field(_USE, Engagement, "status", "`active`, `conditional` or `available`.", required=True),
    _own("state", message("state on the day"), "Where it stands on the day `as_of`: `announced`, `in_force`, "
         "`ended`, `available`, `withdrawn` or `cancelled`.", attrgetter("current.state"),
         words=_codes("state"), required=True),
    _field(_USE, Engagement, "conditions", "When it comes into play, if not always: all of them must hold.",
           value=lambda row: row.current.engagement.conditions or None),
    _field(_USE, Engagement, "data_scope", "Whose personal data: codes; `none` where none is processed."),
    _field(_USE, Engagement, "data_categories", "Categories of personal data."),
    _field(_USE, Engagement, "data_subjects", "Data subjects."),
    _field(_USE, Engagement, "special_categories",
           "Whether GDPR Article 9 data is processed.", type="boolean"),
    _field(_USE, Engagement, "retention", "Retention period."),
    _own("location", message("number of the place"), "Number of the place within the use, from 1; 0 where no "
         "place is stated.", attrgetter("number"), type="integer", required=True, of_use=False,
         of_place=True),
    _field(_PLACE, Location, "country",
           "Country of processing: ISO 3166-1 alpha-2, `EU`, `EEA`, `worldwide` or "
           "`varies`.", words=lambda values, value: values.language.country(value)),
    _own("in_eea", message("in the EEA"), "Whether that lies in the EEA; empty where it is left open.",
         attrgetter("in_eea"), type="boolean", of_place=True),
    _field(_PLACE, Location, "place", "Town, data centre or region."),
    _field(_PLACE, Location, "activities", "What happens there: codes such as `store`, `process`, `access`.",
           value=lambda row: (row.location.activities if row.location else ()) or None,
           words=_codes("activity")),
    _field(_PLACE, Location, "is_default", "Whether this place is used unless something else is agreed.",
           type="boolean"),
    _field(_PLACE, Location, "conditions", "When this place is used, if not always.", name="place_conditions",
           title=message("conditions of the place"),
           value=lambda row: (row.location.conditions if row.location else ()) or None),
    _field(_PLACE, Location, "text", "What else is said of the place.", name="place_note",
           title=message("note on the place")),
    _field(_PLACE, Transfer, "mechanism",
           "Transfer mechanisms for this place: codes; `unstated` where one is "
           "needed and none is stated; empty within the EEA.", name="transfer_mechanism",
           title=message("transfer mechanism"), words=_codes("mechanism"),
           value=lambda row: row.transfers and tuple(item.mechanism for item in row.transfers)),
    _field(_PLACE, Transfer, "reference", "Which clauses or decision these are.", name="transfer_reference",
           title=message("reference of the transfer mechanism"),
           value=lambda row: tuple(item.reference for item in row.transfers or () if item.reference) or None),
    _field(_USE, Engagement, "transfers", "All transfers of the use, also those to no place of it: "
           "`destination: mechanism` each."),
    _own("safeguards", FIELDS[Engagement]["safeguards"].label, "Safeguards of the category and of the use.",
         attrgetter("safeguards")),
    _field(_VENDOR, Subprocessor, "certifications", "Certifications, each with how far the claim goes.",
           of_use=False),
    _own("announced_on", message("announced on"), "Day of the announcement.", attrgetter("announced_on"),
         type="date", required=True),
    _field(_ANNOUNCED, Announced, "version", "Version that announced it.", name="announced_in",
           title=message("announced in version"), type="integer", required=True),
    _field(_USE, Engagement, "starts_on", "First day of use; empty: in use before version 1, or not in use.",
           type="date"),
    _field(_USE, Engagement, "ends_on", "First day on which the sub-processor is no longer engaged.",
           type="date"),
    _field(_ANNOUNCED, Announced, "promised_days", "Days of notice promised; empty where none are.",
           name="notice_promised", type="integer"),
    _field(_ANNOUNCED, Announced, "days", "Days of notice given; negative where announced late.",
           name="notice_given", type="integer"),
    _field(_ANNOUNCED, Announced, "met", "Whether the promise was kept.", name="notice_kept", type="boolean"),
    _own("short_notice", FIELDS[Engagement]["short_notice"].label, "Why the notice was short.",
         lambda row: row.current.engagement.short_notice and row.current.engagement.short_notice.reason),
    _field(_ANNOUNCED, Announced, "objection_until", "Last day to object; empty where no period is promised.",
           type="date"),
    _own("planned_on", message("planned changes take effect on"), "Days after `as_of` on which planned "
         "changes take effect.", lambda row: row.planned_on or None),
    _field(_USE, Engagement, "notes", "Notes on the use."),
    _field(_VENDOR, Subprocessor, "website", "Website of the sub-processor.", of_use=False),
    _field(_VENDOR, Subprocessor, "privacy_url", "Its privacy policy.", of_use=False),
    _field(_VENDOR, Subprocessor, "dpa_url", "Its data processing agreement.", of_use=False),
    _field(_VENDOR, Subprocessor, "subprocessors_url", "Its own list of sub-processors.", of_use=False),
    _field(_VENDOR, Subprocessor, "contact", "Whom to ask there.", of_use=False),
    _field(_REGISTER, Register, "register", "Name of the register.", required=True, of_use=False),
    _field(_REGISTER, Register, "version", "Version of the register.", type="integer", required=True,
           of_use=False),
    _own("as_of", message("as of"), "Day that the row is given for, in the publisher's time zone.",
         attrgetter("on"), type="date", required=True, of_use=False),
)
# fmt: on
"""All columns in order."""


class UseAtPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a use at one of its locations, evaluated on a day in the publisher's time zone.

    ``category`` is ``None`` if the register does not list it. ``number`` counts the locations of a use from
    1; it is 0 if none is stated.
    """

    register: Register
    on: dt.date
    current: EngagementState
    category: Category | None
    announced_on: dt.date
    number: int
    location: Location | None

    @property
    def safeguards(self) -> tuple[str, ...] | None:
        """Safeguards of the category and of the use; ``None`` if not stated."""
        of_all = self.category.safeguards if self.category else ()
        own = self.current.engagement.safeguards
        return (*of_all, *own) if own is not None else of_all or None

    @property
    def in_eea(self) -> bool | None:
        """Whether the location is in the EEA; ``None`` if unknown."""
        if self.location is None or self.location.country == "varies":
            return None
        return is_in_eea(self.location.country)

    @property
    def transfers(self) -> tuple[Transfer, ...] | None:
        """Transfer mechanisms for this location (GDPR Chapter V).

        ``unstated`` if one is required and none is stated; ``None`` if no location is stated, it is in the
        EEA, or no personal data is processed.
        """
        place, use = self.location, self.current.engagement
        if place is None or use.data_scope == () or is_in_eea(place.country):
            return None
        if place.country in without_mechanism(use):
            return (Transfer(destination=place.country, mechanism=OPENLY_UNSTATED),)
        reach = {place.country, "worldwide"}
        return tuple(item for item in use.transfers or () if item.destination in reach)

    @property
    def planned_on(self) -> tuple[dt.date, ...]:
        """Dates after that of the row on which planned changes of the vendor or the use take effect."""
        planned = (*self.current.vendor.planned, *self.current.engagement.planned)
        days = {item.effective_on for item in planned if item.cancelled is None}
        return tuple(sorted(day for day in days if day > self.on))


def uses_at_places(
    register: Register, states: Iterable[EngagementState], on: dt.date, zone: dt.tzinfo
) -> Iterator[UseAtPlace]:
    """Yield a row for each location of each use, and one for a use without a stated location.

    The uses are evaluated ``on`` a day in the publisher's time zone (``core.timeline``).
    """
    categories = {item.id: item for item in register.categories}
    for current in states:
        places: list[tuple[int, Location | None]] = [*enumerate(current.engagement.locations or (), start=1)]
        for number, location in places or [(0, None)]:
            yield UseAtPlace(
                register=register,
                on=on,
                current=current,
                category=categories.get(current.engagement.category),
                announced_on=local_day(current.engagement.announced.at, zone),
                number=number,
                location=location,
            )


def cells(
    columns: Sequence[ExportColumn],
    rows: Iterable[UseAtPlace],
    cell: Callable[[ExportColumn, UseAtPlace], str],
) -> Iterator[list[str]]:
    """Yield the cells of each row; what concerns the use is formatted once for all its locations."""
    for _, places in itertools.groupby(
        rows, key=lambda row: (row.current.vendor.id, row.current.engagement.id)
    ):
        texts: list[str] = []
        for row in places:
            both = itertools.zip_longest(columns, texts)
            texts = [cell(column, row) if text is None or column.of_place else text for column, text in both]
            yield texts
