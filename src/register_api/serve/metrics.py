"""Prometheus metrics, collected from plain counters at each scrape."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from register_api.core.text import printable
from register_api.errors import UsageError
from register_api.serve.answer.service import Freshness, freshness_of
from register_api.serve.app import AppState
from register_api.serve.logs import Kind
from register_api.serve.reply_table import ReplyTable
from register_api.serve.settings import Settings, metrics_address

Samples = Mapping[tuple[Kind, int], int]


class MetricDefinition(NamedTuple):
    """Help text of a metric, its value (or values by label), and its label names; ``None`` if unknown."""

    meaning: str
    value: Callable[[AppState], float | Samples | None]
    labels: tuple[str, ...] = ()


def _of_table(value: Callable[[ReplyTable], float]) -> Callable[[AppState], float | None]:
    return lambda state: None if state.replies.table is None else value(state.replies.table)


def _of_freshness(value: Callable[[Freshness, AppState], float]) -> Callable[[AppState], float | None]:
    def found(state: AppState) -> float | None:
        freshness = freshness_of(state.replies)
        return None if freshness is None else value(freshness, state)

    return found


METRICS: dict[str, MetricDefinition] = {
    "register_requests_total": MetricDefinition(
        "Requests that were answered, by kind of address and status",
        lambda state: dict(state.counters.requests),
        ("kind", "status"),
    ),
    "register_faults_total": MetricDefinition(
        "Faults of the service, each in the log with a number", lambda state: state.counters.faults
    ),
    "register_connections_total": MetricDefinition(
        "Connections that were accepted", lambda state: state.counters.connections
    ),
    "register_connections_open": MetricDefinition(
        "Connections that are open", lambda state: state.counters.connections - state.counters.closed
    ),
    "register_slow_readers_total": MetricDefinition(
        "Connections that were ended because the client took a reply too slowly",
        lambda state: state.counters.broken,
    ),
    "register_publication_version": MetricDefinition(
        "Number of the version that is served", _of_table(lambda table: table.archive.newest)
    ),
    "register_publication_generation": MetricDefinition(
        "Grows with every publication and refresh that is served",
        _of_table(lambda table: table.snapshot.generation),
    ),
    "register_publication_loads_total": MetricDefinition(
        "Publications and refreshes that were loaded", lambda state: state.replies.loads
    ),
    "register_publication_load_failures_total": MetricDefinition(
        "Attempts to load a publication that failed", lambda state: state.replies.failures
    ),
    "register_publication_stale": MetricDefinition(
        "1 while a newer publication is there that cannot be loaded, else 0",
        lambda state: int(state.replies.failed),
    ),
    "register_freshness_seconds": MetricDefinition(
        "Seconds until the freshness statement expires; negative when it has",
        _of_freshness(lambda freshness, state: (freshness.until - state.clock()).total_seconds()),
    ),
    "register_freshness_lifetime_seconds": MetricDefinition(
        "Seconds that a freshness statement is good for from when it is signed",
        _of_freshness(lambda freshness, _: freshness.lasts.total_seconds()),
    ),
    "register_answers_kept_total": MetricDefinition(
        "Computed answers that were kept from before", lambda state: state.answers.hits
    ),
    "register_answers_computed_total": MetricDefinition(
        "Computed answers that had to be computed", lambda state: state.answers.misses
    ),
    "register_start_time_seconds": MetricDefinition(
        "When the process started, seconds since the epoch", lambda state: state.started.timestamp()
    ),
}
"""Every metric by full name: prefix, unit, and ``_total`` for counters (Prometheus naming conventions)."""


class ServiceCollector(Collector):
    """Collects the metrics of one process at each scrape."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        """Return every metric with its samples."""
        for name, definition in METRICS.items():
            value = definition.value(self._state)
            if value is None:
                continue
            make = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family = make(name, definition.meaning, labels=definition.labels)
            samples = value if isinstance(value, Mapping) else {(): value}
            for labels, number in sorted(samples.items()):
                family.add_metric([str(label) for label in labels], number)
            yield family


@contextlib.contextmanager
def metrics_served(state: AppState, settings: Settings) -> Iterator[WSGIServer | None]:
    """Serve metrics in a thread while the block runs, if the settings give an address."""
    address = metrics_address(settings)
    if address is None:
        yield None
        return
    host, port = address
    registry = CollectorRegistry()
    registry.register(ServiceCollector(state))
    try:
        server, thread = start_http_server(port, host, registry)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or printable(error)
        hint = "choose another with REGISTER_METRICS"
        raise UsageError(f"cannot listen on {printable(host)} port {port}: {reason}", hint=hint) from error
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
