"""A draft source from tables: what went where, what was left, and what a second import may touch."""

from __future__ import annotations

import pytest
from imports import TABLE, Workspace, errors, notes_of, page, refusal

from register_api.errors import UsageError
from register_api.importer.draft import tables_in
from register_api.importer.table import ImportOptions
from register_api.source.load import load


def test_a_table_becomes_a_source_that_breaks_no_rule(workspace: Workspace) -> None:
    report = workspace.draft(("list.md", TABLE))
    assert errors(report) == []
    assert report.is_publishable
    assert load(workspace.folder / "register").draft is not None
    assert workspace.register()["order"] == ["acme-cloud", "borealis-mail"]
    assert workspace.register()["publisher"]["name"] == "Example Desk"
    assert workspace.vendor("acme-cloud") == {
        "name": "Acme Cloud",
        "engagements": [
            {
                "id": "hosting",
                "category": "sub-processors",
                "status": "active",
                "purpose": "Hosting",
                "locations": [{"country": "FI"}],
            }
        ],
    }
    assert [(item.column, item.field) for item in report.columns] == [
        ("Vendor", "name"), ("Purpose", "purpose"), ("Country", "locations"),
    ]  # fmt: skip


def test_each_new_file_begins_with_its_schema_and_what_is_there_stays(workspace: Workspace) -> None:
    workspace.draft(("list.md", TABLE))
    source = workspace.folder / "register"
    for path in (source / "register.toml", workspace.vendor_path("acme-cloud")):
        head = path.read_text("utf-8").partition("\n")[0]
        assert (path.parent / head.removeprefix("#:schema ")).is_file()
        path.write_text(path.read_text("utf-8").removeprefix(head + "\n"), "utf-8")
    workspace.draft(("list.md", TABLE.replace("Finland", "Norway")))
    assert "#:schema" not in workspace.vendor_path("acme-cloud").read_text("utf-8")
    assert "NO" in workspace.vendor_path("acme-cloud").read_text("utf-8")


def test_nothing_is_assumed_silently(workspace: Workspace) -> None:
    assumed = notes_of(workspace.draft(("list.md", TABLE)), "assumed")
    for word in ("status", "category", "time_zone", "language", "no notice is promised", "updated_on"):
        assert word in assumed


INNER = """\
Vendor,Purpose,Country,Annual spend (EUR),Risk score,Internal owner,Comments,#
Acme Cloud,Hosting,Germany,120000,High - last pentest failed,J. Doe,Renegotiate <b>now</b>; weak SLA,1
"""


def test_a_column_without_a_field_is_not_published_unless_asked_for(workspace: Workspace) -> None:
    report = workspace.draft(("vendors.csv", INNER))
    text = workspace.vendor_path("acme-cloud").read_text()
    for inner in ("120000", "pentest", "Doe", "SLA", "extra"):
        assert inner not in text
        assert inner not in (workspace.folder / "taken-over.json").read_text()
    for column in ("Annual spend (EUR)", "Risk score", "Internal owner", "Comments", "#"):
        assert f'"{column}": no field takes it; --column "{column}=extra"' in notes_of(report, "passed_over")
        assert (column, "drop") in {(item.column, item.field) for item in report.columns}


def test_every_new_id_is_listed_since_it_stays(workspace: Workspace) -> None:
    new = notes_of(workspace.draft(("list.md", TABLE)), "new")
    assert '"Acme Cloud" has the id acme-cloud' in new
    assert 'a use of "acme-cloud" has the id hosting' in new


NAMES_OF_THE_WORLD = {
    "阿里云": "aliyun",
    "Яндекс Облако": "yandeks-oblako",
    "(주)바다메일": "ju-badameil",
    "شركة البريد": "shrkh-lbryd",
    "Müller & Söhne": "muller-and-sohne",
    "Łódź Hosting": "lodz-hosting",
}


def test_names_in_any_script_get_ids_that_can_be_read(workspace: Workspace) -> None:
    rows = [[name, "x", "FI"] for name in NAMES_OF_THE_WORLD]
    workspace.draft(("list.md", page([["Name", "Purpose", "Location"], *rows])))
    assert workspace.names() == NAMES_OF_THE_WORLD


def test_names_of_other_scripts_that_sound_alike_are_two_vendors(workspace: Workspace) -> None:
    head = [["Name", "Purpose", "Location"]]
    workspace.draft(("list.md", page([*head, ["时事", "x", "FI"]])))
    workspace.draft(("list.md", page([*head, ["实施", "x", "FI"]])))
    assert workspace.names() == {"时事": "shishi", "实施": "shishi-2"}


