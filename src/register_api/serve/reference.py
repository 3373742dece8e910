"""Examples for the API reference, taken from the published data."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup

from register_api.core.api.openapi import STATUSES, description, url_of
from register_api.core.api.questions import QUESTIONS, Question, form
from register_api.core.canonical import encode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import KINDS, TARGETS_BY_NAME
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.instant import format_instant, local_day
from register_api.core.language.language import ENGLISH, languages
from register_api.core.log.tiles import TILE_WIDTH
from register_api.core.model import Register
from register_api.errors import StoreDamaged
from register_api.serve.answer.archive import Archive, AsOf
from register_api.serve.answer.compute import ANSWERS
from register_api.serve.answer.query import read_query
from register_api.store.reader import Snapshot
from register_api.style import page_environment

MAX_EXAMPLE_BYTES = 16 * 1024
"""Bytes of the largest body printed as an example."""

_TEXT_TYPES = re.compile(r"application/(.*\+)?(json|xml|jose|x-pem-file)|text/(plain|csv|calendar|x-opml)")
"""Media types printed as text; HTML pages are only linked."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """Example for one URL: parameter values by name, a request with its query, and the response body.

    ``answer`` is ``None`` if the body is too long or not text.
    """

    values: dict[str, str]
    request: str
    answer: str | None


def examples_of(archive: Archive) -> dict[str, Example]:
    """Return the examples, keyed by URL as written in the API description."""
    register = archive.register(archive.newest)
    day = AsOf(on=local_day(register.published_at, archive.zone))
    values = dict(_values(register, day))
    candidates = _candidates(archive.snapshot, register)
    asked = ((each.url, _question_example(each, archive, values, day)) for each in QUESTIONS)
    stored = ((url_of(each), _file_example(each, archive.snapshot, candidates)) for each in KINDS)
    return {url: example for url, example in (*asked, *stored) if example is not None}


def _values(register: Register, day: AsOf) -> Iterator[tuple[str, str]]:
    """Yield an example value for each query parameter that the newest version can supply."""
    yield "from", str(max(1, register.version - 1))
    yield "to", str(register.version)
    yield "on", day.on.isoformat()
    yield "known_at", format_instant(register.published_at)
    yield from (("category", category.id) for category in register.categories[:1])
    vendor = next((item for item in register.subprocessors if item.engagements), None)
    if vendor is not None:
        yield from (("id", vendor.id), ("subprocessor", vendor.id), ("q", vendor.name))
        engagement = vendor.engagements[0]
        yield from (("engagement", engagement.id), ("status", engagement.status))
        yield from (("country", location.country) for location in (engagement.locations or ())[:1])
        yield from (("data_scope", scope) for scope in (engagement.data_scope or ())[:1])


def _question_example(
    question: Question, archive: Archive, values: dict[str, str], day: AsOf
) -> Example | None:
    in_path = {name: value for name, value in values.items() if f"{{{name}}}" in question.url}
    chosen = {name: values[name] for name in question.example if name in values}
    if len(chosen) < len(question.example) or ("{" in question.url and not in_path):
        return None
    query_string = urlencode(chosen)
    query = read_query(query_string.encode("ascii"), question.query, in_path)
    body = encode(ANSWERS[question.operation](archive, query, day))
    return Example(
        values=values,
        request=f"{question.url.format(**in_path)}?{query_string}",
        answer=_text(body, "application/json"),
    )


def _file_example(
    kind: FileKind, snapshot: Snapshot, candidates: Mapping[str, Sequence[str]]
) -> Example | None:
    for values in itertools.product(*(candidates[name] for name in kind.parameters)):
        path = kind.path(*values)
        found = snapshot.manifest.files.get(path)
        if found is not None:
            body = snapshot.read(path) if found.size <= MAX_EXAMPLE_BYTES else b""
            return Example(
                values=dict(zip(kind.parameters, values, strict=True)),
                request="/" if kind is tree.INDEX else f"/{path}",
                answer=_text(body, kind.media_type) if body else None,
            )
    return None


def _text(body: bytes, media_type: str) -> str | None:
    if len(body) > MAX_EXAMPLE_BYTES or not _TEXT_TYPES.fullmatch(media_type.partition(";")[0]):
        return None
    if "json" in media_type:
        return json.dumps(msgspec.json.decode(body), indent=2, ensure_ascii=False)
    return body.decode("utf-8")


def _candidates(snapshot: Snapshot, register: Register) -> Mapping[str, Sequence[str]]:
    """Return candidate values for path parameters; the first combination that names a file is used."""
    files = snapshot.manifest.files
    targets = (kind.path() for kind in TARGETS_BY_NAME.values())
    return {
        "version": [str(register.version)],
        "size": [str(register.version)],
        "page": [str(register.version // FEED_PAGE_SIZE)],
        "metadata_version": [str(number) for number in range(snapshot.generation, 0, -1)],
        "language": [each.tag for each in languages(ENGLISH)],
        "subprocessor": [vendor.id for vendor in register.subprocessors[:1]],
        "category": [category.id for category in register.categories[:1]],
        "kid": list(_key_ids(snapshot)),
        "name": ["register"],
        "minor": [str(register.format_minor)],
        "sha256": [files[path].sha256 for path in targets if path in files],
        "level": ["0"],
        "tile": ["000"],
        "width": [str(register.version % TILE_WIDTH)],
    }


def _key_ids(snapshot: Snapshot) -> Iterator[str]:
    try:
        listed = msgspec.json.decode(snapshot.read(tree.KEYS.path()), type=KeyList)
    except (KeyError, StoreDamaged, msgspec.MsgspecError):
        return
    yield from (key.kid for key in listed.keys)


def reference_page(archive: Archive | None) -> bytes:
    """Render the API reference as HTML."""
    examples = {} if archive is None else examples_of(archive)
    template = _ENVIRONMENT.get_template("reference.html.j2")
    return template.render(**description(), statuses=STATUSES, examples=examples).encode()


def prose(text: str) -> Markup:
    """Return a description as HTML, with text between backticks as code."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in enumerate(parts)
    )


def name_of(reference: str) -> str:
    """Return the component name at the end of a JSON pointer."""
    return reference.rpartition("/")[2]


_ENVIRONMENT = page_environment("register_api.serve")
_ENVIRONMENT.filters |= {"prose": prose, "name_of": name_of, "form": form}
