"""One register, published in turns by releases of this program of which each knows other fields.

What one release wrote, every other one reads, keeps and verifies; nothing here names a struct or a
field, so one that joins the model is covered by itself.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import TYPE_CHECKING

import httpx
import pytest
from jsonschema import Draft202012Validator

import releases
from every_field import EveryField
from patience import PATIENCE
from publishers import NOW, Publisher
from register_api.core.canonical import decode, encode, parse
from register_api.core.diff.document import changes_between
from register_api.core.field_forms import FORMAT_MINOR, Vocabulary
from register_api.core.format import tree
from register_api.core.language.language import ENGLISH
from register_api.core.model import AcceptedWarning, Register
from register_api.core.patch import apply_patch
from register_api.core.struct_fields import forms_in, shapes
from register_api.publish.page.render import index_page, subprocessor_pages
from register_api.publish.page.version_history import past_version
from register_api.publish.page.view import PageView
from register_api.verify.evidence.offline import verify_offline
from register_api.verify.evidence.package import make_evidence
from register_api.verify.fetcher import FolderFetcher
from register_api.verify.options import Options
from releases import CODE, LATER
from running import running

if TYPE_CHECKING:
    from pathlib import Path

    from msgspec import inspect

ORDERS: tuple[tuple[releases.Release, ...], ...] = (
    ("older", "today", "newer", "today", "older", "newer", "today"),
    ("newer", "today", "older", "newer"),
)
"""Which release publishes one version after another: each after each other one, each as the first."""

SECOND = dt.timedelta(seconds=1)
SAID = "what only the newer release knows"


class Mixed(Publisher):
    """A publisher whose versions come from several releases.

    Attributes:
        order: The release that published each version, from version 1 on.
    """

    def __init__(self, folder: Path, order: tuple[releases.Release, ...]) -> None:
        """Publish the versions, with a new document key in between; a customer checks each."""
        (folder / "register").mkdir()
        super().__init__(folder)
        self.order = order
        for number, release in enumerate(order):
            self._write(number, release)
            releases.publish(release, folder, NOW + number * SECOND)
            if number == len(order) // 2:
                rotator: releases.Release = "today" if order[0] == "newer" else "newer"
                releases.rotate(rotator, folder, NOW + number * SECOND)
            assert self.verify(folder / "state").exit_code == 0

    def _write(self, number: int, release: releases.Release) -> None:
        source = EveryField()
        source.note(str(number))
        if number:
            source.cancel()
        if release == "newer":
            source.edit(say_what_is_new)
        source.write(self.source)

    def read(self, path: str) -> bytes:
        """Return a published file."""
        return self.snapshot().read(path)


def say_what_is_new(table: dict[str, object], kind: inspect.StructType) -> None:
    """Fill in the field that a later release has everywhere, and the code in every open vocabulary."""
    table[LATER] = SAID
    for name, shape in shapes(kind.cls).items():
        if name in table and isinstance(shape.form, Vocabulary):
            table[name] = [*table[name], CODE] if shape.is_list else CODE  # type: ignore[misc]


@pytest.fixture(scope="module", params=ORDERS, ids="-".join)
def mixed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    """Return a register from several releases; it is only read."""
    return Mixed(tmp_path_factory.mktemp("mixed"), request.param)


@pytest.mark.parametrize("release", ["today", "newer"])
def test_the_whole_history_verifies_with_every_release(mixed: Mixed, release: releases.Release) -> None:
    """The older release reads as today's does: it knows no fewer fields when it reads."""
    releases.verify(release, mixed.folder)


def test_releases_really_differ(mixed: Mixed) -> None:
    """Every struct of the newer release's documents has its field; the older one's lack some of today's."""
    registers = mixed.registers()
    for version, release in enumerate(mixed.order, start=1):
        text = registers[version].decode()
        assert (SAID in text) == (release == "newer")
        assert ('"corrects":' in text) == (release != "older")
        for path in (tree.VERSION_DIFF.path(version), tree.VERSION_ENTRY.path(version)):
            assert (releases.SAID in mixed.read(path).decode()) == (release == "newer")
        for kind in (tree.VERSION_REGISTER, tree.VERSION_DIFF, tree.VERSION_ENTRY):
            assert parse(mixed.read(kind.path(version)))["format_minor"] == FORMAT_MINOR + (
                release == "newer"
            )


def test_the_newer_field_stands_in_every_table_of_the_source(mixed: Mixed) -> None:
    """What the test says it covers, it covers."""
    version = mixed.order.index("newer") + 1
    source = EveryField()
    if version > 1:
        source.cancel()
    tables: list[str] = []
    source.edit(lambda _table, kind: tables.append(kind.cls.__name__))
    tables = [name for name in tables if name != AcceptedWarning.__name__]  # stays in the source
    assert len(set(tables)) >= 15
    # A vendor of the source is one of the register, and so on: each table is published once.
    assert mixed.registers()[version].decode().count(SAID) == len(tables)


def test_the_service_answers_every_question_about_every_version(mixed: Mixed) -> None:
    """Stored bytes are served as they are; a diff between any two versions leads to the newer one's bytes."""
    registers = mixed.registers()
    with running(mixed.store, lambda: NOW) as base, httpx.Client(base_url=base, timeout=PATIENCE) as client:
        for version, data in registers.items():
            assert client.get(tree.VERSION_REGISTER.path(version)).content == data
            known_at = json.loads(data)["published_at"]
            for question in ("subprocessors", "answers", "upcoming", "subprocessors/example-mail"):
                answer = client.get(f"v1/{question}", params={"known_at": known_at})
                assert (answer.status_code, answer.json()["version"]) == (200, version), answer.text
                shown = CODE.encode() in answer.content
                # The history of a vendor tells of later codes from their first version on.
                assert shown or question == "upcoming" or mixed.order[version - 1] != "newer"
        for older, newer in itertools.product(registers, repeat=2):
            answer = client.get("v1/diff", params={"from": older, "to": newer})
            patched = apply_patch(parse(registers[older]), parse(answer.content)["patch"])
            assert encode(patched) == registers[newer], (older, newer)