def test_names_that_give_no_id_are_asked_for(workspace: Workspace) -> None:
    text = page([["Name", "Purpose", "Location"], ["!!!", "x", "FI"], ["...", "x", "FI"]])
    faults = refusal(lambda: workspace.draft(("list.md", text)))
    assert 'no id can be made of the name "!!!"' in faults
    assert 'no id can be made of the name "..."' in faults
    (workspace.folder / "names.toml").write_text(
        '[[vendors]]\nname = "!!!"\nid = "chk"\n[[vendors]]\nname = "..."\nid = "dots"\n'
    )
    assert [item.id for item in workspace.draft(("list.md", text)).vendors] == ["chk", "dots"]


@pytest.mark.parametrize(
    ("purpose", "proposed"),
    [
        ("Web application security (e.g. firewall)", "web-application-security"),
        ("Servers and storage for the whole service", "servers-and-storage"),
        ("Infrastructure sub-processors: service data storage", "infrastructure-sub-processors"),
        ("Storage, processing and backup of customer data", "storage"),
        ("Sign-in", "sign-in"),
        ("云存储", "yuncunchu"),
        ("!!!", "sub-processors"),
    ],
)
def test_an_id_of_a_use_is_cut_between_words_and_leads_nowhere(
    workspace: Workspace, purpose: str, proposed: str
) -> None:
    workspace.draft(("list.md", page([["Name", "Purpose", "Location"], ["Acme", purpose, "FI"]])))
    assert [use["id"] for use in workspace.vendor("acme")["engagements"]] == [proposed]


def test_the_names_file_gives_a_use_its_id(workspace: Workspace) -> None:
    entry = '[[vendors]]\nname = "Acme"\nid = "acme"\nwhen = { purpose = "Chat" }\nuse = "talk"\n'
    rows = [["Acme", "Mail", "FI"], ["Acme", "Chat", "FI"]]
    text = page([["Name", "Purpose", "Location"], *rows])
    (workspace.folder / "names.toml").write_text(entry + '[[vendors]]\nname = "Acme"\nid = "acme"\n')
    workspace.draft(("list.md", text))
    assert [use["id"] for use in workspace.vendor("acme")["engagements"]] == ["mail", "talk"]


def test_a_badge_is_not_part_of_a_name(workspace: Workspace) -> None:
    row = '<tr><td>Sentry <span class="badge">Rolling out</span><td>Errors<td><b class="tag">DE</b>'
    report = workspace.draft(("l.html", f"<table><tr><th>Vendor<th>Purpose<th>Country{row}</table>"))
    assert [item.name for item in report.vendors] == ["Sentry"]
    assert workspace.vendor("sentry")["engagements"][0]["locations"] == [{"country": "DE"}]
    assert "the rest a badge" in notes_of(report, "read")


def test_a_row_of_a_list_that_names_nobody_is_passed_over(workspace: Workspace) -> None:
    report = workspace.draft(("l.csv", "Vendor,Purpose,Country\nAcme,x,FI\n(none),n/a,-\n"))
    assert [item.name for item in report.vendors] == ["Acme"]
    assert "is not a name" in refusal(lambda: workspace.draft(("l.csv", "Vendor,Purpose\n(None),x\n")))


def test_a_column_that_is_asked_for_is_published_and_that_is_said(workspace: Workspace) -> None:
    given = {"risk score": "extra", "Comments": "drop", "Purpose": "drop"}
    report = workspace.draft(("vendors.csv", INNER), columns=given)
    (use,) = workspace.vendor("acme-cloud")["engagements"]
    assert use["extra"] == {"Risk score": "High - last pentest failed"}
    assert "purpose" not in use
    assert '"Risk score" is published, as --column says' in notes_of(report, "left")
    assert "Comments" not in notes_of(report, "passed_over")


