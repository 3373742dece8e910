"""Settings for sending email, shared by the tables ``[notify]`` and ``[watch]``."""

from __future__ import annotations

import ipaddress
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec

from register_api.core.text import email_problem, printable
from register_api.errors import Malformed, UsageError
from register_api.files.hand_written import read_toml
from register_api.sending.database import POSTGRESQL

Positive = msgspec.Meta(ge=1, le=100_000_000)


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mail server and database settings common to both tables; ``PAGE`` is the table's docs page."""

    TABLE: ClassVar[str]
    PAGE: ClassVar[str]

    sender: str
    database: str
    sender_name: str = ""
    smtp_host: str = "localhost"
    smtp_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 25
    tls: Literal["starttls", "implicit", "off"] = "starttls"
    smtp_user: str = ""
    smtp_password_file: str = ""
    bounce_address: str = ""
    mails_per_second: Annotated[float, msgspec.Meta(gt=0, le=10_000)] = 10
    lease_seconds: Annotated[int, msgspec.Meta(ge=2, le=86_400)] = 600
    webhook_key: str = ""
    allow: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        """The domain of Message-IDs and List-Id: that of the sender."""
        return self.sender.rpartition("@")[2]

    @property
    def uses_postgresql(self) -> bool:
        """Whether the database is a server."""
        return self.database.startswith(POSTGRESQL)

    def problems(self) -> dict[str, object]:
        """Return each invalid combination of settings and whether it applies."""
        return {
            "bounce_address must be an email address": (
                self.bounce_address and email_problem(self.bounce_address)
            ),
            "sender_name must be one line of plain text": not self.sender_name.isprintable(),
            'tls = "off" is for a mail server on this machine alone; set "starttls" or "implicit"': (
                self.tls == "off" and not is_loopback(self.smtp_host)
            ),
            "database must not hold a password: libpq reads it from PGPASSFILE or PGPASSWORD": (
                self.uses_postgresql and re.match(r"[a-z]+://[^/@]*:[^/@]+@", self.database)
            ),
            "allow must hold networks, written like 10.1.0.0/16 or fd00::/8": any(
                fails(ipaddress.ip_network, each) for each in self.allow
            ),
        }


Settings = TypeVar("Settings", bound=MailSettings)


def fails(read: Callable[..., object], *values: object) -> bool:
    """Whether ``read`` rejects the values."""
    try:
        read(*values)
    except (Malformed, NotImplementedError, ValueError):
        return True
    return False


def named_file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Return the given settings file, else that of ``REGISTER_SETTINGS``."""
    named = environment.get("REGISTER_SETTINGS")
    return file or (Path(named) if named else None)


def read_settings(file: Path | None, environment: Mapping[str, str], kind: type[Settings]) -> Settings:
    """Read a settings table from the file that ``named_file`` returns."""
    named, table, page = named_file(file, environment), kind.TABLE, kind.PAGE
    if named is None:
        raise UsageError(f"{table} needs a settings file", hint=f"--settings FILE; {page} has one")
    found: Any = read_toml(named).get(table)
    if found is None:
        raise UsageError(f"{named} has no table [{table}]", hint=f"{page} lists its settings")
    try:
        settings = msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{named}: [{table}]: {printable(error)}", hint=page) from error
    for words, is_so in settings.problems().items():
        if is_so:
            raise UsageError(f"{named}: [{table}]: {words}", hint=page)
    return settings


def smtp_password(settings: MailSettings, environment: Mapping[str, str]) -> str:
    """Return the mail server's password from the environment, else from its file."""
    file = settings.smtp_password_file
    password = environment.get("REGISTER_SMTP_PASSWORD")
    return password or (read_text(file, "smtp_password_file") if file else "")


def read_text(file: str, named: str) -> str:
    """Return the content of a file named in a setting; an unreadable file is a ``UsageError``."""
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"{named}: {printable(file)} cannot be read") from error


def refuse_open(path: Path, named: str) -> None:
    """Raise ``UsageError`` if other users can read a secret file."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        words = f"{named}: {path} is open to other users (mode {mode:04o})"
        raise UsageError(words, hint=f"chmod 600 {path}")


def is_loopback(host: str) -> bool:
    """Whether a host is ``localhost`` or a loopback address; no name is resolved."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
