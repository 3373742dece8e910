"""Judges of pages that no one here wrote: axe-core, html-validate and vnu find nothing, in any medium."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec
import pytest

import node_judges
import sample_register as sample
from programs import run
from register_api.core import model
from register_api.core.format import tree
from register_api.publish.page import render as page
from register_api.publish.templating import check_page
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

VNU = node_judges.MODULES / "vnu-jar/build/dist/vnu.jar"

NO_HOST = re.compile(
    r"Resource violates [^“]*: external script “[./]*script/[^”]*” blocked by “script-src” directive."
)

CHANGES = {"en": sample.CHANGES, "de": ()}
"""What the version changed; the sentences of the sample are English."""


def pages(language: str) -> dict[str, bytes]:
    """Return one page of each kind, by path; words without a break and text from right to left among them."""
    publisher = msgspec.structs.replace(sample.register().publisher, language=language)
    view = sample.view(publisher=publisher, exclusions=(), extra={"Label" * 12: "value" * 60})
    vendor, *others = view.register.subprocessors
    long = msgspec.structs.replace(
        vendor,
        name="N" * 300,
        engagements=tuple(
            msgspec.structs.replace(use, purpose=f"{'p' * 300} שלום עולם") for use in vendor.engagements
        ),
        certifications=(model.Certification(name="C" * 300, claim="certified", valid_until=sample.TODAY),),
    )
    view = msgspec.structs.replace(
        view, register=msgspec.structs.replace(view.register, subprocessors=(long, *others))
    )
    made = dict(page.subprocessor_pages(view, view.register.subprocessors))
    return {
        tree.INDEX.path(): page.index_page(view),
        tree.CHANGES_PAGE.path(): page.changes_page(view),
        tree.SUBSCRIBE_PAGE.path(): page.subscribe_page(view),
        tree.ANNEX_PAGE.path(): page.annex_page(view),
        tree.CHECK_PAGE.path(): check_page(),
        tree.VERSION_PAGE.path(7): page.version_page(
            sample.summary(7, CHANGES[language], publisher=publisher)
        ),
        tree.SUBPROCESSOR_PAGE.path(vendor.id): made[vendor.id],
        tree.SUBPROCESSOR_PAGE.path(others[0].id): made[others[0].id],
    }


@pytest.fixture(scope="module", params=["en", "de"])
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the pages of a register as files."""
    folder = tmp_path_factory.mktemp(request.param)
    found = []
    for path, data in pages(request.param).items():
        found.append(folder / path.replace("/", "-"))
        found[-1].write_bytes(data)
    return found


def test_axe_and_html_validate_find_nothing(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Light, dark, on paper, 320 pixels wide, letters twice as large, forced colours; nothing is cut off."""
    for package in ("axe-core", "html-validate", "puppeteer-core"):
        node_judges.need_package(package)
    monkeypatch.setenv("CHROMIUM", need("chromium"))
    assert node_judges.node("judge-pages.mjs", *files) == []


def test_the_checker_of_the_w3c_finds_nothing(files: list[Path]) -> None:
    """HTML, ARIA and style sheet; warnings count, too.

    From disk there is no host that ``'self'`` could mean; ``test_filters`` runs the script from one.
    """
    node_judges.need_package("vnu-jar")
    done = run(need("java"), "-jar", VNU, "--also-check-css", "--format", "json", *files)
    said = [item["message"] for item in json.loads(done.stderr)["messages"]]
    assert [text for text in said if not NO_HOST.fullmatch(text)] == []