def test_what_a_field_does_not_take_is_kept_under_its_own_name(workspace: Workspace) -> None:
    text = page(
        [
            ["Name", "Purpose", "Location", "Colour", "Website", "Transfer mechanism"],
            ["[Acme](https://acme.example/a)", "x", "Oslo (OSL1)", "red", "acme.example", "Our own way"],
        ]
    )
    report = workspace.draft(("list.md", text), columns={"Colour": "extra"})
    engagement = workspace.vendor("acme")["engagements"][0]
    assert engagement["locations"] == [{"country": "varies", "text": "Oslo (OSL1)"}]
    assert engagement["extra"] == {
        "Name (link)": "https://acme.example/a",
        "Colour": "red",
        "Website": "acme.example",
        "Transfer mechanism": "Our own way",
    }
    assert 'website: "acme.example" does not begin with https://' in notes_of(report, "left")
    assert '"Oslo (OSL1)" as varies' in notes_of(report, "assumed")
    assert errors(report) == []


def test_the_link_of_a_name_goes_where_the_caller_says(workspace: Workspace) -> None:
    text = page([["Name", "Purpose"], ["[Acme](https://acme.example/a)", "x"]])
    workspace.draft(("list.md", text), links="privacy_url", defaults={"locations": "varies"})
    assert workspace.vendor("acme")["privacy_url"] == "https://acme.example/a"
    assert "extra" not in workspace.vendor("acme")["engagements"][0]


def test_what_the_rules_miss_is_reported_and_can_be_given(workspace: Workspace) -> None:
    text = page([["Name", "Purpose"], ["Acme", "—"]])
    report = workspace.draft(("list.md", text), dry_run=True)
    assert errors(report) == ["R08 engagements[0].purpose", "R08 engagements[0].locations"]
    report = workspace.draft(("list.md", text), defaults={"locations": "EU", "purpose": "Not stated"})
    assert errors(report) == []
    assert "as --default says" in notes_of(report, "assumed")


def test_a_transfer_mechanism_is_read_where_it_can_be_about_one_country_alone(workspace: Workspace) -> None:
    rows = [["A", "x", "US", "SCCs"], ["B", "x", "US / Canada", "SCCs"], ["C", "x", "Finland", "SCCs"]]
    workspace.draft(("list.md", page([["Name", "Purpose", "Location", "Transfer mechanism"], *rows])))
    assert workspace.vendor("a")["engagements"][0]["transfers"] == [{"destination": "US", "mechanism": "scc"}]
    assert workspace.vendor("b")["engagements"][0]["extra"] == {"Transfer mechanism": "SCCs"}
    assert workspace.vendor("c")["engagements"][0]["extra"] == {"Transfer mechanism": "SCCs"}


def test_headings_tell_categories_and_statuses(workspace: Workspace) -> None:
    head = [["Name", "Purpose", "Location", "Condition"]]
    text = "\n".join(
        (
            "# Our list\n## Active sub-processors\n### 1. Storage\n",
            page([*head, ["Acme", "x", "FI", ""]]),
            "## Conditional\n### 2. Mail\n",
            page([*head, ["Beta", "x", "FI", "consent: banner"]]),
            "## Not used yet\n### Chat\n",
            page([*head, ["Gamma", "x", "FI", ""]]),
        )
    )
    (workspace.folder / "names.toml").write_text(
        '[statuses]\n"Not used yet" = "available"\n[categories]\nMail = "post"\n'
    )
    report = workspace.draft(("list.md", text))
    found = {
        vendor: (use["status"], use["category"])
        for vendor in ("acme", "beta", "gamma")
        for use in workspace.vendor(vendor)["engagements"]
    }
    assert found == {
        "acme": ("active", "storage"),
        "beta": ("conditional", "post"),
        "gamma": ("available", "chat"),
    }
    assert [item["title"] for item in workspace.register()["categories"]] == ["Storage", "Mail", "Chat"]
    assert errors(report) == []


