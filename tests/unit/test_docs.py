"""The documentation keeps up with the program: what exists is described, and what is described exists."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_type_hints
from urllib.parse import urlsplit

import click
import pytest
from msgspec import inspect

from format_table import table_of_files
from register_api import errors
from register_api.cli.main import _COMMANDS, cli
from register_api.core.api.answers import PROBLEMS
from register_api.core.api.openapi import HEALTH, READINESS, REFERENCE
from register_api.core.api.questions import QUESTIONS, parameters_of
from register_api.core.changes import ChangeType, Diff
from register_api.core.documents import Discovery, Entry, KeyList, VersionList
from register_api.core.exports.columns import COLUMNS
from register_api.core.field_forms import Vocabulary
from register_api.core.fields import FIELDS
from register_api.core.format.tree import SCHEMAS
from register_api.core.model import Register
from register_api.core.questionnaire.answers import QUESTIONS as EIGHT
from register_api.core.questionnaire.answers import EngagementAnswers
from register_api.core.rules.rule_table import RULES
from register_api.core.struct_fields import Shape, shapes
from register_api.errors import RegisterError, VerificationError
from register_api.hosting.script import load_checks
from register_api.serve.http import limits
from register_api.serve.metrics import METRICS
from register_api.serve.settings import VARIABLES, Settings
from register_api.store.reader import Manifest
from register_api.verify.checks.check_table import CHECKS, NOTICE_CHECKS, PACKAGE_CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "keys").glob("*.md"),
        *(ROOT / "tests/vectors").glob("*.md"),
    ]
)
DOCUMENTS = [Register, Diff, Entry, VersionList, KeyList, Discovery, Manifest]


def read(name: str) -> str:
    """Return a text of the project."""
    return (ROOT / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of its level or higher."""
    level = len(heading) - len(heading.lstrip("#"))
    start = text.index(f"{heading}\n") + len(heading)
    end = re.compile(rf"^#{{1,{level}}} ", re.MULTILINE).search(without_code(text), start)
    return text[start : end.start()] if end else text[start:]


def without_code(text: str) -> str:
    """Return a text of the same length with its code blocks blank: a comment there is no heading."""
    return re.sub(r"^ *```.*?^ *```", lambda block: " " * len(block[0]), text, flags=re.DOTALL | re.MULTILINE)


def struct_table(name: str) -> str:
    """Return what the one chapter of the format that describes a struct says of it."""
    found = [
        section(page, f"{level} {name}")
        for page in map(Path.read_text, sorted((ROOT / "docs/format").glob("*.md")))
        for level in ("##", "###")
        if f"\n{level} {name}\n" in page
    ]
    assert len(found) == 1, name
    return found[0]


def code_blocks(text: str, *languages: str) -> Iterator[str]:
    """Yield the code blocks in a language."""
    for match in re.finditer(r"^( *)```(\w*)\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        if match[2] in languages:
            yield re.sub(rf"^{match[1]}", "", match[3], flags=re.MULTILINE)


def structs(kind: inspect.Type) -> Iterator[inspect.StructType]:
    """Yield a document's struct and all within it."""
    match kind:
        case inspect.StructType():
            yield kind
            for field in kind.fields:
                yield from structs(field.type)
        case inspect.UnionType():
            for item in kind.types:
                yield from structs(item)
        case inspect.VarTupleType():
            yield from structs(kind.item_type)
        case inspect.DictType():
            yield from structs(kind.value_type)


WIRE = {found.cls: found for document in DOCUMENTS for found in structs(inspect.type_info(document))}


def all_commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Yield every command by its words after ``register-api``."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMAND_BY_NAME = dict(all_commands(cli))
ERRORS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RegisterError)
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.number)
def test_every_rule_has_a_paragraph_an_accepted_and_a_refused_example(rule):
    heading = re.search(rf"^### {rule.number} · {rule.severity} · .+$", read("docs/rules.md"), re.MULTILINE)
    assert heading, f"no heading '### {rule.number} · {rule.severity} · …'"
    text = section(read("docs/rules.md"), heading[0])
    examples = len(list(code_blocks(text, "toml")))
    assert examples == 2 or (rule.number == "R18" and next(code_blocks(text, "sh")))


def test_every_toml_example_is_toml():
    for path in DOCS:
        for block in code_blocks(path.read_text("utf-8"), "toml"):
            tomllib.loads(block)


