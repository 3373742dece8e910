"""The service's description is true of the service, judged by programs that are not ours."""

from __future__ import annotations

import json
import os
import re
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import hosts
import httpx
import jsonschema
import pytest
import schemathesis
from lxml import html

import stores
from patience import PATIENCE
from programs import run
from register_api.core.api.openapi import openapi_bytes
from register_api.core.format import tree
from register_api.core.format.paths import KINDS
from register_api.serve.reference import MAX_EXAMPLE_BYTES, prose
from running import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hosts import Site
    from publications import Publication

NONE = "\N{EN DASH}"
"""What the page shows where there is no example."""

EXAMPLES = 4
"""Cases of schemathesis's random phase for each address; its other phases have what they have."""

Document = dict[str, Any]


@pytest.fixture(scope="module")
def service(publication: Publication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The publication as the service serves it."""
    with hosts.service(publication.store) as site:
        yield site


@pytest.fixture(scope="module")
def description(service: Site) -> Document:
    """The description as it is served."""
    return dict(json.loads(service.get("openapi.json")))


def validator(schema: Document) -> jsonschema.Draft202012Validator:
    """Return a validator that also judges forms such as days and instants."""
    return jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def described(description: Document, reference: Document) -> jsonschema.Draft202012Validator:
    """Return a validator of a schema within the description."""
    return validator({**reference, "components": description["components"]})


def operations(description: Document) -> Iterator[tuple[str, Document]]:
    """Yield every address with its one operation."""
    for url, item in description["paths"].items():
        assert item.keys() == {"get"}
        yield url, item["get"]


def test_it_is_openapi(description: Document) -> None:
    """The schema of OpenAPI 3.1 itself, as schemathesis has it, and every JSON Schema within."""
    assert description["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(description).validate()
    for schema in description["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    names = [operation["operationId"] for _, operation in operations(description)]
    assert len(set(names)) == len(names)


def test_it_is_the_same_for_every_register(service: Site, publication: Publication, tmp_path: Path) -> None:
    """Byte for byte: of two registers, on a host of files, and before anything is published."""
    served = [service.get(tree.OPENAPI.path())]
    for store in (tmp_path / "nothing", stores.make_store(tmp_path / "other", 1)):
        with running(store) as base:
            served.append(httpx.get(urljoin(base, tree.OPENAPI.path()), timeout=PATIENCE).content)
    assert {*served, openapi_bytes()} == {publication.files[tree.OPENAPI.path()]}
    categories = json.loads(publication.files[tree.REGISTER.path()])["categories"]
    assert not any(f'"{category["id"]}"' in openapi_bytes().decode() for category in categories)


def test_schemathesis_finds_nothing(service: Site, description: Document, tmp_path: Path) -> None:
    """Every address, what its description allows and what it does not, by all checks there are.

    ``SCHEMATHESIS_SECONDS`` lets it go on for so long, from another seed each time.
    """
    seconds = os.environ.get("SCHEMATHESIS_SECONDS")
    bounds = ["--max-time", seconds] if seconds else ["--max-examples", str(EXAMPLES), "--seed", "1"]
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", urljoin(service.base, "openapi.json"),
        "--phases", "examples,coverage,fuzzing", "--checks", "all", "--continue-on-failure", "--no-shrink",
        "--request-timeout", str(PATIENCE),
        "--report", "json", "--report-json-path", str(tmp_path / "report.json"), *bounds,
    ]  # fmt: skip
    done = run(*command, cwd=tmp_path, limit=PATIENCE + float(seconds or 0))
    assert done.returncode == 0, done.stdout[-8000:]
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["operations"]["tested"] == len(description["paths"])
    assert report["test_cases"]["generated"] > 10 * len(description["paths"])


def file_of(url: str) -> str:
    """Return the path in the tree of a stored address."""
    return url.removeprefix("/") or tree.INDEX.path()


def test_every_kind_of_file_is_described(description: Document) -> None:
    """Each row of the table, with its copies and signatures."""
    described_paths = {file_of(url) for url in description["paths"]}
    assert [kind.template for kind in KINDS if kind.template not in described_paths] == []


def test_every_stored_file_has_an_address(publication: Publication, description: Document) -> None:
    """Signatures, too; and parameters have the form that they are said to have."""
    patterns = []
    for url, operation in operations(description):
        forms = {item["name"]: item["schema"] for item in operation.get("parameters", [])}
        groups = {name: form.get("pattern", "^[1-9][0-9]*$")[1:-1] for name, form in forms.items()}
        parts = re.split(r"\{(\w+)\}", file_of(url))
        patterns.append(
            "".join(f"(?:{groups[part]})" if odd % 2 else re.escape(part) for odd, part in enumerate(parts))
        )
    lost = [path for path in publication.files if not any(re.fullmatch(item, path) for item in patterns)]
    assert lost == []


def test_documents_are_as_their_structs_say(service: Site, page: Page, description: Document) -> None:
    """Every address that names a schema and of which there is an example."""
    judged = set()
    for url, operation in operations(description):
        content = next(iter(operation["responses"]["200"]["content"].values()))
        request = page.requests.get(operation["operationId"])
        if "$ref" in content["schema"] and request is not None and "{sha256}" not in url:
            described(description, content["schema"]).validate(json.loads(service.get(request)))
            judged.add(operation["operationId"])
    assert {"getRegister", "getVersionDiff", "getKeys", "listAnswers", "getSubprocessor"} <= judged


def test_published_schemas_hold_for_every_version(service: Site, publication: Publication) -> None:
    """Every document of every kind, as it is served, by the schema that its ``Link`` names."""
    kinds: dict[str, int] = {}
    for path in sorted(publication.files):
        match = re.fullmatch(r"v1/(?:versions/\d+/)?(register|diff|entry|versions|keys|upcoming)\.json", path)
        if match is None and path != tree.DISCOVERY.path():
            continue
        kind = match[1] if match else "discovery"
        answer = httpx.get(urljoin(service.base, path), timeout=PATIENCE)
        schema = json.loads(publication.files[tree.SCHEMA.path(kind)])
        if match:
            linked = [link for link in answer.links.values() if link["url"].endswith(f"schema/{kind}.json")]
            assert re.search(rf'<[^>]*schema/{kind}\.json>; rel="describedby"', answer.headers["link"]), (
                linked
            )
        document = answer.json()
        validator(schema).validate(document)
        validator(schema).validate({**document, "joined_later": {"any": ["thing"]}})
        assert not validator(schema).is_valid({**document, "format": document["format"][:-1] + "2"})
        kinds[kind] = kinds.get(kind, 0) + 1
    size = publication.size
    assert kinds == {
        "register": size + 1, "diff": size, "entry": size, "versions": 1, "keys": size + 1, "upcoming": 1,
        "discovery": 1,
    }  # fmt: skip


def test_fields_of_tomorrow_are_allowed_at_every_depth(publication: Publication) -> None:
    """A reader that validates with today's schema reads a register with further fields."""

    def grown(value: object) -> object:
        if isinstance(value, dict):
            return {**{name: grown(item) for name, item in value.items()}, "joined_later": None}
        return [grown(item) for item in value] if isinstance(value, list) else value

    register = json.loads(publication.files[tree.REGISTER.path()])
    extra = register.pop("extra")
    document: Any = grown(register)
    document["extra"] = extra
    for vendor in document["subprocessors"]:
        vendor["extra"] = {}
        for engagement in vendor["engagements"]:
            engagement["extra"] = {}
    validator(json.loads(publication.files[tree.SCHEMA.path("register")])).validate(document)


class Page:
    """``/docs``, parsed.

    Attributes:
        root: The document.
        requests: The example of each operation that has one: a reference relative to the page.
    """

    def __init__(self, text: bytes) -> None:
        self.root = html.fromstring(text)
        self.requests = {
            article.get("aria-labelledby"): str(*article.xpath(".//dd/a[starts-with(., 'GET ')]/@href"))
            for article in self.root.xpath("//article[.//dd/a[starts-with(., 'GET ')]]")
        }


@pytest.fixture(scope="module")
def page(service: Site) -> Page:
    """The page for people, parsed."""
    return Page(service.get("docs"))


NO_TEXT = ("text/html", "image/", "application/octet-stream", "application/vnd.openxmlformats")
"""Media types of which no bytes are shown."""


class TestPage:
    """``/docs``: the description for people, with examples of what is published."""

    def test_it_shows_every_address_parameter_and_document(self, page: Page, description: Document) -> None:
        """Nothing that the description has is left out."""
        text = page.root.text_content()
        for url, operation in operations(description):
            assert f"GET {url}" in text
            assert all(item["name"] in text for item in operation.get("parameters", []))
        assert {f"document-{name}" for name in description["components"]["schemas"]} <= set(
            page.root.xpath("//@id")
        )

    def test_examples_are_what_is_served(self, service: Site, page: Page, description: Document) -> None:
        """Each request is answered as described, and with the answer that is shown."""
        for url, operation in operations(description):
            media_type = next(iter(operation["responses"]["200"]["content"]))
            request = page.requests.get(operation["operationId"])
            if request is None:
                none_here = {
                    "/feed/{page}.atom", "/log/tile/{level}/{tile}", "/log/tile/entries/{tile}",
                    "/log/checkpoints/{size}.tsr", "/calendar/{subprocessor}.ics", "/feeds.opml",
                    "/script/{sha256}.js",
                }  # fmt: skip
                assert url.removesuffix(".sig").removesuffix(".jws").removesuffix(".dsig") in none_here | {
                    "/.well-known/security.txt", "/healthz", "/readyz", "/docs",
                }  # fmt: skip
                continue
            answer = httpx.get(urljoin(service.base, request), timeout=PATIENCE)
            assert (answer.status_code, answer.headers["content-type"]) == (200, media_type), url
            (article,) = page.root.xpath(f"//article[@aria-labelledby='{operation['operationId']}']")
            shown = article.xpath(".//pre/text()")
            is_text = not media_type.startswith(NO_TEXT)
            assert bool(shown) == (is_text and len(answer.content) <= MAX_EXAMPLE_BYTES), url
            for text in shown:
                if "json" in media_type:
                    assert json.loads(text) == answer.json(), url
                else:
                    assert text.splitlines() == answer.text.splitlines(), url

    def test_examples_of_parameters_get_an_answer(
        self, service: Site, page: Page, description: Document
    ) -> None:
        """Each value that the page shows, beside those that are required."""
        for url, operation in operations(description):
            (article,) = page.root.xpath(f"//article[@aria-labelledby='{operation['operationId']}']")
            values = {
                row.xpath("string(th/code)"): row.xpath("string(td[@data-label='Example'])")
                for row in article.xpath(".//tbody/tr")
            }
            path = {name: values.pop(name) for name in list(values) if f"{{{name}}}" in url}
            if NONE in path.values():
                continue
            target = urljoin(service.base, url.format(**path).removeprefix("/"))
            needed = [item["name"] for item in operation.get("parameters", ()) if item["required"]]
            required = {name: value for name, value in values.items() if name in needed}
            for name, value in values.items():
                if value != NONE:
                    asked = {**required, name: value}
                    assert httpx.get(target, params=asked, timeout=PATIENCE).status_code == 200, (url, name)

    def test_it_runs_and_loads_nothing(self, service: Site, page: Page) -> None:
        """Its policy allows its own style and nothing else; there is nothing else."""
        _, headers = service.ask("docs")
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert page.root.xpath("//script | //img | //iframe | //form | //@src | //@style") == []
        names = {name for element in page.root.iter() for name in element.attrib}
        assert [name for name in names if name.startswith("on")] == []

    def test_it_can_be_read_by_ear_and_by_keyboard(self, page: Page) -> None:
        """Language, one h1, no level of heading left out, unique ids, links that lead somewhere."""
        assert page.root.get("lang") == "en"
        levels = [int(item.tag[1]) for item in page.root.iter("h1", "h2", "h3", "h4")]
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        ids = page.root.xpath("//@id")
        assert len(set(ids)) == len(ids)
        assert {link[1:] for link in page.root.xpath("//a/@href") if link.startswith("#")} <= set(ids)
        assert set(page.root.xpath("//@aria-labelledby")) <= set(ids)
        assert all(table.find("caption") is not None for table in page.root.iter("table"))

    def test_its_links_lead_somewhere(self, service: Site, page: Page) -> None:
        """Relative ones, so that they hold under any prefix."""
        links = {link for link in page.root.xpath("//@href") if not link.startswith("#")}
        assert not any(urlsplit(link).netloc or link.startswith("/") for link in links)
        for link in links:
            assert (
                httpx.get(urljoin(urljoin(service.base, "docs"), link), timeout=PATIENCE).status_code == 200
            )


def test_descriptions_are_text_and_never_markup() -> None:
    """Only what stands between backticks is set apart."""
    assert prose("`on` <b>a day</b> & `<i>`") == (
        "<code>on</code> &lt;b&gt;a day&lt;/b&gt; &amp; <code>&lt;i&gt;</code>"
    )


def test_the_catalog_leads_to_everything(service: Site) -> None:
    """RFC 9727: a linkset (RFC 9264) whose links are answered, each with the type that it names."""
    url = urljoin(service.base, tree.API_CATALOG.path())
    answer = httpx.get(url, timeout=PATIENCE)
    assert answer.headers["content-type"] == "application/linkset+json"
    contexts = answer.json()["linkset"]
    for context in contexts:
        assert isinstance(context["anchor"], str)
        for relation, links in context.items():
            if relation not in {"anchor", "profile"}:
                for link in links:
                    found = httpx.get(urljoin(url, link["href"]), timeout=PATIENCE)
                    kind = found.headers["content-type"].partition(";")[0]
                    assert found.status_code == 200, link
                    expected = link.get("type", "text/html").replace("schema+json", "json")
                    assert kind == expected, link
    relations = {relation for context in contexts for relation in context}
    assert {"item", "service-desc", "service-doc", "service-meta", "status", "alternate"} <= relations
