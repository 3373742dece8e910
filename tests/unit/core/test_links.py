"""Links of stored documents, relative to the document (RFC 8288, RFC 5829)."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest

from register_api.core.format import tree
from register_api.core.headers import is_in_tree, link_value, links_of

PATHS = {
    "v1/register.json",
    "v1/register.json.jws",
    "v1/register.json.sig",
    "v1/versions.json",
    "v1/versions.json.jws",
    "v1/schema/register.json",
    "feed.atom",
    "feed.atom.dsig",
    "log/checkpoint",
    *(
        f"v1/versions/{number}/register.json{suffix}"
        for number in (1, 2, 3)
        for suffix in ("", ".jws", ".sig")
    ),
}


def links(path: str) -> set[tuple[str, str, str]]:
    """Return relation, absolute path and type of each link, read back as a client would."""
    value = link_value(links_of(path, 3, PATHS))
    rows = [item.split("; ") for item in value.split(", ")] if value else []
    return {
        (relation[5:-1], urljoin(f"/{path}", target[1:-1]), kind[6:-1]) for target, relation, kind in rows
    }


def test_the_newest_register_names_signatures_schema_and_versions() -> None:
    """The head register leads to all that belongs to it; it has no successor."""
    json = "application/json"
    assert links("v1/register.json") == {
        ("describedby", "/v1/register.json.jws", "application/jose"),
        ("describedby", "/v1/register.json.sig", "application/octet-stream"),
        ("describedby", "/v1/schema/register.json", "application/schema+json"),
        ("latest-version", "/v1/register.json", json),
        ("predecessor-version", "/v1/versions/2/register.json", json),
        ("version-history", "/v1/versions.json", json),
    }


@pytest.mark.parametrize(
    ("version", "predecessor", "successor"),
    [(1, None, 2), (2, 1, 3), (3, 2, None)],
    ids=["first", "inner", "last"],
)
def test_versions_name_their_neighbours(version: int, predecessor: int | None, successor: int | None) -> None:
    """A neighbour is named only where there is one."""
    found = {relation: target for relation, target, _ in links(f"v1/versions/{version}/register.json")}
    for relation, number in (("predecessor-version", predecessor), ("successor-version", successor)):
        assert found.get(relation) == (number and f"/v1/versions/{number}/register.json")


def test_a_feed_names_its_xml_signature() -> None:
    """A feed leads to the signature beside it."""
    assert links("feed.atom") == {("describedby", "/feed.atom.dsig", "application/xml")}


def test_a_file_without_links_has_no_header() -> None:
    """An empty Link header is not sent."""
    assert link_value(links_of("log/checkpoint", 3, PATHS)) == ""


def test_the_catalog_and_the_first_page_lead_to_the_catalog() -> None:
    """RFC 9727 section 2: an answer about the catalog names it by its relation."""
    catalog = ("api-catalog", "/.well-known/api-catalog", "application/linkset+json")
    assert links(tree.API_CATALOG.path()) == links(tree.INDEX.path()) == {catalog}


def test_by_rule_a_tree_has_what_the_format_names_and_no_more() -> None:
    """Without a list of files, links are those of a tree in which nothing is missing."""
    assert set(links_of("v1/register.json", 3)) == set(links_of("v1/register.json", 3, PATHS))
    assert not is_in_tree("v1/versions/4/register.json", 3)
    assert not is_in_tree("v1/versions/0/register.json", 3)
    assert not is_in_tree("v1/keys.json.jws", 3)
    assert not is_in_tree("feed.json.dsig", 3)
    assert is_in_tree("feed/1.atom.dsig", 3)
