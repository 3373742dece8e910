"""One language: messages with values filled in, code lists, plural forms, countries, dates, lists."""

from __future__ import annotations

import datetime as dt
import functools
import gettext
import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from register_api.core.text import without_any_invisible

if TYPE_CHECKING:  # Babel is slow to import: only what formats text loads it
    from babel import Locale
    from babel.dates import DateTimePattern
    from babel.messages import Catalog

VOCABULARIES: Mapping[str, Mapping[str, str]] = {
    "activity": {"store": "storage", "process": "processing", "access": "remote access"},
    "change": {
        "added": "added", "activated": "activated", "replaced": "replacement",
        "entity_changed": "legal entity changed", "relocated": "processing location changed",
        "data_changed": "personal data changed", "transfer_changed": "third-country transfer changed",
        "purpose_changed": "purpose changed", "condition_changed": "condition changed",
        "schedule_changed": "dates changed", "deactivated": "deactivated", "ended": "ended",
        "withdrawn": "removed (listed in error)", "cancelled": "cancelled", "renamed": "renamed",
        "safeguards_changed": "safeguards changed", "certifications_changed": "certifications changed",
        "policy_changed": "policy changed", "category_changed": "category changed",
        "details_changed": "details changed", "corrected": "correction", "editorial": "editorial change",
        "reordered": "reordered",
    },
    "claim": {
        "certified": "certified", "declared": "self-declared", "in_progress": "in progress",
        "aligned": "not independently certified",
    },
    "condition": {
        "consent": "with consent", "region": "region", "configuration": "configuration",
        "feature": "feature", "product": "product", "plan": "plan",
        "request": "at the customer's request",
    },
    "country": {
        "EU": "European Union", "EEA": "European Economic Area", "worldwide": "worldwide",
        "varies": "varies",
    },
    "lifecycle": {"moved": "moved", "closed": "closed"},
    "vendor_role": {"sub_processor": "sub-processor", "independent_controller": "independent controller"},
    "data_scope": {
        "customer_content": "customer content", "customer_account": "account data",
        "website_visitor": "website visitor data",
    },
    "day_count": {"calendar": "calendar days", "business": "business days"},
    "ict_service": {
        "S01": "ICT project management", "S02": "ICT development",
        "S03": "ICT help desk and first-level support", "S04": "ICT security management services",
        "S05": "provision of data", "S06": "data analysis",
        "S07": "ICT facilities and hosting services (excluding cloud services)", "S08": "computation",
        "S09": "non-cloud data storage", "S10": "telecom carrier", "S11": "network infrastructure",
        "S12": "hardware and physical devices", "S13": "software licensing (excluding SaaS)",
        "S14": "ICT operation management (including maintenance)", "S15": "ICT consulting",
        "S16": "ICT risk management", "S17": "cloud services: IaaS", "S18": "cloud services: PaaS",
        "S19": "cloud services: SaaS",
    },
    "identifier": {
        "lei": "LEI", "euid": "EUID", "vat": "VAT identification no.", "duns": "D-U-N-S number",
        "national": "company registration no.",
    },
    "mechanism": {
        "adequacy": "adequacy decision", "dpf": "EU-US Data Privacy Framework",
        "dpf_uk": "UK Extension to the EU-US Data Privacy Framework",
        "dpf_swiss": "Swiss-US Data Privacy Framework", "scc": "standard contractual clauses",
        "idta": "UK International Data Transfer Agreement",
        "uk_addendum": "UK Addendum to the standard contractual clauses",
        "bcr": "binding corporate rules", "derogation": "derogation under GDPR Article 49",
        "unstated": "not stated",
    },
    "notice_event": {
        "addition": "new sub-processors", "replacement": "replacement of a sub-processor",
        "activation": "activation of an available sub-processor",
        "relocation": "processing in a further country",
        "data_changed": "processing of further personal data",
    },
    "role": {
        "privacy": "privacy", "dpo": "data protection officer",
        "representative": "representative (GDPR Article 27)", "security": "security", "legal": "legal",
        "support": "support", "sales": "sales", "press": "press", "general": "general",
    },
    "state": {
        "announced": "upcoming", "in_force": "in use", "ended": "former",
        "available": "available, not in use", "withdrawn": "removed (listed in error)",
        "cancelled": "cancelled",
    },
    "status": {"active": "active", "conditional": "conditional", "available": "available"},
    "vendor_kind": {"third_party": "third party", "affiliate": "group company"},
}  # fmt: skip
"""English terms by vocabulary and code, for use inside a sentence. An unknown code is displayed as is."""

_SOURCE = "en"
_LOCALES = {_SOURCE: "en_GB"}
"""Locales of languages that need a region: ``10 May 2026`` and ``a, b and c`` are British."""


