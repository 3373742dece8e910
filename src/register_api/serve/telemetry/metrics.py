"""Metrics for Prometheus, put together from plain numbers at the moment when they are asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, cast

from prometheus_client import CollectorRegistry, Metric, make_asgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from register_api.serve.answer.readiness import freshness_of
from register_api.serve.app import AppState
from register_api.serve.http.asgi import App
from register_api.serve.http.problems import Problem


class Described(NamedTuple):
    """One metric, by Prometheus' rules for names: a prefix, the unit, ``_total`` for what only grows.

    Attributes:
        kind: ``counter`` or ``gauge``.
        meaning: What it tells.
        labels: Names of its labels.
    """

    kind: str
    meaning: str
    labels: tuple[str, ...] = ()


METRICS: dict[str, Described] = {
    "register_requests_total": Described(
        "counter", "Requests that were answered, by kind of address and status", ("kind", "status")
    ),
    "register_faults_total": Described("counter", "Faults of the service, each in the log with a number"),
    "register_connections_total": Described("counter", "Connections that were accepted"),
    "register_connections_open": Described("gauge", "Connections that are open"),
    "register_slow_readers_total": Described(
        "counter", "Connections that were ended because the client took a reply too slowly"
    ),
    "register_publication_version": Described("gauge", "Number of the version that is served"),
    "register_publication_generation": Described(
        "gauge", "Grows with every publication and refresh that is served"
    ),
    "register_publication_loads_total": Described("counter", "Publications and refreshes that were loaded"),
    "register_publication_load_failures_total": Described(
        "counter", "Attempts to load a publication that failed"
    ),
    "register_publication_stale": Described(
        "gauge", "1 while a newer publication is there that cannot be loaded, else 0"
    ),
    "register_freshness_seconds": Described(
        "gauge", "Seconds until the freshness statement expires; negative when it has"
    ),
    "register_freshness_lifetime_seconds": Described(
        "gauge", "Seconds that a freshness statement is good for from when it is signed"
    ),
    "register_answers_kept_total": Described("counter", "Computed answers that were kept from before"),
    "register_answers_computed_total": Described("counter", "Computed answers that had to be computed"),
    "register_start_time_seconds": Described("gauge", "When the process started, seconds since the epoch"),
}
"""Every metric by its full name. What is not known at the moment is left out."""

Sample = tuple[tuple[str, ...], float]
"""Values of the labels, and the number."""


class ServiceCollector(Collector):
    """Reads the numbers of one process when a scrape asks for them."""

    def __init__(self, parts: AppState, open_connections: Callable[[], int]) -> None:
        """Remember where the numbers are."""
        self._parts = parts
        self._open_connections = open_connections
        self._started: dt.datetime = parts.clock()

    def collect(self) -> Iterable[Metric]:
        """Return every metric with its samples."""
        samples: dict[str, list[Sample]] = {}
        for name, labels, value in self._samples():
            samples.setdefault(name, []).append((labels, value))
        for name, found in samples.items():
            yield _family(name, found)

    def _samples(self) -> Iterator[tuple[str, tuple[str, ...], float]]:
        for (kind, status), number in sorted(self._parts.counters.requests().items()):
            yield "register_requests_total", (kind, str(status)), number
        for name, value in (*self._plain(), *self._publication()):
            yield name, (), value

    def _plain(self) -> Iterator[tuple[str, float]]:
        replies, answers, counters, _ = self._parts
        yield "register_faults_total", counters.faults
        yield "register_connections_total", counters.connections
        yield "register_connections_open", self._open_connections()
        yield "register_slow_readers_total", counters.broken
        yield "register_publication_loads_total", replies.loads
        yield "register_publication_load_failures_total", replies.failures
        yield "register_publication_stale", int(replies.failed)
        yield "register_answers_kept_total", answers.hits
        yield "register_answers_computed_total", answers.misses
        yield "register_start_time_seconds", self._started.timestamp()

    def _publication(self) -> Iterator[tuple[str, float]]:
        table = self._parts.replies.table
        if table is None:
            return
        yield "register_publication_version", table.archive.newest
        yield "register_publication_generation", table.snapshot.generation
        try:
            freshness = freshness_of(table)
        except Problem:
            return
        left = freshness.until - self._parts.clock()
        yield "register_freshness_seconds", left.total_seconds()
        yield "register_freshness_lifetime_seconds", freshness.lasts.total_seconds()


def metrics_app(parts: AppState, open_connections: Callable[[], int]) -> App:
    """Return the application that answers scrapes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServiceCollector(parts, open_connections))
    return cast("App", make_asgi_app(registry))


def _family(name: str, samples: Iterable[Sample]) -> Metric:
    described = METRICS[name]
    make = CounterMetricFamily if described.kind == "counter" else GaugeMetricFamily
    family = make(name, described.meaning, labels=described.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family
