"""The register that a website names: where it is looked for, and what is taken for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from register_api.bounded_http.limits import HttpLimits, Reach, reach_with
from register_api.core.canonical import encode
from register_api.core.documents import Discovery, RegisterReference, RootReference
from register_api.core.format import tree
from register_api.errors import RegisterError, Unreachable, WatchError
from register_api.watch.check_vendor import PollFetcher, find_register

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watched_host import Handler, WatchedHost

PATH = tree.DISCOVERY.path()
LIMITS = HttpLimits(redirects=3, attempts=1)


async def _here(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


REACH = Reach(allow=reach_with(["127.0.0.1/32"]).allow, resolve=_here)


def asked(base: str) -> PollFetcher:
    """Ask this machine, whatever the host is called."""
    return PollFetcher(base, LIMITS, REACH, command="watch")


def document(*trees: str) -> bytes:
    """Return a document that names registers."""
    root = RootReference(version=1, sha256="0" * 64)
    registers = tuple(
        RegisterReference(
            register=f"a.example/{number}", title="Acme", tree_url=url, register_url=url, feed_url=url,
            trust_url=url, targets_url=url, root=root,
        )
        for number, url in enumerate(trees)
    )  # fmt: skip
    return encode(Discovery(registers=registers))


def gives(host: WatchedHost, name: str, body: bytes) -> None:
    host.answers[name] = lambda handler: handler.answer(200 if handler.path.endswith(PATH) else 404, body)


def test_a_relative_address_is_beside_the_document(host: WatchedHost) -> None:
    gives(host, "acme", document("../trust/"))
    found = find_register(host.address("acme"), asked)
    assert found == ("Acme", f"{host.address('acme')}trust/")


def test_what_is_not_below_a_page_is_looked_for_at_the_root(host: WatchedHost) -> None:
    gives(host, ".well-known", document("https://trust.acme.example/"))
    found = find_register(f"{host.base}legal/sub-processors", asked)
    assert found == ("Acme", "https://trust.acme.example/")
    assert [name for name, _, _ in host.asked] == ["legal", ".well-known"]


@pytest.mark.parametrize("body", [b"<!doctype html><title>Not found</title>", b" <html>"])
def test_a_page_in_place_of_the_document_is_none(host: WatchedHost, body: bytes) -> None:
    gives(host, "acme", body)
    assert find_register(host.address("acme"), asked) is None


def test_a_redirect_is_followed_to_the_same_host_with_or_without_www_alone(host: WatchedHost) -> None:
    port = host.base.rstrip("/").rpartition(":")[2]

    def leads(to: str) -> None:
        def answer(handler: Handler) -> None:
            if handler.headers["Host"].startswith(to):
                handler.answer(200, document("https://trust.acme.example/"))
            else:
                handler.answer(301, Location=f"http://{to}:{port}/{PATH}")

        host.answers[".well-known"] = answer

    found = ("Acme", "https://trust.acme.example/")
    leads("www.acme.example")
    assert find_register(f"http://acme.example:{port}/", asked) == found
    leads("acme.example")
    assert find_register(f"http://www.acme.example:{port}/", asked) == found
    leads("www.other.example")
    with pytest.raises(Unreachable, match="another origin"):
        find_register(f"http://acme.example:{port}/", asked)


@pytest.mark.parametrize(
    ("trees", "words"),
    [
        (("https://a.example/", "https://b.example/"), "names 2 registers"),
        (("ftp://a.example/",), "cannot be the address"),
        (("https://u:p@a.example/",), "cannot be the address"),
        (("https://a.example/?q",), "cannot be the address"),
    ],
)
def test_what_cannot_be_chosen_is_said(host: WatchedHost, trees: tuple[str, ...], words: str) -> None:
    gives(host, "acme", document(*trees))
    with pytest.raises(WatchError, match=words):
        find_register(host.address("acme"), asked)


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff", b'{"registers":[]}', b"{" * 300_000])
def test_no_document_of_a_stranger_is_more_than_an_error_of_ours(host: WatchedHost, body: bytes) -> None:
    gives(host, "acme", body)
    with pytest.raises(RegisterError):
        find_register(host.address("acme"), asked)
