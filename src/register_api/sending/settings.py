"""How mails are sent: settings that whoever sends has in a table of their own."""

from __future__ import annotations

import ipaddress
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from register_api.core.text import email_problem, printable
from register_api.errors import UsageError
from register_api.files.hand_written import read_toml
from register_api.sending.database import POSTGRESQL

PASSWORD_VARIABLE = "REGISTER_SMTP_PASSWORD"  # noqa: S105 - the name of a variable

Tls = Literal["starttls", "implicit", "off"]
Positive = msgspec.Meta(ge=1, le=100_000_000)


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sender, the mail server and the database; docs/notifying.md says what each setting means."""

    sender: str
    database: str
    sender_name: str = ""
    smtp_host: str = "localhost"
    smtp_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 25
    tls: Tls = "starttls"
    smtp_user: str = ""
    smtp_password_file: str = ""
    bounce_address: str = ""
    mails_per_second: Annotated[float, msgspec.Meta(gt=0, le=10_000)] = 10
    lease_seconds: Annotated[int, msgspec.Meta(ge=2, le=86_400)] = 600
    webhook_key: str = ""
    allow: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        """The domain that Message-IDs and the List-Id are made in: that of the sender."""
        return self.sender.rpartition("@")[2]

    @property
    def uses_postgresql(self) -> bool:
        """Whether the database is a server."""
        return self.database.startswith(POSTGRESQL)


Settings = TypeVar("Settings", bound=msgspec.Struct)


class SettingRule(NamedTuple):
    """What settings of the right kinds may not say, and the words for it."""

    is_broken: Callable[[Any], object]
    words: str
    hint: str = ""


class SettingsTable(NamedTuple, Generic[Settings]):
    """A table of the file of settings: its name, what it holds, what it may not say, and its docs page."""

    name: str
    kind: type[Settings]
    rules: Sequence[SettingRule]
    page: str


def named_file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Return the file of settings: the one that is given, else that of ``REGISTER_SETTINGS``."""
    named = environment.get("REGISTER_SETTINGS")
    return file or (Path(named) if named else None)


def read_settings(
    file: Path | None, environment: Mapping[str, str], table: SettingsTable[Settings]
) -> Settings:
    """Read a table of a file of settings.

    Args:
        file: The file.
        environment: Variables by name; ``REGISTER_SETTINGS`` names the file if none is given.
        table: What is read.

    Raises:
        UsageError: There is no such file or table in it, or a setting that is not valid.
    """
    named = named_file(file, environment)
    if named is None:
        raise UsageError(
            f"{table.name} needs a file of settings", hint=f"--settings FILE; {table.page} has one"
        )
    found: Any = read_toml(named).get(table.name)
    if found is None:
        raise UsageError(f"{named} has no table [{table.name}]", hint=f"{table.page} lists its settings")
    try:
        settings = msgspec.convert(found, table.kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{named}: [{table.name}]: {printable(error)}", hint=table.page) from error
    for rule in table.rules:
        if rule.is_broken(settings):
            raise UsageError(f"{named}: [{table.name}]: {rule.words}", hint=rule.hint)
    return settings


def smtp_password(settings: MailSettings, environment: Mapping[str, str]) -> str:
    """Return the password for the mail server: from the environment, else from the file named for it.

    Raises:
        UsageError: The file cannot be read, or there is none.
    """
    if password := environment.get(PASSWORD_VARIABLE):
        return password
    file = settings.smtp_password_file
    return read_text(file, "smtp_password_file") if file else ""


def read_text(file: str, named: str) -> str:
    """Return what stands in a file that a setting names.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"{named}: {printable(file)} cannot be read") from error


def refuse_open(path: Path, named: str) -> None:
    """Refuse a secret that others may read.

    Raises:
        UsageError: They may.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        words = f"{named}: {path} is open to other users (mode {mode:04o})"
        raise UsageError(words, hint=f"chmod 600 {path}")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name or address alone; nothing is resolved."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_no_network(text: str) -> bool:
    """Tell whether a text names no network of addresses."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return True
    return False


def _has_password(url: str) -> bool:
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return False


MAIL_RULES = (
    SettingRule(lambda settings: email_problem(settings.sender), "sender must be an e-mail address"),
    SettingRule(
        lambda settings: not settings.sender_name.isprintable(), "sender_name must be one line of plain text"
    ),
    SettingRule(
        lambda settings: settings.bounce_address and email_problem(settings.bounce_address),
        "bounce_address must be an e-mail address",
    ),
    SettingRule(
        lambda settings: settings.tls == "off" and not is_loopback(settings.smtp_host),
        'tls = "off" is for a mail server on this machine alone',
        'set tls = "starttls" or "implicit"',
    ),
    SettingRule(
        lambda settings: settings.uses_postgresql and _has_password(settings.database),
        "database must not hold a password",
        "libpq reads it from PGPASSFILE or PGPASSWORD",
    ),
    SettingRule(
        lambda settings: any(map(is_no_network, settings.allow)),
        "allow must hold networks",
        "write them like 10.1.0.0/16 or fd00::/8",
    ),
)
