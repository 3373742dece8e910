"""Lists a page at a time, the eight answers, and what asking costs."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx
import pytest

import stores
from patience import PATIENCE, wait_until
from register_api.core.api.questions import QUESTIONS
from register_api.core.exports.columns import COLUMNS
from register_api.core.format import tree
from register_api.core.questionnaire.answers import QUESTIONS as EIGHT
from register_api.serve.answer.cache import Answers
from register_api.serve.answer.service import Service
from register_api.serve.reply_table import CurrentReplies
from running import computed_here, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from register_api.core.api.questions import Question
    from register_api.serve.reply import Resource

LISTS = {"v1/subprocessors": "subprocessors", "v1/answers": "answers", "v1/upcoming": "upcoming"}
"""Address of a list, and the member with its items."""


@pytest.fixture(scope="module")
def base(three_versions: Path) -> Iterator[str]:
    """Serve three versions; return the address."""
    with running(three_versions) as url:
        yield url


def question(operation: str) -> Question:
    """Return a question by its operation."""
    (found,) = [each for each in QUESTIONS if each.operation == operation]
    return found


def pages(url: str) -> list[dict[str, object]]:
    """Follow ``next`` from a first page to the last; the header names the same page."""
    found = []
    following: str | None = url
    while following is not None:
        answer = httpx.get(following, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        document = answer.json()
        linked = answer.links.get("next", {}).get("url")
        assert linked == document["next"]
        found.append(document)
        following = linked and urljoin(following, linked)
    return found


@pytest.mark.parametrize(("path", "member"), LISTS.items())
@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_pages_together_are_the_whole_list(base: str, path: str, member: str, limit: int) -> None:
    """Nothing is lost or told twice; each page says how many items there are."""
    whole = httpx.get(f"{base}{path}?on=2026-01-03", timeout=PATIENCE).json()
    found = pages(f"{base}{path}?on=2026-01-03&limit={limit}")
    assert [item for page in found for item in page[member]] == whole[member]  # type: ignore[attr-defined]
    assert {page["total"] for page in found} == {len(whole[member])}
    assert [page["offset"] for page in found] == list(range(0, len(found) * limit, limit))
    assert all(len(page[member]) <= limit for page in found)  # type: ignore[arg-type]


def table(url: str) -> tuple[httpx.Response, list[dict[str, str]]]:
    """Return an answer as CSV, and its rows."""
    answer = httpx.get(url, headers={"accept": "text/csv"}, timeout=PATIENCE)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return answer, list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def test_who_prefers_csv_gets_the_uses_as_a_table(base: str) -> None:
    """The columns of the export, a row for each use and place of the same answer."""
    answer, rows = table(f"{base}v1/subprocessors?on=2026-01-03")
    document = httpx.get(f"{base}v1/subprocessors?on=2026-01-03", timeout=PATIENCE).json()
    told = [
        (vendor["id"], use["id"], use["state"], use["status"])
        for vendor in document["subprocessors"]
        for use in vendor["engagements"]
        for _ in use["locations"] or [None]
    ]
    assert told
    assert [(row["subprocessor"], row["use"], row["state"], row["status"]) for row in rows] == told
    assert {row["as_of"] for row in rows} == {"2026-01-03"}
    assert list(rows[0]) == [column.name for column in COLUMNS]
    assert answer.headers["register-version"] == str(document["version"])


def test_a_table_is_filtered_and_has_pages_as_the_list_has(base: str) -> None:
    """The header leads to the next page, which is CSV for who asks for it again."""
    whole = table(f"{base}v1/subprocessors?on=2026-01-03&country=FI")[1]
    url, found = f"{base}v1/subprocessors?on=2026-01-03&country=FI&limit=1", []
    while url:
        answer, rows = table(url)
        found += rows
        linked = answer.links.get("next")
        assert linked is None or linked["type"] == "text/csv"
        url = linked and urljoin(url, linked["url"])
    assert whole
    assert found == whole


def test_caches_keep_table_and_document_apart(base: str) -> None:
    """Neither form is taken for the other, whichever was asked for first."""
    url = f"{base}v1/subprocessors?on=2026-01-02"
    answers = [
        httpx.get(url, headers={"accept": accept}, timeout=PATIENCE)
        for accept in ("text/csv", "application/json", "*/*", "text/csv;q=0.1, application/json", "text/csv")
    ]
    types = [answer.headers["content-type"].partition(";")[0] for answer in answers]
    assert types == ["text/csv", *3 * ["application/json"], "text/csv"]
    assert {answer.headers["vary"] for answer in answers} == {"Accept, Accept-Encoding"}
    assert len({answer.headers["etag"] for answer in answers}) == 2


def test_questions_without_a_table_stay_json(base: str) -> None:
    answer = httpx.get(f"{base}v1/upcoming", headers={"accept": "text/csv"}, timeout=PATIENCE)
    assert answer.headers["content-type"] == "application/json"


def test_the_next_page_asks_the_same(base: str) -> None:
    """Filters, both clocks and the day that was meant by today go along."""
    query = "state=in_force&state=announced&country=FI&q=V%C3%A9ndor&known_at=2026-01-03T11:00:00%2B02:00"
    assert pages(f"{base}v1/subprocessors?{query}")[0]["total"] == 0
    found = pages(f"{base}v1/subprocessors?{query.replace('%C3%A9', 'e')}&limit=1")
    assert [page["total"] for page in found] == [4, 4, 4, 4]
    assert {page["on"] for page in found} == {"2026-01-03"}
    assert "on=2026-01-03" in str(found[0]["next"])


def test_pages_of_one_list_belong_together_whatever_is_published_in_between(one_version: Path) -> None:
    """A version that comes between two pages changes none of them: what is listed, and how much of it."""
    with running(one_version) as base:
        whole = httpx.get(f"{base}v1/answers", timeout=PATIENCE).json()
        first = httpx.get(f"{base}v1/answers?limit=5", timeout=PATIENCE).json()
        assert "version=1" in first["next"]
        stores.publish(one_version, 2)
        wait_until(lambda: httpx.get(f"{base}v1/answers", timeout=PATIENCE).json()["version"] == 2)
        rest = pages(urljoin(f"{base}v1/answers", first["next"]))
        found = [*first["answers"], *(item for page in rest for item in page["answers"])]  # type: ignore[attr-defined]
        assert found == whole["answers"]
        assert {page["version"] for page in rest} == {1}


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("version=2", 200, None),
        ("version=4", 404, "no-such-version"),
        ("version=0", 400, "bad-parameter"),
        ("version=2&known_at=2020-01-02", 404, "nothing-known-yet"),
        ("changed_since=4", 404, "no-such-version"),
        ("changed_since=yesterday", 400, "bad-parameter"),
    ],
)
def test_a_version_can_be_asked_for_if_there_is_one(
    base: str, query: str, status: int, kind: str | None
) -> None:
    answer = httpx.get(f"{base}v1/subprocessors?{query}", timeout=PATIENCE)
    assert answer.status_code == status
    document = answer.json()
    assert document["version"] == 2 if kind is None else document["type"].endswith(f":{kind}")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "offset=-1", "offset=x", "limit=1&limit=2"])
def test_a_window_out_of_bounds_is_refused(base: str, path: str, query: str) -> None:
    """The problem says what the bounds are."""
    assert httpx.get(f"{base}{path}?{query}", timeout=PATIENCE).status_code == 400


def test_beyond_the_end_there_is_nothing(base: str) -> None:
    """An empty page is an answer."""
    page = httpx.get(f"{base}v1/answers?offset=2000000", timeout=PATIENCE).json()
    assert (page["answers"], page["next"]) == ([], None)


def test_text_is_found_however_it_was_typed(tmp_path: Path) -> None:
    """Some keyboards send letters and accents apart (NFD); the register has them as one (NFC)."""
    with running(stores.make_store(tmp_path, 1)) as base:
        composed, apart = (
            httpx.get(f"{base}v1/subprocessors", params={"q": text}, timeout=PATIENCE)
            for text in ("\u00e9", "e\u0301")
        )
        assert composed.content == apart.content


class TestEightAnswers:
    """``/v1/answers``: one request, one engagement, eight answers."""

    def test_one_request_answers_all_for_every_engagement(self, base: str) -> None:
        """In the register's order, with the questions beside them."""
        document = httpx.get(f"{base}v1/answers", timeout=PATIENCE).json()
        register = httpx.get(f"{base}v1/register.json", timeout=PATIENCE).json()
        uses = [
            (vendor["id"], use["id"]) for vendor in register["subprocessors"] for use in vendor["engagements"]
        ]
        assert [(item["subprocessor"], item["engagement"]) for item in document["answers"]] == uses
        assert document["questions"] == dict(EIGHT)
        for item in document["answers"]:
            assert all(item[name]["words"] for name in EIGHT)

    def test_one_vendor_or_engagement_can_be_asked_about(self, base: str) -> None:
        """By id; filters of lists fit as well."""
        document = httpx.get(
            f"{base}v1/answers?subprocessor=vendor-7&engagement=hosting&on=2026-01-03", timeout=PATIENCE
        ).json()
        (found,) = document["answers"]
        assert (found["subprocessor"], found["state"]) == ("vendor-7", "in_force")
        assert found["purpose"]["words"] == "Hosting of part 7 of the service, in rented data centres."
        assert found["region"]["pinning"] == "fixed"
        filtered = httpx.get(
            f"{base}v1/answers?status=available&subprocessor=vendor-7", timeout=PATIENCE
        ).json()
        assert filtered["answers"] == []

    def test_both_clocks_count(self, base: str) -> None:
        """Vendor 13 was announced by version 3."""
        later = httpx.get(f"{base}v1/answers?subprocessor=vendor-13&on=2026-02-12", timeout=PATIENCE).json()
        assert later["answers"][0]["state"] == "in_force"
        answer = httpx.get(f"{base}v1/answers?subprocessor=vendor-13&known_at=2026-01-02", timeout=PATIENCE)
        assert answer.json()["type"].endswith(":no-such-subprocessor")

    @pytest.mark.parametrize(
        ("query", "status", "kind"),
        [
            ("subprocessor=nobody", 404, "no-such-subprocessor"),
            ("subprocessor=vendor-1&engagement=nothing", 404, "no-such-engagement"),
            ("engagement=nothing", 404, "no-such-engagement"),
            ("subprocesor=vendor-1", 400, "bad-parameter"),
            ("category=nothing", 404, "no-such-category"),
            ("known_at=2020-01-01", 404, "nothing-known-yet"),
        ],
    )
    def test_a_slip_is_no_empty_answer(self, base: str, query: str, status: int, kind: str) -> None:
        """Whoever asks about what is not there is told so."""
        answer = httpx.get(f"{base}v1/answers?{query}", timeout=PATIENCE)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (status, kind)


