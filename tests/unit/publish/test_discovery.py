"""Discovery leads to the register, with and without a fixed address."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urljoin

import pytest

from register_api.core import tree
from register_api.publish.discovery import api_catalog, discovery_document

SERVED_AT = "https://host.example/deep/.well-known/sub-processors.json"
ROOT = b'{"signed":{}}'


@pytest.mark.parametrize(
    ("base_url", "leads_to"),
    [(None, "https://host.example/deep/"), ("https://trust.example.com/", "https://trust.example.com/")],
)
def test_addresses_lead_to_the_tree(base_url: str | None, leads_to: str) -> None:
    """Without a fixed address they are relative to where the document was found."""
    document = json.loads(discovery_document("example.com/x", "Example", 2, ROOT, base_url))
    (listed,) = document["registers"]
    assert document["format"] == "sub-processor-register-discovery/1"
    assert (listed["register"], listed["title"], listed["previous_names"]) == ("example.com/x", "Example", [])
    found = {name: urljoin(SERVED_AT, listed[name]) for name in listed if name.endswith("_url")}
    assert found == {
        "register_url": leads_to + tree.REGISTER,
        "feed_url": leads_to + tree.FEED_ATOM,
        "trust_url": leads_to + "trust/",
        "targets_url": leads_to + "trust/targets/",
    }
    assert urljoin(SERVED_AT, listed["base"]) == leads_to
    assert listed["root"] == {"version": 2, "sha256": hashlib.sha256(ROOT).hexdigest()}


def test_the_catalog_is_a_linkset_with_the_register_as_anchor() -> None:
    (item,) = json.loads(api_catalog("https://trust.example.com/"))["linkset"]
    assert item["anchor"] == "https://trust.example.com/v1/register.json"
    links = [link for relation in item.values() if isinstance(relation, list) for link in relation]
    assert all(link["href"].startswith("https://trust.example.com/") and link["type"] for link in links)
    assert {"describedby", "version-history", "alternate"} <= item.keys()
