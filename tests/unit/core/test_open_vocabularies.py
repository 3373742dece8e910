"""Open vocabularies: a reader takes any text in them and shows it, the publisher's check knows its list."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from every_field import EveryField
from examples import edited_at, make_context, make_promises, make_register
from register_api.core import model
from register_api.core.canonical import decode, encode
from register_api.core.diff.document import changes_between
from register_api.core.field_forms import Vocabulary
from register_api.core.fields import FIELDS
from register_api.core.language.language import ENGLISH
from register_api.core.language.values import Values
from register_api.core.notice_period import announce
from register_api.core.questionnaire.fill import answers
from register_api.core.rules.identity import check_forms
from register_api.core.struct_fields import forms_in, shapes
from register_api.core.timeline import engagement_states
from register_api.core.upcoming_events import upcoming
from register_api.source.collect import collect
from register_api.source.lines import parse_key

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = "unheard_of-2"
DAY = dt.date(2026, 8, 1)


def source() -> model.Draft:
    """Return a source with one vendor, in which every field says something."""
    tables = EveryField()
    use = tables.vendors["example-mail"]["engagements"][0]
    for conditional in (use, use["locations"][0]):
        del conditional["conditions"][0]["text"]  # or its text would be shown instead of the code
    draft = tables.draft()
    return msgspec.structs.replace(draft, subprocessors=draft.subprocessors[:1])


DRAFT = source()


def places(record: msgspec.Struct) -> Iterator[tuple[str, Vocabulary]]:
    """Yield one key path for each field with an open vocabulary."""
    seen = set()
    for key, form, _value in forms_in(record, Vocabulary):
        field = "".join(char for char in key if not char.isdigit())
        if field not in seen:
            seen.add(field)
            yield key, form


CASES = [
    pytest.param(file, key, form, id=key)
    for file, record in (("register", DRAFT.register), ("vendor", DRAFT.subprocessors[0]))
    for key, form in places(record)
]
every_place = pytest.mark.parametrize(("file", "key", "form"), CASES)


def draft_with(file: str, key: str, code: str) -> model.Draft:
    """Return the source with another code in one place."""
    if file == "register":
        return msgspec.structs.replace(DRAFT, register=edited_at(DRAFT.register, parse_key(key), code))
    vendor = edited_at(DRAFT.subprocessors[0], parse_key(key), code)
    return msgspec.structs.replace(DRAFT, subprocessors=(vendor,))


def published(draft: model.Draft, version: int = 1) -> model.Register:
    """Return the version that a source becomes."""
    fields = {name: getattr(draft.register, name) for name in draft.register.__struct_fields__}
    return make_register(
        *draft.subprocessors,
        version=version,
        **{name: value for name, value in fields.items() if name not in {"order", "accepted_warnings"}},
    )


def test_every_vocabulary_of_the_register_is_tried() -> None:
    """A vocabulary added to the model must occur in EXAMPLE.toml, and is covered then."""
    tried = {id(case.values[2]) for case in CASES}
    known = [shape.form for kind in FIELDS for shape in shapes(kind).values()]
    assert tried == {id(form) for form in known if isinstance(form, Vocabulary)}
    assert len(CASES) >= len(tried) >= 9


@every_place
def test_what_is_unknown_is_read_and_kept(file: str, key: str, form: Vocabulary) -> None:
    """Decoding takes it, and encoding gives the bytes back."""
    assert UNKNOWN not in form.codes
    data = encode(published(draft_with(file, key, UNKNOWN)))
    assert UNKNOWN.encode() in data
    assert encode(decode(data, model.Register)) == data


@every_place
def test_the_publishers_check_refuses_what_is_unknown(file: str, key: str, form: Vocabulary) -> None:
    """R01 names the key, the list and the code that was probably meant."""
    meant = list(form.codes)[-1]
    (finding,) = check_forms(draft_with(file, key, f"{meant}x"), make_context())
    assert (finding.rule, finding.severity, finding.key) == ("R01", "error", key)
    assert all(code in finding.message for code in form.codes)
    assert finding.hint == f"did you mean {meant}?"
    (finding,) = check_forms(draft_with(file, key, "?" * 50), make_context())
    assert finding.hint == ""


@every_place
def test_the_source_is_not_even_read_with_what_is_unknown(file: str, key: str, form: Vocabulary) -> None:
    """The loader says the same beside all other mistakes of the file, before anything is judged."""
    draft = draft_with(file, key, f"{list(form.codes)[-1]}x")
    record = draft.register if file == "register" else draft.subprocessors[0]
    table = without_none(msgspec.to_builtins(record, builtin_types=(dt.date,)))
    for use in table.get("engagements", ()):
        use["products"] = use["products"]["ids"]
    found, (problem,) = collect(table, type(record))
    assert found is None
    assert problem.key == key
    assert problem.message.startswith(f"expected one of {', '.join(form.codes)}, found the text")
    assert problem.hint == f"did you mean {list(form.codes)[-1]}?"


def without_none(value: Any) -> Any:
    """Return a value as TOML has it: nothing for what is not known."""
    if isinstance(value, dict):
        return {name: without_none(item) for name, item in value.items() if item is not None}
    return [without_none(item) for item in value] if isinstance(value, list | tuple) else value


@every_place
def test_a_diff_names_what_is_unknown_as_it_is(file: str, key: str, form: Vocabulary) -> None:
    """In both directions, in each language, and beside what is known."""
    known, unknown = published(DRAFT), published(draft_with(file, key, UNKNOWN), version=2)
    for older, newer in ((known, unknown), (unknown, known)):
        changes = changes_between(older, newer, make_promises())
        assert any(UNKNOWN in change.summary for change in changes), [item.summary for item in changes]
    assert changes_between(unknown, unknown, make_promises()) == ()


@every_place
def test_questions_are_answered_with_what_is_unknown(file: str, key: str, form: Vocabulary) -> None:
    """The timeline does not depend on it; an answer in words says it as it is."""
    register = published(draft_with(file, key, UNKNOWN))
    assert upcoming(register, DAY, dt.UTC) == upcoming(published(DRAFT), DAY, dt.UTC)
    rows = engagement_states(register, DAY)
    assert [row.state for row in rows] == [row.state for row in engagement_states(published(DRAFT), DAY)]
    text = encode([answers(row, DAY, make_promises(), Values(ENGLISH)) for row in rows]).decode()
    asked_about = key.startswith("engagements[0]")
    assert (UNKNOWN in text) == asked_about


@pytest.mark.parametrize("what", get_args(model.NoticeEvent))
@pytest.mark.parametrize("covered", [(), ("addition",), ("relocation", "data_changed")])
def test_a_promise_of_more_than_is_known_is_counted_as_far_as_it_is_known(
    what: model.NoticeEvent, covered: tuple[str, ...]
) -> None:
    """An unknown event in ``applies_to`` neither covers nor uncovers what this program can tell."""
    judged = [
        announce(
            [what],
            dt.date(2026, 7, 10),
            3,
            dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC),
            make_promises((1, dt.date(2026, 1, 5), model.Notice(days=30, applies_to=events))),
        )
        for events in (covered, (*covered, UNKNOWN), (UNKNOWN, *covered))
    ]
    assert judged[0] == judged[1] == judged[2]
    assert judged[0].required is (what in covered)
