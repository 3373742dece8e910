"""The judges judged: whatever the script expects of an answer, an answer without it is complained about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import hosts
import msgspec
import pytest
from publications import NOW

from register_api.core.format import tree
from register_api.hosting import suite as run_module
from register_api.hosting.judgements import JUDGEMENTS, complaints
from register_api.hosting.raw_client import Client, RunLimits, read_address
from register_api.hosting.script import load_checks
from register_api.hosting.suite import run_checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from publications import Publication

    from register_api.hosting.script import ExchangeContext

CHECKS = load_checks()


@pytest.fixture(scope="module")
def scenes(publication: Publication, tmp_path_factory: pytest.TempPathFactory) -> list[ExchangeContext]:
    """Every exchange of the script as it went with the service, which did nothing wrong."""
    kept: list[ExchangeContext] = []

    def keep(scene: ExchangeContext) -> list[str]:
        kept.append(scene)
        return complaints(scene)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "complaints", keep)
        with hosts.service(publication.store) as site:
            report = run_checks(Client(read_address(site.base), RunLimits()), CHECKS, NOW)
            assert report.exit_code == 0
            for scene in kept:  # what judgements ask for is kept for when nobody answers any more
                complaints(scene)
    return kept


def told(
    scene: ExchangeContext, *, status: int | None = None, body: bytes | None = None, **headers: str | None
) -> ExchangeContext:
    """Return a scene with another answer; a header that is ``None`` is taken away."""
    answer = scene.answer
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    merged = {**answer.headers, **changed}
    lie = msgspec.structs.replace(
        answer,
        status=answer.status if status is None else status,
        body=answer.body if body is None else body,
        headers={name: value for name, value in merged.items() if value is not None},
    )
    return msgspec.structs.replace(scene, answer=lie)


def test_another_status_is_always_wrong(scenes: list[ExchangeContext]) -> None:
    """In every exchange of every check."""
    assert len(scenes) > 1000
    for scene in scenes:
        assert "expected status" in complaints(told(scene, status=299))[0]


def test_every_header_that_is_expected_is_looked_at(scenes: list[ExchangeContext]) -> None:
    """One with another value is wrong, and so is one where none may be."""
    looked_at = 0
    for scene in scenes:
        for name in scene.exchange.headers:
            assert complaints(told(scene, **{name: "no/1.0 such\x07value"})), (scene.exchange.send, name)
            looked_at += 1
    assert looked_at > 300


def test_every_body_that_is_expected_is_looked_at(scenes: list[ExchangeContext]) -> None:
    """Something where nothing may come, and nothing where something is expected."""
    for scene in scenes:
        if scene.exchange.body is not None:
            lie = b"" if scene.exchange.body else b"something"
            assert complaints(told(scene, body=lie)), scene.exchange.send


def _drop_style(scene: ExchangeContext) -> ExchangeContext:
    return told(scene, content_security_policy="default-src 'none'; frame-ancestors 'none'")


def _run_scripts(scene: ExchangeContext) -> ExchangeContext:
    policy = scene.header("content-security-policy")
    body = scene.answer.body.replace(b'http-equiv="Content-Security-Policy"', b'name="policy"')
    loads = scene.place is not None and scene.place.kind.loads
    source = "https:" if loads else "'self'"
    return told(scene, body=body, content_security_policy=f"script-src {source}; {policy}")


def _run_another_program(scene: ExchangeContext) -> ExchangeContext:
    """Let any script run, and none in the page but what the host put there, if that may have one."""
    policy = scene.header("content-security-policy")
    body = re.sub(rb"sha256-[0-9A-Za-z+/]{43}=", b"sha256-" + b"A" * 43 + b"=", scene.answer.body)
    return told(scene, body=body, content_security_policy=f"script-src 'unsafe-inline'; {policy}")


def _without_member(name: str) -> Callable[[ExchangeContext], ExchangeContext]:
    def lie(scene: ExchangeContext) -> ExchangeContext:
        members = msgspec.json.decode(scene.answer.body)
        return told(scene, body=msgspec.json.encode({key: members[key] for key in members if key != name}))

    return lie


LIES: dict[str, list[Callable[[ExchangeContext], ExchangeContext]]] = {
    "whole": [lambda scene: told(scene, body=scene.answer.body[:-1]), lambda scene: told(scene, body=b"")],
    "same": [lambda scene: told(scene, body=scene.answer.body + b" ")],
    "as-get": [
        lambda scene: told(scene, etag='"other"'),
        lambda scene: told(scene, content_length="7"),
        lambda scene: told(scene, content_type=None),
    ],
    "digest": [
        lambda scene: told(scene, body=scene.answer.body + b" "),
        lambda scene: told(scene, repr_digest=None),
        lambda scene: told(scene, repr_digest="sha-512=:AAAA:"),
        lambda scene: told(scene, repr_digest=f"sha-256=:{'A' * 43}=:"),
    ],
    "coding": [
        lambda scene: told(
            scene, content_encoding=scene.exchange.with_["Accept-Encoding"], body=b"no such form"
        ),
        lambda scene: told(scene, content_encoding="compress"),
        lambda scene: told(scene, content_encoding=None, body=b"other"),
    ],
    "range": [
        lambda scene: told(scene, status=200, body=b"part"),
        lambda scene: told(scene, status=206, body=scene.first.body[:10]),
        lambda scene: told(scene, status=206, body=b"x" * 10, content_range="bytes 0-9/99999999"),
        lambda scene: told(scene, status=206, body=b"", content_range=f"bytes 0-9/{len(scene.first.body)}"),
        lambda scene: told(scene, status=206, body=b"x", content_range="bytes */7"),
    ],
    "register-digest": [
        lambda scene: told(scene, register_version="0"),
        lambda scene: told(scene, register_version="²"),
        lambda scene: told(scene, register_digest="sha-256=:AAAA:"),
        lambda scene: told(scene, register_digest=None),
    ],
    "links": [
        lambda scene: told(scene, link=None),
        lambda scene: told(scene, link=scene.header("link") + ', <nowhere>; rel="describedby"'),
    ],
    "neighbours": [lambda scene: told(scene, link=f'<{scene.answer.status}>; rel="predecessor-version"')],
    "folder": [lambda scene: told(scene, location="/elsewhere/"), lambda scene: told(scene, location=None)],
    "catalog-link": [lambda scene: told(scene, link='<api-catalog>; rel="self"')],
    "policy": [
        _drop_style,
        _run_scripts,
        _run_another_program,
        lambda scene: told(scene, content_security_policy="style-src 'unsafe-inline'"),
    ],
    "discovery": [
        lambda scene: told(scene, body=b"{}"),
        lambda scene: told(scene, body=b"[" * 100_000),
        lambda scene: told(scene, body=scene.answer.body.replace(b'"sha256":"', b'"sha256":"0')),
        lambda scene: told(scene, body=scene.answer.body.replace(b"register.json", b"nowhere.json")),
    ],
    "linkset": [
        lambda scene: told(scene, body=b"{}"),
        lambda scene: told(scene, body=b'{"linkset":[]}'),
        lambda scene: told(scene, body=b'{"linkset":[7]}'),
        lambda scene: told(scene, body=b'{"linkset":[{"anchor":"/","item":7}]}'),
        lambda scene: told(scene, body=b'{"linkset":[{"anchor":"/","item":[{"href":7}]}]}'),
        lambda scene: told(scene, body=b'{"linkset":[{"item":[{"href":"nowhere"}]}]}'),
        lambda scene: told(scene, body=b'{"linkset":[{"item":[{"href":"api-catalog","type":"text/html"}]}]}'),
    ],
    "service-links": [
        lambda scene: told(scene, body=b"no JSON"),
        lambda scene: told(scene, body=scene.answer.body.replace(b'"service-doc"', b'"item"')),
        lambda scene: told(scene, body=scene.answer.body.replace(b"readyz", b"nowhere")),
    ],
    "schema": [lambda scene: told(scene, body=b"{}"), lambda scene: told(scene, body=b"no JSON")],
    "no-catch-all": [lambda scene: told(scene, body=b'{"format":"sub-processor-register-manifest/1"}')],
    "problem": [
        *(_without_member(name) for name in ("type", "title", "status", "detail")),
        lambda scene: told(scene, content_type="application/json"),
        lambda scene: told(scene, body=b"[]"),
        lambda scene: told(scene, body=b"\xff"),
        lambda scene: told(scene, body=scene.answer.body.replace(b'"status":4', b'"status":5')),
    ],
    "silent": [
        lambda scene: told(scene, body=b"<center>nginx/1.22.1</center>"),
        lambda scene: told(scene, server="SimpleHTTP/0.6 Python/3.11"),
        lambda scene: told(scene, body=b"Traceback (most recent call last)"),
        lambda scene: told(scene, body=b"no such file: /srv/register/store/x"),
    ],
}
"""For each judgement, answers that must not please it."""


@pytest.mark.parametrize("name", JUDGEMENTS)
def test_every_judgement_can_be_displeased(scenes: list[ExchangeContext], name: str) -> None:
    """Wherever the script asks for it, each lie of its kind is found out."""
    asked = [scene for scene in scenes if name in scene.exchange.holds]
    assert asked
    for lie in LIES[name]:
        found = [bool(list(JUDGEMENTS[name](lie(scene)))) for scene in asked]
        assert any(found) if name in {"links", "neighbours"} else all(found)


def test_only_documents_with_links_have_to_have_them(scenes: list[ExchangeContext]) -> None:
    """A register without its links is found out, a tile without any is none the worse."""
    by_path = {scene.place.path: scene for scene in scenes if scene.place and "links" in scene.exchange.holds}
    register = told(by_path[tree.REGISTER.path()], link=None)
    assert len(list(JUDGEMENTS["links"](register))) == 5
    assert not list(JUDGEMENTS["links"](told(by_path[tree.CHECKPOINT.path()], link=None)))


def test_forms_may_not_share_a_tag(scenes: list[ExchangeContext]) -> None:
    """RFC 9110 section 8.8.3.3: a cache would hand out one form for the other."""
    coded = [
        scene
        for scene in scenes
        if "coding" in scene.exchange.holds and scene.header("content-encoding") and scene.place
    ]
    assert {scene.header("content-encoding") for scene in coded} == {"gzip", "br", "zstd"}
    for scene in coded:
        assert list(JUDGEMENTS["coding"](told(scene, etag=scene.first.headers["etag"])))
