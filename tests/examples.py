"""Builders for readable tests: every default satisfies all rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from register_api.core import model
from register_api.core.notice_period import NoticePolicy, Promises
from register_api.core.rules import Context

NAME = "example.com/sub-processors"
FIRST = dt.datetime(2026, 1, 5, 8, 0, tzinfo=dt.UTC)
"""Default publication time of version 1."""

NOW = dt.datetime(2026, 6, 1, 9, 0, tzinfo=dt.UTC)
"""Default current time of a context."""

TODAY = NOW.date()

NOTICE = model.Notice(days=30, applies_to=("addition", "replacement", "activation"))
FINLAND = model.Location(country="FI", place="Helsinki", activities=("store", "process"))


def make_engagement(id_: str = "hosting", **fields: Any) -> model.EngagementSource:
    """Return an active engagement in Finland that began before version 1."""
    given = {
        "category": "infrastructure",
        "status": "active",
        "purpose": "Runs the application",
        "data_scope": ("customer_content",),
        "data_categories": ("All customer data",),
        "locations": (FINLAND,),
        **fields,
    }
    return model.EngagementSource(id=id_, **given)


def make_vendor(id_: str = "acme", **fields: Any) -> model.SubprocessorSource:
    """Return a vendor with one engagement that causes no warnings."""
    given = {
        "name": f"{id_.title()} Oy",
        "legal_name": f"{id_.title()} Oy",
        "seat": "FI",
        "privacy_url": f"https://{id_}.example/privacy",
        "contact": f"privacy@{id_}.example",
        "identifiers": (
            model.Identifier(scheme="national", value="1234567-8", country="FI", registry="PRH"),
        ),
        "engagements": (make_engagement(),),
        **fields,
    }
    return model.SubprocessorSource(id=id_, **given)


def make_draft(*vendors: model.SubprocessorSource, **fields: Any) -> model.Draft:
    """Return a source with these vendors, or with one named ``acme``."""
    listed = vendors or (make_vendor(),)
    given = {
        "register": NAME,
        "updated_on": TODAY,
        "publisher": model.Publisher(name="Example", time_zone="UTC", language="en"),
        "notice": NOTICE,
        "url": "https://example.com/",
        "statuses": tuple(
            model.StatusText(id=id_, title=id_.title()) for id_ in ("active", "conditional", "available")
        ),
        "categories": (model.Category(id="infrastructure", title="Infrastructure"),),
        **fields,
    }
    return model.Draft(register=model.RegisterSource(**given), subprocessors=listed)


def make_register(*vendors: model.SubprocessorSource, version: int = 1, **fields: Any) -> model.Register:
    """Return a published version with these vendors, or with one named ``acme``; announced by version 1.

    A vendor may also be a ``Subprocessor``, which is used unchanged.
    """
    draft = make_draft(*vendors, **{name: fields.pop(name) for name in _SAID & fields.keys()})
    source = {name: getattr(draft.register, name) for name in _SAID}
    source["notice"] = model.Notice(**fields_of(source["notice"]))
    given = {
        "version": version,
        "published_at": FIRST + dt.timedelta(days=version - 1),
        "previous": None if version == 1 else model.Previous(version=version - 1, sha256="0" * 64),
        "recorded": "live",
        "reason": model.Reason(kind="initial" if version == 1 else "change"),
        **fields,
    }
    return model.Register(**source, **given, subprocessors=tuple(map(published, draft.subprocessors)))


def published(
    vendor: model.SubprocessorSource | model.Subprocessor, version: int = 1, at: dt.datetime = FIRST
) -> model.Subprocessor:
    """Return a vendor as published, with its engagements announced by that version."""
    if isinstance(vendor, model.Subprocessor):
        return vendor
    announced = model.Announced(version=version, at=at)
    used_for = tuple(
        model.Engagement(**fields_of(item) | _published_plans(item, announced), announced=announced)
        for item in vendor.engagements
    )
    withdrawn = vendor.withdrawn and model.Withdrawn(reason=vendor.withdrawn.reason, announced=announced)
    fields = fields_of(vendor) | {"engagements": used_for, "withdrawn": withdrawn}
    fields["planned"] = _published_plans(vendor, announced)["planned"]
    return model.Subprocessor(**fields)


def fields_of(record: msgspec.Struct) -> dict[str, Any]:
    """Return the fields of a struct by name."""
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _published_plans(owner: Any, announced: model.Announced) -> dict[str, Any]:
    """Return planned changes and cancellations of an owner as published."""

    def cancelled(item: Any) -> model.Cancelled | None:
        return item.cancelled and model.Cancelled(reason=item.cancelled.reason, announced=announced)

    planned = tuple(
        model.PlannedChange(**fields_of(item) | {"announced": announced, "cancelled": cancelled(item)})
        for item in owner.planned
    )
    return {"planned": planned} | ({"cancelled": cancelled(owner)} if hasattr(owner, "cancelled") else {})


def make_promises(
    *policies: tuple[int, dt.date, model.Notice], zone: dt.tzinfo = dt.UTC, first_live: int | None = 1
) -> Promises:
    """Return promises from rows of version, day and notice; by default one, made by version 1."""
    rows = policies or ((1, FIRST.date(), NOTICE),)
    return Promises(
        zone=zone,
        first_live=first_live,
        policies=tuple(
            NoticePolicy(version=version, day=day, notice=notice) for version, day, notice in rows
        ),
    )


def make_context(previous: model.Register | None = None, **fields: Any) -> Context:
    """Return the context of the version after ``previous``, or of version 1."""
    nothing = Promises(zone=dt.UTC, first_live=None, policies=())
    given = {
        "now": NOW,
        "zone": dt.UTC,
        "previous_sha256": "1" * 64 if previous else None,
        "promises": make_promises((1, FIRST.date(), previous.notice)) if previous else nothing,
        "reason": model.Reason(kind="change" if previous else "initial"),
        **fields,
    }
    return Context(previous=previous, **given)


def edited_at(record: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of a record with the value at a key path replaced."""
    if not path:
        return value
    first, *rest = path
    if isinstance(record, msgspec.Struct):
        return msgspec.structs.replace(
            record, **{first: edited_at(getattr(record, first), tuple(rest), value)}
        )
    if isinstance(record, dict):
        return {**record, first: edited_at(record[first], tuple(rest), value)}
    return (*record[:first], edited_at(record[first], tuple(rest), value), *record[first + 1 :])


_SAID = frozenset(model.RegisterSource.__struct_fields__) - {"order", "accepted_warnings"}
