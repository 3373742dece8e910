"""The register in the forms of others, as readers that we did not write understand them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import msgspec
import openpyxl
import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from pyld import jsonld

from exported import LINK, RUN, ZONE, hostile, rows, with_use
from register_api.core import model
from register_api.core.canonical import encoded
from register_api.core.exports.csv_table import dora_chain, dora_providers
from register_api.core.exports.cyclonedx import cyclonedx
from register_api.publish import exports
from register_api.publish.exports import MAX_UNITS, dpv, register_workbook
from sample_register import HOSTILE, TODAY, register

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

LEI, PARENT_LEI = "529900T8BM49AURSDO55", "549300MLUDYVRQOOXS22"
LEI_TYPE, EUID_TYPE = "eba_qCO:qx2000", "eba_qCO:qx2002"


# ------------------------------------------------------------------ the workbook


def workbook(said: model.Register) -> bytes:
    """Return the workbook of a register."""
    return register_workbook(encoded(said), rows(said), TODAY, ZONE)


def opened(said: model.Register) -> Workbook:
    """Return it as openpyxl reads it."""
    return openpyxl.load_workbook(io.BytesIO(workbook(said)))


def test_the_workbook_has_a_sheet_for_each_question() -> None:
    book = opened(register())
    assert book.sheetnames == ["Uses", "Sub-processors", "Upcoming changes", "About"]
    uses = list(book["Uses"].iter_rows(values_only=True))
    assert len(uses) == 1 + len(rows(register()))
    assert uses[1][1] == "Nordic Hosting"
    ahead = [row[:2] for row in book["Upcoming changes"].iter_rows(min_row=2, values_only=True)]
    assert ahead[0] == ("2026-05-17", "Hasty Mail: start (Sends messages to users)")
    about = dict(row[:2] for row in book["About"].iter_rows(values_only=True))
    assert about["SHA-256"] == encoded(register()).sha256


def test_vendors_without_a_use_are_on_their_sheet() -> None:
    said = register(subprocessors=(model.Subprocessor(id="idle", name="Idle Ltd"),))
    names = [row[1] for row in opened(said)["Sub-processors"].iter_rows(values_only=True)]
    assert names == ["Name", "Idle Ltd"]


def test_the_workbook_speaks_the_language_of_the_register() -> None:
    german = msgspec.structs.replace(register().publisher, language="de")
    book = opened(register(publisher=german))
    assert book.sheetnames == [
        "Einsätze",
        "Unterauftragsverarbeiter",
        "Anstehende Änderungen",
        "Über diese Datei",
    ]


def test_every_cell_is_a_text() -> None:
    """Also what begins like a formula, a number, a truth or a day."""
    book = opened(hostile())
    kinds = {
        cell.data_type
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
    assert kinds == {"s"}
    names = [row[1] for row in book["Uses"].iter_rows(min_row=2, values_only=True)]
    assert names == list(RUN)
    package = zipfile.ZipFile(io.BytesIO(workbook(hostile())))
    assert not any(
        b"<f>" in package.read(name) or b"hyperlink" in package.read(name) for name in package.namelist()
    )


def test_the_same_version_gives_the_same_workbook() -> None:
    """Whenever it is made: dates in the package are those of the version."""
    assert workbook(register()) == workbook(register())
    dates = {item.date_time for item in zipfile.ZipFile(io.BytesIO(workbook(register()))).infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("text", ["a" * 40_000, "\U0001f512" * 20_000, HOSTILE, "_x0041_"])
def test_whatever_a_text_is_the_workbook_can_be_opened(text: str) -> None:
    """What is too long for a cell is cut, and ends in an ellipsis."""
    cell = opened(with_use(register(), notes=text))["Uses"]
    (notes,) = (value for row in cell.iter_rows(min_row=2, max_row=2, values_only=True) for value in row[-1:])
    assert len(notes.encode("utf-16-le")) <= 2 * MAX_UNITS
    assert notes == text.replace("\ufffe", "\ufffd") or (notes.endswith("…") and text.startswith(notes[:-1]))


# ------------------------------------------------------------------ CycloneDX


def bill(said: model.Register) -> dict[str, Any]:
    """Return the bill of materials, valid and read by the standard's own library."""
    data = cyclonedx(said, rows(said)).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data) is None
    document: dict[str, Any] = json.loads(data)
    read = Bom.from_json(document)
    assert len(read.services) == len(document["services"])
    return document


@pytest.mark.parametrize(
    "said", [register(), hostile(), register(subprocessors=())], ids=["sample", "hostile", "empty"]
)
def test_the_bill_of_materials_is_valid(said: model.Register) -> None:
    """And what its schema does not look at holds too: references are unique, and lead somewhere."""
    document = bill(said)
    named = [document["metadata"]["component"], *document["components"], *document["services"]]
    refs = [item["bom-ref"] for item in named]
    assert len(refs) == len(set(refs))
    for item in document["dependencies"]:
        assert {item["ref"], *item.get("dependsOn", ())} <= set(refs)


