"""Hypothesis strategies for the model, which satisfy the rules on form and text.

``registers`` draws one published version, ``register_pairs`` a version and a mutation of it with the
same ids. Registers are small: two or three vendors find as much as twenty.
"""

from __future__ import annotations

import datetime as dt
import functools
import string
import unicodedata
from typing import TYPE_CHECKING, Any, get_args
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import strategies as st

from register_api.core import model
from register_api.core.canonical import digest, encode
from register_api.core.notice_period import promised
from register_api.core.timeline import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn, SearchStrategy

ZONES = tuple(
    ZoneInfo(name)
    for name in ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Pacific/Kiritimati")
)
"""Time zones with and without daylight saving time, from 13 hours behind UTC to 14 ahead."""

PRODUCT_IDS = ("desk", "mail")
CATEGORY_IDS = ("infrastructure", "ai", "operations")
_WORDS = ("a", "b", "Zürich", "漢字", "😀", "two\nlines", "~1/0", '"quoted\\"', "x" * 300, "Åse's & co.")
_LETTERS = string.ascii_letters + string.digits + " .,;:!?'\"()/+-_äßéÅŁñ漢字😀\n"


@functools.cache
def texts(*, max_size: int = 12) -> SearchStrategy[str]:
    """Draw valid texts: NFC, trimmed, without control characters, not empty."""
    drawn = st.text(_LETTERS, min_size=1, max_size=max_size)
    return drawn.map(lambda text: unicodedata.normalize("NFC", text).strip()).filter(bool)


@functools.cache
def words() -> SearchStrategy[str]:
    """Draw from a few difficult texts: long, multi-line or non-ASCII."""
    return st.sampled_from(_WORDS)


@functools.cache
def slugs() -> SearchStrategy[str]:
    """Draw ids: lower-case letters and digits in groups joined by single hyphens."""
    part = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=4)
    return st.lists(part, min_size=1, max_size=3).map("-".join)


@functools.cache
def ids() -> SearchStrategy[str]:
    """Draw from a few ids, so that independently drawn versions share some."""
    return st.sampled_from(("acme", "a-1", "b", "beta", "c-c-c", "0"))


@functools.cache
def days() -> SearchStrategy[dt.date]:
    """Draw days of thirty years, including leap days and year ends."""
    return st.dates(dt.date(2015, 1, 1), dt.date(2045, 12, 31))


@functools.cache
def instants() -> SearchStrategy[dt.datetime]:
    """Draw instants in UTC with whole seconds."""
    naive = st.datetimes(dt.datetime(2015, 1, 2), dt.datetime(2045, 12, 30))  # noqa: DTZ001 (made aware below)
    return naive.map(lambda instant: instant.replace(microsecond=0, tzinfo=dt.UTC))


@functools.cache
def urls() -> SearchStrategy[str]:
    """Draw absolute https URLs."""
    return st.sampled_from(("https://a.example/", "https://b.example/x?y=1#z", "https://c.example:8443"))


@functools.cache
def _lists(items: SearchStrategy[Any], *, max_size: int = 2) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=max_size, unique=True).map(tuple)


