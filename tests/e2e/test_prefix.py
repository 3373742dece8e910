"""The service below a path of a host, behind a real nginx that takes the path off or passes it on."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import hosts
import pytest
from commands import register_api

import hostile
from patience import PATIENCE
from register_api.core.format import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from publications import Publication

NGINX = """\
server {{
    listen 127.0.0.1:8080;
    absolute_redirect off;
    location /trust/ {{ proxy_pass http://127.0.0.1:{port}{slash}; }}
}}
"""


@pytest.fixture(scope="module", params=["passed on", "taken off"])
def base(
    request: pytest.FixtureRequest, publication: Publication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Return the address below which nginx shows the service."""
    stripped = request.param == "taken off"
    folder = tmp_path_factory.mktemp("prefix")
    with hostile.service(
        publication.store,
        "--root-path",
        "/trust",
        prefix="" if stripped else "/trust",
        REGISTER_ROOT_PATH_STRIPPED=str(stripped).lower(),
    ) as service:
        lines = NGINX.format(port=service.port, slash="/" if stripped else "")
        with hosts.nginx_with(lines, "127.0.0.1:8080", folder) as site:
            yield f"{site.base}trust/"


def ask(url: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    """Return status, headers and body of an answer, whatever it is."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_everything_is_there_below_the_prefix(base: str, publication: Publication) -> None:
    """The prefix is even the name of a folder of the tree: neither is taken for the other."""
    for path in ("v1/register.json", "trust/timestamp.json", "trust/1.root.json", "feed.atom"):
        assert ask(base + path)[2] == publication.files[path]
    assert ask(base + "timestamp.json")[0] == 404
    assert ask(base)[2] == publication.files["index.html"]


def test_a_problem_names_the_address_that_the_client_asked_for(base: str) -> None:
    """Not the one that the proxy made of it."""
    status, _, body = ask(base + "v1/versions/99/register.json")
    assert (status, json.loads(body)["instance"]) == (404, "/trust/v1/versions/99/register.json")
    _, _, body = ask(base + "v1/diff?from=99")
    assert json.loads(body)["instance"] == "/trust/v1/diff"


def test_the_page_of_a_problem_leads_back_to_the_register(base: str) -> None:
    """Below the prefix."""
    status, _, body = ask(base + "nothing", Accept="text/html")
    assert status == 404
    assert b'<a href="/trust/">' in body


def test_links_in_headers_and_redirects_stay_below_the_prefix(base: str) -> None:
    """They are relative to what was asked for."""
    for path in ("v1/register.json", "v1/diff?from=1", "v1/versions/2/register.json"):
        _, headers, _ = ask(base + path)
        targets = re.findall(r"<([^>]+)>", headers["Link"])
        assert targets
        for target in targets:
            url = urljoin(base + path, target)
            assert url.startswith(base)
            assert ask(url)[0] == 200
    assert ask(base + "versions/2")[0] == 200  # redirected to the page
    for address in tree.FEED_ALIASES:
        assert ask(base + address)[0] == 200  # redirected to the feed


def test_a_customer_can_verify_it(base: str) -> None:
    """With the real command, everything but freshness of this machine's clock included."""
    done = register_api("verify", base)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_not_below_the_prefix_is_not_there(publication: Publication) -> None:
    """Where the proxy passes the path on; its own last slash is added."""
    with hostile.service(publication.store, "--root-path", "/trust", prefix="/trust") as service:
        bare = f"http://127.0.0.1:{service.port}"
        assert ask(bare + "/v1/register.json")[0] == 404
        assert ask(bare + "/trustworthy/v1/register.json")[0] == 404
        status, _, body = ask(bare + "/trust")
        assert (status, body) == (200, publication.files["index.html"])
        assert service.send(b"OPTIONS * HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 204")