class TestCost:
    """A question is computed once for a version, and a flood of them is bounded."""

    def test_a_flood_of_small_answers_is_kept_within_bounds(self, three_versions: Path) -> None:
        """What an answer takes besides its bytes counts as well."""
        replies = CurrentReplies(three_versions, 2**20)
        replies.swap(replies.load())
        kept = Answers(2**20)
        service = Service(replies, kept, lambda: stores.published_at(3), computed_here)

        async def flood() -> None:
            for number in range(400):
                await service.answer(question("listSubprocessors"), f"q=nothing{number}".encode())

        asyncio.run(flood())
        assert 0 < len(kept) <= 2**20 // 4096

    def test_renewing_freshness_leaves_answers_as_they_are(self, one_version: Path) -> None:
        """They depend on the version; a new timestamp is no new version."""
        replies = CurrentReplies(one_version, 2**20)
        replies.swap(replies.load())
        service = Service(replies, Answers(2**20), lambda: stores.published_at(1), computed_here)

        async def ask() -> Resource:
            return await service.answer(question("listUpcoming"))

        before = asyncio.run(ask())
        stores.commit(
            one_version, stores.timestamp(stores.EXPIRES), stores.state(1), now=stores.published_at(2)
        )
        assert replies.is_stale()
        replies.swap(replies.load())
        assert asyncio.run(ask()) is before
        stores.publish(one_version, 2)
        replies.swap(replies.load())
        assert asyncio.run(ask()) is not before


@pytest.mark.parametrize(
    "path", ["v1/diff?from=1", "v1/subprocessors?known_at=2026-01-01", "v1/answers?known_at=2026-01-01"]
)
def test_a_damaged_store_is_reported_as_for_stored_files(tmp_path: Path, path: str) -> None:
    """It is not the client's fault, and may be over soon."""
    store = stores.make_store(tmp_path, 2)
    file = store / "public" / tree.VERSION_REGISTER.path(1)
    file.unlink()
    file.write_bytes(b"{}")
    with running(store) as base:
        answer = httpx.get(base + path, timeout=PATIENCE)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (503, "unreadable")
        assert answer.headers["retry-after"]
        assert httpx.get(f"{base}v1/register.json", timeout=PATIENCE).status_code == 200
