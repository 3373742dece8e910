"""What is looked at, and what is said of it."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from register_api.deploy.public_head import address_of_register
from register_api.publish.building import nothing_published
from register_api.store.reader import Snapshot, open_snapshot

Verdict = Literal["good", "soon", "wrong", "unknown"]
"""``soon``: it will be wrong, or is not as it should be; ``unknown``: it could not be looked at."""


class Diagnosis(msgspec.Struct, frozen=True):
    """What one look found.

    Attributes:
        verdict: How it is.
        says: What was seen, and where; for ``unknown`` why it was not.
        cure: What to do, a command where there is one; empty where nothing has to be done.
        check: Name of the check, as the table has it.
    """

    verdict: Verdict
    says: str
    cure: str = ""
    check: str = ""


good = functools.partial(Diagnosis, "good")
soon = functools.partial(Diagnosis, "soon")
wrong = functools.partial(Diagnosis, "wrong")
unknown = functools.partial(Diagnosis, "unknown")


class Machine(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A machine that publishes, renews or serves a register.

    Attributes:
        store: Folder of the store.
        keys: Folder of the private keys.
        now: The present instant, UTC.
        environment: Variables by name.
        settings: File with the service's settings; ``None``: the one that the environment names.
        base_url: Where the tree is public; ``None``: at the register's own address.
        offline: Whether nobody is asked over the network.
        target: What `deploy` is given; ``None``: it is not looked at.
        endpoint: Address of that target's service; ``None``: the provider's own.
    """

    store: Path
    keys: Path
    now: dt.datetime
    environment: Mapping[str, str]
    settings: Path | None = None
    base_url: str | None = None
    offline: bool = False
    target: str | None = None
    endpoint: str | None = None

    @functools.cached_property
    def published(self) -> Snapshot | None:
        """What is published; ``None``: nothing yet.

        Raises:
            StoreDamaged: The store cannot be read.
        """
        return open_snapshot(self.store)

    @property
    def snapshot(self) -> Snapshot:
        """The same.

        Raises:
            StoreError: Nothing is published yet, or it cannot be read.
        """
        if self.published is None:
            raise nothing_published(self.store)
        return self.published

    @property
    def url(self) -> str | None:
        """Where customers read the register, as far as that is known."""
        if self.base_url is not None or self.published is None:
            return self.base_url
        return address_of_register(self.published)
