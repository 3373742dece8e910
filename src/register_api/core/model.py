"""The nouns of the register, as frozen structs: one class per kind of object on the wire.

A struct ending in ``Source`` is what the publisher edits in TOML; the one without adds what
publishing sets. Every field is always present on the wire (docs/format.md, Bytes): an unknown
optional field is ``null``, an empty list ``[]``. Days mean the publisher's time zone; instants are
UTC with whole seconds.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

RegisterFormat = Literal["sub-processor-register/1"]

ReasonKind = Literal["initial", "change", "correction", "editorial"]
Recorded = Literal["live", "imported"]
DayCount = Literal["calendar", "business"]
NoticeEvent = Literal["addition", "replacement", "activation", "relocation", "data_changed"]
Status = Literal["active", "conditional", "available"]
VendorKind = Literal["third_party", "affiliate"]
IdentifierScheme = Literal["lei", "euid", "vat", "duns", "national"]
Claim = Literal["certified", "declared", "in_progress", "aligned"]
ConditionType = Literal["consent", "region", "configuration", "feature", "product", "plan", "request"]
DataScope = Literal["customer_content", "customer_account", "website_visitor", "none"]
Activity = Literal["store", "process", "access"]
Mechanism = Literal["adequacy", "dpf", "scc", "bcr", "derogation", "unstated"]
IctService = Literal[
    "S01", "S02", "S03", "S04", "S05", "S06", "S07", "S08", "S09", "S10",
    "S11", "S12", "S13", "S14", "S15", "S16", "S17", "S18", "S19",
]  # fmt: skip

WIDE_COUNTRIES = frozenset({"EU", "EEA", "worldwide", "varies"})
"""Values a location's country may take besides ISO 3166-1 alpha-2 codes."""


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all records: immutable, keyword-only."""


class Identifier(_Record, frozen=True, kw_only=True):
    """A company number: scheme and value, e.g. an LEI (ISO 17442)."""

    scheme: IdentifierScheme
    value: str


class Contact(_Record, frozen=True, kw_only=True):
    """Whom to ask at the publisher, for what (``role``, e.g. ``privacy``)."""

    role: str
    email: str | None = None
    url: str | None = None


class Publisher(_Record, frozen=True, kw_only=True):
    """The company whose register this is: the processor under GDPR Art. 28.

    Attributes:
        time_zone: IANA name; all days in the register mean this zone.
        language: BCP 47 tag of the register's texts.
    """

    name: str
    time_zone: str
    language: str
    legal_name: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    website: str | None = None
    contacts: tuple[Contact, ...] = ()


class Notice(_Record, frozen=True, kw_only=True):
    """The notice promise (GDPR Art. 28(2), general written authorisation).

    Attributes:
        days: Days of notice promised before a covered change starts.
        day_count: Calendar days, or business days: Monday to Friday without ``holidays``.
        holidays: Days that do not count as business days; so that anybody can redo the count.
        applies_to: Kinds of change the promise covers.
        channels: How notice is given, in words.
        objection_days: Days after the announcement in which a customer may object, if promised.
        subscribe: Where to ask for notices: ``mailto:`` or ``https://``.
    """

    days: int
    applies_to: tuple[NoticeEvent, ...]
    day_count: DayCount = "calendar"
    holidays: tuple[dt.date, ...] = ()
    channels: tuple[str, ...] = ()
    objection_days: int | None = None
    subscribe: str | None = None
    text: str | None = None


class StatusText(_Record, frozen=True, kw_only=True):
    """What one of the three statuses means at this publisher."""

    id: Status
    title: str
    description: str | None = None


class Category(_Record, frozen=True, kw_only=True):
    """A group of engagements, with the safeguards that hold for all of them."""

    id: str
    title: str
    description: str | None = None
    safeguards: tuple[str, ...] = ()


class Exclusion(_Record, frozen=True, kw_only=True):
    """Who is expressly not a sub-processor, and why."""

    title: str
    text: str
    examples: tuple[str, ...] = ()


class RelatedDocument(_Record, frozen=True, kw_only=True):
    """A document that belongs beside the register, e.g. the data processing agreement."""

    title: str
    url: str | None = None


class Certification(_Record, frozen=True, kw_only=True):
    """A certification or commitment, with how far the claim goes."""

    name: str
    claim: Claim
    scope: str | None = None
    valid_until: dt.date | None = None
    url: str | None = None


class Withdrawn(_Record, frozen=True, kw_only=True):
    """The vendor was listed by mistake; the entry stays visible with the reason."""

    reason: str


class Condition(_Record, frozen=True, kw_only=True):
    """When an engagement or a location comes into play, e.g. ``region``, ``LLM_REGION`` = ``eu``."""

    type: ConditionType
    key: str | None = None
    value: str | None = None
    text: str | None = None


class Location(_Record, frozen=True, kw_only=True):
    """Where processing happens.

    Attributes:
        country: ISO 3166-1 alpha-2, or ``EU``, ``EEA``, ``worldwide`` or ``varies``.
        place: Town, data centre or region, in words.
        default: Whether this place is used unless something else is agreed.
        activities: What happens there.
        condition: When this place is used, if not always.
    """

    country: str
    place: str | None = None
    default: bool = False
    activities: tuple[Activity, ...] = ()
    condition: Condition | None = None
    text: str | None = None


class Transfer(_Record, frozen=True, kw_only=True):
    """A transfer to a third country (GDPR Chapter V) and the mechanism it rests on."""

    destination: str
    mechanism: Mechanism
    reference: str | None = None


class ShortNotice(_Record, frozen=True, kw_only=True):
    """The notice promise was not kept for this engagement, and why, for all to see."""

    reason: str


class Announced(_Record, frozen=True, kw_only=True):
    """The first version that said this, and when it was published (UTC)."""

    version: int
    at: dt.datetime


class EngagementSource(_Record, frozen=True, kw_only=True):
    """What one vendor is used for, as the publisher writes it.

    Attributes:
        ict_service: Type of ICT service ``S01`` to ``S19`` (Regulation (EU) 2024/2956, Annex III).
        data_scope: Whose data: customers' content, their accounts, website visitors, or none.
        special_categories: Whether GDPR Art. 9 data is processed; ``None`` means not stated.
        starts_on: First day of use; ``None`` means before version 1.
        ends_on: First day on which the vendor is no longer engaged.
    """

    id: str
    category: str
    status: Status
    purpose: str = ""
    products: tuple[str, ...] = ()
    ict_service: IctService | None = None
    condition: Condition | None = None
    data_scope: tuple[DataScope, ...] = ()
    data_categories: tuple[str, ...] = ()
    data_subjects: tuple[str, ...] = ()
    special_categories: bool | None = None
    retention: str | None = None
    locations: tuple[Location, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    safeguards: tuple[str, ...] = ()
    notes: str | None = None
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    short_notice: ShortNotice | None = None
    extra: dict[str, str] = {}


class Engagement(EngagementSource, frozen=True, kw_only=True):
    """What one vendor is used for, as published: with the version that announced it."""

    announced: Announced


class _VendorFields(_Record, frozen=True, kw_only=True):
    """What is said of a vendor itself, in source and on the wire alike."""

    id: str
    name: str
    legal_name: str | None = None
    kind: VendorKind = "third_party"
    seat: str | None = None
    address: str | None = None
    website: str | None = None
    privacy_url: str | None = None
    subprocessors_url: str | None = None
    contact: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    parent: str | None = None
    formerly: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    merged_from: tuple[str, ...] = ()
    split_from: str | None = None
    certifications: tuple[Certification, ...] = ()
    withdrawn: Withdrawn | None = None
    extra: dict[str, str] = {}


class SubprocessorSource(_VendorFields, frozen=True, kw_only=True):
    """A vendor as the publisher writes it: one TOML file."""

    engagements: tuple[EngagementSource, ...] = ()


class Subprocessor(_VendorFields, frozen=True, kw_only=True):
    """A vendor as published (a sub-processor, GDPR Art. 28(2) and (4))."""

    engagements: tuple[Engagement, ...] = ()


class _RegisterFields(_Record, frozen=True, kw_only=True):
    """What the publisher says at the level of the register, in source and on the wire alike."""

    register: str
    updated_on: dt.date
    publisher: Publisher
    notice: Notice
    statuses: tuple[StatusText, ...]
    categories: tuple[Category, ...]
    exclusions: tuple[Exclusion, ...] = ()
    related_documents: tuple[RelatedDocument, ...] = ()
    extra: dict[str, str] = {}


class RegisterSource(_RegisterFields, frozen=True, kw_only=True):
    """``register.toml``: everything but the vendors, and the order of reading them."""

    order: tuple[str, ...] = ()


class Draft(_Record, frozen=True, kw_only=True):
    """A whole source: ``register.toml`` and the vendors in order of reading."""

    register: RegisterSource
    subprocessors: tuple[SubprocessorSource, ...]


class Previous(_Record, frozen=True, kw_only=True):
    """The version before, by number and SHA-256 (hex) of its bytes."""

    version: int
    sha256: str


class Reason(_Record, frozen=True, kw_only=True):
    """Why this version was published."""

    kind: ReasonKind
    text: str | None = None


class Register(_RegisterFields, frozen=True, kw_only=True):
    """One published version of the register (docs/format.md, The register).

    Attributes:
        version: Number from 1 without gaps.
        published_at: When this version first said what it says (UTC, whole seconds).
        recorded: ``imported`` marks history taken over from elsewhere, for ever.
        corrects: Number of the version that a correction puts right.
    """

    format: RegisterFormat = "sub-processor-register/1"
    version: int
    published_at: dt.datetime
    previous: Previous | None
    recorded: Recorded
    reason: Reason
    corrects: int | None = None
    subprocessors: tuple[Subprocessor, ...] = ()