@functools.cache
def _maybe(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | values


@functools.cache
def _labels() -> SearchStrategy[dict[str, str]]:
    return st.dictionaries(words(), words(), max_size=2)


@functools.cache
def _choice(kind: Any) -> SearchStrategy[Any]:
    """Draw a value of a literal type, or a known code of an open vocabulary."""
    first, *more = get_args(kind)
    return st.sampled_from(tuple(more[0].extra["form"].codes) if first is str else (first, *more))


@functools.cache
def identifiers() -> SearchStrategy[model.Identifier]:
    """Draw national company numbers, which have no check digits."""
    return st.builds(
        model.Identifier,
        scheme=st.just("national"),
        value=words(),
        country=st.sampled_from(("DE", "FI")),
        registry=words(),
    )


@functools.cache
def conditions() -> SearchStrategy[model.Condition]:
    """Draw conditions of engagements and locations."""
    return st.builds(
        model.Condition,
        type=_choice(model.ConditionType),
        key=_maybe(words()),
        value=_maybe(words()),
        negated=st.booleans(),
        text=words(),
    )


@functools.cache
def locations() -> SearchStrategy[model.Location]:
    """Draw processing locations, including ``EU`` and ``worldwide``."""
    return st.builds(
        model.Location,
        country=st.sampled_from(("DE", "FI", "US", "CN", "EU", "worldwide")),
        place=_maybe(words()),
        is_default=st.booleans(),
        activities=_lists(_choice(model.Activity), max_size=3),
        conditions=_lists(conditions()),
        text=_maybe(words()),
    )


@functools.cache
def exclusions() -> SearchStrategy[model.Exclusion]:
    """Draw statements on who is not a sub-processor."""
    return st.builds(model.Exclusion, title=words(), text=words())


@functools.cache
def related_documents() -> SearchStrategy[model.RelatedDocument]:
    """Draw related documents."""
    return st.builds(model.RelatedDocument, title=words(), url=_maybe(urls()))


@functools.cache
def transfers() -> SearchStrategy[model.Transfer]:
    """Draw transfers to third countries."""
    return st.builds(
        model.Transfer,
        destination=st.sampled_from(("US", "IN")),
        mechanism=_choice(model.Mechanism),
        reference=_maybe(words()),
    )


@functools.cache
def certifications() -> SearchStrategy[model.Certification]:
    """Draw certifications, including weaker claims."""
    return st.builds(
        model.Certification,
        name=words(),
        claim=_choice(model.Claim),
        covers=_maybe(words()),
        valid_until=_maybe(days()),
        url=_maybe(urls()),
    )


@functools.cache
def notices() -> SearchStrategy[model.Notice]:
    """Draw notice promises in calendar and business days, with holidays."""
    return st.builds(
        model.Notice,
        days=st.integers(0, 90),
        applies_to=_lists(_choice(model.NoticeEvent), max_size=5),
        day_count=_choice(model.DayCount),
        holidays=_lists(days(), max_size=5),
        channels=_lists(words()),
        objection=_maybe(
            st.builds(
                model.Objection,
                days=st.integers(0, 60),
                contact=st.just("mailto:privacy@example.com"),
                instructions=_maybe(words()),
            )
        ),
        subscribe=st.none() | st.just("mailto:privacy@example.com") | urls(),
        text=_maybe(words()),
    )


@functools.cache
def product_scopes() -> SearchStrategy[model.ProductScope]:
    """Draw product scopes: all, some, or no products."""
    listed = st.lists(st.sampled_from(PRODUCT_IDS), unique=True, max_size=2).map(tuple)
    return st.just(model.ProductScope(all=True)) | st.builds(
        model.ProductScope, all=st.just(False), ids=listed
    )


@st.composite
def engagements(draw: DrawFn, version: int = 1, at: dt.datetime | None = None) -> model.Engagement:
    """Draw a published engagement with the fields that its status requires.

    Args:
        draw: Supplied by Hypothesis.
        version: The newest version that may have announced it.
        at: When it was announced; drawn if omitted.
    """
    status = draw(_choice(model.Status))
    starts_on = draw(_maybe(days())) if status != "available" else None
    ends_on = draw(_maybe(days())) if status != "available" else None
    if starts_on is not None and ends_on is not None and ends_on <= starts_on:
        ends_on = starts_on + dt.timedelta(days=1)
    announced = model.Announced(version=draw(st.integers(1, version)), at=at or draw(instants()))
    return model.Engagement(
        id=draw(ids()),
        category=draw(st.sampled_from(CATEGORY_IDS)),
        status=status,
        purpose=draw(texts()),
        products=draw(_maybe(product_scopes())),
        ict_service=draw(_maybe(_choice(model.IctService))),
        conditions=(draw(conditions()),) if status == "conditional" else draw(_lists(conditions())),
        data_scope=draw(_maybe(_lists(_choice(model.DataScope), max_size=3))),
        data_categories=draw(_maybe(_lists(words()))),
        data_subjects=draw(_maybe(_lists(words()))),
        special_categories=draw(_maybe(st.booleans())),
        retention=draw(_maybe(words())),
        locations=draw(st.lists(locations(), min_size=1, max_size=2).map(tuple)),
        transfers=draw(_maybe(_lists(transfers()))),
        safeguards=draw(_maybe(_lists(words()))),
        notes=draw(_maybe(words())),
        starts_on=starts_on,
        ends_on=ends_on,
        short_notice=draw(_short_notices()),
        planned=draw(_planned(model.Engagement, announced)),
        cancelled=draw(_cancellations(announced)) if starts_on is not None else None,
        extra=draw(_labels()),
        announced=announced,
    )


@functools.cache
def _short_notices() -> SearchStrategy[model.ShortNotice | None]:
    return st.none() | st.builds(model.ShortNotice, reason=words())


def _cancellations(announced: model.Announced) -> SearchStrategy[model.Cancelled | None]:
    given = st.builds(model.Cancelled, reason=words(), announced=st.just(announced))
    return st.none() | st.none() | given


def settings_of(kind: type[msgspec.Struct]) -> SearchStrategy[dict[str, Any]]:
    """Draw the fields that a planned change sets, as JSON values."""
    fields: dict[type[msgspec.Struct], dict[str, SearchStrategy[Any]]] = {
        model.Engagement: {
            "purpose": words(),
            "locations": st.lists(locations(), min_size=1, max_size=2),
            "data_scope": _lists(_choice(model.DataScope), max_size=3),
            "data_categories": _lists(words()),
            "products": product_scopes(),
            "transfers": _maybe(_lists(transfers())),
            "retention": _maybe(words()),
            "category": st.sampled_from(CATEGORY_IDS),
        },
        model.Subprocessor: {
            "name": words(),
            "legal_name": words(),
            "seat": st.sampled_from(("DE", "US", "IE")),
            "website": urls(),
        },
    }
    return (
        st.sets(st.sampled_from(sorted(fields[kind])), min_size=1, max_size=2)
        .flatmap(lambda names: st.fixed_dictionaries({name: fields[kind][name] for name in sorted(names)}))
        .map(lambda values: plain(kind, msgspec.json.decode(msgspec.json.encode(values))))
    )


def _planned(
    kind: type[msgspec.Struct], announced: model.Announced
) -> SearchStrategy[tuple[model.PlannedChange, ...]]:
    """Draw planned changes of a vendor or an engagement, mostly none."""
    change = st.builds(
        model.PlannedChange,
        id=slugs(),
        effective_on=days(),
        set=settings_of(kind),
        short_notice=_short_notices(),
        cancelled=_cancellations(announced),
        notes=_maybe(words()),
        announced=st.just(announced),
    )
    some = st.lists(change, min_size=1, max_size=2, unique_by=lambda item: item.id).map(tuple)
    return st.just(()) | st.just(()) | some


@st.composite
def subprocessors(draw: DrawFn, version: int = 1, at: dt.datetime | None = None) -> model.Subprocessor:
    """Draw a published vendor with up to three engagements."""
    used_for = st.lists(engagements(version, at), max_size=3, unique_by=lambda item: item.id)
    announced = model.Announced(version=draw(st.integers(1, version)), at=at or draw(instants()))
    withdrawals = st.builds(model.Withdrawn, reason=words(), announced=st.just(announced))
    return model.Subprocessor(
        id=draw(ids()),
        name=draw(texts()),
        legal_name=draw(_maybe(words())),
        kind=draw(_choice(model.VendorKind)),
        seat=draw(_maybe(st.sampled_from(("DE", "US", "IE")))),
        address=draw(_maybe(words())),
        website=draw(_maybe(urls())),
        privacy_url=draw(_maybe(urls())),
        subprocessors_url=draw(_maybe(urls())),
        contact=draw(st.none() | st.just("privacy@example.com")),
        identifiers=draw(_maybe(_lists(identifiers()))),
        formerly=draw(_lists(words())),
        certifications=draw(_maybe(_lists(certifications()))),
        withdrawn=draw(st.none() | st.none() | withdrawals),
        planned=draw(_planned(model.Subprocessor, announced)),
        extra=draw(_labels()),
        engagements=draw(used_for.map(tuple)),
    )


@functools.cache
def publishers() -> SearchStrategy[model.Publisher]:
    """Draw publishers."""
    return st.builds(
        model.Publisher,
        name=words(),
        time_zone=st.sampled_from([zone.key for zone in ZONES]),
        language=st.sampled_from(("en", "de", "de-AT")),
        legal_name=_maybe(words()),
        identifiers=_maybe(_lists(identifiers())),
        website=_maybe(urls()),
        contacts=_lists(
            st.builds(model.Contact, role=_choice(model.ContactRole), email=st.just("a@example.com"))
        ),
    )


@st.composite
def registers(draw: DrawFn, version: int | None = None) -> model.Register:
    """Draw one published version; all references between vendors resolve."""
    number = version or draw(st.integers(1, 9))
    at = draw(instants())
    vendors = draw(
        st.lists(subprocessors(number, at), max_size=3, unique_by=lambda vendor: vendor.id).flatmap(_related)
    )
    return model.Register(
        register="example.com/sub-processors",
        version=number,
        published_at=at,
        previous=None if number == 1 else model.Previous(version=number - 1, sha256=draw(_digests())),
        recorded=draw(_choice(model.Recorded)),
        updated_on=at.date(),
        reason=model.Reason(kind="initial" if number == 1 else "change", text=draw(_maybe(words()))),
        publisher=draw(publishers()),
        notice=draw(notices()),
        statuses=tuple(model.StatusText(id=id_, title=draw(words())) for id_ in get_args(model.Status)),
        categories=tuple(
            model.Category(id=id_, title=draw(words()), safeguards=draw(_lists(words())))
            for id_ in CATEGORY_IDS
        ),
        products=tuple(model.Product(id=id_, title=draw(words())) for id_ in PRODUCT_IDS),
        exclusions=draw(_lists(exclusions())),
        related_documents=draw(_lists(related_documents())),
        extra=draw(_labels()),
        subprocessors=tuple(vendors),
    )


@st.composite
def register_pairs(draw: DrawFn, *, removals: bool = False) -> tuple[model.Register, model.Register]:
    """Draw two consecutive versions; the newer is a mutation of the older.

    Ids are stable, fields change, entries are added, and the order may change. ``previous`` of the newer
    contains the digest of the older.

    Args:
        draw: Supplied by Hypothesis.
        removals: Whether vendors and engagements may also be removed, which R03 forbids but a
            reversed diff contains.
    """
    older = draw(registers())
    other = draw(registers(older.version + 1))
    at = older.published_at + draw(st.timedeltas(dt.timedelta(seconds=1), dt.timedelta(days=400)))
    vendors = _mixed(draw, older.subprocessors, other.subprocessors, _mixed_vendor, removals=removals)
    newer = _mix_fields(draw, older, other, keep={"register", "statuses", "categories", "subprocessors"})
    return older, msgspec.structs.replace(
        newer,
        version=older.version + 1,
        published_at=at.replace(microsecond=0),
        previous=model.Previous(version=older.version, sha256=digest(encode(older))),
        reason=other.reason,
        statuses=_mixed(draw, older.statuses, (), _mix_fields, removals=False),
        categories=_mixed(draw, older.categories, other.categories, _mix_fields, removals=False),
        subprocessors=vendors,
    )


@st.composite
def drafts(draw: DrawFn) -> model.Draft:
    """Draw the source of a published register."""
    return draft_of(draw(registers()))


def draft_of(register: model.Register) -> model.Draft:
    """Return the source of a register."""
    fields = {
        name: getattr(register, name)
        for name in model.RegisterSource.__struct_fields__
        if name not in {"order", "accepted_warnings"}
    }
    fields["notice"] = promised(register.notice)
    return model.Draft(
        register=model.RegisterSource(**fields, order=tuple(vendor.id for vendor in register.subprocessors)),
        subprocessors=tuple(vendor_source(vendor) for vendor in register.subprocessors),
    )


def vendor_source(vendor: model.Subprocessor) -> model.SubprocessorSource:
    """Return the source of a published vendor."""
    withdrawn = vendor.withdrawn and model.WithdrawnSource(reason=vendor.withdrawn.reason)
    fields = _said(vendor) | {
        "withdrawn": withdrawn,
        "planned": _planned_sources(vendor.planned),
        "engagements": tuple(
            model.EngagementSource(
                **_said(item)
                | {"planned": _planned_sources(item.planned), "cancelled": _cancelled_source(item)}
            )
            for item in vendor.engagements
        ),
    }
    return model.SubprocessorSource(**fields)


def _said(record: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__ if name != "announced"}


def _cancelled_source(item: model.Engagement | model.PlannedChange) -> model.CancelledSource | None:
    return item.cancelled and model.CancelledSource(reason=item.cancelled.reason)


def _planned_sources(planned: tuple[model.PlannedChange, ...]) -> tuple[model.PlannedChangeSource, ...]:
    return tuple(
        model.PlannedChangeSource(**_said(item) | {"cancelled": _cancelled_source(item)}) for item in planned
    )


@functools.cache
def _digests() -> SearchStrategy[str]:
    return st.binary(min_size=32, max_size=32).map(bytes.hex)


def _related(vendors: list[model.Subprocessor]) -> SearchStrategy[list[model.Subprocessor]]:
    """Add references between existing vendors; parents come first in the list, so there are no cycles."""
    if len(vendors) < 2:
        return st.just(vendors)
    first, *rest = vendors
    named = st.fixed_dictionaries(
        {
            "parent": st.sampled_from((None, first.id)),
            "replaces": st.sampled_from(((), (first.id,))),
            "merged_from": st.sampled_from(((), (first.id,))),
            "split_from": st.sampled_from((None, first.id)),
        }
    )
    return st.tuples(
        *(named.map(lambda fields, it=item: msgspec.structs.replace(it, **fields)) for item in rest)
    ).map(lambda changed: [first, *changed])


def _mix_fields(draw: DrawFn, one: Any, other: Any, keep: frozenset[str] | set[str] = frozenset()) -> Any:
    """Return a record with some fields, but not the id, taken from another of its type."""
    names = [name for name in one.__struct_fields__ if name != "id" and name not in keep]
    taken = draw(st.sets(st.sampled_from(names), max_size=4))
    return msgspec.structs.replace(one, **{name: getattr(other, name) for name in taken})


def _mixed_vendor(draw: DrawFn, one: model.Subprocessor, other: model.Subprocessor) -> model.Subprocessor:
    """Return a vendor with some fields and engagements of another; its references stay."""
    keep = {"engagements", "parent", "replaces", "merged_from", "split_from"}
    mixed = _mix_fields(draw, one, other, keep)
    used_for = _mixed(draw, one.engagements, other.engagements, _mix_engagement, removals=False)
    return msgspec.structs.replace(mixed, engagements=used_for)


def _mix_engagement(draw: DrawFn, one: model.Engagement, other: model.Engagement) -> model.Engagement:
    """Return an engagement with fields of another; the status and its dates are taken together."""
    together = ("status", "conditions", "starts_on", "ends_on")
    mixed = _mix_fields(draw, one, other, set(together))
    if not draw(st.booleans()):
        return mixed
    return msgspec.structs.replace(mixed, **{name: getattr(other, name) for name in together})


def _mixed(
    draw: DrawFn,
    ours: tuple[Any, ...],
    theirs: tuple[Any, ...],
    mix: Callable[[DrawFn, Any, Any], Any],
    *,
    removals: bool,
) -> tuple[Any, ...]:
    """Return entries in any order, some changed, some added and, if allowed, some removed."""
    partner = iter(theirs)
    kept = [mix(draw, item, next(partner, item)) for item in ours if not removals or draw(st.booleans())]
    known = {item.id for item in ours}
    joined = [item for item in theirs if item.id not in known and draw(st.booleans())]
    everything = kept + joined
    return tuple(draw(st.permutations(everything)) if draw(st.booleans()) else everything)
