"""What hosts are told agrees with the rules of the tree, path by path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest

from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.format.paths import KINDS, TARGETS_BY_NAME, address_of, in_language, is_path, kind_of
from register_api.core.headers import CACHE_CONTROL, NEIGHBOURS, link_value, links_of
from register_api.errors import UsageError
from register_api.hosting.configuration import Site, configuration, read_site
from register_api.hosting.host_rules import NUMBER, caches, lasting_digests, links, media_types, policies
from register_api.store.reader import Encoding, ManifestEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

NEWEST = 120


def with_signatures(paths: Iterable[str]) -> list[str]:
    """Return paths and those of the signatures beside them."""
    beside = (lambda path: path, tree.RAW_SIGNATURE.of, tree.JWS.of, tree.XML_SIGNATURE.of)
    return [name for path in paths for make in beside if is_path(name := make(path))]


SHA256 = "0" * 64
VERSIONED = with_signatures(
    make(number)
    for number in (1, 42, NEWEST)
    for make in (
        tree.VERSION_REGISTER.path,
        tree.VERSION_DIFF.path,
        tree.VERSION_KEYS.path,
        tree.VERSION_ENTRY.path,
        tree.VERSION_PROOF.path,
    )
)
PAGES = [
    tree.INDEX.path(),
    tree.CHANGES_PAGE.path(),
    tree.SUBSCRIBE_PAGE.path(),
    tree.ANNEX_PAGE.path(),
    tree.VERSION_PAGE.path(42),
    tree.SUBPROCESSOR_PAGE.path("acme-cloud"),
]
PAGES += [in_language(path, "de") for path in PAGES]
PATHS = [
    *with_signatures(
        (
            tree.REGISTER.path(),
            tree.UPCOMING.path(),
            tree.HEADS.path(),
            tree.VERSIONS.path(),
            tree.KEYS.path(),
            tree.FEED_ATOM.path(),
            tree.FEED_JSON.path(),
        )
    ),
    tree.FEED_IMPORTANT.path(),
    tree.FEED_CATEGORY.path("hosting"),
    tree.FEED_SUBPROCESSOR.path("acme"),
    tree.FEEDS_OPML.path(),
    *with_signatures((tree.FEED_ARCHIVE.path(1), tree.FEED_ARCHIVE.path(2))),
    *VERSIONED,
    *PAGES,
    tree.PUBLIC_KEY.path("k" * 43),
    tree.SCHEMA.path("register"),
    tree.SCHEMA.path("discovery"),
    tree.SCHEMA_OF_MINOR.path("discovery", 0),
    tree.SCHEMA_OF_MINOR.path("register", 12),
    tree.CHECKPOINT.path(),
    tree.TIME_STAMP.path(42),
    "log/tile/0/000",
    "log/tile/0/x001/x234/067.p/8",
    "log/tile/entries/000",
    "log/tile/entries/000.p/120",
    tree.TIMESTAMP.path(),
    "trust/1.root.json",
    "trust/12.snapshot.json",
    "trust/12.targets.json",
    *(kind.path() for kind in tree.GROUPS["Exports"]),
    *(f"trust/targets/{SHA256}.{name}" for name in TARGETS_BY_NAME),
    tree.CALENDAR.path(),
    tree.SUBPROCESSOR_CALENDAR.path("acme"),
    tree.DISCOVERY.path(),
    tree.API_CATALOG.path(),
    tree.SECURITY_TXT.path(),
    tree.OPENAPI.path(),
    tree.CHECK_PAGE.path(),
    tree.ICON.path(),
    tree.SCRIPT.path(SHA256),
    tree.ROBOTS_TXT.path(),
]


def test_the_examples_are_of_every_kind() -> None:
    """No kind of file is without one."""
    assert {kind_of(path) for path in PATHS} == set(KINDS)


@pytest.mark.parametrize("path", PATHS)
def test_every_path_gets_its_own_type_and_cache_class_and_links(path: str) -> None:
    """As ``kind_of`` and ``links_of`` say, which the service goes by."""
    kind = kind_of(path)
    assert [rule.value for rule in media_types() if re.fullmatch(rule.pattern, path)] == [kind.media_type]
    found = {rule.value for rule in caches() if re.fullmatch(rule.pattern, path)}
    assert found == (set() if kind.cache == "mutable" else {CACHE_CONTROL[kind.cache]})
    expected = [link for link in links_of(path, NEWEST) if link.relation not in NEIGHBOURS]
    values = [
        rule.value.replace(f"{{{NUMBER}}}", match.groupdict().get(NUMBER, ""))
        for rule in links()
        if (match := re.fullmatch(rule.pattern, path))
    ]
    assert values == ([link_value(expected)] if expected else [])


@pytest.mark.parametrize("path", PATHS)
def test_what_runs_anything_is_known(path: str) -> None:
    """Everything else has the policy under which no script runs."""
    found = [rule.value for rule in policies() if re.fullmatch(rule.pattern, path)]
    assert bool(found) is (
        path in {tree.CHECK_PAGE.path(), tree.INDEX.path(), in_language(tree.INDEX.path(), "de")}
    )
    assert all("frame-ancestors 'none'" in policy and "script-src" in policy for policy in found)


def rules_of(text: str) -> list[tuple[str, dict[str, str]]]:
    """Read a ``_headers`` file: blocks of a path and indented headers; ``#`` begins a comment."""
    rules: list[tuple[str, dict[str, str]]] = []
    for line in text.splitlines():
        if line.startswith("  "):
            name, _, value = line.strip().partition(": ")
            rules[-1][1][name] = value
        elif line and not line.startswith("#"):
            rules.append((line, {}))
    return rules


