"""The page to attach to a contract says who is engaged, what is promised, and by exactly which version."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import pytest
from test_page import parse, text_of

import sample_register as sample
from publishers import NOW
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.language.language import Language
from register_api.publish.page.render import annex_page

if TYPE_CHECKING:
    from publishers import Publisher


def rows(data: bytes) -> list[str]:
    """Return the text of each row of its table."""
    return [
        " ".join(row.text_content().split()) for row in parse(data).xpath("//table[@class='annex']/tbody/tr")
    ]


def test_it_lists_every_engaged_sub_processor_once_a_use_and_nobody_else() -> None:
    """In use or announced; not what is available, has ended, was listed by mistake or gets no data."""
    found = rows(annex_page(sample.view()))
    assert [row.split()[0] for row in found] == [str(number) for number in range(1, len(found) + 1)]
    said = " ".join(found)
    for engaged in ("Nordic Hosting Oy", "Acme", "Hasty Mail"):
        assert engaged in said
    for other in ("Other LLM", "Mistaken", "Former, since"):
        assert other not in said


def test_a_company_whose_name_ends_with_a_full_stop_gets_no_second_one() -> None:
    view = sample.view()
    publisher = msgspec.structs.replace(view.register.publisher, legal_name="Acme Inc.")
    register = msgspec.structs.replace(view.register, publisher=publisher)
    page = annex_page(msgspec.structs.replace(view, register=register))
    assert "Acme Inc. Version" in text_of(page)


def test_an_independent_controller_is_not_a_sub_processor() -> None:
    view = sample.view()
    vendors = tuple(
        msgspec.structs.replace(vendor, role="independent_controller")
        for vendor in view.register.subprocessors
    )
    register = msgspec.structs.replace(view.register, subprocessors=vendors)
    assert not rows(annex_page(msgspec.structs.replace(view, register=register)))


def test_a_row_says_what_a_contract_has_to() -> None:
    (row,) = (
        row
        for row in rows(annex_page(sample.view()))
        if "Nordic Hosting Oy" in row and "Helsinki (HEL1)" in row
    )
    for said in ("Example Street 1", "Finland", "529900T8BM49AURSDO55"):
        assert said in row


@pytest.mark.parametrize(("tag", "said"), [("en", "You may object within 14 days"), ("de", "14 Tage")])
def test_it_states_the_notice_promise_and_where_objections_go(tag: str, said: str) -> None:
    view = msgspec.structs.replace(sample.view(), language=Language.of(tag))
    text = text_of(annex_page(view))
    assert said in text
    assert "privacy@example.com" in text


def test_it_names_exactly_the_published_version(publisher: Publisher) -> None:
    """And stays so until the next one, whatever day it is."""
    publisher.publish()
    public = publisher.store / "public"
    pages = [public / path for path in (tree.ANNEX_PAGE.path(), "de/" + tree.ANNEX_PAGE.path())]
    before = [page.read_bytes() for page in pages]
    for data in before:
        assert digest((public / tree.VERSION_REGISTER.path(1)).read_bytes()) in text_of(data)
        assert parse(data).xpath("//a[contains(@href, 'v1/versions/1/register.json')]")
    publisher.refresh(NOW + dt.timedelta(days=1))
    assert [page.read_bytes() for page in pages] == before
