"""The numbered checks against every kind of host of one tree: what each keeps, and what it lacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import hosts
import jsonschema
import msgspec
import pytest
from commands import register_api
from publications import NOW

from programs import output_of
from register_api.core.format import tree
from register_api.core.format.paths import kind_of
from register_api.hosting.raw_client import Client, RunLimits, read_address
from register_api.hosting.script import load_checks
from register_api.hosting.suite import run_checks
from tools import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hosts import Site
    from publications import Publication

    from register_api.hosting.suite import ConformanceReport

CHECKS = load_checks()
TITLES = {check.id: check.title for check in CHECKS}


def lacking(report: ConformanceReport) -> set[str]:
    """Return the checks that a host may leave out and does, by their numbers, which never change."""
    return {check.id for check in report.checks if check.result == "lacking"}


def judged(base: str, **wishes: object) -> ConformanceReport:
    """Return the report on a host; nothing may have failed, or gone unasked."""
    report = run_checks(Client(read_address(base), RunLimits()), CHECKS, NOW, **wishes)  # type: ignore[arg-type]
    failed = [(check.id, check.findings) for check in report.checks if check.result == "failed"]
    assert failed == []
    assert (report.exit_code, report.complete) == (0, True)
    return report


def test_the_service_keeps_every_rule_for_every_kind_of_path(
    publication: Publication, tmp_path: Path
) -> None:
    """All checks, none left out, within the number of requests that a run may make."""
    with hosts.service(publication.store) as site:
        report = judged(site.base)
    assert (report.profile, report.version) == ("service", publication.size)
    assert [check.id for check in report.checks if check.result != "ok"] == []
    assert report.requests < RunLimits().requests


def test_nginx_keeps_what_it_was_told(publication: Publication, tmp_path: Path) -> None:
    """``export --nginx``: without modules no brotli and no Zstandard; digests it cannot compute."""
    with hosts.nginx(publication.public, tmp_path) as site:
        report = judged(site.base)
    assert report.profile == "static"
    assert lacking(report) == {
        "C09",  # Repr-Digest
        "C13",  # brotli
        "C14",  # Zstandard
        "C22",  # nginx wants tag and date to fit (RFC 9110 section 13.1.3 lets the tag decide)
    }


def test_nginx_serves_below_a_folder_with_digests_of_what_never_changes(
    publication: Publication, tmp_path: Path
) -> None:
    """``--base-path`` and ``--digests``: no wrong digest anywhere, and none for what changes."""
    lines = hosts.exported(
        "--nginx",
        publication.public,
        "--base-path",
        "/trust/",
        "--digests",
        "--store",
        str(publication.store),
    )
    with hosts.nginx_with(lines, "127.0.0.1:8080", tmp_path) as site:
        report = judged(f"{site.base}trust")
    digests = next(check for check in report.checks if check.id == "C09")
    assert digests.result == "lacking"
    assert {finding.complaint for finding in digests.findings} == {"Repr-Digest is missing"}
    asked = {finding.asked.split()[1] for finding in digests.findings}
    kinds = {path: kind_of(path.strip("/") or tree.INDEX.path()).cache for path in asked if path[-1] != "/"}
    assert set(kinds.values()) == {"mutable", "no-cache"}


@pytest.mark.parametrize("prefix", ["", "trust/"])
def test_caddy_keeps_what_it_was_told(publication: Publication, tmp_path: Path, prefix: str) -> None:
    """``export --caddy``: all three codings; the rest is how Caddy itself answers odd requests."""
    lines = hosts.exported("--caddy", publication.public, "--base-path", f"/{prefix}")
    with hosts.caddy(lines, tmp_path) as site:
        report = judged(site.base + prefix)
    assert lacking(report) <= {
        "C09",  # Repr-Digest
        "C29",  # 412 comes with the file's Cache-Control
        "C40",  # 500 for an address no file can have
        "C42",  # range units
    }


def test_the_plainest_host_of_files_will_do(publication: Publication, tmp_path: Path) -> None:
    """Python's own web server, told nothing, keeps what any host has to keep."""
    with hosts.static(publication.public) as site:
        report = judged(site.base, profile="static")
    required = {check.id for check in CHECKS if check.host == "any"}
    assert required <= {check.id for check in report.checks if check.result == "ok"}
    assert "C03" in lacking(report)