def headers_for(url: str, rules: list[tuple[str, dict[str, str]]]) -> dict[str, list[str]]:
    """Return what such a host sends: of all rules that fit; ``*`` is anything, ``:name`` a segment."""
    found: dict[str, list[str]] = {}
    for path, headers in rules:
        pattern = re.sub(r":[a-z]+", "[^/]+", re.escape(path).replace(r"\*", ".*"))
        if re.fullmatch(pattern, url):
            for name, value in headers.items():
                found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("prefix", ["", "/trust"])
@pytest.mark.parametrize("path", PATHS)
def test_no_header_is_set_twice_by_the_file_for_hosts(path: str, prefix: str) -> None:
    """Such hosts join what several rules set; and what is set is what the tree says."""
    rules = rules_of(configuration("headers", Site(public="/unused", prefix=prefix)))
    assert len(rules) < 100
    kind = kind_of(path)
    url = f"{prefix}/{address_of(path)}"
    found = headers_for(url, rules)
    assert all(len(values) == 1 for values in found.values()), found
    assert found["Access-Control-Allow-Origin"] == ["*"]
    assert found.get("Content-Type", [kind.media_type]) == [kind.media_type]
    expected = [link for link in links_of(path, NEWEST) if link.relation not in NEIGHBOURS]
    assert found.get("Link", [link_value(expected)]) == [link_value(expected)]
    left_out = kind in {tree.ROOT, tree.SNAPSHOT, tree.TARGETS} or "page" in kind.parameters
    assert found.get("Cache-Control") == (None if left_out else [CACHE_CONTROL[kind.cache]])


@pytest.mark.parametrize("prefix", ["", "/trust"])
def test_where_feed_readers_look_leads_to_the_feed(prefix: str) -> None:
    """In each form of host, by one table."""
    site = Site(public="/srv", prefix=prefix)
    lines = configuration("redirects", site).splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    assert rows == [
        [f"{prefix}/{address}", f"{prefix}/feed.atom", "301"]
        for address in ("feed", "feed/", "rss.xml", "atom.xml", "feed.xml")
    ]
    nginx, caddy = configuration("nginx", site), configuration("caddy", site)
    for address, path, _ in rows:
        assert f"location = {address} {{ return 308 {path}; }}" in nginx
        assert f"redir {address} {path} 308" in caddy