class Language:
    """Formats messages and values in one language; ``tag`` is its BCP 47 tag."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    @staticmethod
    def of(tag: str) -> Language:
        """Return the language for a BCP 47 tag (``de-AT`` is ``de``); English for one without a catalogue."""
        primary = tag.partition("-")[0].lower()
        return _language(primary if primary in translations() else _SOURCE)

    @property
    def name(self) -> str:
        """The language's own name: ``English``, ``Deutsch``."""
        return str(self._locale.get_language_name(self.tag))

    def template(self, message: str) -> str:
        """Return the translation of a message id with its placeholders."""
        translated = self._catalogue.get(message) if self._catalogue else None
        if translated is None or not translated.string:
            return message
        return translated.string if isinstance(translated.string, str) else translated.string[0]

    def text(self, message: str, **values: object) -> str:
        """Translate a message id such as ``{name} added`` and fill in texts, dates and lists."""
        formats: Mapping[type, Callable[[Any], str]] = {dt.date: self.day, list: self.list}
        words = {name: formats.get(type(value), str)(value) for name, value in values.items()}
        return self.template(message).format(**words)

    def plural(self, one: str, many: str, n: int, **values: object) -> str:
        """Return the plural form of a message for a number; ``{n}`` is replaced by the number."""
        translated = self._catalogue.get(one) if self._catalogue else None
        forms = translated.string if translated else None
        form = forms[self._plural_index(n)] if isinstance(forms, tuple) else one if n == 1 else many
        return form.format(n=n, **values)

    def code(self, vocabulary: str, code: str) -> str:
        """Return the term for a code of a vocabulary; an unknown code is returned as is."""
        words = VOCABULARIES[vocabulary].get(code)
        return code if words is None else self.template(words)

    def country(self, code: str) -> str:
        """Return the name of a country (ISO 3166-1 alpha-2) or of a wider area such as ``EEA``."""
        if code in VOCABULARIES["country"]:
            return self.code("country", code)
        return str(self._locale.territories.get(code, code))

    def day(self, day: dt.date) -> str:
        """Return a date in long form: ``10 May 2026``, ``10. Mai 2026``."""
        return self._long_date.apply(day, self._locale)

    def month(self, day: dt.date) -> str:
        """Return the month of a day: ``May 2026``, ``Mai 2026``."""
        from babel.dates import format_skeleton  # noqa: PLC0415 - Babel is slow to import

        return format_skeleton("yMMMM", day, locale=self._locale)

    def short_month(self, day: dt.date) -> str:
        """Return the month of a day, abbreviated: ``May 2026``, ``Sept 2026``."""
        from babel.dates import format_skeleton  # noqa: PLC0415 - as above

        return format_skeleton("yMMM", day, locale=self._locale)

    def instant(self, instant: dt.datetime) -> str:
        """Return a UTC instant: ``10 May 2026, 09:00 UTC``."""
        return self.text("{day}, {time} UTC", day=self.day(instant.date()), time=f"{instant:%H:%M}")

    def list(self, parts: Sequence[str]) -> str:
        """Return a list as text: ``a, b and c``; with semicolons if an item contains a comma."""
        from babel.lists import format_list  # noqa: PLC0415 - as above

        if any(", " in part for part in parts):
            return "; ".join(parts)
        return format_list(parts, locale=self._locale)

    @functools.cached_property
    def _locale(self) -> Locale:
        from babel import Locale  # noqa: PLC0415 - as above

        return Locale.parse(_LOCALES.get(self.tag, self.tag))

    @functools.cached_property
    def _long_date(self) -> DateTimePattern:
        from babel.dates import get_date_format  # noqa: PLC0415 - as above

        return get_date_format("long", self._locale)

    @functools.cached_property
    def _catalogue(self) -> Catalog | None:
        if self.tag == _SOURCE:
            return None
        from babel.messages.pofile import read_po  # noqa: PLC0415 - as above

        lines = _po_file(self.tag).decode().splitlines(keepends=True)
        return read_po(lines, locale=self.tag, abort_invalid=True)

    @functools.cached_property
    def _plural_index(self) -> Callable[[int], int]:
        return gettext.c2py(self._catalogue.plural_expr if self._catalogue else "n != 1")


def message(text: str) -> str:
    """Mark a text as a message id that is translated elsewhere."""
    return text


@functools.cache
def translations() -> frozenset[str]:
    """Return the languages that English is translated into."""
    return frozenset(folder.name for folder in files(__package__).joinpath("locales").iterdir())


def languages(main: Language) -> tuple[Language, ...]:
    """Return all supported languages, the main one first."""
    return (main, *(Language.of(tag) for tag in sorted({_SOURCE, *translations()} - {main.tag})))


def _po_file(tag: str) -> bytes:
    return files(__package__).joinpath("locales", tag, "LC_MESSAGES", "messages.po").read_bytes()


@functools.cache
def _language(tag: str) -> Language:
    return Language(tag)


def catalogues_sha256() -> bytes:
    """Return a digest of all translations."""
    return hashlib.sha256(b"".join(map(_po_file, sorted(translations())))).digest()


ENGLISH = Language.of(_SOURCE)
"""The language of commands and reports."""

MAX_VALUE = 160
"""Maximum length of a value quoted in a sentence, in characters."""


def shorten(text: str, limit: int | None = MAX_VALUE) -> str:
    """Return a text on one line, cut at a word boundary if longer than the limit (``None``: no limit)."""
    if limit is None:
        return " ".join(text.split())
    line = " ".join(text[: 2 * limit + 1].split())
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[limit // 2 :] else head).rstrip(" ,;:.") + "…"


def one_line(text: str, limit: int | None = None) -> str:
    """Return a text on one line without control and invisible characters, for email headers and reports."""
    visible = "".join(char if char.isprintable() else " " for char in without_any_invisible(text))
    return shorten(visible, limit)


def contrast(before: str, after: str, limit: int | None = MAX_VALUE) -> tuple[str, str]:
    """Return two texts, cut to the limit around the place where they first differ."""
    if limit is None or max(len(before), len(after)) <= limit:
        return shorten(before, limit), shorten(after, limit)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = before.rfind(" ", 0, max(common - limit // 4, 0)) + 1
    lead = "…" if start else ""
    return lead + shorten(before[start:], limit), lead + shorten(after[start:], limit)


def sentence(text: str) -> str:
    """Return a text with a full stop at its end, unless it already ends a sentence."""
    return text if text.endswith((".", "…", "!", "?")) else text + "."


def capital(text: str) -> str:
    """Return a text with its first letter capitalised."""
    return text[:1].upper() + text[1:]


def count(number: int, thing: str) -> str:
    """Return a number with an English noun: ``1 day``, ``7 days``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
