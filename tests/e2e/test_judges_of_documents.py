"""Libraries that we did not write read the documents that are served, and agree on what they say."""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING, Any

import jsonpatch
import pytest
import rfc8785
from jsonschema import Draft202012Validator
from publications import read_tree

from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.store.reader import open_snapshot

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import feedparser

if TYPE_CHECKING:
    from hosts import Site
    from publications import Publication

OTHERS = re.compile(r"trust/.*\.json")
"""JSON whose form others define: TUF's metadata, and copies of documents that are looked at elsewhere."""

CACHE = {
    "immutable": "public, max-age=31536000, immutable",
    "mutable": "public, max-age=60, stale-while-revalidate=600",
    "no-cache": "no-cache",
}
"""Cache class to the header that says it (docs/format/http.md)."""

SCHEMAS = {
    "register": r"v1/register\.json|v1/versions/\d+/register\.json",
    "diff": r"v1/versions/\d+/diff\.json",
    "entry": r"v1/versions/\d+/entry\.json",
    "versions": r"v1/versions\.json",
    "keys": r"v1/keys\.json|v1/versions/\d+/keys\.json",
    "upcoming": r"v1/upcoming\.json",
    "heads": r"v1/heads\.json",
    "discovery": r"\.well-known/sub-processors\.json",
}
"""Name of the schema to the pattern of the documents' paths."""


def load(site: Site, path: str) -> Any:
    """Return a document as Python's own reader understands it."""
    return json.loads(site.get(path))


def test_every_host_serves_the_files_as_they_lie_on_disk(site: Site, publication: Publication) -> None:
    """Byte for byte, at the path that they have there."""
    for path, data in publication.files.items():
        assert site.get(path) == data, path


def test_every_host_says_the_same_of_a_file(site: Site, publication: Publication) -> None:
    """Media type, cache class and who may read it, as the store's manifest has it."""
    snapshot = open_snapshot(publication.store)
    assert snapshot is not None
    for path, entry in snapshot.manifest.files.items():
        _, headers = site.ask(path)
        assert headers["Content-Type"] == entry.media_type, path
        assert headers["Cache-Control"] == CACHE[entry.cache], path
        assert headers["Access-Control-Allow-Origin"] == "*", path


def test_readers_do_not_change_the_store(publication: Publication) -> None:
    """What is on disk is still what was published."""
    assert read_tree(publication.public) == publication.files


def test_rfc8785_encodes_every_document_as_it_is_served(site: Site, publication: Publication) -> None:
    """Another implementation of canonical JSON gives the same bytes."""
    documents = [path for path in publication.files if path.endswith(".json") and not OTHERS.fullmatch(path)]
    assert len(documents) > 3 * publication.size
    for path in [*documents, tree.API_CATALOG.path()]:
        data = site.get(path)
        assert rfc8785.dumps(json.loads(data)) == data, path


@pytest.mark.parametrize("name", SCHEMAS)
def test_served_documents_keep_their_served_schema(site: Site, publication: Publication, name: str) -> None:
    """And lose it when any one of their fields is missing."""
    schema = load(site, tree.SCHEMA.path(name))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    documents = [path for path in publication.files if re.fullmatch(SCHEMAS[name], path)]
    assert documents
    for path in documents:
        document = load(site, path)
        validator.validate(document)
        for field in document:
            assert not validator.is_valid({key: document[key] for key in document if key != field}), field


def test_every_schema_is_of_a_kind_that_is_looked_at(publication: Publication) -> None:
    """So that the test above looks at all of them."""
    fixed = {tree.SCHEMA_OF_MINOR.path(name, FORMAT_MINOR): tree.SCHEMA.path(name) for name in SCHEMAS}
    assert {path for path in publication.files if "/schema/" in path} == {*fixed, *fixed.values()}
    for path, newest in fixed.items():
        assert publication.files[path] == publication.files[newest]


def test_jsonpatch_turns_each_version_into_the_next(site: Site, publication: Publication) -> None:
    """Applied to the older register, each patch gives the bytes of the newer one."""
    older: Any = None
    for version in range(1, publication.size + 1):
        patch = load(site, tree.VERSION_DIFF.path(version))["patch"]
        older = jsonpatch.apply_patch(older, patch)
        assert rfc8785.dumps(older) == site.get(tree.VERSION_REGISTER.path(version))


def test_feedparser_reads_the_feed(site: Site, publication: Publication) -> None:
    """One entry a version, newest first, each with its day, its title and where to read more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        feed = feedparser.parse(site.get(tree.FEED_ATOM.path()))
    assert not feed.bozo
    numbers = [int(entry.id.rpartition("/")[2]) for entry in feed.entries]
    assert numbers == list(range(publication.size, 0, -1))
    assert len({entry.updated for entry in feed.entries}) == publication.size
    titles = {number: entry.title for number, entry in zip(numbers, feed.entries, strict=True)}
    assert "Acme Oy will be added as a sub-processor on" in titles[2]
    assert "Häst & Söner AB will be added as a sub-processor on" in titles[3]
    for number, entry in zip(numbers, feed.entries, strict=True):
        links = {(link.rel, link.href) for link in entry.links}
        assert ("related", tree.VERSION_REGISTER.path(number)) in links
        assert ("alternate", f"versions/{number}/") in links


def test_the_json_feed_says_the_same(site: Site) -> None:
    """The same entries with the same titles and instants as in the Atom feed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        atom = feedparser.parse(site.get(tree.FEED_ATOM.path()))
    items = load(site, tree.FEED_JSON.path())["items"]
    assert [(item["id"], item["title"], item["date_modified"]) for item in items] == [
        (entry.id, entry.title, entry.updated) for entry in atom.entries
    ]
