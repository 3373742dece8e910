"""The walk-through for a new publisher, done as it stands, and the site that its nginx.conf makes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import hosts
import pytest
from commands import BIN, ROOT, register_api

from programs import Done, environment, output_of, run
from tools import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hosts import Site

GUIDE = (ROOT / "docs/start-your-own.md").read_text("utf-8")


def script(port: int) -> str:
    """Return all that the guide says to type, for a port that is free."""
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    lines = "".join(blocks)
    assert "--port 8000" in lines
    return lines.replace("8000", str(port))


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """Do what the guide says in an empty folder; return that folder and what was printed."""
    for program in ("bash", "curl", "sha256sum"):
        need(program)
    folder = tmp_path_factory.mktemp("walk")
    env = environment(PATH=f"{BIN}:{os.environ['PATH']}", HOME=str(folder), NO_COLOR="1")
    done = run("bash", "-euo", "pipefail", "-c", script(hosts.free_port()), cwd=folder, env=env)
    return folder / "trust", done


def test_everything_in_the_guide_works(walked: tuple[Path, Done]) -> None:
    """From nothing to a third version that a customer has verified."""
    trust, done = walked
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "0 errors, 0 warnings" in done.stdout
    assert re.findall(
        r"^Published version (\d) of acme.example/sub-processors", done.stdout, re.MULTILINE
    ) == ["1", "2", "3"]
    assert len(re.findall(r"^Verified: ", done.stdout, re.MULTILINE)) == 2
    assert "a log of size 1" in done.stdout
    assert "31 days' notice given (30 required)." in done.stdout
    assert "warning" not in done.stderr
    assert (trust / "keys/1.root.json").is_file()


def test_what_would_go_into_git_holds_no_private_key(
    walked: tuple[Path, Done],
) -> None:
    """All but what .gitignore names."""
    trust, _ = walked
    assert (trust / ".gitignore").read_text("utf-8").splitlines()[-1] == "var/"
    for path in trust.rglob("*"):
        if path.is_file() and path.relative_to(trust).parts[0] != "var":
            assert b"PRIVATE KEY" not in path.read_bytes(), path


@pytest.fixture(scope="module")
def generated(walked: tuple[Path, Done], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site that the generated configuration makes; nginx itself has found nothing to say against it."""
    trust, _ = walked
    lines = (trust / "deploy/nginx.conf").read_text("utf-8")
    folder = tmp_path_factory.mktemp("nginx")
    assert "listen 80;" in lines
    with hosts.nginx_with(lines.replace("listen 80;", "listen 127.0.0.1:0;"), "127.0.0.1:0", folder) as site:
        tested = run(need("nginx"), "-t", "-p", folder, "-e", "stderr", "-c", folder / "nginx.conf")
        assert tested.returncode == 0, tested.stderr
        assert "warn" not in tested.stderr
        yield site


FIXED = "public, max-age=31536000, immutable"
HEAD = "public, max-age=60, stale-while-revalidate=600"


@pytest.mark.parametrize(
    ("path", "media_type", "cache"),
    [
        ("", "text/html; charset=utf-8", HEAD),
        ("subprocessors/mail-two/", "text/html; charset=utf-8", HEAD),
        ("v1/register.json", "application/json", HEAD),
        ("v1/register.json.jws", "application/jose", HEAD),
        ("v1/versions/1/register.json", "application/json", FIXED),
        ("v1/versions/2/entry.tlog-proof", "text/plain; charset=utf-8", FIXED),
        ("feed.atom", "application/atom+xml; charset=utf-8", HEAD),
        ("feed.atom.dsig", "application/xml", HEAD),
        ("feed.json", "application/feed+json", HEAD),
        ("log/checkpoint", "text/plain; charset=utf-8", HEAD),
        ("log/tile/0/000.p/2", "application/octet-stream", FIXED),
        ("trust/timestamp.json", "application/json", "no-cache"),
        ("trust/1.root.json", "application/json", FIXED),
        (".well-known/api-catalog", "application/linkset+json", HEAD),
    ],
)
def test_the_generated_site_names_types_and_how_long_they_hold(
    generated: Site, path: str, media_type: str, cache: str
) -> None:
    headers = generated.ask(path)[1]
    assert (headers["Content-Type"], headers["Cache-Control"]) == (media_type, cache)
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_the_generated_site_passes_verify(generated: Site, tmp_path: Path) -> None:
    """The next root is a 404, the bytes are those that were signed, and ready forms are sent."""
    report = register_api("verify", generated.base, "--state", tmp_path, "--history", "all")
    assert report.returncode == 0, report.stdout
    with pytest.raises(Exception, match="404"):
        generated.get("trust/2.root.json")
    asked = ("--silent", "--head", "--header", "Accept-Encoding: gzip", generated.base + "v1/register.json")
    assert b"content-encoding: gzip" in output_of(need("curl"), *asked).lower()
