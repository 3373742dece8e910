"""A published register and the hosts that serve it, made once for all tests that only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hosts
import pytest
from publications import HourlyPublisher, Publication, read_tree
from sources import edit

from memory_folder import memory_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hosts import Site


@pytest.fixture(scope="session")
def publication() -> Iterator[Publication]:
    """Five versions: first, an addition, one with short notice, a correction, an editorial change."""
    with memory_folder() as folder:
        publisher = HourlyPublisher(folder, 5)
        publisher.publish("The first version")
        publisher.add("acme", "Acme Oy", 31)
        publisher.publish("Acme joins")
        publisher.add(
            "hasty", "Häst & Söner AB", 5, short_notice="The vendor used before ceased to operate overnight."
        )
        publisher.publish("Häst steps in")
        vendor = publisher.source / "subprocessors" / "acme.toml"
        edit(vendor, "Answers questions", "Answers all questions")
        publisher.publish("Acme answers all of them", corrects=2)
        edit(vendor, 'website = "https://acme.example/"', 'website = "https://www.acme.example/"')
        publisher.publish("Acme moved its site")
        yield Publication(
            source=publisher.source,
            store=publisher.store,
            keys=publisher.keys,
            size=5,
            files=read_tree(publisher.store / "public"),
        )


@pytest.fixture(scope="session", params=["service", "nginx"])
def site(
    request: pytest.FixtureRequest, publication: Publication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The publication as the service serves it, and as a static host does."""
    folder = tmp_path_factory.mktemp(request.param)
    running = (
        hosts.service(publication.store)
        if request.param == "service"
        else hosts.nginx(publication.public, folder)
    )
    with running as found:
        yield found
