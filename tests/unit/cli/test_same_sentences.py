"""What a publisher reads before publishing is what every customer reads after it, word for word."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from lxml import html
from lxml.etree import fromstring

from publishers import NOW, register_toml
from register_api.core.format import tree

if TYPE_CHECKING:
    from conftest import Call, Clock

    from publishers import Publisher

NEXT = (NOW + dt.timedelta(days=60)).date()
SOON = (NOW + dt.timedelta(days=3)).date()
CONTENT = "{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}content"
LONG = "Sends e-mail to users. " * 12
FORMER = LONG + "It keeps nothing."
REWORDED = LONG + "It also sells their addresses to advertisers."


class Told(NamedTuple):
    """The texts of one version, on one line each."""

    diff: list[dict[str, Any]]
    preview: str
    atom: str
    json: str
    page: str
    register_page: str


def line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def text_of(data: str | bytes) -> str:
    """Return what a person reads of a piece of HTML."""
    return line(str(html.fromstring(data).text_content()))


def told(call: Call, publisher: Publisher, *options: str) -> Told:
    """Preview and publish the source, and collect what each place says of it."""
    preview = call("preview", *options)
    assert preview.exit_code == 0, preview.output
    done = call("publish", *options)
    assert done.exit_code == 0, done.output
    snapshot = publisher.snapshot()
    number = snapshot.state.version
    feed = json.loads(snapshot.read(tree.FEED_JSON.path()))
    return Told(
        diff=json.loads(snapshot.read(tree.VERSION_DIFF.path(number)))["changes"],
        preview=line(preview.stdout),
        atom=text_of(fromstring(snapshot.read(tree.FEED_ATOM.path())).findtext(CONTENT) or ""),
        json=text_of(feed["items"][0]["content_html"]),
        page=text_of(snapshot.read(tree.VERSION_PAGE.path(number))),
        register_page=text_of(snapshot.read(tree.INDEX.path())),
    )


def everywhere(said: Told) -> tuple[str, ...]:
    """Return the texts of the places that tell every change of a version."""
    return said.preview, said.atom, said.json, said.page


def edit(publisher: Publisher, id_: str, before: str, after: str) -> None:
    """Replace one passage of a vendor's file."""
    file = publisher.source / "subprocessors" / f"{id_}.toml"
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")


def set_register(publisher: Publisher, language: str, notice: str = "") -> None:
    """Write ``register.toml`` in a language, with further lines about notice."""
    text = re.sub(r'language = "\w+"', f'language = "{language}"', register_toml(notice=notice))
    (publisher.source / "register.toml").write_text(text, "utf-8")


@pytest.mark.parametrize("language", ["en", "de"])
def test_preview_diff_feeds_and_pages_say_the_same_sentence(
    published: Call, publisher: Publisher, language: str
) -> None:
    """Of each change the whole summary, in the register's language."""
    set_register(publisher, language)
    publisher.list("beta", f"starts_on = {NEXT}")
    publisher.list("gamma", f'starts_on = {SOON}\nshort_notice = {{ reason = "The old host gave up" }}')
    edit(publisher, "acme", 'country = "FI"\nactivities', 'country = "SE"\nactivities')
    said = told(published, publisher, "--reason", "Three things")
    summaries = [line(change["summary"]) for change in said.diff]
    assert len(summaries) == 3 + (language != "en")  # that the language changed is told, too
    assert {change["summary_language"] for change in said.diff} == {language}
    for summary in summaries:
        assert all(summary in text for text in everywhere(said))
        assert summary in said.register_page
    assert any(("Sweden" if language == "en" else "Schweden") in summary for summary in summaries)


def test_business_days_are_called_so_everywhere(published: Call, publisher: Publisher) -> None:
    """No number of days stands without the word."""
    set_register(publisher, "en", 'day_count = "business"')
    publisher.list("beta", f"starts_on = {NEXT}")
    publisher.list("gamma", f'starts_on = {SOON}\nshort_notice = {{ reason = "The old host gave up" }}')
    said = told(published, publisher, "--reason", "Two more")
    for text in everywhere(said):
        assert "business days" in text
        assert not re.search(r"\d days?\b", text)


@pytest.mark.parametrize(
    ("options", "label"),
    [
        (("--kind", "editorial"), "editorial change"),
        (("--kind", "correction", "--corrects", "2"), "correction"),
    ],
)
def test_what_is_reworded_or_put_right_is_shown_whole(
    published: Call, publisher: Publisher, clock: Clock, options: tuple[str, ...], label: str
) -> None:
    """Both texts, however long they are and wherever they differ."""
    edit(publisher, "acme", "Runs the application", FORMER)
    assert published("publish", "--reason", "What it is for").exit_code == 0
    clock.pass_by(minutes=1)
    edit(publisher, "acme", FORMER, REWORDED)
    said = told(published, publisher, *options, "--reason", "Better words")
    for text in everywhere(said):
        assert label in text
        assert re.search(f"Purpose before:? {re.escape(FORMER)}", text)
        assert re.search(f"Purpose now:? {re.escape(REWORDED)}", text)
