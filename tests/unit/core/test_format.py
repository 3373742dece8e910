"""The table of files: no path is of two kinds, and no row is silent about who checks its files."""

from __future__ import annotations

import re

import pytest

from register_api.core.format import tree
from register_api.core.format.kind import PARAMETERS, FileKind, MediaType
from register_api.core.format.paths import (
    COPIES,
    FILES,
    KINDS,
    SIGNATURES,
    TARGETS_BY_NAME,
    address_of,
    file_at,
    in_order,
    is_path,
    is_signed,
    kind_of,
    max_bytes,
    target_copy,
    values_in,
)
from register_api.verify.checks.check_table import CHECKS

IN_NO_CATALOG = {
    tree.REGISTER: "it is what the catalog's links are of",
    tree.API_CATALOG: "it is the catalog",
    tree.KEYS: "a TUF target",
    tree.HEADS: "a TUF target",
    tree.CHECKPOINT: "a TUF target",
    tree.TIMESTAMP: "discovery names its folder",
    tree.SECURITY_TXT: "RFC 9116 names its place",
    tree.FEEDS_OPML: "it names feeds for readers of people",
    tree.CHANGES_PAGE: "the first page leads to it",
    tree.SUBSCRIBE_PAGE: "each page leads to it",
    tree.ANNEX_PAGE: "the first page leads to it",
    tree.CHECK_PAGE: "the first page leads to it, and it is the same for every register",
    tree.ICON: "each page leads to it",
    tree.ROBOTS_TXT: "RFC 9309 names its place",
    tree.USES_SCHEMA: "it belongs to the CSV beside it",
    tree.DORA_PROVIDERS: "one of two tables that fit together",
    tree.DORA_CHAIN: "one of two tables that fit together",
}
"""Files of which there is one, and why the API catalog does not name them."""


def test_every_row_is_in_the_table() -> None:
    rows = [value for value in vars(tree).values() if isinstance(value, FileKind)]
    assert len(rows) == len(FILES) == len(set(FILES))
    assert set(rows) == set(FILES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.template)
def test_a_path_is_of_one_kind(kind: FileKind) -> None:
    """Its pattern, too, is that of no other kind, in whichever order they are tried."""
    assert kind_of(kind.example) is kind
    assert [other for other in KINDS if re.fullmatch(other.pattern, kind.example)] == [kind]
    values = {name: PARAMETERS[name].example for name in kind.parameters}
    assert values_in(kind.example) == values
    assert kind.path(*values.values()) == kind.example


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/v1/register.json",
        "v1//register.json",
        "v1/./register.json",
        "v1/../v1/register.json",
        "v1/versions/../register.json",
        "v1/versions//register.json",
        "v1/versions/0/register.json",
        "v1/versions/01/register.json",
        "v1/versions/1234567890/register.json",
        "v1/versions/\u0661/register.json",
        "v1%2fregister.json",
        "v1/register.json\n",
        "v1/register.json/",
        "subprocessors/../index.html",
        "subprocessors//index.html",
        "subprocessors/a%2fb/index.html",
        "v1/keys.json.sig",
        "feed.json.dsig",
        "v1/register.json.sig.sig",
        "log/tile/0/0",
        "log/tile/0/../000",
        "trust/targets/register.json",
    ],
)
def test_an_unknown_path_is_not_a_path_of_the_tree(path: str) -> None:
    assert not is_path(path)
    assert not is_signed(path)
    with pytest.raises(KeyError):
        kind_of(path)


def test_a_row_has_checks_or_a_reason_for_having_none() -> None:
    """One that does not cannot be made."""
    text = MediaType("text/plain", compress=False)
    for fields in ({}, {"checks": ("V01",), "unchecked": "both"}):
        with pytest.raises(ValueError, match="either checks, or a reason"):
            FileKind("a", "getA", "A", text, "mutable", **fields)  # type: ignore[arg-type]


def test_checks_that_rows_name_exist() -> None:
    known = {check.id for check in CHECKS}
    assert [kind.template for kind in KINDS if not set(kind.checks) <= known] == []


def test_the_catalog_lists_every_single_file_or_there_is_a_reason() -> None:
    single = {kind for kind in FILES if not kind.parameters}
    assert {kind for kind in single if kind.relation is None} == IN_NO_CATALOG.keys()
    assert all(kind in single for kind in FILES if kind.relation is not None)


def test_operations_and_templates_are_each_of_one_kind() -> None:
    for names in ([kind.operation for kind in KINDS], [kind.template for kind in KINDS]):
        assert sorted(names) == sorted(set(names))


def test_a_copy_of_a_target_is_as_the_target_and_never_changes() -> None:
    for copy, (name, kind) in zip(COPIES, TARGETS_BY_NAME.items(), strict=True):
        assert kind_of(target_copy(name, "0" * 64)) is copy
        assert (copy.media, copy.max_bytes, copy.schema) == (kind.media, kind.max_bytes, kind.schema)
        assert (copy.cache, copy.signatures, copy.target) == ("immutable", (), None)


def test_a_signature_is_kept_as_its_document() -> None:
    assert all(kind.cache == kind_of(kind.example.rpartition(".")[0]).cache for kind in SIGNATURES)
    assert max_bytes("v1/register.json.sig") == 1024
    assert max_bytes("v1/versions/7/of-a-later-release.json") == 16 * 2**20


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("index.html", ""),
        ("versions/7/index.html", "versions/7/"),
        ("v1/register.json", "v1/register.json"),
        ("old-index.html", "old-index.html"),
    ],
)
def test_a_page_answers_for_its_folder(path: str, address: str) -> None:
    assert address_of(path) == address
    assert file_at(address) == path


def test_files_come_in_the_order_in_which_they_reach_the_disk() -> None:
    """The timestamp last: it makes a publication the newest one."""
    paths = ["trust/timestamp.json", "log/checkpoint", "v1/register.json", "trust/2.snapshot.json"]
    lasting = ["versions/1/index.html", "trust/1.root.json", "v1/versions/1/register.json.sig"]
    groups = in_order(dict.fromkeys([*paths, *lasting], b""))
    assert [sorted(group) for group in groups] == [
        sorted(lasting),
        ["trust/2.snapshot.json"],
        ["v1/register.json"],
        ["log/checkpoint"],
        ["trust/timestamp.json"],
    ]
