"""Formats values of the register: ``Helsinki, Finland (storage, processing)``, ``10 June 2026``, ``yes``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from register_api.core import model
from register_api.core.field_forms import COUNTRY, Number, Reference
from register_api.core.language.language import Language, message
from register_api.core.language.notice import days
from register_api.core.struct_fields import shapes

_VOCABULARIES: Mapping[str, str] = {
    "applies_to": "notice_event", "data_scope": "data_scope", "day_count": "day_count",
    "ict_service": "ict_service", "kind": "vendor_kind", "role": "vendor_role",
}  # fmt: skip
"""Fields that contain codes, and their vocabularies."""

MECHANISM_NOT_STATED = message("Transfer mechanism: not stated")
"""Remark on locations outside the EEA without a transfer mechanism (``core.countries``)."""


def _in_order(items: tuple[Any, ...]) -> list[Any]:
    """Return items with negated conditions last: "not used where A and B" would negate both."""
    return sorted(items, key=lambda item: isinstance(item, model.Condition) and item.negated)


class Values:
    """Formats values in one language; ids become names and titles, ``day_count`` is the kind of days."""

    def __init__(
        self,
        language: Language,
        names: Mapping[str, str] = MappingProxyType({}),
        titles: Mapping[str, str] = MappingProxyType({}),
        day_count: model.DayCount | None = None,
        products: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.language = language
        self.text = language.text
        self._references: Mapping[str, Callable[[str], str]] = {
            "category": lambda id_: titles.get(id_, id_),
            "product": lambda id_: products.get(id_, id_),
            "status": lambda id_: language.code("status", id_),
            "vendor": lambda id_: names.get(id_, id_),
        }
        self._day_count = day_count
        self._words: Mapping[type, Callable[[Any], str]] = {
            type(None): lambda _value: language.text("not stated"),
            bool: lambda value: language.text("yes") if value else language.text("no"),
            dt.date: language.day,
            list: lambda value: self.of(tuple(value)),
            tuple: lambda value: self._list([self.of(item) for item in _in_order(value)]),
            dict: lambda value: language.list([f"{name}: {self.of(text)}" for name, text in value.items()]),
            model.Location: self.location,
            model.Condition: self.condition,
            model.Transfer: self.transfer,
            model.Certification: self.certification,
            model.Identifier: lambda value: f"{language.code('identifier', value.scheme)} {value.value}",
            model.Contact: self.contact,
            model.Exclusion: lambda value: value.title,
            model.RelatedDocument: lambda value: f"{value.title} ({value.url})" if value.url else value.title,
            model.ProductScope: self.products,
            model.ShortNotice: lambda value: value.reason,
            model.Withdrawn: lambda value: value.reason,
            model.WithdrawnSource: lambda value: value.reason,
            model.Cancelled: lambda value: value.reason,
            model.Entity: self.entity,
            model.OwnRegister: lambda value: value.url,
            model.Objection: lambda value: f"{days(language, value.days, day_count)} ({value.contact})",
            model.Lifecycle: self.lifecycle,
        }

    def of(self, value: Any) -> str:
        """Return a value as words; a string unchanged."""
        return self._words.get(type(value), str)(value)

    def of_field(self, kind: type[msgspec.Struct], name: str, value: Any) -> str:
        """Return a field's value, or an item of its list, with names for ids and terms for codes."""
        if isinstance(value, tuple):
            return self._list([self.of_field(kind, name, item) for item in _in_order(value)])
        form = shapes(kind)[name].form if name in shapes(kind) else None
        if isinstance(form, Number) and isinstance(value, int):
            return days(self.language, value, self._day_count)
        if not isinstance(value, str):
            return self.of(value)
        if isinstance(form, Reference):
            return self._references[form.to](value)
        if form is COUNTRY:
            return self.language.country(value)
        return self.language.code(_VOCABULARIES[name], value) if name in _VOCABULARIES else value

    def _list(self, parts: list[str]) -> str:
        return self.language.list(parts) if parts else self.text("none")

    def codes(self, vocabulary: str, codes: Iterable[str]) -> str:
        """Return the terms for some codes, separated by commas."""
        return ", ".join(self.language.code(vocabulary, code) for code in codes)

    def location(self, value: model.Location) -> str:
        """Return a processing location: ``Helsinki, Finland (storage, processing)``."""
        notes = [self.codes("activity", value.activities)] if value.activities else []
        notes += [self.text("default")] if value.is_default else []
        notes += [self.only_if(value.conditions)] if value.conditions else []
        notes += [value.text.rstrip(".")] if value.text else []
        where = self.place(value)
        return f"{where} ({'; '.join(notes)})" if notes else where

    def place(self, value: model.Location) -> str:
        """Return the place and country of a location: ``Helsinki, Finland``."""
        country = self.language.country(value.country)
        return f"{value.place}, {country}" if value.place else country

    def condition(self, value: model.Condition) -> str:
        """Return a condition: the publisher's text, else ``region eu``."""
        setting = " = ".join(part for part in (value.key, value.value) if part)
        kind = self.language.code("condition", value.type)
        if not value.negated:
            return value.text or (f"{kind} {setting}" if setting else kind)
        if not setting:
            return self.text("not used in this case: {condition}", condition=value.text or kind)
        words = self.text("not used where {setting}", setting=setting)
        return f"{words} ({value.text})" if value.text else words

    def only_if(self, values: Sequence[model.Condition]) -> str:
        """Return conditions that must all hold, with an introduction."""
        wanted = [self.condition(value) for value in values if not value.negated]
        parts = [self.condition(value) for value in values if value.negated]
        if wanted:
            parts.insert(0, self.text("condition: {condition}", condition=wanted))
        return "; ".join(parts)

    def products(self, value: model.ProductScope) -> str:
        """Return the titles of the products in scope, or "all products"."""
        return self.text("all products") if value.all else self.of_field(model.ProductScope, "ids", value.ids)

    def mechanism(self, value: model.Transfer) -> str:
        """Return a transfer's mechanism: ``standard contractual clauses, Module Three``."""
        mechanism = self.language.code("mechanism", value.mechanism)
        return f"{mechanism}, {value.reference}" if value.reference else mechanism

    def transfer(self, value: model.Transfer) -> str:
        """Return a transfer with its mechanism: ``United States (adequacy decision)``."""
        return f"{self.language.country(value.destination)} ({self.mechanism(value)})"

    def certification(self, value: model.Certification) -> str:
        """Return a certification with its claim, coverage and expiry."""
        notes = [self.language.code("claim", value.claim), *([value.covers] if value.covers else [])]
        if value.valid_until:
            notes.append(self.text("valid until {day}", day=value.valid_until))
        return f"{value.name} ({', '.join(notes)})"

    def entity(self, value: model.Entity) -> str:
        """Return a legal entity with country, address and company numbers."""
        country = self.language.country(value.seat) if value.seat else None
        notes = [country, value.address, *map(self.of, value.identifiers or ())]
        details = "; ".join(note for note in notes if note)
        return f"{value.legal_name} ({details})" if details else value.legal_name

    def lifecycle(self, value: model.Lifecycle) -> str:
        """Return the register's state (moved or closed), its date and the successor."""
        state = f"{self.language.code('lifecycle', value.state)}, {self.language.day(value.on)}"
        return f"{state}: {value.successor}" if value.successor else state

    def contact(self, value: model.Contact) -> str:
        """Return a contact's role and address."""
        address = value.email or value.url or self.text("no address")
        return f"{self.language.code('role', value.role)} ({address})"