@pytest.mark.parametrize("type_", get_args(ChangeType))
def test_every_type_of_change_is_described_with_its_fields(type_):
    table = section(read("docs/rules.md"), "## Types of change")
    row = next((line for line in table.splitlines() if line.startswith(f"| `{type_}` |")), "")
    known_types = {(name, field.change) for kind in FIELDS.values() for name, field in kind.items()}
    named = re.findall(r"`(\w+)`", row.rpartition("|")[0].rpartition("|")[2])
    assert row
    assert {name for name, change in known_types if change == type_} - set(named) == set()
    assert {
        name for name in named if not any(change for known, change in known_types if known == name)
    } == set()


def test_types_of_change_stand_in_their_order():
    table = section(read("docs/rules.md"), "## Types of change")
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert tuple(row.split("`")[1] for row in rows) == get_args(ChangeType)


@pytest.mark.parametrize("kind", WIRE, ids=lambda kind: kind.__name__)
def test_every_field_on_the_wire_is_described(kind):
    table = struct_table(kind.__name__)
    described = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(described) == sorted(field.encode_name for field in WIRE[kind].fields)


def words_of(shape: Shape) -> str:
    """Return what docs/format/register.md says a field holds, apart from "list of" and "or null"."""
    match shape.kind:
        case inspect.StructType():
            return shape.kind.cls.__name__
        case inspect.DictType():
            return (
                "object" if isinstance(shape.kind.value_type, inspect.AnyType) else "object, string → string"
            )
        case inspect.DateType():
            return "day"
        case inspect.BoolType():
            return "boolean"
        case inspect.DateTimeType():
            return "instant"
        case _:
            assert shape.form
            return shape.form.words


def codes_in(text: str) -> set[str]:
    """Return the codes that a text names; of a range, such as `S01` to `S19`, all."""
    ranges = re.findall(r"`?([A-Z])(\d+)`? to `?[A-Z](\d+)`?", text)
    between = {f"{letter}{n:02}" for letter, low, high in ranges for n in range(int(low), int(high) + 1)}
    return between | set(re.findall(r"`([\w/-]+)`", text))


REGISTER_FIELDS = [
    pytest.param(kind, name, id=f"{kind.__name__}.{name}")
    for kind in WIRE
    if kind.__module__ == Register.__module__
    for name in shapes(kind)
]


@pytest.mark.parametrize(("kind", "name"), REGISTER_FIELDS)
def test_the_value_of_every_field_of_the_register_is_described_as_its_type_says(kind, name):
    table = struct_table(kind.__name__)
    (cell,) = re.findall(rf"^\| `{name}` \| ([^|]*) \|", table, re.MULTILINE)
    shape = shapes(kind)[name]
    assert cell.startswith("list of ") is shape.is_list
    assert ("null" in cell) is shape.is_optional
    assert cell.endswith("; open") is isinstance(shape.form, Vocabulary)
    if shape.codes:
        assert codes_in(cell) == set(shape.codes)
    else:
        one = words_of(shape)
        many = one if shape.struct else one.replace("id of a ", "ids of ") + "s"
        assert cell.removesuffix(" or null").rstrip(",") == (f"list of {many}" if shape.is_list else one)


def test_the_columns_of_the_exports_are_those_of_the_code() -> None:
    """Name, type and meaning, in their order."""
    rows = [f"| `{column.name}` | {column.type} | {column.description} |" for column in COLUMNS]
    table = section(read("docs/export-columns.md"), "## The columns")
    assert [line for line in table.splitlines() if line.startswith("| `")] == rows


def test_the_table_of_files_is_that_of_the_code() -> None:
    """After a change of a row, this block is what belongs into the chapter."""
    assert (
        "\n".join(table_of_files())
        in section(read("docs/format/tree.md"), "# The tree").partition("\n## ")[0]
    )


def test_open_and_closed_lists_are_named_as_the_code_has_them():
    """Each field that holds a code is in one of the two tables, and nothing else is."""
    found = {"**Open**": set(), "**Closed**": set()}
    for kind in (kind for form in SCHEMAS for kind in structs(inspect.type_info(form.struct))):
        names = {field.name: field.encode_name for field in kind.fields}
        for name, shape in shapes(kind.cls).items():
            if shape.codes:
                title = "**Open**" if isinstance(shape.form, Vocabulary) else "**Closed**"
                found[title].add(f"{kind.cls.__name__}.{names[name]}")
    text = section(read("docs/compatibility.md"), "## Vocabularies")
    for title, expected in found.items():
        table = text.partition(f"\n{title}")[2].partition("\n\n")[2].partition("\n\n")[0]
        assert set(re.findall(r"`(\w+\.\w+)`", table)) == expected


@pytest.mark.parametrize("name", COMMAND_BY_NAME)
def test_every_command_and_option_is_described(name):
    text = read("docs/format/commands.md")
    command = COMMAND_BY_NAME[name]
    arguments = [str(item.human_readable_name) for item in command.params if isinstance(item, click.Argument)]
    assert f"| `{' '.join(['register-api', name, *arguments])}` |" in text
    options = [opt for item in command.params if isinstance(item, click.Option) for opt in item.opts]
    assert [opt for opt in options if f"`{opt}`" not in text] == []


