"""The data model of the register, as frozen structs: one class per kind of object on the wire.

A struct whose name ends in ``Source`` is what the publisher edits in TOML; the one without adds fields set by
publishing. Every field is always present on the wire (docs/format/bytes.md): a value that is not stated is
``null``; where a list may be ``null``, an empty one states "none". Dates are in the publisher's time zone;
instants are UTC with whole seconds.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, get_args

import msgspec

from register_api.core import field_forms
from register_api.core.canonical import decodable

RegisterFormat = Literal["sub-processor-register/1"]

# Closed: an older reader could not judge an unknown value.
ReasonKind = Literal["initial", "change", "correction", "editorial"]
Recorded = Literal["live", "imported"]
DayCount = Literal["calendar", "business"]
Status = Literal["active", "conditional", "available"]
StatusId = Annotated[Status, field_forms.has_form(field_forms.Reference(to="status"))]
VendorKind = Literal["third_party", "affiliate"]
VendorRole = Literal["sub_processor", "independent_controller"]
LifecycleState = Literal["moved", "closed"]

NoticeEvent = Literal["addition", "replacement", "activation", "relocation", "data_changed"]
"""Kinds of change that this program can distinguish; a promise may name others."""

# Open: a reader accepts and displays any text; the publisher's check allows only these (R01).
CoveredEvent = Annotated[str, field_forms.one_of(*get_args(NoticeEvent))]
IdentifierScheme = Annotated[
    str,
    field_forms.one_of(
        lei=("lei code",),
        euid=(),
        vat=("vat id", "vat number"),
        duns=("duns number",),
        national=("company number", "registration number", "company registration number"),
    ),
]
ContactRole = Annotated[
    str,
    field_forms.one_of(
        "privacy", "dpo", "representative", "security", "legal", "support", "sales", "press", "general"
    ),
]
Claim = Annotated[str, field_forms.one_of("certified", "declared", "in_progress", "aligned")]
ConditionType = Annotated[
    str, field_forms.one_of("consent", "region", "configuration", "feature", "product", "plan", "request")
]
DataScope = Annotated[str, field_forms.one_of("customer_content", "customer_account", "website_visitor")]
Activity = Annotated[str, field_forms.one_of("store", "process", "access")]
Mechanism = Annotated[
    str,
    field_forms.one_of(
        adequacy=("adequacy decision",),
        dpf=("EU-US DPF", "Data Privacy Framework", "EU-US Data Privacy Framework"),
        dpf_uk=("UK-US Data Bridge", "UK Extension to the EU-US Data Privacy Framework"),
        dpf_swiss=("Swiss-US DPF", "Swiss-US Data Privacy Framework"),
        scc=(
            "SCCs",
            "Standard Contractual Clauses",
            "Standard Contractual Clauses (SCC)",
            "Standard Contractual Clauses (SCCs)",
        ),
        idta=("International Data Transfer Agreement", "UK IDTA"),
        uk_addendum=("UK Addendum", "UK International Data Transfer Addendum"),
        bcr=("Binding Corporate Rules", "BCRs"),
        derogation=(),
        unstated=(),
    ),
]
IctService = Annotated[str, field_forms.one_of(*(f"S{number:02}" for number in range(1, 20)))]


class Identifier(msgspec.Struct, frozen=True, kw_only=True):
    """A company number: scheme and value, e.g. an LEI (ISO 17442).

    Attributes:
        country: Country of the company register; required for a national number.
        registry: Its ISO 17442 registration authority code, or its name; likewise.
    """

    scheme: IdentifierScheme
    value: field_forms.Text
    country: field_forms.Country | None = None
    registry: field_forms.Text | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact at the publisher, by ``role``, e.g. ``privacy``."""

    role: ContactRole
    email: field_forms.Email | None = None
    url: field_forms.Url | None = None


class Publisher(msgspec.Struct, frozen=True, kw_only=True):
    """The company whose register this is: the processor under GDPR Art. 28.

    Attributes:
        time_zone: IANA name; all dates in the register are in this zone.
        language: BCP 47 tag of the register's texts.
    """

    name: field_forms.Text
    time_zone: field_forms.TimeZone
    language: field_forms.LanguageTag
    legal_name: field_forms.Text | None = None
    identifiers: tuple[Identifier, ...] | None = None
    website: field_forms.Url | None = None
    contacts: tuple[Contact, ...] = ()


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """How a customer may object to an announced change (GDPR Art. 28(2)).

    Attributes:
        days: Days after the announcement in which to object, counted as ``Notice.day_count`` says.
        contact: Where the objection goes: ``mailto:`` or ``https://``.
        instructions: What the objection must contain, in words.
    """

    days: field_forms.Days
    contact: field_forms.Link
    instructions: field_forms.Wording | None = None