def test_a_word_that_is_no_status_is_refused_unless_the_names_file_knows_it(workspace: Workspace) -> None:
    text = page(
        [["Name", "Status", "Purpose", "Location", "Start date"], ["Acme", "Idle", "x", "FI", "2024-01-01"]]
    )
    assert '3 table 1, row 1, column "Status" R01: "Idle" names no status' in refusal(
        lambda: workspace.draft(("list.md", text))
    )
    (workspace.folder / "names.toml").write_text('[statuses]\nIdle = "available"\n')
    assert errors(workspace.draft(("list.md", text))) == []
    engagement = workspace.vendor("acme")["engagements"][0]
    assert engagement["status"] == "available"
    assert engagement["extra"] == {"Start date": "2024-01-01"}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("Ac\u200bme", "holds the invisible character U+200B in place 3"),
        ("Acme\u00a0Cloud", "holds the space U+00A0 in place 5"),
        ("Acme&nbsp;", "begins or ends with white space"),
        ("Acme\u00a0", "begins or ends with white space"),
        ("Acme<br>Cloud", "holds a line break"),
        ("Acme[^1]", "holds a footnote"),
        ("Acme<sup>1</sup>", "holds small letters"),
        ("~~Acme~~", "is in a row that is struck out"),
        ("<img src=x alt=Acme>", "is not a name"),
        ("—", "is not a name"),
        ("Cafe\u0301", "normalisation form C"),
        ("&amp;amp;", "holds HTML"),
        ("&lt;b&gt;", "holds HTML"),
        ("Ac\u202eme", "U+202E"),
    ],
)
def test_a_name_that_would_have_to_be_altered_is_refused_with_its_place(
    workspace: Workspace, name: str, fault: str
) -> None:
    text = page([["Name", "Purpose"], ["Beta", "x"], [name, "x"]])
    faults = refusal(lambda: workspace.draft(("list.md", text)))
    assert fault in faults
    assert faults.startswith('4 table 1, row 2, column "Name"')
    assert not (workspace.folder / "register").exists()


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Ac\u200bme", "Acme"),
        ("Acme&nbsp;Cloud", "Acme Cloud"),
        ("Acme<br>Cloud", "Acme Cloud"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("Acme &lt;a@b.example&gt;", "Acme \u2039a@b.example\u203a"),
    ],
)
def test_cleaning_reports_each_change(workspace: Workspace, name: str, cleaned: str) -> None:
    report = workspace.draft(("list.md", page([["Name", "Purpose", "Place"], [name, "x", "FI"]])), clean=True)
    assert [item.name for item in report.vendors] == [cleaned]
    assert f'was written "{cleaned}"' in notes_of(report, "cleaned")


def test_white_space_in_csv_belongs_to_the_cell_and_is_refused(workspace: Workspace) -> None:
    faults = refusal(lambda: workspace.draft(("list.csv", "Name,Purpose\nAcme, Hosting\n")))
    assert '2 table 1, row 1, column "Purpose" R05: " Hosting" begins or ends with white space' in faults
    assert notes_of(workspace.draft(("list.csv", "Name,Purpose\nAcme, Hosting\n"), clean=True), "cleaned")


def test_every_fault_of_a_file_is_told_at_once(workspace: Workspace) -> None:
    faults = refusal(lambda: workspace.draft(("l.csv", "Name,Purpose\n A,x\n,y\n B,x\n")))
    assert len(faults.splitlines()) == 3


def test_tables_that_differ_are_read_only_if_they_are_named(workspace: Workspace) -> None:
    text = page([["Name", "Purpose", "Place"]]).replace("Place", "Location") + "| Acme | x | FI |\n\n"
    text += page([["Version", "Date"], ["1", "2024"]])
    faults = refusal(lambda: workspace.draft(("list.md", text)))
    assert "5 table 2 R01: this table has the columns" in faults
    assert [item.id for item in workspace.draft(("list.md", text), tables=(1,)).vendors] == ["acme"]
    assert "table 7 not found" in refusal(lambda: workspace.draft(("list.md", text), tables=(7,)))


def test_two_rows_of_one_name_are_one_vendor_with_two_uses(workspace: Workspace) -> None:
    rows = [
        ["Acme", "Mail", "FI", "https://a.example"],
        ["Acme", "Chat", "FI", "https://b.example"],
        ["Acme", "Mail", "FI", "https://a.example"],
    ]
    report = workspace.draft(
        ("list.md", page([["Name", "Purpose", "Location", "Website"], *rows, ["", "", "", ""]]))
    )
    vendor = workspace.vendor("acme")
    assert [item["id"] for item in vendor["engagements"]] == ["mail", "chat"]
    assert vendor["website"] == "https://a.example"
    assert vendor["engagements"][1]["extra"] == {"website": "https://b.example"}
    assert "2 uses" in notes_of(report, "read")
    assert "repeats another" in notes_of(report, "skipped")
    assert "an empty row" in notes_of(report, "skipped")
    assert "differ in website" in notes_of(report, "left")


def test_the_names_file_tells_two_of_one_name_apart(workspace: Workspace) -> None:
    (workspace.folder / "names.toml").write_text(
        '# mine\n[[vendors]]\nname = "Acme"\nid = "acme-chat"\nwhen = { purpose = "Chat" }\n'
    )
    workspace.draft(
        ("list.md", page([["Name", "Purpose", "Location"], ["Acme", "Mail", "FI"], ["Acme", "Chat", "FI"]]))
    )
    assert workspace.register()["order"] == ["acme", "acme-chat"]
    assert (workspace.folder / "names.toml").read_text().startswith("# mine\n")