@pytest.mark.parametrize("name", COMMAND_BY_NAME)
def test_every_variable_of_the_command_line_is_described(name):
    variables = [item.envvar for item in COMMAND_BY_NAME[name].params if isinstance(item, click.Option)]
    assert [
        item
        for item in variables
        if item and f"`{item}`" not in read("docs/settings.md") + read("docs/timestamps.md")
    ] == []


@pytest.mark.parametrize("name", _COMMANDS)
def test_the_line_of_help_is_that_of_a_command_with_an_example(name):
    command = cli.get_command(click.Context(cli), name)
    line = _COMMANDS[name].line
    assert isinstance(command, click.Command)
    assert (command.help or "").split()[0] == line.split()[0]
    whole = [item for words, item in COMMAND_BY_NAME.items() if words.split()[0] == name]
    assert all(re.search(r"Examples?:\s+register-api " + name, item.help or "") for item in whole)


def commands_in_docs() -> Iterator[object]:
    """Yield each call of the program in a code block of the documentation."""
    for path in DOCS:
        for block in code_blocks(path.read_text("utf-8"), "sh", "ini"):
            for line in block.splitlines():
                found = re.search(
                    r"(?:^|[ =/])register-api( .*)", re.split(" [#<>|] ", line)[0].removesuffix(" &")
                )
                if found:
                    yield pytest.param(found[1], id=f"{path.relative_to(ROOT)}:{found[1]}")


@pytest.mark.parametrize("call", list(commands_in_docs()))
def test_every_documented_call_can_be_parsed(call):
    words = [word for word in shlex.split(call) if word != "…"]
    name = next(item for item in COMMAND_BY_NAME if words[: len(item.split())] == item.split())
    arguments = ["7" if word in {"N", "$n"} else word for word in words[len(name.split()) :]]
    COMMAND_BY_NAME[name].make_context(name, arguments)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_option_named_in_a_sentence_exists(path):
    params = [
        item
        for command in (cli, *COMMAND_BY_NAME.values())
        for item in command.get_params(click.Context(command))
    ]
    known = {opt for item in params for opt in (*item.opts, *item.secondary_opts)} | {"--delete"}
    spans = re.findall(r"`([^`\n]+)`", without_code(path.read_text("utf-8")))
    named = {option for span in spans for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", span)}
    assert named - known == set()


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_exit_code_is_described(kind):
    table = read("docs/format/commands.md")
    assert re.search(rf"^\| {kind.exit_code} \| ", table, re.MULTILINE)
    if issubclass(kind, VerificationError) and kind is not VerificationError:
        row = f"\n| {kind.exit_code} | {kind.word} |"
        assert row in table
        assert row in read("docs/checks.md")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_of_verify_is_described(check):
    assert f"\n| {check.id} | " in read("docs/checks.md")


@pytest.mark.parametrize("check", PACKAGE_CHECKS, ids=lambda check: check.id)
def test_every_check_of_evidence_is_described(check):
    text = section(read("docs/more-by-hand.md"), "## Evidence by hand")
    (ours,) = re.findall(r"that are about one version: (.*?), made from", text)
    named = (
        f"\n| {check.id} | " in text if check.id.startswith("E") else check.id in re.split(r", | and ", ours)
    )
    assert named


@pytest.mark.parametrize("check", NOTICE_CHECKS, ids=lambda check: check.id)
def test_every_check_of_a_proof_of_notice_is_described(check):
    assert f"\n| {check.id} | " in read("docs/proof-of-notice.md")


def test_every_conformance_check_is_described_as_it_is():
    who = {"any": "any host", "configured": "configured", "service": "service"}
    rows = [f"| {item.id} | {item.title} | {who[item.host]} | {item.standard} |" for item in load_checks()]
    table = section(read("docs/conformance.md"), "## The checks")
    assert [line for line in table.splitlines() if line.startswith("| C")] == rows


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_of_the_service_is_described_with_its_default(variable):
    default = getattr(Settings(), VARIABLES[variable])
    written = str(default).lower() if isinstance(default, bool) else default
    assert f"\n| `{variable}` | `{written}` | " in section(read("docs/settings.md"), "## Of the service")


def test_every_setting_has_the_name_that_the_documentation_derives_from_its_variable():
    assert {name: name.removeprefix("REGISTER_").lower() for name in VARIABLES} == VARIABLES


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_described_with_its_kind_and_labels(name):
    labels = ", ".join(f"`{label}`" for label in METRICS[name].labels)
    kind = "counter" if name.endswith("_total") else "gauge"
    row = f"\n| `{name}` | {kind} | {labels} | "
    assert row in section(read("docs/monitoring.md"), "## Metrics")


def test_no_metric_is_described_that_is_not_there():
    table = section(read("docs/monitoring.md"), "## Metrics")
    assert set(re.findall(r"`(register_\w+)", table)) <= METRICS.keys()


@pytest.mark.parametrize(
    "name",
    [name for name, value in vars(limits).items() if name[0].isupper() and isinstance(value, int | float)],
)
def test_every_bound_is_described_with_its_value(name):
    assert f"\n| `{name}` | `{getattr(limits, name)}` | " in read("docs/limits.md")


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_that_the_service_answers_with_is_described(name):
    assert f"\n| `{name}` | {PROBLEMS[name][0]} | " in read("docs/format/http.md")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.operation)
