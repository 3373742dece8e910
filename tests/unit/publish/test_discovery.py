"""Discovery leads to the register, with and without a fixed address."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urljoin

import pytest

from register_api.core.format import tree
from register_api.publish.discovery import api_catalog, discovery_document
from sample_register import register

SERVED_AT = "https://host.example/deep/.well-known/sub-processors.json"
ROOT = b'{"signed":{}}'


@pytest.mark.parametrize(
    ("base_url", "leads_to"),
    [(None, "https://host.example/deep/"), ("https://trust.example.com/", "https://trust.example.com/")],
)
def test_addresses_lead_to_the_tree(base_url: str | None, leads_to: str) -> None:
    """Without a fixed address they are relative to where the document was found."""
    document = json.loads(discovery_document(register(), (b"first", ROOT), base_url))
    (listed,) = document["registers"]
    assert document["format"] == "sub-processor-register-discovery/1"
    assert (listed["register"], listed["title"], listed["previous_names"]) == (
        "example.com/sub-processors",
        "Example",
        [],
    )
    found = {name: urljoin(SERVED_AT, listed[name]) for name in listed if name.endswith("_url")}
    assert found == {
        "tree_url": leads_to,
        "register_url": leads_to + tree.REGISTER.path(),
        "feed_url": leads_to + tree.FEED_ATOM.path(),
        "trust_url": leads_to + "trust/",
        "targets_url": leads_to + "trust/targets/",
    }
    assert listed["root"] == {"version": 2, "sha256": hashlib.sha256(ROOT).hexdigest()}


@pytest.mark.parametrize(
    ("base_url", "leads_to"),
    [(None, "https://host.example/deep/"), ("https://trust.example.com/", "https://trust.example.com/")],
)
def test_the_catalog_is_a_linkset(base_url: str | None, leads_to: str) -> None:
    """RFC 9264 section 4.2: contexts with an anchor, and lists of targets by relation."""
    document = json.loads(api_catalog(base_url))
    assert document.keys() == {"linkset"}
    anchors = [urljoin(SERVED_AT, item["anchor"]) for item in document["linkset"]]
    assert anchors == [leads_to + path for path in (tree.API_CATALOG.path(), "", tree.REGISTER.path())]
    for item in document["linkset"]:
        for relation, links in item.items():
            if relation not in {"anchor", "profile"}:
                assert all(urljoin(SERVED_AT, link["href"]).startswith(leads_to) for link in links)


def test_the_catalog_names_what_rfc_8631_has_relations_for() -> None:
    """Description, documentation, status; all of them absolute where the address is fixed."""
    _, service, register = json.loads(api_catalog("https://trust.example.com/"))["linkset"]
    found = {name: links[0]["href"] for name, links in service.items() if name != "anchor"}
    assert found == {
        "service-desc": "https://trust.example.com/openapi.json",
        "service-doc": "https://trust.example.com/docs",
        "service-meta": "https://trust.example.com/.well-known/sub-processors.json",
        "status": "https://trust.example.com/readyz",
    }
    assert {"describedby", "version-history", "alternate"} <= register.keys()
