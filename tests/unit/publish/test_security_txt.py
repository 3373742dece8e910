"""``security.txt`` says what the publisher says, and is not there where the publisher says nothing."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest

from publishers import NOW as PUBLISHED
from publishers import Publisher
from register_api.core import model
from register_api.core.format import tree
from register_api.errors import KeyStoreError
from register_api.publish.discovery import GOOD_FOR, security_txt, security_txt_expires
from register_api.publish.rotation import renew_trust

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 5, 10, 9, 0, tzinfo=dt.UTC)

FIELD = re.compile(r"[A-Za-z-]+: \S.*")
"""A line of RFC 9116 section 4, as far as this file has some."""


def publisher(*contacts: model.Contact) -> model.Publisher:
    """Return a publisher with contacts."""
    return model.Publisher(name="Example", time_zone="UTC", language="en", contacts=contacts)


HALF_AN_HOUR = dt.timedelta(minutes=30)

SECURITY = '\n[[publisher.contacts]]\nrole = "security"\nemail = "security@example.com"\n'


def test_without_a_contact_for_it_there_is_no_file() -> None:
    """Nobody is named who did not ask for it."""
    privacy = model.Contact(role="privacy", email="privacy@example.com")
    assert security_txt(publisher(privacy), NOW, None) is None
    assert security_txt(publisher(model.Contact(role="security")), NOW, None) is None


def test_every_contact_for_it_is_named() -> None:
    """With the fields that RFC 9116 demands, and where the file lies if that is fixed."""
    mail = model.Contact(role="security", email="security@example.com")
    page = model.Contact(role="Security", url="https://example.com/report?lang=en")
    data = security_txt(publisher(mail, page), NOW, "https://trust.example.com/")
    assert data is not None
    assert data.decode().splitlines() == [
        "Contact: mailto:security@example.com",
        "Contact: https://example.com/report?lang=en",
        "Expires: 2027-05-09T09:00:00Z",
        "Preferred-Languages: en",
        "Canonical: https://trust.example.com/.well-known/security.txt",
    ]


def test_the_file_expires_within_a_year() -> None:
    """RFC 9116 section 2.5.5."""
    data = security_txt(publisher(model.Contact(role="security", email="a@example.com")), NOW, None)
    assert data is not None
    expires = dt.datetime.fromisoformat(re.findall(r"^Expires: (.*)$", data.decode(), re.MULTILINE)[0])
    assert NOW < expires < NOW + dt.timedelta(days=365)


@pytest.mark.parametrize(
    "text", ["a@example.com\nExpires: 2099-01-01T00:00:00Z", "a b@example.com", "\u00e4@x"]
)
def test_a_contact_is_one_line_whatever_it_says(text: str) -> None:
    """Nothing that the source says can add a field."""
    data = security_txt(publisher(model.Contact(role="security", email=text, url=text)), NOW, None)
    assert data is not None
    lines = data.decode("ascii").splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "Contact", "Contact", "Expires", "Preferred-Languages",
    ]  # fmt: skip
    assert all(FIELD.fullmatch(line) for line in lines)


def test_it_comes_and_goes_with_the_contact(tmp_path: Path) -> None:
    """Publishing a version without the contact takes the file away."""
    author = Publisher(tmp_path)
    author.publish()
    assert tree.SECURITY_TXT.path() not in author.snapshot().manifest.files
    source = author.source / "register.toml"
    plain = source.read_text("utf-8")
    source.write_text(plain + SECURITY, "utf-8")
    author.publish(PUBLISHED + dt.timedelta(minutes=1))
    entry = author.snapshot().manifest.files[tree.SECURITY_TXT.path()]
    assert (entry.media_type, entry.cache) == ("text/plain; charset=utf-8", "mutable")
    assert (
        author.snapshot().read(tree.SECURITY_TXT.path()).startswith(b"Contact: mailto:security@example.com\n")
    )
    source.write_text(plain, "utf-8")
    author.publish(PUBLISHED + dt.timedelta(minutes=2))
    assert tree.SECURITY_TXT.path() not in author.snapshot().manifest.files
    assert not (author.store / "public" / tree.SECURITY_TXT.path()).exists()


def test_it_is_renewed_by_a_change_of_keys(tmp_path: Path) -> None:
    """With the list that vouches for it, by the document key; without that key the error names it."""
    publisher = Publisher(tmp_path)
    publisher.publish(PUBLISHED)
    source = publisher.source / "register.toml"
    source.write_text(source.read_text("utf-8") + SECURITY, "utf-8")
    publisher.publish(PUBLISHED + dt.timedelta(minutes=1))
    renew_trust(publisher.store, publisher.keys, PUBLISHED + HALF_AN_HOUR)
    assert security_txt_expires(publisher.snapshot()) == PUBLISHED + HALF_AN_HOUR + GOOD_FOR
    assert publisher.verify().exit_code == 0
    (publisher.keys / "document.pem").unlink()
    with pytest.raises(KeyStoreError, match=r"document\.pem"):
        renew_trust(publisher.store, publisher.keys, PUBLISHED + 2 * HALF_AN_HOUR)
