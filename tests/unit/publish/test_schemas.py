"""Schemas are 2020-12, as strict as the rules, demand what every release writes, and stay as they are."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings

from document_structs import document_structs
from examples import make_engagement, make_register, make_vendor
from golden_schemas import golden
from register_api.core import field_forms, model
from register_api.core.canonical import decode, encode
from register_api.core.documents import Discovery, RegisterReference, RootReference, VersionList
from register_api.core.field_forms import FORMAT_MINOR, JOINED, since
from register_api.core.format import tree
from register_api.core.format.tree import SCHEMAS
from register_api.core.schemas import definitions
from register_api.core.struct_fields import shapes
from register_api.publish.discovery import fixed_schemas, newest_schemas, schema
from strategies import registers
from thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable

BY_NAME = {one.name: one for one in SCHEMAS}
NAMES = tuple(BY_NAME)
LISTED = VersionList(register="example.com/sub-processors", versions=())


def validator(name: str) -> jsonschema.Draft202012Validator:
    """Return what judges documents of a form; formats are not judged, as most programs do not."""
    return jsonschema.Draft202012Validator(schema(BY_NAME[name]))


FITS = {name: validator(name).is_valid for name in NAMES}
FULL = make_register(
    make_vendor(
        certifications=(model.Certification(name="ISO/IEC 27001", claim="certified"),),
        engagements=(
            make_engagement(transfers=(model.Transfer(destination="US", mechanism="scc"),)),
            make_engagement("standby", status="available"),
        ),
    ),
    publisher=model.Publisher(
        name="Example",
        time_zone="UTC",
        language="en",
        contacts=(model.Contact(role="privacy", email="privacy@example.com"),),
    ),
    previous=model.Previous(version=1, sha256="0" * 64),
    version=2,
)
REGISTER = json.loads(encode(FULL))


def test_there_are_files_for_each_form_of_document() -> None:
    """The newest, and one that is fixed for the minor number, with the same bytes."""
    assert set(NAMES) == {"register", "diff", "entry", "versions", "keys", "heads", "upcoming", "discovery"}
    newest, fixed = newest_schemas(None), fixed_schemas(())
    assert set(newest) == set(NAMES)
    assert fixed == {(name, FORMAT_MINOR): data for name, data in newest.items()}
    assert all(encode(decode(data, dict)) == data for data in newest.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_the_one_that_was_kept(name: str) -> None:
    """What a release published stays. Before that, ``tests/golden_schemas.py`` keeps what is new."""
    assert encode(golden(name, FORMAT_MINOR)) == encode(schema(BY_NAME[name]))


@pytest.mark.parametrize("name", NAMES)
def test_what_was_required_is_required_and_nothing_else(name: str) -> None:
    """Whatever joins the format after minor number 0 is optional."""
    first = golden(name, 0)["$defs"]
    for struct, definition in schema(BY_NAME[name])["$defs"].items():
        if struct in first:
            assert definition["required"] == first[struct]["required"], struct


def test_a_schema_that_is_fixed_is_not_written_again() -> None:
    """Not even where this program would write other bytes."""
    path = tree.SCHEMA_OF_MINOR.path("register", FORMAT_MINOR)
    assert {name for name, _ in fixed_schemas({path})} == set(NAMES) - {"register"}


def test_the_newest_schema_stays_that_of_the_newest_release() -> None:
    """Where a later release than this one has published before."""
    assert newest_schemas(LISTED) == newest_schemas(None)
    assert newest_schemas(msgspec.structs.replace(LISTED, format_minor=FORMAT_MINOR + 1)) == {}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_schema_of_its_dialect_with_words_for_everything(name: str) -> None:
    """Titles are names of types, so that what is generated has those names."""
    document = schema(BY_NAME[name])
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["$id"] == f"urn:sub-processor-register:schema:{name}:1.{FORMAT_MINOR}"
    assert document["title"] == BY_NAME[name].struct.__name__
    assert document["description"]
    for struct, definition in document["$defs"].items():
        assert definition["title"] == struct
        assert definition["description"]
        for field, said in definition["properties"].items():
            assert said["description"], f"{struct}.{field}"
            assert "default" not in said
    text = json.dumps(document)
    assert not [mark for mark in ("Attributes:", "``", "`None`") if mark in text]


def test_fields_are_described_in_the_words_of_the_structs() -> None:
    """Where a docstring says nothing, by what the field is called."""
    defined = schema(BY_NAME["register"])["$defs"]
    country = defined["Location"]["properties"]["country"]
    assert country["description"] == "ISO 3166-1 alpha-2, or `EU`, `EEA`, `worldwide` or `varies`."
    assert defined["Subprocessor"]["properties"]["seat"]["description"] == "Country of establishment."
    diff = schema(BY_NAME["diff"])["$defs"]["Diff"]["properties"]
    assert diff["older"]["description"].startswith("The older version")


def test_open_vocabularies_have_examples_and_closed_ones_their_values() -> None:
    """A code that a later release brings fits; another status does not."""
    for kind in document_structs():
        for name, shape in shapes(kind).items():
            ((_, found), *_) = (definitions([kind], "#/{name}"),)
            text = json.dumps(found[kind.__name__]["properties"].get(name.rstrip("_"), {}))
            if isinstance(shape.form, field_forms.Vocabulary):
                assert '"examples"' in text, f"{kind.__name__}.{name}"
                assert '"enum"' not in text, f"{kind.__name__}.{name}"
            elif shape.codes:
                assert '"enum"' in text, f"{kind.__name__}.{name}"


def test_a_register_fits_and_one_with_a_field_of_tomorrow_too() -> None:
    assert FITS["register"](REGISTER)
    assert FITS["register"]({**REGISTER, "tomorrow": {"new": True}, "format_minor": FORMAT_MINOR + 1})


@pytest.mark.parametrize("kind", sorted(document_structs(), key=lambda kind: kind.__name__))
def test_every_instant_is_declared_as_one(kind: type[msgspec.Struct]) -> None:
    """A bare ``datetime`` would be any text to a schema."""
    kinds = [shape.kind for shape in shapes(kind).values()]
    assert all(found.tz is True for found in kinds if isinstance(found, msgspec.inspect.DateTimeType))


@settings(max_examples=examples(40))
@given(registers())
def test_what_the_rules_let_pass_fits(register: model.Register) -> None:
    """Patterns and bounds refuse nothing that a publisher may say."""
    validator("register").validate(json.loads(encode(register)))


@pytest.mark.parametrize("field", REGISTER)
def test_a_register_without_a_field_does_not_fit(field: str) -> None:
    assert not FITS["register"]({name: value for name, value in REGISTER.items() if name != field})


def vendor(**said: Any) -> Callable[[Any], None]:
    """Return the edit that lets the vendor say something else."""
    return lambda document: document["subprocessors"][0].update(said)


def engagement(number: int = 0, **said: Any) -> Callable[[Any], None]:
    """Return the edit that lets an engagement say something else."""
    return lambda document: document["subprocessors"][0]["engagements"][number].update(said)


FAULTS: dict[str, Callable[[Any], None]] = {
    "another major format": lambda document: document.update(format="sub-processor-register/2"),
    "a minor number below 0": lambda document: document.update(format_minor=-1),
    "an instant in words": lambda document: document.update(published_at="yesterday"),
    "an instant with an offset": lambda document: document.update(published_at="2026-05-10T11:00:00+02:00"),
    "a day in words": lambda document: document.update(updated_on="10 May"),
    "a version below 1": lambda document: document.update(version=-1),
    "a version as a text": lambda document: document.update(version="1"),
    "another way of recording": lambda document: document.update(recorded="invented"),
    "another kind of reason": lambda document: document["reason"].update(kind="whim"),
    "no vendors": lambda document: document.update(subprocessors=None),
    "a name that is none": lambda document: document.update(register="Example Inc"),
    "a digest of other characters": lambda document: document["previous"].update(sha256="zz"),
    "days below 0": lambda document: document["notice"].update(days=-5),
    "too many days": lambda document: document["notice"].update(days=4000),
    "no zone of the tz database": lambda document: document["publisher"].update(time_zone="Mars"),
    "no language tag": lambda document: document["publisher"].update(language="English, mostly"),
    "no mail address": lambda document: document["publisher"]["contacts"][0].update(email="nobody"),
    "a seat in words": vendor(seat="Germany"),
    "a seat in lower case": vendor(seat="de"),
    "a seat of three letters": vendor(seat="XXX"),
    "no slug": vendor(id="A B"),
    "an empty name": vendor(name=""),
    "a link that runs": vendor(website="javascript:alert(1)"),
    "a link without encryption": vendor(website="http://example.com"),
    "an owner that is no slug": vendor(parent="Acme Inc."),
    "another kind of vendor": vendor(kind="friend"),
    "an empty purpose of what is used": engagement(purpose=""),
    "no place of what is used": engagement(locations=[]),
    "conditional on nothing": engagement(status="conditional", conditions=()),
    "another status": engagement(status="asleep"),
    "a start of what is not used": engagement(1, starts_on="2026-07-01"),
    "a national number of no country": vendor(
        identifiers=[{"scheme": "national", "value": "1", "country": None, "registry": "PRH"}]
    ),
    "a national number of no registry": vendor(
        identifiers=[{"scheme": "national", "value": "1", "country": "FI", "registry": None}]
    ),
    "a country in words": engagement(
        locations=[{**REGISTER["subprocessors"][0]["engagements"][0]["locations"][0], "country": "Germany"}]
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_value_that_the_rules_refuse_does_not_fit(fault: str) -> None:
    document = json.loads(encode(FULL))
    FAULTS[fault](document)
    assert not FITS["register"](document)


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (
            field_forms.URL,
            ["https://example.com", "https://xn--e.example:8443/a%20b?c=d#e"],
            ["https://", "ftp://a.b"],
        ),
        (
            field_forms.LINK,
            ["https://example.com/", "mailto:a.b@c.example?subject=x"],
            ["mailto:nobody", "tel:1"],
        ),
        (field_forms.EMAIL, ["a.b+c@d-e.example"], ["a@b c", "@example.com", "a"]),
        (field_forms.SLUG, ["a", "a-1-b"], ["-a", "a--b", "A", "a" * 65]),
        (
            field_forms.REGISTER_NAME,
            ["example.com", "a.example/b/C_d~e"],
            ["/a", "a b.example", "a.example/?", "a.example/../../x", "a.example//x", "a.example/."],
        ),
        (field_forms.LANGUAGE_TAG, ["en", "de-AT", "zh-Hant-TW"], ["e", "de_AT", "a b", "german"]),
        (field_forms.SHA256, ["0f" * 32], ["0F" * 32, "0f" * 31]),
        (
            field_forms.BASE_URL,
            ["https://a.example/", "https://a.example:8443/b/", "http://localhost/", "http://[::1]:8123/b/"],
            ["http://a.example/", "https://a.example", "https://a.example/?a/", "http://localhost.example/"],
        ),
        (
            field_forms.LICENSE,
            ["CC0-1.0", "GPL-2.0+", "https://a.example/licence"],
            ["public domain", "http://a.example/", "-"],
        ),
        (field_forms.PLACE, ["FI", "EEA", "worldwide"], ["fi", "EUR", "Finland"]),
    ],
)
def test_a_pattern_says_what_its_form_says(form: field_forms.Form, good: list[str], bad: list[str]) -> None:
    """As far as a pattern can; what it refuses, the form refuses."""
    fits = jsonschema.Draft202012Validator({"type": "string", **form.schema}).is_valid
    for value in good:
        assert (form.fault(value), fits(value)) == (None, True), value
    for value in bad:
        assert not fits(value), value
        assert form.fault(value) is not None or form is field_forms.SHA256, value


def test_every_zone_of_the_tz_database_fits() -> None:
    """Those that lie in no area are named one by one: there will be no more of them."""
    fits = jsonschema.Draft202012Validator(dict(field_forms.TIME_ZONE.schema)).is_valid
    names = resources.files("tzdata").joinpath("zones").read_text("utf-8").split()
    assert [name for name in names if not fits(name)] == []
    assert not any(map(fits, ("Mars", "Mars/Olympus", "Europe", "Europe/", "", "localtime")))


def test_other_documents_are_judged_as_strictly() -> None:
    """By one example: addresses and digests."""
    root = RootReference(version=1, sha256="0" * 64)
    urls = {
        name: f"../{name}" for name in ("tree_url", "register_url", "feed_url", "trust_url", "targets_url")
    }
    good = RegisterReference(register="example.com", title="Example", root=root, **urls | {"tree_url": "../"})
    document = json.loads(encode(Discovery(registers=(good,))))
    assert FITS["discovery"](document)
    for name, value in [
        ("tree_url", "javascript:x"),
        ("title", ""),
        ("register", "A"),
        ("feed_url", "//a.example"),
    ]:
        changed = {**document["registers"][0], name: value}
        assert not FITS["discovery"]({**document, "registers": [changed]}), name


class Grown(msgspec.Struct, frozen=True, kw_only=True):
    """A struct that has grown.

    Attributes:
        first: There from the beginning.
        later: Came later.
        struct: Came later.
    """

    first: field_forms.Text
    later: Annotated[field_forms.Url | None, since(1)] = None
    struct: Annotated[model.Withdrawn | None, since(2)] = None


def test_a_field_that_joined_is_not_required_and_says_so() -> None:
    """Its form holds all the same."""
    _, found = definitions([Grown], "#/$defs/{name}")
    definition = found["Grown"]
    assert definition["required"] == ["first"]
    assert definition["properties"]["later"]["$comment"] == f"{JOINED} 1"
    assert definition["properties"]["struct"]["$comment"] == f"{JOINED} 2"
    fits = jsonschema.Draft202012Validator({**definition, "$defs": found}).is_valid
    assert fits({"first": "text"})
    assert not fits({"first": "text", "later": "javascript:alert(1)"})
    assert shapes(Grown)["later"].form is field_forms.URL
    assert shapes(Grown)["struct"].struct is model.Withdrawn


def test_a_field_that_joined_has_a_default_so_that_older_documents_are_read() -> None:
    """And a minor number that there is."""
    for kind in {*document_structs(), Grown}:
        _, found = definitions([kind], "#/{name}")
        for field in msgspec.structs.fields(kind):
            comment = found[kind.__name__]["properties"][field.encode_name].get("$comment", "")
            if comment.startswith(JOINED):
                assert not field.required, f"{kind.__name__}.{field.name}"
                assert kind is Grown or 1 <= int(comment.removeprefix(JOINED)) <= FORMAT_MINOR