class NoticeSource(msgspec.Struct, frozen=True, kw_only=True):
    """The notice promise (GDPR Art. 28(2), general written authorisation), as the publisher writes it.

    Attributes:
        days: Days of notice promised before a covered change takes effect.
        day_count: Calendar days, or business days: Monday to Friday without ``holidays``.
        holidays: Days that are not business days, listed so that anyone can verify the count.
        applies_to: Kinds of change covered by the promise.
        channels: How notice is given, as text.
        objection: How and until when a customer may object; ``None`` if nothing is promised.
        subscribe: Where to subscribe to notices: ``mailto:`` or ``https://``.
    """

    days: field_forms.Days
    applies_to: tuple[CoveredEvent, ...]
    day_count: DayCount = "calendar"
    holidays: tuple[dt.date, ...] = ()
    channels: tuple[field_forms.Text, ...] = ()
    objection: Objection | None = None
    subscribe: field_forms.Link | None = None
    text: field_forms.Text | None = None


class OlderPromise(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that was shortened or narrowed and still binds announcements for a while.

    Attributes:
        version: First version that made it.
        until: Last day on which it still binds an announcement.
    """

    version: field_forms.VersionNumber
    until: dt.date
    days: field_forms.Days
    day_count: DayCount
    holidays: tuple[dt.date, ...] = ()
    applies_to: tuple[CoveredEvent, ...]
    objection: Objection | None = None


class Notice(NoticeSource, frozen=True, kw_only=True):
    """The notice promise as published.

    Attributes:
        also_binding: Older promises that still bind on the day of publication, newest first; set by
            publishing.
    """

    also_binding: tuple[OlderPromise, ...] = ()


class StatusText(msgspec.Struct, frozen=True, kw_only=True):
    """What one of the three statuses means at this publisher."""

    id: Status
    title: field_forms.Wording
    description: field_forms.Wording | None = None


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """A group of engagements, with the safeguards that apply to all of them."""

    id: field_forms.Slug
    title: field_forms.Wording
    description: field_forms.Wording | None = None
    safeguards: tuple[field_forms.Wording, ...] = ()


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One of the publisher's products, for engagements to refer to."""

    id: field_forms.Slug
    title: field_forms.Wording
    description: field_forms.Wording | None = None


class ProductScope(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the publisher's products use an engagement; a source says ``"all"`` or a list of ids.

    Attributes:
        all: Used by every product, including future ones; ``ids`` is then empty.
        ids: Ids of the products that use it.
    """

    all: bool
    ids: tuple[field_forms.ProductId, ...] = ()


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """Recipients that are expressly not sub-processors, and why."""

    title: field_forms.Text
    text: field_forms.Wording
    examples: tuple[field_forms.Text, ...] = ()


class RelatedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document related to the register, e.g. the data processing agreement."""

    title: field_forms.Text
    url: field_forms.Url | None = None


class Certification(msgspec.Struct, frozen=True, kw_only=True):
    """A certification or commitment, with the extent of the claim."""

    name: field_forms.Text
    claim: Claim
    covers: field_forms.Text | None = None
    valid_until: dt.date | None = None
    url: field_forms.Url | None = None


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """The version that announced something, and whether it was in time; set by publishing.

    Attributes:
        version: The version.
        at: When that version was published (UTC).
        required: Whether the notice promise covers what it announces.
        promised_days: Days of notice promised for it; ``None``, like all below, where none is required.
        days: Days of notice given, counted as promised; negative when announced late.
        day_count: Unit of the days: calendar or business days.
        met: Whether the promise was kept.
        objection_until: Objection deadline; also ``None`` if the promise sets no period.
    """

    version: field_forms.VersionNumber
    at: field_forms.Instant
    required: bool = False
    promised_days: field_forms.Days | None = None
    days: field_forms.NoticeDays | None = None
    day_count: DayCount | None = None
    met: bool | None = None
    objection_until: dt.date | None = None


class WithdrawnSource(msgspec.Struct, frozen=True, kw_only=True):
    """The vendor was listed in error; the entry stays visible with the reason."""

    reason: field_forms.Wording


class Withdrawn(WithdrawnSource, frozen=True, kw_only=True):
    """A withdrawal as published: with the version that announced it."""

    announced: Announced


class CancelledSource(msgspec.Struct, frozen=True, kw_only=True):
    """An announced engagement or change was cancelled; it stays visible with the reason."""

    reason: field_forms.Wording


class Cancelled(CancelledSource, frozen=True, kw_only=True):
    """A cancellation as published: with the version that announced it."""

    announced: Announced


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """The legal entity that is engaged for one use, where a brand has several contracting entities."""

    legal_name: field_forms.Text
    seat: field_forms.Country | None = None
    address: field_forms.Wording | None = None
    identifiers: tuple[Identifier, ...] | None = None


class OwnRegister(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's own machine-readable register: its address, and the SHA-256 (hex) of its first root."""

    url: field_forms.Url
    root_sha256: field_forms.Sha256 | None = None


class Lifecycle(msgspec.Struct, frozen=True, kw_only=True):
    """The register has moved, or is no longer maintained.

    Attributes:
        state: ``moved`` or ``closed``.
        on: Day from which this applies.
        successor: Address of the register that replaces it.
    """

    state: LifecycleState
    on: dt.date
    successor: field_forms.Url | None = None
    text: field_forms.Wording | None = None


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """When an engagement or a location applies, e.g. ``region``, ``LLM_REGION`` = ``eu``.

    Attributes:
        negated: Whether the condition is negated: not used where ``LLM_REGION`` = ``eu``.
    """

    type: ConditionType
    key: field_forms.Text | None = None
    value: field_forms.Text | None = None
    negated: bool = False
    text: field_forms.Text | None = None


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """Where processing happens.

    Attributes:
        country: ISO 3166-1 alpha-2, or ``EU``, ``EEA``, ``worldwide`` or ``varies``.
        place: Town, data centre or region, in words.
        is_default: Whether this place is used unless something else is agreed.
        activities: What happens there.
        conditions: When this place is used, if not always; all conditions must be met.
    """

    country: field_forms.Place
    place: field_forms.Text | None = None
    is_default: bool = False
    activities: tuple[Activity, ...] = ()
    conditions: tuple[Condition, ...] = ()
    text: field_forms.Wording | None = None


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer to a third country (GDPR Chapter V) and its transfer mechanism."""

    destination: field_forms.Place
    mechanism: Mechanism
    reference: field_forms.Text | None = None


class ShortNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Public statement that the notice promise was not kept for this engagement, and why."""

    reason: field_forms.ReasonText


class PlannedChangeSource(msgspec.Struct, frozen=True, kw_only=True):
    """A change with a date of its own, to a vendor or an engagement that stays (effective dating).

    Attributes:
        id: Slug, unique within its owner; permanent.
        effective_on: First day on which the change is in effect.
        set: Changed fields of the owner, with their complete new values as JSON.
        short_notice: Reason for short notice, if the announcement was late.
        cancelled: Reason for cancellation, if it was announced and cancelled.
    """

    id: field_forms.Slug
    effective_on: dt.date
    set: dict[str, Any]
    short_notice: ShortNotice | None = None
    cancelled: CancelledSource | None = None
    notes: field_forms.Wording | None = None


class PlannedChange(PlannedChangeSource, frozen=True, kw_only=True):
    """A planned change as published: with the version that announced it."""

    announced: Announced
    cancelled: Cancelled | None = None


class EngagementSource(msgspec.Struct, frozen=True, kw_only=True):
    """What one vendor is used for, as the publisher writes it.

    Attributes:
        ict_service: Type of ICT service ``S01`` to ``S19`` (Regulation (EU) 2024/2956, Annex III).
        conditions: When it is used, if not always; all of them must hold.
        products: Which of the publisher's products use it.
        data_scope: Whose personal data: customer content, account data, website visitor data.
        special_categories: Whether GDPR Art. 9 data is processed; ``None`` means not stated.
        starts_on: First day of use. ``None`` means in use since before version 1, or not in use if available.
        ends_on: First day on which the vendor is no longer engaged.
        planned: Changes with effective dates; the other fields state what holds now.
        cancelled: Reason for cancellation, if it was announced and cancelled.
    """

    id: field_forms.Slug
    category: field_forms.CategoryId
    status: StatusId
    entity: Entity | None = None
    purpose: field_forms.PurposeText = ""
    products: ProductScope | None = None
    ict_service: IctService | None = None
    conditions: tuple[Condition, ...] = ()
    data_scope: tuple[DataScope, ...] | None = None
    data_categories: tuple[field_forms.Text, ...] | None = None
    data_subjects: tuple[field_forms.Text, ...] | None = None
    special_categories: bool | None = None
    retention: field_forms.Text | None = None
    locations: tuple[Location, ...] | None = None
    transfers: tuple[Transfer, ...] | None = None
    safeguards: tuple[field_forms.Wording, ...] | None = None
    notes: field_forms.Wording | None = None
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    short_notice: ShortNotice | None = None
    planned: tuple[PlannedChangeSource, ...] = ()
    cancelled: CancelledSource | None = None
    extra: field_forms.Labels = {}


class Engagement(EngagementSource, frozen=True, kw_only=True):
    """What one vendor is used for, as published: with the version that announced it."""

    announced: Announced
    planned: tuple[PlannedChange, ...] = ()
    cancelled: Cancelled | None = None


class _VendorFields(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of a vendor that are the same in source and on the wire."""

    id: field_forms.Slug
    name: field_forms.Text
    legal_name: field_forms.Text | None = None
    kind: VendorKind = "third_party"
    seat: field_forms.Country | None = None
    address: field_forms.Wording | None = None
    website: field_forms.Url | None = None
    privacy_url: field_forms.Url | None = None
    subprocessors_url: field_forms.Url | None = None
    dpa_url: field_forms.Url | None = None
    domain: field_forms.Domain | None = None
    register: OwnRegister | None = None
    role: VendorRole = "sub_processor"
    engaged_by: field_forms.VendorId | None = None
    contact: field_forms.ContactText | None = None
    identifiers: tuple[Identifier, ...] | None = None
    parent: field_forms.VendorId | None = None
    formerly: tuple[field_forms.Text, ...] = ()
    replaces: tuple[field_forms.VendorId, ...] = ()
    merged_from: tuple[field_forms.VendorId, ...] = ()
    split_from: field_forms.VendorId | None = None
    certifications: tuple[Certification, ...] | None = None
    extra: field_forms.Labels = {}


@decodable
class SubprocessorSource(_VendorFields, frozen=True, kw_only=True):
    """A vendor as the publisher writes it: one TOML file."""

    withdrawn: WithdrawnSource | None = None
    planned: tuple[PlannedChangeSource, ...] = ()
    engagements: tuple[EngagementSource, ...] = ()


class Subprocessor(_VendorFields, frozen=True, kw_only=True):
    """A vendor as published (a sub-processor, GDPR Art. 28(2) and (4))."""

    withdrawn: Withdrawn | None = None
    planned: tuple[PlannedChange, ...] = ()
    engagements: tuple[Engagement, ...] = ()


AnyVendor = SubprocessorSource | Subprocessor


class _RegisterFields(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of the register that are the same in source and on the wire."""

    register: field_forms.RegisterName
    url: field_forms.BaseUrl | None = None
    license: field_forms.License | None = None
    lifecycle: Lifecycle | None = None
    publisher: Publisher
    statuses: tuple[StatusText, ...]
    categories: tuple[Category, ...]
    products: tuple[Product, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    related_documents: tuple[RelatedDocument, ...] = ()
    extra: field_forms.Labels = {}


class AcceptedWarning(msgspec.Struct, frozen=True, kw_only=True):
    """A warning accepted by the publisher; it is part of the source only and is never published.

    Attributes:
        rule: Number of the rule, such as ``R20``.
        subprocessor: The vendor whose warnings are accepted; ``None`` means every file.
        reason: Why the warning is acceptable.
    """

    rule: field_forms.Text
    subprocessor: field_forms.Slug | None = None
    reason: field_forms.Text


@decodable
class RegisterSource(_RegisterFields, frozen=True, kw_only=True):
    """``register.toml``: everything except the vendors, and their display order.

    Attributes:
        updated_on: Date of the content; ``None`` means the day of publication.
        accepted_warnings: Warnings that ``check`` reports as accepted.
    """

    updated_on: dt.date | None = None
    notice: NoticeSource
    order: tuple[field_forms.Slug, ...] = ()
    accepted_warnings: tuple[AcceptedWarning, ...] = ()


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A complete source: ``register.toml`` and the vendors in display order."""

    register: RegisterSource
    subprocessors: tuple[SubprocessorSource, ...]


class Previous(msgspec.Struct, frozen=True, kw_only=True):
    """The version before, by number and SHA-256 (hex) of its bytes."""

    version: field_forms.VersionNumber
    sha256: field_forms.Sha256


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why this version was published."""

    kind: ReasonKind
    text: field_forms.Text | None = None


class Register(_RegisterFields, frozen=True, kw_only=True):
    """One published version of the register (docs/format/register.md).

    Attributes:
        version: Number from 1 without gaps.
        published_at: When this version was first published (UTC, whole seconds).
        recorded: ``imported`` permanently marks history imported from an earlier record.
        corrects: Number of the version that this version corrects.
        updated_on: Date of the content in the publisher's time zone.
    """

    format: RegisterFormat = "sub-processor-register/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    version: field_forms.VersionNumber
    published_at: field_forms.Instant
    previous: Previous | None
    recorded: Recorded
    reason: Reason
    corrects: field_forms.VersionNumber | None = None
    updated_on: dt.date
    notice: Notice
    subprocessors: tuple[Subprocessor, ...] = ()
