"""What the sentences about one diff speak of: the two registers, by name, on the day of publication."""

from __future__ import annotations

import datetime as dt

from register_api.core.language.change_view import ChangeView
from register_api.core.language.field_changes import MAX_ITEMS, Phrases
from register_api.core.language.language import Language
from register_api.core.language.prose import shorten
from register_api.core.language.values import Values
from register_api.core.model import Engagement, Register, Subprocessor

_MAX_LABEL = 60


class Scene:
    """Names and dates for the sentences about one diff.

    Attributes:
        language: The language of the sentences.
        day: The publisher's local day of publication: what is later lies ahead.
        initial: Whether the register is the first version.
        notice: The promise of the newer register.
        vendors: Every vendor by id, as the newer register has it if it does.
        has_products: Whether the register names products, so that a use can say which.
        phrases: Phrases about fields.
    """

    def __init__(
        self,
        language: Language,
        register: Register,
        day: dt.date,
        older: Register | None,
        most: int | None = MAX_ITEMS,
    ) -> None:
        self.language = language
        self.text = language.text
        self.day = day
        self.initial = register.previous is None
        self.notice = register.notice
        before = {vendor.id: vendor for vendor in older.subprocessors} if older else {}
        self.vendors = before | {vendor.id: vendor for vendor in register.subprocessors}
        self._titles = {
            name: {item.id: item.title for said in (older, register) if said for item in getattr(said, name)}
            for name in ("statuses", "categories", "products")
        }
        self.names = {id_: vendor.name for id_, vendor in self.vendors.items()}
        titles, products = self._titles["categories"], self._titles["products"]
        day_count = register.notice.day_count
        self.has_products = bool(register.products)
        self.phrases = Phrases(Values(language, self.names, titles, day_count, products), most=most)

    def phrases_about(self, view: ChangeView) -> Phrases:
        """Return phrases that know what kind of days were meant before, if that changed."""
        counted = view.field("day_count")
        if counted is None:
            return self.phrases
        before, after = (Values(self.language, day_count=count) for count in (counted.before, counted.after))
        return Phrases(after, before, self.phrases.most)

    def name(self, view: ChangeView) -> str:
        """Return what the vendor of a change is called."""
        return view.vendor.name if view.vendor else view.change.subprocessor or ""

    def who(self, view: ChangeView) -> str:
        """Name the vendor, and which of its uses where it has several."""
        use, vendor = view.engagement, self.vendors.get(view.change.subprocessor or "", view.vendor)
        if use is None or vendor is None or len(vendor.engagements) == 1:
            return self.name(view)
        return f"{self.name(view)} ({shorten(use.purpose, _MAX_LABEL) or use.id})"

    def use(self, view: ChangeView) -> str:
        """Name the use of a change by its purpose, in quotes, else by its category."""
        use = view.engagement
        if use is None or not use.purpose:
            return self._titles["categories"].get(use.category, use.category) if use else ""
        return self.text("“{text}”", text=shorten(use.purpose, _MAX_LABEL))

    def plan(self, view: ChangeView) -> str:
        """Name a planned change by whose it is and what it sets."""
        kind = Subprocessor if view.change.engagement is None else Engagement
        stated = view.field("set")
        gone = stated.before if stated and isinstance(stated.before, dict) else {}
        fields = view.plan.set if view.plan is not None else gone
        labels = self.language.list([self.phrases.label(kind, name) for name in fields])
        return self.text("{subject}, planned change of {fields}", subject=self.who(view), fields=labels)

    def title(self, view: ChangeView, listed: str, id_: str) -> str:
        """Return what an entry of ``statuses``, ``categories`` or ``products`` is called."""
        gone = view.field("title")
        return self._titles[listed].get(id_) or str(gone.before if gone else id_)

    @staticmethod
    def _added_to(view: ChangeView, field: str) -> list[str]:
        changed = view.field(field)
        before, after = (_ids(changed.before), _ids(changed.after)) if changed else ((), ())
        return [id_ for id_ in after if id_ not in before]

    def newly(self, view: ChangeView, field: str) -> str:
        """Name the vendors that a field of the change's vendor newly points to."""
        return self._named(self._added_to(view, field))

    def heirs(self, view: ChangeView, field: str) -> str:
        """Name the vendors that point to the change's vendor by a field."""
        of = view.change.subprocessor
        found = (id_ for id_, vendor in self.vendors.items() if of in _ids(getattr(vendor, field)))
        return self._named(list(found))

    def _named(self, ids: list[str]) -> str:
        return self.language.list([self.names.get(id_, id_) for id_ in ids])


def _ids(value: object) -> tuple[str, ...]:
    """Return the ids that a field holds that points to vendors."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, tuple) else ()
