"""Each field's change has its type, and each type has an example that brings it about."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import msgspec
import pytest

from examples import FINLAND, FIRST, make_engagement, make_promises, make_register, make_vendor
from register_api.core import model
from register_api.core.changes import Change, ChangeType
from register_api.core.diff.document import changes_between
from register_api.core.fields import FIELDS, content

if TYPE_CHECKING:
    from collections.abc import Sequence

    Fields = dict[str, Any]

DAY = dt.date(2026, 3, 1)
LATER = dt.date(2026, 4, 1)
IRELAND = model.Location(country="IE", place="Dublin", activities=("store", "process"))
CONSENT = model.Condition(type="consent", text="with consent")
CATEGORIES = (
    model.Category(id="infrastructure", title="Infrastructure"),
    model.Category(id="ai", title="AI"),
)


class Row(NamedTuple):
    """One edit, and what it is called in a change, in a correction and in an editorial version."""

    kind: type[msgspec.Struct]
    field: str
    before: Any
    after: Any
    change: str
    correction: str = "corrected"
    editorial: str = ""


YES = True
SAID = model.Announced(version=1, at=FIRST)
WITHDRAWN = model.Withdrawn(reason="by mistake", announced=SAID)
CANCELLED = model.Cancelled(reason="Customers objected", announced=SAID)
OBJECTION = model.Objection(days=14, contact="mailto:a@example.com")
MOVED = model.Lifecycle(state="moved", on=LATER)
BOTH = model.ProductScope(all=False, ids=("desk", "mail"))
V, E = model.Subprocessor, model.Engagement
ROWS = [
    Row(V, "name", "Acme Oy", "Acme Group Oy", "renamed"),
    Row(V, "legal_name", "Acme Oy", "Acme Inc.", "entity_changed"),
    Row(V, "legal_name", None, "Acme Oy", "details_changed"),
    Row(V, "legal_name", "Acme Oy", None, "entity_changed"),
    Row(V, "kind", "third_party", "affiliate", "entity_changed"),
    Row(V, "seat", "FI", "US", "entity_changed"),
    Row(V, "seat", None, "US", "details_changed"),
    Row(V, "address", "Street 1", "Street 2", "details_changed", editorial="editorial"),
    Row(V, "website", "https://a.example/", "https://b.example/", "details_changed"),
    Row(V, "privacy_url", "https://a.example/", "https://b.example/", "details_changed"),
    Row(V, "subprocessors_url", None, "https://b.example/", "details_changed"),
    Row(V, "contact", "a@acme.example", "b@acme.example", "details_changed"),
    Row(V, "identifiers", (), (model.Identifier(scheme="duns", value="1"),), "details_changed"),
    Row(V, "parent", None, "beta", "details_changed"),
    Row(V, "dpa_url", None, "https://a.example/dpa", "details_changed"),
    Row(V, "domain", None, "acme.example", "details_changed"),
    Row(V, "register", None, model.OwnRegister(url="https://trust.acme.example/"), "details_changed"),
    Row(V, "role", "sub_processor", "independent_controller", "entity_changed"),
    Row(V, "engaged_by", None, "beta", "details_changed"),
    Row(E, "entity", None, model.Entity(legal_name="Acme Europe Ltd."), "entity_changed"),
    Row(E, "entity", model.Entity(legal_name="Acme Inc."), model.Entity(legal_name="Acme Europe Ltd."),
        "entity_changed"),
    Row(E, "cancelled", None, CANCELLED, "cancelled", "cancelled"),
    Row(model.Register, "url", "https://a.example/", "https://b.example/", "details_changed"),
    Row(model.Register, "license", None, "CC0-1.0", "details_changed"),
    Row(model.Register, "lifecycle", None, MOVED, "policy_changed", "policy_changed"),
    Row(V, "formerly", (), ("Acme Ltd",), "renamed"),
    Row(V, "replaces", (), ("beta",), "replaced"),
    Row(V, "replaces", ("beta",), (), "details_changed"),
    Row(V, "merged_from", (), ("beta",), "renamed"),
    Row(V, "split_from", None, "beta", "renamed"),
    Row(V, "certifications", (), (model.Certification(name="ISO", claim="certified"),),
        "certifications_changed"),
    Row(V, "withdrawn", None, WITHDRAWN, "withdrawn", "withdrawn"),
    Row(V, "withdrawn", WITHDRAWN, None, "added", "added"),
    Row(V, "withdrawn", WITHDRAWN, msgspec.structs.replace(WITHDRAWN, reason="y"), "details_changed",
        editorial="editorial"),
    Row(V, "extra", {}, {"tier": "1"}, "details_changed"),
    Row(E, "category", "infrastructure", "ai", "category_changed"),
    Row(E, "status", "available", "conditional", "activated", "activated"),
    Row(E, "status", "available", "active", "activated", "activated"),
    Row(E, "status", "conditional", "active", "activated", "activated"),
    Row(E, "status", "active", "conditional", "deactivated", "deactivated"),
    Row(E, "status", "active", "available", "deactivated", "deactivated"),
    Row(E, "status", "conditional", "available", "deactivated", "deactivated"),
    Row(E, "purpose", "Hosting", "Hosting of data", "purpose_changed", editorial="editorial"),
    Row(E, "products", BOTH, model.ProductScope(all=False, ids=("desk",)), "purpose_changed"),
    Row(E, "products", BOTH, model.ProductScope(all=False, ids=("mail", "desk")), "reordered",
        "reordered"),
    Row(E, "ict_service", "S01", "S02", "category_changed"),
    Row(E, "conditions", (CONSENT,), (model.Condition(type="plan", text="with consent"),),
        "condition_changed"),
    Row(E, "conditions", (CONSENT,), (msgspec.structs.replace(CONSENT, negated=True),), "condition_changed"),
    Row(E, "data_scope", ("customer_content",), ("customer_content", "customer_account"), "data_changed"),
    Row(E, "data_categories", ("Names",), ("Names", "Addresses"), "data_changed"),
    Row(E, "data_categories", ("Names", "Addresses"), ("Addresses", "Names"), "reordered", "reordered"),
    Row(E, "data_subjects", (), ("Staff",), "data_changed"),
    Row(E, "special_categories", None, YES, "data_changed"),
    Row(E, "retention", "30 days", "60 days", "data_changed"),
    Row(E, "locations", (FINLAND,), (FINLAND, IRELAND), "relocated"),
    Row(E, "locations", (FINLAND, IRELAND), (FINLAND,), "relocated"),
    Row(E, "locations", (FINLAND, IRELAND), (IRELAND, FINLAND), "reordered", "reordered"),
    Row(E, "locations", (FINLAND,), (msgspec.structs.replace(FINLAND, place="Oulu"),), "relocated"),
    Row(E, "locations", (FINLAND,), (msgspec.structs.replace(FINLAND, is_default=True),), "relocated"),
    Row(E, "locations", (FINLAND,), (msgspec.structs.replace(FINLAND, activities=("access",)),), "relocated"),
    Row(E, "locations", (FINLAND,), (msgspec.structs.replace(FINLAND, conditions=(CONSENT,)),),
        "condition_changed"),
    Row(E, "locations", (msgspec.structs.replace(FINLAND, place=None),), (FINLAND,), "details_changed"),
    Row(E, "locations", (FINLAND,), (msgspec.structs.replace(FINLAND, text="one site"),), "details_changed",
        editorial="editorial"),
    Row(E, "transfers", (), (model.Transfer(destination="US", mechanism="scc"),), "transfer_changed"),
    Row(E, "transfers", None, (), "transfer_changed"),
    Row(E, "transfers", (), None, "transfer_changed"),
    Row(E, "data_scope", None, (), "data_changed"),
    Row(E, "safeguards", None, (), "safeguards_changed"),
    Row(V, "identifiers", None, (), "details_changed"),
    Row(V, "certifications", None, (), "certifications_changed"),
    Row(E, "products", None, model.ProductScope(all=True), "purpose_changed"),
    Row(E, "products", BOTH, model.ProductScope(all=True), "purpose_changed"),
    Row(E, "safeguards", ("TLS",), ("TLS 1.3",), "safeguards_changed", editorial="editorial"),
    Row(E, "safeguards", ("TLS", "Audits"), ("TLS",), "safeguards_changed"),
    Row(E, "notes", None, "A note", "details_changed"),
    Row(E, "notes", "A note", "Note", "details_changed", editorial="editorial"),
    Row(E, "starts_on", DAY, LATER, "schedule_changed", "schedule_changed"),
    Row(E, "starts_on", LATER, DAY, "schedule_changed", "schedule_changed"),
    Row(E, "ends_on", None, LATER, "ended", "ended"),
    Row(E, "ends_on", DAY, LATER, "schedule_changed", "schedule_changed"),
    Row(E, "ends_on", LATER, None, "schedule_changed", "schedule_changed"),
    Row(E, "ends_on", dt.date(2026, 1, 6), None, "added", "added"),
    Row(E, "short_notice", None, model.ShortNotice(reason="Outage"), "schedule_changed", "schedule_changed"),
    Row(E, "extra", {}, {"tier": "1"}, "details_changed"),
    Row(model.Publisher, "name", "Example", "Example Group", "renamed"),
    Row(model.Publisher, "legal_name", "Example Oy", "Example GmbH", "entity_changed"),
    Row(model.Publisher, "legal_name", None, "Example Oy", "details_changed"),
    Row(model.Publisher, "identifiers", (), (model.Identifier(scheme="duns", value="1"),), "details_changed"),
    Row(model.Publisher, "website", None, "https://e.example/", "details_changed"),
    Row(model.Publisher, "time_zone", "UTC", "Europe/Helsinki", "policy_changed", "policy_changed"),
    Row(model.Publisher, "language", "en", "de", "details_changed"),
    Row(model.Publisher, "contacts", (), (model.Contact(role="privacy"),), "details_changed"),
    Row(model.Notice, "days", 30, 14, "policy_changed", "policy_changed"),
    Row(model.Notice, "day_count", "calendar", "business", "policy_changed", "policy_changed"),
    Row(model.Notice, "holidays", (), (DAY,), "policy_changed", "policy_changed"),
    Row(model.Notice, "applies_to", ("addition",), (), "policy_changed", "policy_changed"),
    Row(model.Notice, "channels", ("page",), ("post",), "policy_changed", "policy_changed"),
    Row(model.Notice, "objection", None, OBJECTION, "policy_changed", "policy_changed"),
    Row(model.Notice, "subscribe", None, "mailto:a@e.example", "policy_changed", "policy_changed"),
    Row(model.Notice, "text", "We tell you", "We tell", "policy_changed", "policy_changed"),
    Row(model.StatusText, "title", "Active", "In use", "policy_changed", "policy_changed", "editorial"),
    Row(model.StatusText, "description", "Used", "In use", "policy_changed", "policy_changed", "editorial"),
    Row(model.Category, "title", "AI", "Models", "category_changed", editorial="editorial"),
    Row(model.Category, "description", "One", "Two", "category_changed", editorial="editorial"),
    Row(model.Category, "safeguards", (), ("TLS",), "safeguards_changed"),
    Row(model.Product, "title", "Desk", "Help desk", "details_changed", editorial="editorial"),
    Row(model.Product, "description", "One", "Two", "details_changed", editorial="editorial"),
    Row(model.Register, "exclusions", (), (model.Exclusion(title="Banks", text="Own duty"),),
        "policy_changed", "policy_changed"),
    Row(model.Register, "related_documents", (), (model.RelatedDocument(title="DPA"),), "details_changed"),
    Row(model.Register, "extra", {}, {"tier": "1"}, "details_changed"),
]  # fmt: skip


def listing(kind: type[msgspec.Struct], fields: Fields) -> tuple[tuple[Any, ...], Fields]:
    """Return the vendors and the register's fields of a version where one record has these fields."""
    acme = make_vendor()
    if kind is E:
        acme = make_vendor(engagements=(make_engagement(**fields),))
    elif kind is V:
        acme = make_vendor(**fields)
    below = {
        model.Publisher: lambda: {"publisher": made(model.Publisher, {"name": "Example"}, fields)},
        model.Notice: lambda: {
            "notice": made(model.Notice, {"days": 30, "applies_to": ("addition",)}, fields)
        },
        model.StatusText: lambda: {"statuses": (made(model.StatusText, {"id": "active"}, fields),)},
        model.Category: lambda: {"categories": (made(model.Category, {"id": "ai"}, fields),)},
        model.Product: lambda: {"products": (made(model.Product, {"id": "desk"}, fields),)},
        model.Register: lambda: fields,
    }
    return (acme, make_vendor("beta")), below[kind]() if kind in below else {}