def test_earlier_names_are_the_same_vendor(workspace: Workspace) -> None:
    (workspace.folder / "names.toml").write_text(
        '[[vendors]]\nname = "Acme Cloud"\nid = "acme"\nformerly = ["Acme Hosting"]\n'
    )
    workspace.draft(("list.md", TABLE.replace("Acme Cloud", "Acme Hosting")))
    assert workspace.vendor("acme")["name"] == "Acme Hosting"
    assert "formerly" not in workspace.vendor("acme")
    workspace.draft(("list.md", TABLE))
    assert workspace.vendor("acme")["name"] == "Acme Cloud"
    assert workspace.vendor("acme")["formerly"] == ["Acme Hosting"]


def test_another_spelling_is_the_same_vendor_and_that_is_said(workspace: Workspace) -> None:
    workspace.draft(("list.md", TABLE))
    report = workspace.draft(("list.md", TABLE.replace("Acme Cloud", "ACME-Cloud")))
    assert workspace.vendor("acme-cloud")["name"] == "ACME-Cloud"
    assert workspace.vendor("acme-cloud")["formerly"] == ["Acme Cloud"]
    assert 'is taken for "Acme Cloud" under another spelling' in notes_of(report, "assumed")
    both = TABLE + "| acme cloud | x | FI |\n"
    workspace.draft(("list.md", both))
    assert workspace.names()["acme cloud"] == "acme-cloud-2"


def test_edits_by_hand_and_comments_stay(workspace: Workspace) -> None:
    workspace.draft(("list.md", TABLE))
    path = workspace.vendor_path("acme-cloud")
    mine = path.read_text().replace('name = "Acme Cloud"', '# ours\nname = "Acme Cloud"\nseat = "FI"')
    mine = mine.replace('[{country = "FI"}]', '[{country = "FI", place = "Helsinki"}]')
    path.write_text(mine)
    report = workspace.draft(("list.md", TABLE))
    assert (path.read_text(), report.written) == (mine, ())
    workspace.draft(("list.md", TABLE.replace("Hosting", "Hosting of mail")))
    assert path.read_text() == mine.replace('"Hosting"', '"Hosting of mail"')
    report = workspace.draft(("list.md", TABLE.replace("Finland", "Norway")))
    assert "locations was edited by hand and stays" in notes_of(report, "conflict")
    assert workspace.vendor("acme-cloud")["engagements"][0]["locations"] == [
        {"country": "FI", "place": "Helsinki"}
    ]


def test_a_cell_that_was_emptied_takes_its_field_away_unless_edited(workspace: Workspace) -> None:
    full = page(
        [["Name", "Purpose", "Location", "Retention", "Note to us"], ["Acme", "x", "FI", "1 day", "y"]]
    )
    empty = page([["Name", "Purpose", "Location", "Retention"], ["Acme", "x", "FI", ""]])
    workspace.draft(("list.md", full))
    workspace.draft(("list.md", empty))
    assert {"retention", "extra"}.isdisjoint(workspace.vendor("acme")["engagements"][0])


def test_who_left_the_table_is_reported_and_not_deleted(workspace: Workspace) -> None:
    workspace.draft(("list.md", TABLE))
    report = workspace.draft(("list.md", TABLE.replace("| Borealis Mail | Newsletters | Germany |\n", "")))
    assert '"Borealis Mail" (newsletters) is no longer in the table: give it an ends_on' in notes_of(
        report, "proposed"
    )
    assert "ends_on" not in workspace.vendor("borealis-mail")["engagements"][0]
    assert workspace.register()["order"] == ["acme-cloud", "borealis-mail"]
    path = workspace.vendor_path("borealis-mail")
    path.write_text(path.read_text() + "ends_on = 2026-05-01\n")
    report = workspace.draft(("list.md", TABLE.replace("| Borealis Mail | Newsletters | Germany |\n", "")))
    assert notes_of(report, "proposed") == ""
    report = workspace.draft(("list.md", TABLE))
    assert "it ends on 2026-05-01, but is in the table" in notes_of(report, "proposed")