def test_digests_are_those_of_what_never_changes() -> None:
    """In every form; a file that changes has none, since it would be wrong tomorrow."""
    entry = ManifestEntry(
        media_type="application/json",
        cache="immutable",
        sha256=digest(b"plain"),
        size=5,
        published_at="2026-01-01T00:00:00Z",  # type: ignore[arg-type]
        encodings={"gzip": Encoding(sha256=digest(b"gzip"), size=4)},
    )
    head = ManifestEntry(
        **{name: getattr(entry, name) for name in entry.__struct_fields__} | {"cache": "mutable"}
    )
    found = lasting_digests({"v1/versions/1/register.json": entry, "v1/register.json": head}, "/trust")
    assert found.keys() == {" /trust/v1/versions/1/register.json", "gzip /trust/v1/versions/1/register.json"}
    assert (
        found[" /trust/v1/versions/1/register.json"]
        == "sha-256=:oRbJ7UbWIHc0pDMX0w/Yj1KshjTDfZBLv05B2GX5BHU=:"
    )


@pytest.mark.parametrize(
    ("name", "listen", "base", "public"),
    [
        ("a b", "80", "/", "/srv"),
        ("a;}", "80", "/", "/srv"),
        ("", "80; root /", "/", "/srv"),
        ("", "0", "/", "/srv"),
        ("", "65536", "/", "/srv"),
        ("", "host:80", "/", "/srv"),
        ("", "80", "trust", "/srv"),
        ("", "80", "/a b", "/srv"),
        ("", "80", "/../x", "/srv"),
        ("", "80", '/"', "/srv"),
        ("", "80", "/", "srv"),
        ("", "80", "/", '/srv/"; evil'),
        ("", "80", "/", "/srv/$x"),
        ("", "80", "/", "/srv\n"),
    ],
)
def test_what_means_something_to_a_host_is_refused(name: str, listen: str, base: str, public: str) -> None:
    """Nothing that a person gives can add a directive."""
    with pytest.raises(UsageError):
        read_site(public, name, listen, base)


@pytest.mark.parametrize("listen", ["80", "127.0.0.1:8080", "[::1]:8080"])
def test_addresses_to_listen_on(listen: str) -> None:
    """A port, or an address and a port."""
    site = read_site("/srv/a folder", "trust.example.com", listen, "/trust/")
    assert site.prefix == "/trust"
    assert f"listen {listen};" in configuration("nginx", site)
    assert 'alias "/srv/a folder/";' in configuration("nginx", site)
    caddy = configuration("caddy", site)
    assert ("bind" in caddy) is (listen != "80")
    assert f"http://trust.example.com:{listen.rpartition(':')[2]} {{" in caddy


def test_caddy_speaks_tls_by_itself_on_443() -> None:
    """A bare name lets it fetch a certificate."""
    assert "\ntrust.example.com {\n" in configuration(
        "caddy", Site(public="/srv", name="trust.example.com", listen="443")
    )


def test_modules_of_nginx_are_asked_for_by_name() -> None:
    """Nginx refuses a directive that it does not know."""
    plain = configuration("nginx", Site(public="/srv"))
    assert "brotli" not in plain
    assert "zstd" not in plain
    both = configuration("nginx", Site(public="/srv", brotli=True, zstd=True))
    assert "brotli_static on;" in both
    assert "zstd_static on;" in both


@pytest.mark.parametrize("form", ["nginx", "caddy"])
def test_no_line_is_longer_than_a_host_reads(form: Literal["nginx", "caddy"]) -> None:
    """Nginx reads a parameter of at most 4096 bytes (``NGX_CONF_BUFFER``)."""
    assert max(map(len, configuration(form, Site(public="/srv", prefix="/trust")).splitlines())) < 3000
