"""The mail says what the feed entry says, in lines that mail programs show, and no name can harm it."""

from __future__ import annotations

import email
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

import msgspec
import pytest
from lxml import html

import sample_register as sample
from register_api.core.language.language import Language, languages
from register_api.publish.feed.entry import VersionSummary, content
from register_api.publish.feed.notice_mail import WIDTH, Mail, digest, mail, reminder

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = "ab" * 32
URL = "https://trust.example.com/"
HOSTILE = "Evil\r\nBcc: all@example.org\r\n\r\n<script>alert(1)</script> {x} \u202egnp.exe " + "W" * 300


def version(number: int = 7, base_url: str | None = URL, **changed: object) -> VersionSummary:
    return msgspec.structs.replace(sample.summary(number, **changed), base_url=base_url)


def hostile() -> VersionSummary:
    """A version in which publisher, vendors and reason have a name that means to do harm."""
    told = version()
    register = msgspec.structs.replace(
        told.register,
        publisher=msgspec.structs.replace(told.register.publisher, name=HOSTILE, legal_name=HOSTILE),
        reason=msgspec.structs.replace(told.register.reason, text=HOSTILE),
    )
    changes = [msgspec.structs.replace(change, summary=HOSTILE) for change in told.diff.changes]
    vendors = [msgspec.structs.replace(each, name=HOSTILE) for each in register.subprocessors]
    register = msgspec.structs.replace(register, subprocessors=tuple(vendors))
    sentences = type(told.sentences)(told.language, register, register.published_at.date())
    diff = msgspec.structs.replace(told.diff, changes=tuple(changes))
    return msgspec.structs.replace(told, register=register, diff=diff, sentences=sentences)


def words(text: str) -> str:
    """Return a text without line breaks and bullets, to look for sentences in it."""
    return " ".join(text.replace("   * ", " ").split())


def test_a_name_that_ends_with_a_full_stop_gets_no_second_one() -> None:
    register = version().register
    publisher = msgspec.structs.replace(register.publisher, name="Acme Inc.", legal_name="Acme Inc.")
    named = msgspec.structs.replace(
        version(), register=msgspec.structs.replace(register, publisher=publisher)
    )
    assert "Acme Inc. Version 7, published" in words(mail(named).text)
    assert ".." not in mail(named).text


@pytest.mark.parametrize("language", languages(Language.of("en")), ids=lambda each: each.tag)
@pytest.mark.parametrize("number", [1, 7])
def test_text_and_html_say_every_sentence_of_the_feed_entry(language: Language, number: int) -> None:
    told = version(number).in_language(language)
    made = mail(told, ROOT)
    entry = html.fromstring(f"<div>{content(told)}</div>")
    said = [words(part.text_content()) for part in entry.iter("li", "strong")]
    assert len(said) > 5
    assert [sentence for sentence in said if sentence not in words(made.text)] == []
    assert content(told) in made.html


def test_the_mail_in_full() -> None:
    """What a lawyer and a customer look for, where they look for it."""
    made = mail(version(), ROOT)
    first = "Acme Inc. will be added as a sub-processor on 10 June 2026"
    assert made.subject == f"{first}, and 2 more changes | sub-processors of Example, version 7"
    lines = made.text.splitlines()
    assert lines[3] == "Objection deadline: 24 May 2026."
    assert "Objections go to privacy@example.com." in lines
    assert f"  {URL}versions/7/" in lines
    assert f"  register-api verify {URL} --root-sha256 {ROOT}" in lines
    assert f"<code>register-api verify {URL} --root-sha256 {ROOT}</code>" in made.html


def test_without_an_address_nothing_is_linked() -> None:
    made = mail(version(base_url=None), ROOT)
    assert "register-api verify" not in made.text + made.html
    assert "versions/7" not in made.text + made.html


def test_before_the_first_root_there_is_nothing_to_begin_with() -> None:
    assert f"  register-api verify {URL}\n" in mail(version(), None).text


def test_subjects_of_versions_differ_and_a_correction_is_named_first() -> None:
    subjects = {mail(version(number)).subject for number in range(1, 8)}
    assert len(subjects) == 7
    assert mail(version(corrects=6)).subject.startswith("Correction: ")


@pytest.mark.parametrize("told", [version(), hostile()], ids=["good", "hostile"])
@pytest.mark.parametrize("tag", ["en", "de"])
def test_lines_are_short_and_plain(told: VersionSummary, tag: str) -> None:
    """Only what is an address, and the command with one, may be longer than a line."""
    made = mail(told.in_language(Language.of(tag)), ROOT)
    assert [line for line in made.text.splitlines() if len(line) > WIDTH and "://" not in line] == []
    assert made.text.replace("\n", "").isprintable()
    assert "<p>" not in made.text
    assert "<li>" not in made.text


def test_a_hostile_name_is_one_line_of_the_subject_and_no_markup() -> None:
    made = mail(hostile(), ROOT)
    assert made.subject.isprintable()
    assert "\u202e" not in made.subject + made.text
    assert "<script" not in made.html
    assert "&lt;script&gt;" in made.html
    assert len(made.subject) < 400


def test_a_mail_program_reads_back_what_was_written() -> None:
    """The standard library refuses headers with line breaks; what it sends arrives as it was."""
    for told in (version(), hostile()):
        made = mail(told, ROOT)
        parsed = email.message_from_bytes(as_message(made).as_bytes(policy=SMTP), policy=SMTP)
        assert parsed["Subject"] == made.subject
        assert parsed.keys() == ["Subject", "MIME-Version", "Content-Type"]
        text, page = (parsed.get_body((kind,)) for kind in ("plain", "html"))
        assert text is not None
        assert page is not None
        assert text.get_content().replace("\r\n", "\n") == made.text
        assert page.get_content().split() == made.html.split()


def as_message(made: Mail) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = made.subject
    message.set_content(made.text, cte="quoted-printable")
    message.add_alternative(made.html, subtype="html", cte="quoted-printable")
    return message


def test_a_digest_says_all_of_each_version_with_the_nearest_deadline_first() -> None:
    plain = [change for change in version().diff.changes if change.notice.objection_until is None]
    early = version(6, changes=tuple(plain))
    both = digest([early, version()], ROOT)
    for told in (early, version()):
        entry = html.fromstring(f"<div>{content(told)}</div>")
        said = [words(part.text_content()) for part in entry.iter("li", "strong")]
        assert [sentence for sentence in said if sentence not in words(both.text)] == []
        assert content(told) in both.html
    assert both.text.index("Version 7, published") < both.text.index("Version 6, published")
    assert both.subject.endswith(" | sub-processors of Example, versions 6 to 7")
    assert "Objection deadline: 24 May 2026." in both.html
    for once in ("Current version", "register-api verify", "Digest of 2 versions."):
        assert (both.text.count(once), both.html.count(once)) == (1, 1)


def test_a_digest_of_one_version_is_its_mail() -> None:
    assert digest([version()], ROOT) == mail(version(), ROOT)


def test_a_reminder_is_the_mail_that_says_so() -> None:
    made, first = reminder(version(), ROOT), mail(version(), ROOT)
    assert made.subject == f"Reminder: {first.subject}"
    assert made.text == f"This is a reminder of an earlier notice.\n\n{first.text}"


@pytest.mark.parametrize("make", [lambda told: digest([told, told]), reminder])
def test_no_name_can_harm_a_digest_or_a_reminder(make: Callable[[VersionSummary], Mail]) -> None:
    made = make(hostile())
    assert made.subject.isprintable()
    assert not [line for line in made.text.splitlines() if len(line) > WIDTH and "://" not in line]
    assert "<script>" not in made.html