def made(kind: type[msgspec.Struct], given: Fields, fields: Fields) -> msgspec.Struct:
    """Return a record with these fields, and with what it cannot be without."""
    needed = {"title": "Title", "time_zone": "UTC", "language": "en"}
    known = {name: value for name, value in needed.items() if name in kind.__struct_fields__}
    return kind(**{**known, **given, **fields})


def edited(row: Row, reason: str) -> Sequence[Change]:
    """Return the changes that an edit of one field makes."""
    vendors, fields = listing(row.kind, {row.field: row.before})
    older = make_register(*vendors, **{"categories": CATEGORIES, **fields})
    vendors, fields = listing(row.kind, {row.field: row.after})
    given = {"categories": CATEGORIES, "version": 2, "reason": model.Reason(kind=reason), **fields}
    return changes_between(older, make_register(*vendors, **given), make_promises())


def path_of(row: Row) -> str:
    """Return how a change names the field: from the vendor or the use, else from the register."""
    if (row.field, row.after) == ("withdrawn", None):
        return "subprocessor.withdrawn"
    below = {
        model.Publisher: "publisher.",
        model.Notice: "notice.",
        model.StatusText: "statuses.active.",
        model.Category: "categories.ai.",
        model.Product: "products.desk.",
    }
    return below.get(row.kind, "") + row.field


