"""The settings of notices: the table ``[notify]`` in the file of settings."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

from register_api.core.address import base_url_problem, email_problem
from register_api.core.printable import printable
from register_api.errors import UsageError
from register_api.files.toml_file import read_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TABLE = "notify"
PASSWORD_VARIABLE = "REGISTER_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
POSTGRESQL = ("postgresql://", "postgres://")

Tls = Literal["starttls", "implicit", "off"]
Positive = msgspec.Meta(ge=1, le=100_000_000)


class NotifySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How notices are sent; docs/notifying.md says what each setting means."""

    register: str
    sender: str
    sender_name: str = ""
    root_sha256: str = ""
    state: str = "var/notify/verified"
    database: str = "var/notify/notify.sqlite3"
    smtp_host: str = "localhost"
    smtp_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 25
    tls: Tls = "starttls"
    smtp_user: str = ""
    smtp_password_file: str = ""
    bounce_address: str = ""
    mails_per_second: Annotated[float, msgspec.Meta(gt=0, le=10_000)] = 10
    look_seconds: Annotated[int, Positive] = 60
    lease_seconds: Annotated[int, msgspec.Meta(ge=2, le=86_400)] = 600
    retention_days: Annotated[int, Positive] = 1095

    @property
    def base(self) -> str:
        """The address of the register's tree, with its last slash."""
        return f"{self.register.rstrip('/')}/"

    @property
    def domain(self) -> str:
        """The domain that Message-IDs and the List-Id are made in: that of the sender."""
        return self.sender.rpartition("@")[2]

    @property
    def uses_postgresql(self) -> bool:
        """Whether the database is a server."""
        return self.database.startswith(POSTGRESQL)


def named_file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Return the file of settings: the one that is given, else that of ``REGISTER_SETTINGS``."""
    named = environment.get("REGISTER_SETTINGS")
    return file or (Path(named) if named else None)


def read_notify_settings(file: Path | None, environment: Mapping[str, str]) -> NotifySettings:
    """Read the settings.

    Args:
        file: The file of settings.
        environment: Variables by name; ``REGISTER_SETTINGS`` names the file if none is given.

    Raises:
        UsageError: There is no such file or table in it, or a setting that is not valid.
    """
    named = named_file(file, environment)
    if named is None:
        raise UsageError("notify needs a file of settings", hint="--settings FILE; docs/notifying.md has one")
    table: Any = read_toml(named).get(TABLE)
    if table is None:
        raise UsageError(f"{named} has no table [{TABLE}]", hint="docs/notifying.md lists its settings")
    try:
        settings = msgspec.convert(table, NotifySettings)
    except msgspec.ValidationError as error:
        raise UsageError(f"{named}: [{TABLE}]: {printable(error)}", hint="docs/notifying.md") from error
    for rule in _RULES:
        if rule.is_broken(settings):
            raise UsageError(f"{named}: [{TABLE}]: {rule.words}", hint=rule.hint)
    return settings


def smtp_password(settings: NotifySettings, environment: Mapping[str, str]) -> str:
    """Return the password for the mail server: from the environment, else from the file named for it.

    Raises:
        UsageError: The file cannot be read, or there is none.
    """
    if password := environment.get(PASSWORD_VARIABLE):
        return password
    path = Path(settings.smtp_password_file)
    try:
        return path.read_text("utf-8").strip() if settings.smtp_password_file else ""
    except (OSError, ValueError) as error:
        raise UsageError(f"smtp_password_file: {printable(path)} cannot be read") from error


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name or address alone; nothing is resolved."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _has_password(url: str) -> bool:
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return False


class _Rule(NamedTuple):
    """What settings of the right kinds may not say, and the words for it."""

    is_broken: Callable[[NotifySettings], object]
    words: str
    hint: str = ""


_RULES = (
    _Rule(
        lambda settings: base_url_problem(settings.base),
        "register must be the address of the published tree",
        "write it like https://trust.example.com/",
    ),
    _Rule(lambda settings: email_problem(settings.sender), "sender must be an e-mail address"),
    _Rule(
        lambda settings: not settings.sender_name.isprintable(), "sender_name must be one line of plain text"
    ),
    _Rule(
        lambda settings: settings.bounce_address and email_problem(settings.bounce_address),
        "bounce_address must be an e-mail address",
    ),
    _Rule(
        lambda settings: settings.tls == "off" and not is_loopback(settings.smtp_host),
        'tls = "off" is for a mail server on this machine alone',
        'set tls = "starttls" or "implicit"',
    ),
    _Rule(
        lambda settings: settings.uses_postgresql and _has_password(settings.database),
        "database must not hold a password",
        "libpq reads it from PGPASSFILE or PGPASSWORD",
    ),
)
