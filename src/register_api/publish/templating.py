"""Page templates in a language: all values are escaped, undefined ones are errors, links are restricted.

Also ``/check.html``, which is assembled from modules that Node can load unchanged.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment
from markupsafe import Markup, escape

from register_api import __version__
from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.countries import is_outside_eea, without_mechanism
from register_api.core.diff.comparison import is_empty
from register_api.core.field_forms import CONTACT, LINK, URL, Reference
from register_api.core.fields import FIELDS, is_wording
from register_api.core.format import tree
from register_api.core.headers import in_page, program_policy
from register_api.core.language.field_changes import Phrases
from register_api.core.language.language import Language, capital, catalogues_sha256, sentence
from register_api.core.language.notice import notice_given
from register_api.core.language.values import Values
from register_api.core.struct_fields import shapes
from register_api.style import STYLE, page_environment

_SAFE_LINK = re.compile(r"(https://|mailto:)[^\s\x00-\x1f\x7f\"'<>\\]+", re.IGNORECASE)

_PAGES = files("register_api.publish.page")
_TEMPLATES = _PAGES.joinpath("templates")

SCRIPT = _PAGES.joinpath("filters.js").read_bytes()
"""The filter script of the register's main page."""

TEMPLATES_SHA256 = hashlib.sha256(
    b"".join(file.read_bytes() for file in sorted(_TEMPLATES.iterdir(), key=lambda file: file.name))
    + STYLE.encode()
    + SCRIPT
    + __version__.encode()
    + catalogues_sha256()
).hexdigest()
"""Identifies what pages are built from; when it changes, all pages are rewritten."""


def safe_link(url: str | None) -> str | None:
    """Return a URL that is allowed in ``href`` (``https`` or ``mailto``), else ``None``."""
    return url if url is not None and _SAFE_LINK.fullmatch(url) else None


def render(template: str, language: Language, texts: str, **values: Any) -> str:
    """Render a page template; all values are escaped."""
    marked = "" if texts.partition("-")[0].lower() == language.tag else f' lang="{escape(texts)}"'
    return _environment(language, marked).get_template(template).render(**values)


@functools.cache
def _environment(language: Language, marked: str) -> Environment:
    environment = page_environment("register_api.publish.page")
    say = Values(language)
    environment.filters.update(
        capital=capital,
        code=lambda code, vocabulary: language.code(vocabulary, code),
        code_element=Markup("<code>{}</code>").format,
        codes=lambda codes, vocabulary: say.codes(vocabulary, codes),
        country=language.country,
        day=language.day,
        day_before=lambda day: day - dt.timedelta(days=1),
        instant=language.instant,
        mechanism=say.mechanism,
        month=language.month,
        notice_kept=lambda status: notice_given(language, status) if status.met else None,
        name=lambda text: Markup(f"<bdi>{escape(text)}</bdi>"),  # noqa: S704 - escaped
        only_if=say.only_if,
        outside_eea=is_outside_eea,
        own=lambda text: Markup(f"<bdi{marked}>{escape(text)}</bdi>"),  # noqa: S704 - escaped
        place=say.place,
        product_titles=lambda register: {item.id: item.title for item in register.products},
        safe_link=safe_link,
        short_month=language.short_month,
        sentence=sentence,
        value=say.of,
        without_mechanism=without_mechanism,
    )
    environment.globals.update(
        facts=lambda record: list(facts(record, say)),
        language=language.tag,
        # For elements that contain only text of the publisher, which may be right-to-left.
        own_text=Markup(f' dir="auto"{marked}'),  # noqa: S704 - escaped by ``render``
        script=tree.SCRIPT.path(digest(SCRIPT)),
        script_integrity="sha256-" + strict_base64.encode(hashlib.sha256(SCRIPT).digest()),
        # Messages and their arguments are escaped, except what a macro has rendered.
        plural=lambda one, many, n, **given: escape(language.plural(one, many, n, **given)),
        text=lambda message, **given: escape(language.template(message)).format(**given),
    )
    return environment


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A field on a vendor's page: localised values, links and ids unchanged, or an explicit "none"."""

    name: str
    label: str
    items: tuple[str, ...]
    is_none: bool
    is_link: bool
    is_vendor: bool
    is_own: bool
    is_wording: bool


def facts(record: msgspec.Struct, say: Values) -> Iterator[Fact]:
    """Yield the fields of a vendor or an engagement that its page displays, in table order."""
    kind, phrases = type(record), Phrases(say)
    for name in (name for name, row in FIELDS[kind].items() if row.page and name in shapes(kind)):
        shape, value = shapes(kind)[name], getattr(record, name)
        values = value if isinstance(value, tuple) else () if is_empty(value) else (value,)
        is_link = shape.form in (URL, LINK, CONTACT)
        is_vendor = isinstance(shape.form, Reference) and shape.form.to == "vendor"
        words = values if is_link or is_vendor else tuple(say.of_field(kind, name, item) for item in values)
        is_own = words == values
        if values and (isinstance(values[0], bool) or values[0] in shape.codes):
            # Text of the catalogue, neither the publisher's text nor an unknown code.
            words = (capital(words[0]), *words[1:])
        yield Fact(
            name=name,
            label=capital(phrases.label(kind, name, len(values))),
            items=words,
            is_none=value == () and shape.is_optional,
            is_link=is_link,
            is_vendor=is_vendor,
            is_own=is_own,
            is_wording=is_wording(kind, name),
        )


_CHECK_PAGE = files("register_api.publish").joinpath("check_page")

MODULES = (
    "bytes", "days", "json", "ed25519", "reading", "trust", "keys", "log", "register", "memory", "events",
    "notice", "steps", "sentences", "page",
)  # fmt: skip
"""The modules, ordered so that constants are defined before they are used."""

_LEFT_OUT = ("import", "//", "/**")
"""Prefixes of lines to drop: imports of other modules, and comments."""


@functools.cache
def check_page() -> bytes:
    """Return ``/check.html``: one file that works from disk; its policy allows its one script by hash."""
    lines = "".join(_read(f"program/{name}.js") for name in MODULES).splitlines()
    kept = (line.removeprefix("export ") for line in lines if not line.lstrip().startswith(_LEFT_OUT))
    style, script = _read("check.css").strip(), "\n".join(kept).strip()
    policy = in_page(program_policy(_source(style), _source(script)))
    page = _read("check.html")
    for name, text in (("policy", policy), ("style", style), ("script", script)):
        page = page.replace(f"@{name}@", text)
    return page.encode()


def _read(name: str) -> str:
    return _CHECK_PAGE.joinpath(name).read_text("utf-8")


def _source(text: str) -> str:
    """Return the CSP source expression for an inline element with this text (CSP Level 3 section 2.3.1)."""
    return f"'sha256-{strict_base64.encode(hashlib.sha256(text.encode()).digest())}'"