def names(rows: Sequence[Row]) -> list[str]:
    """Return a readable name of each row."""
    return [f"{row.kind.__name__}.{row.field}-{row.change}" for row in rows]


@pytest.mark.parametrize("row", ROWS, ids=names(ROWS))
def test_an_edit_has_the_type_of_its_field_and_meaning(row: Row) -> None:
    """One edited field is exactly one change, with the way to the field and both values."""
    (change,) = edited(row, "change")
    assert change.type == row.change
    (field,) = change.fields
    assert field.path == path_of(row)
    assert [field.before, field.after] == msgspec.json.decode(msgspec.json.encode([row.before, row.after]))


@pytest.mark.parametrize("row", ROWS, ids=names(ROWS))
def test_a_correction_reports_facts_as_corrected(row: Row) -> None:
    """Facts are corrected; starts, stops, dates and the promise are not called so."""
    (change,) = edited(row, "correction")
    assert change.type == row.correction


@pytest.mark.parametrize("row", ROWS, ids=names(ROWS))
def test_an_editorial_version_polishes_words_only(row: Row) -> None:
    """A field that is more than words keeps its type, whatever the version says of itself."""
    (change,) = edited(row, "editorial")
    assert change.type == (row.editorial or row.change)


def test_the_rows_cover_every_field() -> None:
    """No field of the table is without an edit above."""
    tried = {(row.kind, row.field) for row in ROWS}
    assert tried == {
        (kind, name)
        for kind in FIELDS
        if "Source" not in kind.__name__ and kind is not model.PlannedChange
        for name in content(kind)
    }


def test_every_type_has_an_example() -> None:
    """Each type is brought about by some edit above."""
    found = {name for row in ROWS for name in (row.change, row.correction, row.editorial) if name}
    assert found == set(get_args(ChangeType))


def test_what_publishing_sets_is_no_change() -> None:
    """A version that says the same has no changes."""
    older = make_register()
    newer = make_register(version=2, recorded="imported", corrects=1, updated_on=LATER)
    assert changes_between(older, newer, make_promises()) == ()
