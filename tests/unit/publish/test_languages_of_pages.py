"""Pages are there in every language, also after another one has become the main one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import pytest
from test_page import parse, target

import sample_register as sample
from publishers import NOW, Publisher
from register_api.core.format import tree
from register_api.core.format.paths import in_language
from register_api.core.language.language import Language
from register_api.publish.page import render as page

if TYPE_CHECKING:
    from pathlib import Path

HEBREW = "\u05e9\u05dc\u05d5\u05dd"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """Return a publisher of two versions in English."""
    publisher = Publisher(tmp_path)
    publisher.publish()
    publisher.list("beta", f"starts_on = {(NOW + dt.timedelta(days=40)).date()}\n")
    publisher.publish(NOW + MINUTE)
    return publisher


def languages(publisher: Publisher) -> dict[str, str]:
    """Return the language of each page, whose links to others lead to pages in the languages they name."""
    public = publisher.store / "public"
    pages = {str(path.relative_to(public)): path.read_bytes() for path in public.rglob("index.html")}
    roots = {path: parse(data) for path, data in pages.items()}
    for path, root in roots.items():
        for link in root.xpath("//*[@hreflang and @hreflang != 'x-default']"):
            reference = str(link.get("href"))
            absolute = reference.startswith("https:")
            assert absolute == (link.tag == "link")
            there = f"{reference.split('/', 3)[3]}index.html" if absolute else target(path, reference)
            assert roots[there].get("lang") == link.get("hreflang")
        for link in root.xpath("//a[not(@hreflang) and @href]"):
            reference = str(link.get("href"))
            if reference.endswith("/") and not reference.startswith("https:"):
                assert roots[target(path, reference)].get("lang") == root.get("lang")
    return {path: str(root.get("lang")) for path, root in roots.items()}


def test_another_main_language_changes_places(publisher: Publisher) -> None:
    """Pages of earlier versions, too; nothing is left of those that lay below the language's tag."""
    before = languages(publisher)
    source = publisher.source / "register.toml"
    text = source.read_text("utf-8")
    source.write_text(text.replace('language = "en"', 'language = "de"'), "utf-8")
    publisher.publish(NOW + 2 * MINUTE)
    after = languages(publisher)
    main = {path for path, tag in before.items() if tag == "en"}
    assert {in_language(path, "de") for path in main} == before.keys() - main
    now = main | {tree.VERSION_PAGE.path(3)}
    assert after == dict.fromkeys(now, "de") | {in_language(path, "en"): "en" for path in now}


def written_by_the_publisher(data: bytes, text: str) -> set[tuple[str | None, bool]]:
    """Return the language and whether bidirectional text is isolated, of each element that says a text."""
    elements = [element for element in parse(data).xpath("//body//*") if (element.text or "").strip() == text]
    return {(item.get("lang"), item.tag == "bdi" or item.get("dir") == "auto") for item in elements}


@pytest.mark.parametrize(("page_in", "lang"), [("de", "en"), ("en", None)])
def test_texts_of_the_publisher_say_their_language(page_in: str, lang: str | None) -> None:
    """Where it is another one than the page's; what is written from right to left disturbs nothing."""
    view = sample.view()
    vendor, *others = view.register.subprocessors
    uses = tuple(msgspec.structs.replace(use, purpose=HEBREW, retention=HEBREW) for use in vendor.engagements)
    named = msgspec.structs.replace(vendor, name=HEBREW[::-1], engagements=uses)
    register = msgspec.structs.replace(view.register, subprocessors=(named, *others))
    view = msgspec.structs.replace(view, register=register, language=Language.of(page_in))
    ((_, of_vendor),) = page.subprocessor_pages(view, [named])
    for data in (page.index_page(view), page.annex_page(view), of_vendor):
        assert written_by_the_publisher(data, HEBREW) == {(lang, True)}
        assert written_by_the_publisher(data, named.name) == {(None, True)}