@pytest.mark.parametrize("form", ["--nginx", "--caddy"])
@pytest.mark.parametrize("prefix", ["", "trust/"])
def test_what_not_every_register_has_is_served_as_the_rest(tmp_path: Path, form: str, prefix: str) -> None:
    """Pages of the archive, whose links hold their own number; time stamps."""
    public = tmp_path / "public"
    (public / "feed").mkdir(parents=True)
    (public / "feed/12.atom").write_text("<feed/>")
    (public / "log/checkpoints").mkdir(parents=True)
    (public / tree.TIME_STAMP.path(12)).write_bytes(b"stamp")
    lines = hosts.exported(form, public, "--base-path", f"/{prefix}")
    host = (
        hosts.caddy(lines, tmp_path)
        if form == "--caddy"
        else hosts.nginx_with(lines, "127.0.0.1:8080", tmp_path)
    )
    with host as site:
        headers = site.ask(f"{prefix}feed/12.atom")[1]
        stamp = site.ask(f"{prefix}{tree.TIME_STAMP.path(12)}")[1]
    assert headers["Link"].startswith('<12.atom.jws>; rel="describedby"; type="application/jose", ')
    assert '<12.atom.dsig>; rel="describedby"; type="application/xml"' in headers["Link"]
    assert headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert stamp["Content-Type"] == "application/timestamp-reply"
    assert stamp["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_host_with_tls_is_judged_if_its_certificate_is_known(
    publication: Publication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown one is no answer; the machine's own trusted ones count (here by a variable of OpenSSL)."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    name = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    output_of(need("openssl"), "req", "-x509", *kind, *name, "-keyout", key, "-out", certificate)
    tls = f"listen 127.0.0.1:8080 ssl; ssl_certificate {certificate}; ssl_certificate_key {key};"
    lines = hosts.exported("--nginx", publication.public).replace("listen 127.0.0.1:8080;", tls)
    with hosts.nginx_with(lines, "127.0.0.1:8080", tmp_path) as site:
        address = site.base.replace("http:", "https:")
        unknown = register_api("conformance", address, "--only", "C01")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        known = register_api("conformance", address, "--only", "C01")
    assert unknown.returncode == 10
    assert "CERTIFICATE_VERIFY_FAILED" in unknown.stderr
    assert (known.returncode, known.stderr) == (0, "")


@pytest.fixture(scope="module")
def catch_all(publication: Publication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A host that answers every address with the first page, as hosts of single-page programs do."""
    folder = tmp_path_factory.mktemp("catch-all")
    lines = (
        f'server {{ listen 127.0.0.1:8080; root "{publication.public}";'
        " location / { try_files $uri $uri/index.html /index.html; } }"
    )
    with hosts.nginx_with(lines, "127.0.0.1:8080", folder) as site:
        yield site


def test_a_host_with_a_page_for_everything_is_found_out(catch_all: Site) -> None:
    """The command names the check, the request and what came, and ends with 1."""
    done = register_api("conformance", catch_all.base)
    assert done.returncode == 1
    assert "GET /trust/65.root.json" in done.stdout
    assert "status 200: expected status 403 or 404" in done.stdout
    assert "NOT CONFORMING (exit code 1)" in done.stdout
    assert "TUF 1.0 section 5.3.3" in done.stdout


def test_the_report_for_machines(catch_all: Site) -> None:
    """``--json`` has every check, also those that were not asked for, and every finding."""
    one = "C28"  # a missing file
    done = register_api("conformance", catch_all.base, "--only", one, "--json", "--profile", "static")
    report = json.loads(done.stdout)
    assert report["format"] == "sub-processor-register-conformance/1"
    assert (report["profile"], report["detected"], report["exit_code"]) == ("static", False, 1)
    results = {check["id"]: check["result"] for check in report["checks"]}
    assert results == {**dict.fromkeys(TITLES, "skipped"), one: "failed"}
    (found,) = [check for check in report["checks"] if check["id"] == one]
    assert found["findings"][0].keys() == {"asked", "came", "complaint"}


def test_never_more_requests_than_allowed(catch_all: Site) -> None:
    """What could not be asked is said, and the host is not called conforming."""
    done = register_api(
        "conformance",
        catch_all.base,
        "--max-requests",
        "90",
        "--json",
        "--profile",
        "static",
        "--only",
        "C02",
    )
    report = json.loads(done.stdout)
    assert (done.returncode, report["complete"], report["requests"]) == (10, False, 90)


def test_where_nobody_answers_it_ends_with_10(catch_all: Site) -> None:
    """Neither a closed port nor a folder without a register is a host to judge."""
    closed = register_api("conformance", f"http://127.0.0.1:{hosts.free_port()}")
    nothing = register_api("conformance", f"{catch_all.base}v1/")
    assert (closed.returncode, nothing.returncode) == (10, 10)
    assert "no register is served at v1/register.json" in nothing.stderr


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("register", tree.REGISTER.path()),
        ("register", tree.VERSION_REGISTER.path(1)),
        ("diff", tree.VERSION_DIFF.path(1)),
        ("diff", tree.VERSION_DIFF.path(5)),
        ("entry", tree.VERSION_ENTRY.path(5)),
        ("versions", tree.VERSIONS.path()),
        ("keys", tree.KEYS.path()),
        ("discovery", tree.DISCOVERY.path()),
    ],
)
def test_served_documents_fit_the_schemas_that_are_served(site: Site, name: str, path: str) -> None:
    """An independent validator finds nothing wrong, and does find a member of another type."""
    schema = json.loads(site.get(tree.SCHEMA.path(name)))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    document = json.loads(site.get(path))
    validator.validate(document)
    assert not validator.is_valid({**document, "format": 1})


def test_the_script_is_numbered_without_gaps_and_every_check_is_titled_once() -> None:
    """A number stays with its check for ever."""
    assert list(TITLES) == [f"C{number:02d}" for number in range(1, len(CHECKS) + 1)]
    assert len(set(TITLES.values())) == len(CHECKS)
    assert msgspec.json.encode(CHECKS)
