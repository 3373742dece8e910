"""The settings of `watch` (table ``[watch]`` of the settings file), and local days and holidays."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import holidays
import msgspec

from register_api.clock import zone_of
from register_api.core.instant import local_day
from register_api.core.text import email_problem, url_problem
from register_api.sending.settings import MailSettings, Positive, fails, is_loopback, read_settings
from register_api.sending.webhook import HookFormat

_PAGE_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~-]+)*/")

_Days = Annotated[int, msgspec.Meta(ge=0, le=365)]


class WatchHook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook or chat notified besides email, for one owner's vendors or all; its secrets are in files."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\Z")]
    url_file: str
    format: HookFormat = "webhook"
    secret_file: str = ""
    owner: str = ""


class WatchSettings(MailSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of `watch`; docs/watch.md describes each."""

    TABLE = "watch"
    PAGE = "docs/watch.md"

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

    def problems(self) -> dict[str, object]:
        """Return each invalid combination of settings and whether it applies."""
        names = {hook.name for hook in self.webhooks}
        unlike = [hook for hook in self.webhooks if (hook.format == "webhook") != bool(hook.secret_file)]
        page, contact, sender = self.page_address, self.contact, self.sender
        return {
            "two webhooks have the same name": len(names) < len(self.webhooks),
            'a webhook needs a secret_file if its format is "webhook", and has none otherwise': unlike,
            "page_address must be like https://watch.customer.example/, with a slash at the end": (
                page and _is_no_page_address(page)
            ),
            "user_header and token_file are two ways to know users; set one": (
                self.user_header and self.token_file
            ),
            "proxies must hold networks, written like 10.1.2.3/32": any(
                fails(ipaddress.ip_network, each) for each in self.proxies
            ),
            "holidays must be a country whose public holidays are known, or a part of one, like DE-BE": (
                fails(days_off, self.holidays or "DE", ())
            ),
            "contact must be an email address or an address that begins with https://": (
                contact and url_problem(contact) and email_problem(contact)
            ),
            "time_zone must be a name of the IANA database, like Europe/Berlin": (
                fails(zone_of, self.time_zone)
            ),
            "sender must be an email address, or left out where no email is sent": (
                sender and email_problem(sender)
            ),
            **super().problems(),
        }


def _is_no_page_address(address: str) -> bool:
    if fails(urlsplit, address) or not _PAGE_ADDRESS.fullmatch(address):
        return True
    parts = urlsplit(address)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def read_watch_settings(file: Path | None, environment: Mapping[str, str]) -> WatchSettings:
    """Read the settings with ``read_settings``."""
    return read_settings(file, environment, WatchSettings)


class WatchContext(NamedTuple):
    """The current time (UTC) and the settings, which include our time zone and holidays."""

    now: dt.datetime
    settings: WatchSettings

    @property
    def at(self) -> int:
        """The current time as Unix time."""
        return int(self.now.timestamp())

    @property
    def today(self) -> dt.date:
        """The current day in our time zone."""
        return self.day(self.now)

    def day(self, instant: dt.datetime) -> dt.date:
        """Return the day of an instant in our time zone."""
        return local_day(instant, zone_of(self.settings.time_zone))


def days_off(place: str, years: Iterable[int]) -> tuple[dt.date, ...]:
    """Return the public holidays of a country or a part of one (ISO 3166), such as ``DE-BE``."""
    country, _, part = place.partition("-")
    return tuple(holidays.country_holidays(country, subdiv=part or None, years=years))
