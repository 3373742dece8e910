"""Tables of vendors: our own columns and those of other programs, and every fault with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register_api.watch.vendors import proposed_id
from register_api.watch.vendors_file import COLUMNS, read_vendors

WHOLE = """\
name,website,register,page,root_sha256,owner,\
objection_days,notice_days,counting,counts_from,products,regions,critical
Acme Oy,Acme.Example,https://trust.acme.example,https://acme.example/list,{digest},a@c.example,\
14,30,business,seen,"crm, mail",eu,yes
"""
DIGEST = "AB" * 32


def read(text: str, *, is_toml: bool = False) -> tuple[dict[int, dict[str, object]], list[tuple[int, str]]]:
    found = read_vendors(text.encode(), is_toml=is_toml)
    return found.rows, [tuple(fault) for fault in found.faults]


def test_every_column_is_read_into_the_form_that_it_is_kept_in() -> None:
    rows, faults = read(WHOLE.format(digest=DIGEST))
    assert faults == []
    assert rows == {
        2: {
            "name": "Acme Oy",
            "website": "https://acme.example/",
            "register": "https://trust.acme.example/",
            "page": "https://acme.example/list",
            "root_sha256": DIGEST.lower(),
            "owner": "a@c.example",
            "objection_days": 14,
            "notice_days": 30,
            "counting": "business",
            "counts_from": "seen",
            "products": ("crm", "mail"),
            "regions": ("eu",),
            "critical": True,
        }
    }


TOML = f"""
# ours

[[vendors]]
name = "Acme Oy"
website = "acme.example"
products = ["crm", "mail"]
critical = true
objection_days = 14

[[vendors]]
name = "Beta"
root_sha256 = "{DIGEST}"
"""


def test_toml_says_the_same(tmp_path: object) -> None:
    rows, faults = read(TOML, is_toml=True)
    assert faults == []
    assert rows[4] == {
        "name": "Acme Oy",
        "website": "https://acme.example/",
        "products": ("crm", "mail"),
        "critical": True,
        "objection_days": 14,
    }
    assert rows[11]["root_sha256"] == DIGEST.lower()


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        (
            "name,url,critical,risk,isSubProcessor,privacyUrl,servicesProvided",
            "A,https://a.example,true,HIGH,yes,https://a.example/p,Mail",
            {"critical": True},
        ),
        ("name,websiteUrl,category", "A,a.example,Cloud", {}),
        ("ref_id,name,description,reference_link", "ENT-1,A,,http://a.example/", {}),
        ("Vendor Name;Website URL;Owner Email", "A;A.example?x=1;o@c.example", {"owner": "o@c.example"}),
        (
            "name,website_url,subprocessors_list_url",
            "A,a.example,https://a.example/subs",
            {"page": "https://a.example/subs"},
        ),
    ],
    ids=["Drata", "Vanta", "CISO Assistant", "in words", "Probo"],
)
def test_columns_of_other_programs_are_recognised(head: str, row: str, said: dict[str, object]) -> None:
    assert read(f"{head}\n{row}\n") == ({2: {"name": "A", "website": "https://a.example/", **said}}, [])


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("website\na.example\n", 1, "missing column name"),
        ("name,owner\nA,o@c.example\nB,Jane\n", 3, "owner"),
        ("name,objection_day\nA,3\n", 1, "did you mean objection_days"),
        ("name,vendor\nA,B\n", 1, "several columns say name"),
        ("name,root_sha256\nA,12\n", 2, "64 hex digits"),
        ("name,objection_days\nA,9999\n", 2, "objection_days"),
        ("name,counting\nA,weekly\n", 2, "counting"),
        ("name,critical\nA,perhaps\n", 2, "neither yes nor no"),
        ("name,website\nA,https://u:p@a.example/\n", 2, "contains a user name"),
        ("name,register\nA,ftp://a.example/\n", 2, "https://"),
        ("name,website\nA,b,c\n", 2, "3 cells"),
        ("name,website\n,a.example\n", 2, "the name is missing"),
        ("name,id\nA,Not A Slug\n", 2, "id"),
        ("name\n\x1b[31mred\n", 2, "cannot be printed"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, line: int, words: str) -> None:
    (found,) = read(text)[1]
    assert found[0] == line
    assert words in found[1]
    assert found[1].isprintable()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("vendors = 3", 1, "no tables"),
        ("[[vendors]]\nname = 1\n[[vendors]]\nnaem = 'x'", 3, "naem"),
        ("[[vendors]]\nwebsite = 'a.example'", 1, "the name is missing"),
        ("[[vendors", 1, "not valid TOML"),
        ("vendors = [1]", 1, "the name is missing"),
    ],
)
def test_a_fault_in_toml_is_told_with_the_line_of_its_table(text: str, line: int, words: str) -> None:
    found = read(text, is_toml=True)[1]
    assert found[-1][0] == line
    assert words in found[-1][1]


def test_all_faults_are_told_at_once() -> None:
    _, faults = read("name,owner,critical\nA,x,maybe\n,,no\nC,z@c.example,maybe\n")
    assert [line for line, _ in faults] == [2, 2, 3, 4]


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_give_vendors_or_faults(data: bytes, is_toml: bool) -> None:
    for body in (data, b"name,website,owner,critical\n" + data, b"[[vendors]]\nname = '" + data):
        found = read_vendors(body, is_toml=is_toml)
        assert all(fault.line >= 1 and fault.message.isprintable() for fault in found.faults)
        assert found.faults or all(row["name"] and set(row) <= set(COLUMNS) for row in found.rows.values())


@pytest.mark.parametrize(
    ("row", "id_"),
    [
        ({"name": "Acme Cloud, Inc."}, "acme-cloud-inc"),
        ({"name": "Müller & Söhne"}, "muller-sohne"),
        ({"name": "日本", "website": "https://nihon.example/"}, "nihon-example"),
        ({"name": "日本"}, ""),
        ({"name": "a" * 80}, "a" * 64),
    ],
)
def test_an_id_is_made_of_the_name_or_the_host(row: dict[str, str], id_: str) -> None:
    assert proposed_id(row) == id_
