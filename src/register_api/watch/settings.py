"""The settings of the watcher, the table ``[watch]`` in the file of settings, and what days are by them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import holidays
import msgspec

from register_api.clock import zone_of
from register_api.core.instant import local_day
from register_api.core.text import email_problem, url_problem
from register_api.errors import Malformed
from register_api.sending.settings import (
    MAIL_RULES,
    MailSettings,
    Positive,
    SettingRule,
    SettingsTable,
    is_loopback,
    is_no_network,
    read_settings,
)
from register_api.sending.webhook import HookFormat

TABLE = "watch"

_PAGE_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~-]+)*/")

_Days = Annotated[int, msgspec.Meta(ge=0, le=365)]


class WatchHook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook or chat that is told besides mail.

    Attributes:
        name: What it is called here; by it is known what it was told.
        url_file: The file that holds its address, which is a secret.
        secret_file: The file that holds the secret shared with it; a chat has none.
        owner: Whose vendors it is told of; empty: everybody's and nobody's.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\Z")]
    url_file: str
    format: HookFormat = "webhook"
    secret_file: str = ""
    owner: str = ""


class WatchSettings(MailSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How registers are watched; docs/watch.md says what each setting means."""

    sender: str = ""
    database: str = "var/watch/watch.sqlite3"
    state: str = "var/watch/registers"
    time_zone: str = "UTC"
    holidays: str = ""
    contact: str = ""
    poll_minutes: Annotated[int, Positive] = 60
    pool: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4
    failures_before_alert: Annotated[int, Positive] = 3
    reminder_days: tuple[_Days, ...] = (14, 7, 2)
    digest_hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 7
    page_address: str = ""
    user_header: str = ""
    proxies: tuple[str, ...] = ()
    token_file: str = ""
    webhooks: tuple[WatchHook, ...] = ()


class Here(NamedTuple):
    """When and where something is seen: the present instant, UTC, and our time zone and holidays."""

    now: dt.datetime
    settings: WatchSettings

    @property
    def at(self) -> int:
        """The present instant, Unix time."""
        return int(self.now.timestamp())

    @property
    def today(self) -> dt.date:
        """The day in our time zone."""
        return self.day(self.now)

    @property
    def hour(self) -> int:
        """The hour in our time zone."""
        return self.now.astimezone(zone_of(self.settings.time_zone)).hour

    def day(self, instant: dt.datetime) -> dt.date:
        """Return the day of an instant in our time zone."""
        return local_day(instant, zone_of(self.settings.time_zone))


def days_off(place: str, years: Iterable[int]) -> tuple[dt.date, ...]:
    """Return the public holidays of a country or a part of one (ISO 3166), such as ``DE-BE``."""
    country, _, part = place.partition("-")
    return tuple(holidays.country_holidays(country, subdiv=part or None, years=years))


def _fails(read: Callable[..., object], *values: object) -> bool:
    try:
        read(*values)
    except (Malformed, NotImplementedError, ValueError):
        return True
    return False


def _is_no_page_address(address: str) -> bool:
    if _fails(urlsplit, address) or not _PAGE_ADDRESS.fullmatch(address):
        return True
    parts = urlsplit(address)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


_RULES = (
    SettingRule(
        lambda settings: len({hook.name for hook in settings.webhooks}) < len(settings.webhooks),
        "two webhooks have the same name",
    ),
    SettingRule(
        lambda settings: any(
            (hook.format == "webhook") != bool(hook.secret_file) for hook in settings.webhooks
        ),
        'a webhook needs a secret_file if its format is "webhook", and has none otherwise',
        "docs/watch-digest.md",
    ),
    SettingRule(
        lambda settings: settings.page_address and _is_no_page_address(settings.page_address),
        "page_address must be an address that begins with https:// and ends with a slash",
        "write it like https://watch.customer.example/",
    ),
    SettingRule(
        lambda settings: settings.user_header and settings.token_file,
        "user_header and token_file are two ways to know users",
        "set one of them",
    ),
    SettingRule(
        lambda settings: any(map(is_no_network, settings.proxies)),
        "proxies must hold networks",
        "write them like 10.1.2.3/32",
    ),
    SettingRule(
        lambda settings: _fails(days_off, settings.holidays or "DE", ()),
        "holidays must be a country whose public holidays are known, or a part of one",
        "write it like DE or DE-BE (ISO 3166)",
    ),
    SettingRule(
        lambda settings: (
            settings.contact and url_problem(settings.contact) and email_problem(settings.contact)
        ),
        "contact must be an e-mail address or an address that begins with https://",
    ),
    SettingRule(
        lambda settings: _fails(zone_of, settings.time_zone),
        "time_zone must be a name of the IANA database",
        "write it like Europe/Berlin",
    ),
    *(rule for rule in MAIL_RULES if rule.words != "sender must be an e-mail address"),
    SettingRule(
        lambda settings: settings.sender and email_problem(settings.sender),
        "sender must be an e-mail address, or left out where no mail is sent",
    ),
)


_SETTINGS = SettingsTable(TABLE, WatchSettings, _RULES, "docs/watch.md")


def read_watch_settings(file: Path | None, environment: Mapping[str, str]) -> WatchSettings:
    """Read the settings, as ``read_settings`` says."""
    return read_settings(file, environment, _SETTINGS)