def test_evidence_of_every_version_keeps_its_bytes_and_holds(mixed: Mixed, tmp_path: Path) -> None:
    """What this program does not know is part of what was signed."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    for version in mixed.registers():
        fetcher = FolderFetcher(mixed.store / "public")
        made = make_evidence("folder", fetcher, version, Options(wait=0), now)
        assert made.data is not None, made.report
        package = tmp_path / f"{version}.zip"
        package.write_bytes(made.data)
        assert verify_offline(package, Options(), now).exit_code == 0


def test_feeds_and_pages_tell_of_every_version(mixed: Mixed) -> None:
    """Each is written by the release of the newest version, from what the others left."""
    feed = json.loads(mixed.read(tree.FEED_JSON.path()))
    newest = len(mixed.order)
    assert [item["_log"]["size"] for item in feed["items"]] == list(range(newest, 0, -1))
    assert mixed.read(tree.FEED_ATOM.path()).count(b"<entry>") == newest
    for version in range(1, newest + 1):
        assert f"ersion {version}" in mixed.read(tree.VERSION_PAGE.path(version)).decode()
    assert b"Example Mail" in mixed.read(tree.INDEX.path())
    assert b"Example Mail" in mixed.read(tree.SUBPROCESSOR_PAGE.path("example-mail"))


def test_pages_of_this_release_show_codes_that_it_does_not_know(mixed: Mixed) -> None:
    """As they are: nothing is left out, and nothing is taken for something else."""
    version = mixed.order.index("newer") + 1
    register = decode(mixed.registers()[version], Register)
    told = past_version(version, NOW, mixed.read(tree.VERSION_DIFF.path(version)), dt.UTC)
    promises = mixed.snapshot().state.promises()
    view = PageView(
        register=register,
        history=(told,),
        promises=promises,
        language=ENGLISH,
        today=NOW.date(),
        sha256="5" * 64,
        root_hash=bytes(32),
    )
    pages = dict(subprocessor_pages(view, register.subprocessors))
    assert CODE in index_page(view).decode()
    vendor = next(item for item in register.subprocessors if item.id == "example-mail")
    places = [place for place, _, value in forms_in(vendor, Vocabulary) if value == CODE]
    # A condition that has words, or names a setting, is shown by them.
    codes = [place for place in places if "conditions[" not in place]
    assert len(codes) >= 6
    assert pages[vendor.id].decode().count(CODE) >= len(codes)


def test_sentences_name_codes_that_this_release_does_not_know(mixed: Mixed) -> None:
    """What changed from a later release's version to one of today's is told."""
    newer = mixed.order.index("newer") + 1
    ends = [decode(mixed.registers()[version], Register) for version in (newer, newer + 1)]
    told = changes_between(ends[0], ends[1], mixed.snapshot().state.promises())
    assert len([change for change in told if CODE in change.summary]) >= 3


def test_schemas_of_every_release_stay_and_the_newest_is_the_newest(mixed: Mixed) -> None:
    """Documents fit the schema of the minor number that they name, and that of any other release."""
    names = {one.name: one.struct for one in tree.SCHEMAS}
    schemas = {
        (name, minor): json.loads(mixed.read(tree.SCHEMA_OF_MINOR.path(name, minor)))
        for name in names
        for minor in (FORMAT_MINOR, FORMAT_MINOR + 1)
    }
    for (name, minor), schema in schemas.items():
        grown = minor > FORMAT_MINOR
        assert (LATER in json.dumps(schema["$defs"][names[name].__name__])) == grown
        assert (schema == json.loads(mixed.read(tree.SCHEMA.path(name)))) == grown
    kept = {"register": tree.VERSION_REGISTER, "diff": tree.VERSION_DIFF, "entry": tree.VERSION_ENTRY}
    for version, release in enumerate(mixed.order, start=1):
        for name, kind in kept.items():
            document = json.loads(mixed.read(kind.path(version)))
            for minor in (FORMAT_MINOR, document["format_minor"]):
                fits = Draft202012Validator(schemas[name, minor]).is_valid(document)
                # The older release is from before minor number 0: what is required now it did not write.
                assert fits or (release, name) in {("older", "register"), ("older", "diff")}, (name, version)


def test_lists_keep_what_the_release_before_wrote_into_them(mixed: Mixed) -> None:
    """The list of versions holds each entry as the log has it; the keys were ended by another release."""
    versions = parse(mixed.read(tree.VERSIONS.path()))
    # Only lists that grow keep the highest minor number of those who wrote them.
    assert versions["format_minor"] == FORMAT_MINOR + 1
    listed = versions["versions"]
    assert listed == [parse(mixed.read(tree.VERSION_ENTRY.path(row["version"]))) for row in listed]
    keys = parse(mixed.read(tree.KEYS.path()))["keys"]
    first, *_, second = (record for record in keys if record["use"] == "document")
    assert first["ended"]["reason"] == ("rotated" if mixed.order[0] == "newer" else CODE)
    # A record that did not change was written by the release that published first.
    assert [LATER in record for record in keys if record["use"] != "document"] == [
        mixed.order[0] == "newer"
    ] * 2
    assert LATER in first
    assert (LATER in second) == (mixed.order[0] != "newer")