def test_services_are_the_uses_that_are_not_over() -> None:
    document = bill(register())
    refs = [service["bom-ref"] for service in document["services"]]
    assert "uses/acme/inference" in refs
    assert "uses/old-mail/archive" not in refs
    assert "uses/mistaken/none" not in refs
    (publisher,) = (item for item in document["dependencies"] if item["ref"] == "publisher")
    assert "uses/nordic-hosting/compute" in publisher["dependsOn"]
    assert "uses/acme/inference" not in publisher["dependsOn"]


def test_products_depend_on_the_uses_that_they_have() -> None:
    products = tuple(model.Product(id=name, title=name.title()) for name in ("mail", "chat"))
    said = with_use(register(products=products), products=model.ProductScope(all=False, ids=("mail",)))
    needs = {item["ref"]: item.get("dependsOn") for item in bill(said)["dependencies"]}
    assert needs["products/mail"] == ["uses/nordic-hosting/compute"]
    assert needs["products/chat"] == []


def test_the_serial_number_is_the_registers_and_the_version_its_version() -> None:
    one, other = bill(register(7)), bill(register(8))
    assert one["serialNumber"] == other["serialNumber"]
    assert (one["version"], other["version"]) == (7, 8)


# ------------------------------------------------------------------ DPV

TERMS = """
    DataController DataProcessor DataSubProcessor Organisation hasName hasAddress hasContact hasCountry
    hasIdentifier Process ActivityPlanned ActivityOngoing ActivityCompleted hasActivityStatus
    hasDataProcessor hasRecipient hasPurpose Purpose hasPersonalData PersonalData hasDataSubject
    DataSubject hasStorageCondition StorageCondition hasProcessing Store Access Transfer hasLocation
    hasThirdCountry hasLegalBasis
""".split()  # noqa: SIM905  (a block reads better)
"""Terms of the DPV's core, release 2.3."""

BASES = {"A45-3", "A46-2-b", "A46-2-c"}
"""Terms of its extension for the GDPR."""


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("nothing is to be loaded")


def graph(said: model.Register) -> list[dict[str, Any]]:
    """Return the document's nodes with whole IRIs."""
    document = json.loads(dpv(said, rows(said)))
    expanded: list[dict[str, Any]] = jsonld.expand(document, {"documentLoader": refuse})
    assert _members(document["@graph"]) == _members(expanded), "a member was left out"
    return expanded


def _members(value: object) -> int:
    """Return how many members the objects of a document have, but for what the reader adds."""
    if isinstance(value, list):
        return sum(map(_members, value))
    if not isinstance(value, dict):
        return 0
    own = [
        name
        for name in value
        if name not in {"@value", "@type"} or (name == "@type" and "@value" not in value)
    ]
    return len(own) + sum(_members(item) for name, item in value.items() if name != "@type")


@pytest.mark.parametrize(
    "said", [register(), hostile(), register(subprocessors=())], ids=["sample", "hostile", "empty"]
)
def test_the_linked_data_is_read_without_a_network(said: model.Register) -> None:
    assert graph(said)


def test_every_term_is_one_of_the_vocabulary() -> None:
    """Whatever the register says: a misspelt term would be understood by nobody."""
    spaces = exports.CONTEXT
    known = {spaces["dpv"] + name for name in TERMS} | {spaces["eu-gdpr"] + name for name in BASES}
    used = set(_iris([graph(register()), graph(hostile())]))
    ours = {iri for iri in used if iri.startswith("https://w3id.org/") and not iri.startswith(spaces["loc"])}
    assert ours <= known
    assert {iri.removeprefix(spaces["loc"]) for iri in used if iri.startswith(spaces["loc"])} == {
        "FI", "DE", "US", "EEA"
    }  # fmt: skip


def _iris(value: object) -> list[str]:
    if isinstance(value, list):
        return [iri for item in value for iri in _iris(item)]
    if isinstance(value, dict):
        return [*value, *(iri for item in value.values() for iri in _iris(item))]
    return [value] if isinstance(value, str) else []


def test_a_transfer_has_its_legal_basis() -> None:
    """The one that the vocabulary has a term for, and its words in any case."""
    for mechanism, term in {"scc": "A46-2-c", "bcr": "A46-2-b", "dpf": "A45-3", "derogation": None}.items():
        transfers = (model.Transfer(destination="US", mechanism=mechanism),)
        said = with_use(register(), locations=(model.Location(country="US"),), transfers=transfers)
        (process,) = (node for node in graph(said) if node["@id"].endswith("#nordic-hosting/compute"))
        (basis,) = process["https://w3id.org/dpv#hasLegalBasis"]
        expected = [exports.CONTEXT["eu-gdpr"] + term] if term else None
        assert basis.get("@type") == expected
        assert basis["http://purl.org/dc/terms/title"] == [{"@value": f"US: {mechanism}"}]


