"""The settings of notices: the table ``[notify]`` in the file of settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from register_api.core.text import base_url_problem, email_problem
from register_api.sending.settings import MailSettings, Positive, read_settings

TABLE = "notify"


class NotifySettings(MailSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How notices are sent; docs/notifying.md says what each setting means."""

    TABLE = TABLE
    PAGE = "docs/notifying.md"

    register: str
    root_sha256: str = ""
    state: str = "var/notify/verified"
    database: str = "var/notify/notify.sqlite3"
    subscriptions: str = ""
    look_seconds: Annotated[int, Positive] = 60
    reminder_days: Annotated[int, msgspec.Meta(ge=0, le=365)] = 7
    retention_days: Annotated[int, Positive] = 1095
    time_authority: str = ""
    time_authority_certificate: str = ""

    @property
    def base(self) -> str:
        """The address of the register's tree, with its last slash."""
        return f"{self.register.rstrip('/')}/"

    def problems(self) -> Iterator[tuple[object, str, str]]:
        """Yield what settings may not say, as the base does."""
        yield (
            base_url_problem(self.base),
            "register must be the address of the published tree",
            "write it like https://trust.example.com/",
        )
        yield (
            bool(self.time_authority) != bool(self.time_authority_certificate),
            "time_authority and time_authority_certificate go together",
            "docs/timestamps.md says which certificate",
        )
        yield (
            self.subscriptions and base_url_problem(self.subscriptions),
            "subscriptions must be the address of the subscription service",
            "write it like https://trust.example.com/subscriptions/",
        )
        yield email_problem(self.sender), "sender must be an e-mail address", ""
        yield from super().problems()


def read_notify_settings(file: Path | None, environment: Mapping[str, str]) -> NotifySettings:
    """Read the settings, as ``read_settings`` says."""
    return read_settings(file, environment, NotifySettings)
