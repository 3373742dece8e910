"""The settings of `notify`: the table ``[notify]`` of the settings file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from register_api.core.text import base_url_problem, email_problem
from register_api.sending.settings import MailSettings, Positive, read_settings

TABLE = "notify"


class NotifySettings(MailSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of `notify`; docs/notifying.md describes each."""

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
        """The address of the register's tree, with a trailing slash."""
        return f"{self.register.rstrip('/')}/"

    def problems(self) -> dict[str, object]:
        """Return each invalid combination of settings and whether it applies."""
        service = self.subscriptions
        return {
            "register must be the address of the published tree, like https://trust.example.com/": (
                base_url_problem(self.base)
            ),
            "time_authority and time_authority_certificate go together; docs/timestamps.md says which": (
                bool(self.time_authority) != bool(self.time_authority_certificate)
            ),
            "subscriptions must be the address of the subscription service, with a slash at its end": (
                service and base_url_problem(service)
            ),
            "sender must be an email address": email_problem(self.sender),
            **super().problems(),
        }


def read_notify_settings(file: Path | None, environment: Mapping[str, str]) -> NotifySettings:
    """Read the settings with ``read_settings``."""
    return read_settings(file, environment, NotifySettings)
