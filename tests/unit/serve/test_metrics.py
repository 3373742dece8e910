"""Metrics: read from plain numbers, at an address of their own, in a form that Prometheus takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import stores
from patience import PATIENCE
from register_api.serve.app import create_app, make_state
from register_api.serve.metrics import METRICS, metrics_served
from register_api.serve.server import make_server
from register_api.serve.settings import Settings
from running import connect, in_a_thread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPEN_METRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


@pytest.fixture
def bases(three_versions: Path) -> Iterator[tuple[str, str]]:
    """Return the addresses of a service and of its metrics."""
    settings = Settings(
        store=str(three_versions), port=0, poll_seconds=0.02, shutdown_seconds=2, metrics="127.0.0.1:0"
    )
    state = make_state(settings, lambda: stores.published_at(3))
    server = make_server(create_app(settings, state=state), settings, state.counters)
    with metrics_served(state, settings) as other, in_a_thread(server, settings) as base:
        assert other is not None
        yield base, f"http://127.0.0.1:{other.server_port}/"


def scrape(base: str) -> dict[tuple[str, str, str], float]:
    """Return every sample by name, kind and status, read by Prometheus' own strict parser."""
    answer = httpx.get(base, headers=OPEN_METRICS, timeout=PATIENCE)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    return {
        (sample.name, sample.labels.get("kind", ""), sample.labels.get("status", "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_kind_and_status(bases: tuple[str, str]) -> None:
    """Hits on the hot path, old files, computed answers, health, misses and refusals."""
    base, metrics = bases
    with httpx.Client(base_url=base, timeout=PATIENCE) as client:
        tag = client.get("/v1/register.json").headers["etag"]
        client.get("/v1/register.json", headers={"If-None-Match": tag})
        client.get("/v1/versions/1/register.json")
        client.get("/v1/upcoming")
        client.get("/v1/upcoming")
        client.get("/v1/upcoming?x=1")
        client.get("/healthz")
        client.get("/nothing")
        client.post("/v1/register.json")
    with connect(base) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        connection.recv(1000)
    found = scrape(metrics)
    requests = {key[1:]: value for key, value in found.items() if key[0] == "register_requests_total"}
    assert requests == {
        ("head", "200"): 1,
        ("head", "304"): 1,
        ("head", "405"): 1,
        ("stored", "200"): 1,
        ("computed", "200"): 2,
        ("computed", "400"): 1,
        ("health", "200"): 1,
        ("other", "404"): 1,
        ("refused", "400"): 1,
    }
    assert found["register_answers_kept_total", "", ""] == 1
    assert found["register_answers_computed_total", "", ""] == 1


def test_exactly_the_metrics_in_the_table_are_exposed(bases: tuple[str, str]) -> None:
    """What is published, how fresh it is, and who is connected."""
    base, metrics = bases
    with httpx.Client(base_url=base, timeout=PATIENCE) as client:
        client.get("/")
        found = scrape(metrics)
    assert {name for name, _, _ in found} == METRICS.keys()
    plain = {name: value for (name, kind, _), value in found.items() if not kind}
    assert plain["register_publication_version"] == 3
    assert plain["register_publication_generation"] == 3
    assert plain["register_publication_loads_total"] == 1
    assert plain["register_publication_load_failures_total"] == plain["register_publication_stale"] == 0
    assert plain["register_connections_open"] == 1
    assert plain["register_start_time_seconds"] == stores.published_at(3).timestamp()
    left = stores.EXPIRES - stores.published_at(3)
    assert plain["register_freshness_seconds"] == left.total_seconds()
    assert plain["register_freshness_lifetime_seconds"] == stores.FRESH_FOR.total_seconds()


def test_metrics_are_not_to_be_had_at_the_services_own_address(bases: tuple[str, str]) -> None:
    """They are for whoever runs it."""
    assert httpx.get(bases[0] + "metrics", timeout=PATIENCE).status_code == 404


def test_names_follow_prometheus_conventions() -> None:
    """One prefix; what only grows ends in _total; a unit is spelled out; each has a sentence."""
    for name, described in METRICS.items():
        assert name.startswith("register_")
        assert described.meaning[0].isupper() or described.meaning[0].isdigit()
        assert "milli" not in name