def test_every_parameter_of_a_question_is_described(question):
    lines = read("docs/format/http.md").splitlines()
    row = next(line for line in lines if line.startswith(f"| `{question.url}` |"))
    parameters = [name for name in parameters_of(question.query) if f"{{{name}}}" not in question.url]
    assert parameters == re.findall(r"`(\w+)`", row.rpartition(" | ")[2])


@pytest.mark.parametrize("member", EIGHT)
def test_each_of_the_eight_answers_is_described_with_its_fields(member):
    kind = inspect.type_info(get_type_hints(EngagementAnswers)[member])
    row = f"| `{member}` | {EIGHT[member]} | "
    found = next(line for line in read("docs/format/http.md").splitlines() if line.startswith(row))
    fields = {field.encode_name for field in kind.fields} - {"stated", "words"}
    assert set(re.findall(r"`(\w+)`", found.rpartition(" | ")[0] + found.removeprefix(row))) >= fields


@pytest.mark.parametrize("url", [*(question.url for question in QUESTIONS), REFERENCE, HEALTH, READINESS])
def test_every_computed_address_is_described(url):
    assert f"\n| `{url}` | " in read("docs/format/http.md")


def test_every_decision_is_in_the_list_of_decisions():
    listed = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\)", read("docs/adr/README.md"), re.MULTILINE)
    there = sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
    assert [name for _, name in listed] == there
    assert [number for number, _ in listed] == [name[:4] for name in there]


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as Git hosts make them."""
    headings = re.findall(r"^#+ (.*)$", without_code(path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path):
    text = without_code(path.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if urlsplit(target).scheme:
            continue
        name, _, anchor = target.partition("#")
        page = (path.parent / name) if name else path
        assert page.exists(), target
        assert not anchor or anchor in anchors(page), target


HOSTS = re.compile(
    r"([a-z0-9-]+\.)*example(\.[a-z]+)?|127\.0\.0\.1|salesynq\.com|keepachangelog\.com|semver\.org"
    r"|www\.w3\.org"
)
"""Hosts that the documentation may name: examples, this machine, two conventions, names in XML."""

MACHINE = re.compile(r"(?<![\w.~:-])/(?:work|tmp|root|home|Users)/")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_host_but_examples_and_no_folder_of_one_machine_is_named(path):
    text = path.read_text("utf-8")
    if "vectors" not in path.parts:
        without_patterns = re.sub(r'"pattern": .*', "", text)  # a regular expression is not a URL
        hosts = {
            urlsplit(url).hostname or "" for url in re.findall(r"https?://[^\s`)>\"'…]+", without_patterns)
        }
        assert [host for host in hosts if not HOSTS.fullmatch(host)] == []
    assert not MACHINE.search(text)


@pytest.mark.parametrize(
    "words",
    [
        "make serve",
        "make test",
        "http://127.0.0.1:8000/",
        ".venv/bin/register-api verify http://127.0.0.1:8000",
        "uv run register-api run",
        "uv run pytest",
    ],
)
def test_the_readme_names_the_first_commands(words):
    assert words in read("README.md")


@pytest.mark.parametrize("name", _COMMANDS)
def test_the_readme_says_which_part_brings_a_command(name):
    text = section(read("README.md"), "## Install")
    extras = _COMMANDS[name].extras
    assert not extras or f"`{name}`" in next(
        line for line in text.splitlines() if line.startswith(f"| `{extras[-1]}` |")
    )
    assert extras or re.search(rf"^# .*\b{name}\b.*\npip install register-api$", text, re.MULTILINE)


@pytest.mark.parametrize("target", ["serve", "test"])
def test_the_makefile_has_the_targets_that_the_readme_names(target):
    assert re.search(rf"^{target}:", read("Makefile"), re.MULTILINE)
