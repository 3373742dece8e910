"""While versions are published one after another, every answer belongs to a whole one, and none is older.

``SOAK_VERSIONS=200`` publishes as many as that; without it there are few, so that it takes seconds.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os

import hostile
from memory_folder import memory_folder
from patience import wait_until
from publishers import NOW, Publisher
from quick_disk import quick_disk
from soaking import Customer

VERSIONS = int(os.environ.get("SOAK_VERSIONS", "20"))
CUSTOMERS = 2


def test_every_answer_is_of_a_whole_version_and_none_goes_backwards() -> None:
    """Digests fit, signatures fit a version of that moment, and tags never come back."""
    with memory_folder() as folder, quick_disk():
        publisher = Publisher(folder)
        publisher.publish(NOW)
        with hostile.service(publisher.store, REGISTER_POLL_SECONDS="0.01") as service:
            customers = [Customer(service.port) for _ in range(CUSTOMERS)]
            for customer in customers:
                customer.start()
            for number in range(2, VERSIONS + 1):
                now = NOW + dt.timedelta(seconds=number)
                publisher.publish_note(f"edit {number}", now)
                if number % 5 == 0:
                    publisher.refresh(now)
            wait_until(
                lambda: all(
                    VERSIONS in customer.tally.versions or customer.has_failed() for customer in customers
                )
            )
            tallies = [customer.finish() for customer in customers]
            assert service.faults() == []
        digests = {
            version: hashlib.sha256(data).hexdigest() for version, data in publisher.registers().items()
        }
    for tally in tallies:
        assert tally.versions.items() <= digests.items()
        assert len(tally.versions) > 1
        assert tally.rounds > 1
    for tally in tallies:  # to be read with pytest -s
        seen = f"{len(tally.versions)} of {VERSIONS} versions seen, {tally.answers} answers, "
        print(seen + f"{tally.rounds} rounds, {tally.across} across a publication")  # noqa: T201
