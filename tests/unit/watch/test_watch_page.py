"""docs/watch.md: each setting is described, and what it shows is taken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from register_api.core.changes import ChangeType
from register_api.errors import UsageError
from register_api.sending.settings import MailSettings
from register_api.watch.news import CLASSES
from register_api.watch.settings import WatchSettings, read_watch_settings

PAGE = (Path(__file__).parents[3] / "docs/watch.md").read_text("utf-8")


def read(folder: Path, lines: str) -> WatchSettings:
    path = folder / "watch.toml"
    path.write_text(f"[watch]\n{lines}\n", "utf-8")
    return read_watch_settings(path, {})


def test_every_setting_is_described() -> None:
    """With what it is where it is not set; those of mail have a page already."""
    section = PAGE.partition("## Set up")[2].partition("\n## ")[0]
    table = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", section, re.MULTILINE))
    fields = {field.name: field for field in msgspec.structs.fields(WatchSettings)}
    of_mail = set(MailSettings.__struct_fields__) - {"sender", "database", "allow"}
    assert set(table) == set(fields) - of_mail
    assert {name for name in of_mail if f"`{name}`" not in PAGE} == set()
    for name, words in table.items():
        default = fields[name].default
        if isinstance(default, tuple) and default:
            default = ", ".join(map(str, default))
        assert words.startswith("none") if default in {"", ()} else words == f"`{default}`"


def test_every_class_of_news_is_described() -> None:
    section = PAGE.partition("## Run")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(["other", *named]) == sorted(CLASSES - set(get_args(ChangeType)))


def test_the_settings_that_the_page_shows_are_taken(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```toml\n\[watch\]\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert read(tmp_path, block).time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('time_zone = "Berlin"', "time_zone"),
        ('holidays = "Atlantis"', "holidays"),
        ('holidays = "DE-XX"', "holidays"),
        ('allow = ["10.1.0.1/16"]', "allow"),
        ('contact = "us"', "contact"),
        ('sender = "us"', "sender"),
        ('smtp_host = "mail.example.com"\ntls = "off"', "tls"),
        ("pool = 0", "pool"),
        ("reminder_days = [-1]", "reminder_days"),
        ("polls = 1", "polls"),
        ('token_file = "t"\nuser_header = "X-User"', "two ways"),
        ('proxies = ["10.1.0.1/16"]', "proxies"),
        ('page_address = "http://watch.customer.example/"', "page_address"),
        ('page_address = "https://watch.customer.example"', "page_address"),
        ('page_address = "https://watch.customer.example/?a=/"', "page_address"),
    ],
)
def test_a_setting_that_is_not_valid_is_named(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read(tmp_path, line)


def test_without_mail_no_sender_is_needed(tmp_path: Path) -> None:
    assert read(tmp_path, "").sender == ""