def test_a_controller_of_its_own_is_no_processor() -> None:
    said = register()
    host = msgspec.structs.replace(said.subprocessors[0], role="independent_controller")
    nodes = graph(msgspec.structs.replace(said, subprocessors=(host,)))
    dpv_ = exports.CONTEXT["dpv"]
    (vendor,) = (node for node in nodes if node["@id"].endswith(f"#{host.id}"))
    assert vendor["@type"][0] == f"{dpv_}DataController"
    processes = [node for node in nodes if f"{dpv_}Process" in node.get("@type", ())]
    assert processes
    for process in processes:
        assert f"{dpv_}hasDataProcessor" not in process
        assert process[f"{dpv_}hasRecipient"] == [{"@id": vendor["@id"]}]


# ------------------------------------------------------------------ DORA


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def financial() -> model.Register:
    """Return a register with all that the two tables ask for."""
    said = register()
    publisher = msgspec.structs.replace(
        said.publisher, identifiers=(model.Identifier(scheme="euid", value="DEXYZ.HRB1"),)
    )
    parent = model.Subprocessor(
        id="group", name="Group", legal_name="Group AG", seat="DE",
        identifiers=(model.Identifier(scheme="lei", value=PARENT_LEI),),
    )  # fmt: skip
    hoster = msgspec.structs.replace(
        said.subprocessors[0],
        parent="group",
        identifiers=(
            model.Identifier(scheme="euid", value="FIFPRO.1"),
            model.Identifier(scheme="vat", value="FI12345678"),
            model.Identifier(scheme="lei", value=LEI),
        ),
    )
    below = msgspec.structs.replace(
        parent, id="below", legal_name="Below GmbH", engaged_by="nordic-hosting",
        identifiers=(model.Identifier(scheme="euid", value="DEXYZ.HRB2"),),
        engagements=(msgspec.structs.replace(hoster.engagements[0], ict_service="S19"),),
    )  # fmt: skip
    use = msgspec.structs.replace(hoster.engagements[0], ict_service="S17")
    hoster = msgspec.structs.replace(hoster, engagements=(use,))
    return register(publisher=publisher, subprocessors=(hoster, parent, below))


def test_providers_are_who_is_in_use_and_their_ultimate_parents() -> None:
    """One row an entity; the parent has a row of its own, and the LEI goes before the EUID."""
    said = financial()
    found = table(dora_providers(said, rows(said)))
    assert list(found[0]) == [f"c{number:03}0" for number in range(1, 13)]
    assert [row["c0010"] for row in found] == ["DEXYZ.HRB1", LEI, "DEXYZ.HRB2", PARENT_LEI]
    hoster = found[1]
    assert [hoster[f"c00{n}0"] for n in range(1, 9)] == [
        LEI, LEI_TYPE, "FIFPRO.1", EUID_TYPE, "Nordic Hosting Oy", "Nordic Hosting Oy", "eba_CT:x212",
        "eba_GA:FI",
    ]  # fmt: skip
    assert (hoster["c0110"], hoster["c0120"]) == (PARENT_LEI, LEI_TYPE)
    codes = {row["c0010"] for row in found}
    assert {row["c0110"] for row in found} <= codes


def test_the_chain_says_who_gets_what_from_whom() -> None:
    said = financial()
    found = table(dora_chain(said, rows(said)))
    chain = [tuple(row[f"c00{n}0"] for n in (2, 3, 5, 6)) for row in found]
    assert chain == [
        ("", "DEXYZ.HRB1", "1", ""),
        ("eba_TA:S17", LEI, "2", "DEXYZ.HRB1"),
        ("eba_TA:S19", "DEXYZ.HRB2", "3", LEI),
    ]
    assert {row["c0010"] for row in found} == {""}


def test_names_of_providers_are_guarded_too() -> None:
    found = table(dora_providers(hostile(), rows(hostile())))
    assert "'" + LINK in {row["c0050"] for row in found}


def test_a_name_in_another_script_leaves_the_latin_form_empty() -> None:
    vendor = msgspec.structs.replace(register().subprocessors[0], legal_name="Яндекс")
    found = table(dora_providers(register(), rows(register(subprocessors=(vendor,)))))
    assert (found[1]["c0050"], found[1]["c0060"]) == ("Яндекс", "")


def test_what_is_not_in_use_is_not_in_the_tables() -> None:
    """On the day of the version."""
    said = register()
    names = [row["c0050"] for row in table(dora_providers(said, rows(said)))]
    assert "Acme Incorporated" not in names
    later = rows(said, dt.date(2026, 6, 10))
    assert "Acme Incorporated" in [row["c0050"] for row in table(dora_providers(said, later))]