def test_a_dry_run_writes_nothing_and_says_the_same(workspace: Workspace) -> None:
    dry = workspace.draft(("list.md", TABLE), dry_run=True)
    assert sorted(path.name for path in workspace.folder.iterdir()) == ["in"]
    assert workspace.draft(("list.md", TABLE)) == dry


def test_vendors_that_were_there_by_hand_are_known_by_name(workspace: Workspace) -> None:
    path = workspace.vendor_path("my-acme")
    path.parent.mkdir(parents=True)
    path.write_text(
        'name = "Acme Cloud"\nseat = "SE"\n'
        'engagements = [{id = "use", category = "sub-processors", status = "active"}]\n'
    )
    workspace.draft(("list.md", TABLE))
    assert workspace.vendor("my-acme")["seat"] == "SE"
    assert (
        workspace.vendor("my-acme")["engagements"][0] | {"id": "use"}
        == workspace.vendor("my-acme")["engagements"][0]
    )
    assert not workspace.vendor_path("acme-cloud").exists()


def test_several_files_make_one_list(workspace: Workspace) -> None:
    workspace.draft(
        ("a.csv", "Name,Purpose,Location\nAcme,x,FI\n"),
        ("b.json", '[{"name": "Beta", "purpose": "y", "location": ["FI", "US"]}]'),
    )
    assert workspace.register()["order"] == ["acme", "beta"]
    assert workspace.vendor("beta")["engagements"][0]["locations"] == [{"country": "FI"}, {"country": "US"}]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("names.toml", "x = ", "not valid TOML"),
        ("names.toml", "x = 1", "this names file cannot be read"),
        ("names.toml", '[[vendors]]\nname = "A"\nid = "A B"', '"A B" is not a valid id'),
        ("names.toml", '[[vendors]]\nname = "A"\nid = "a"\n' * 2, '"A" appears twice'),
        ("names.toml", '[[vendors]]\nname = "A"\nid = "a"\nuse = "B"\nwhen = {}', '"B" is not a valid id'),
        ("names.toml", '[[vendors]]\nname = "A"\nid = "a"\nuse = "b"', '"A" names a use'),
        ("names.toml", '[categories]\nA = "A"', '"A" is not a valid id'),
        ("taken-over.json", "{", "this file cannot be read"),
        ("register/register.toml", "x = ", "not valid TOML"),
        ("register/subprocessors/acme-cloud.toml", "x = ", "not valid TOML"),
        ("names.toml", b"\xff", "not UTF-8"),
    ],
)
def test_a_damaged_file_of_the_folder_is_refused(
    workspace: Workspace, name: str, text: str | bytes, fault: str
) -> None:
    path = workspace.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    assert fault in refusal(lambda: workspace.draft(("list.md", TABLE)))


def test_a_missing_file_is_wrong_use(workspace: Workspace) -> None:
    workspace.put("there.md", TABLE).unlink()
    with pytest.raises(UsageError, match="file not found"):
        tables_in(workspace.folder / "in" / "there.md", ImportOptions())


def test_products_get_ids_and_stand_in_the_register_once(workspace: Workspace) -> None:
    """A further import finds them by title, and takes their ids as they are by then."""
    rows = [["Name", "Purpose", "Country", "Products"], ["Acme", "Hosting", "FI", "Desk, Mail & More"]]
    report = workspace.draft(("list.md", page([*rows, ["Beta", "Sends", "FI", "All products"]])))
    assert errors(report) == []
    assert workspace.register()["products"] == [
        {"id": "desk", "title": "Desk"},
        {"id": "mail-and-more", "title": "Mail & More"},
    ]
    assert workspace.vendor("acme")["engagements"][0]["products"] == ["desk", "mail-and-more"]
    assert workspace.vendor("beta")["engagements"][0]["products"] == "all"
    assert 'the product "Desk" has the id desk' in notes_of(report, "new")
    report = workspace.draft(("list.md", page([*rows, ["Beta", "Sends", "FI", "Chat"]])))
    assert errors(report) == []
    assert [item["id"] for item in workspace.register()["products"]] == ["desk", "mail-and-more", "chat"]
    assert workspace.vendor("beta")["engagements"][0]["products"] == ["chat"]


def test_a_cell_without_products_leaves_them_unstated(workspace: Workspace) -> None:
    """A dash is less than none."""
    workspace.draft(("list.md", page([["Name", "Purpose", "Country", "Products"], ["Acme", "x", "FI", "—"]])))
    assert "products" not in workspace.vendor("acme")["engagements"][0]
    assert "products" not in workspace.register()
