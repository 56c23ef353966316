"""Measurements for Prometheus: this server's own, and those of workers and scheduler, which reach `/metrics` by way of the database.

Where several processes serve the API together (gvrc/api/server.py), each writes its own measurements to files side by side, as prometheus-client does
when PROMETHEUS_MULTIPROC_DIR names a folder, and whichever of them is asked adds them up. `deploy/grafana.json` draws them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psutil
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from gvrc.errors import GvrcError
from gvrc.operations.watched import Watched
from gvrc.store import machine
from gvrc.store.keeper import DatabaseKeeper

CONTENT_TYPE = CONTENT_TYPE_LATEST

_REQUESTS = Histogram(
    "gvrc_api_request_seconds", "Time to answer a request, by route", ("route", "method", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_REFUSED = Counter("gvrc_api_refused_connections_total", "Connections sent away: slow_head, large_head, slow_reader, too_many", ("reason",))
_POOL = Gauge("gvrc_pool_connections", "Database connections of this server", ("state",), multiprocess_mode="livesum")
_BREAKER = Gauge("gvrc_breaker_state", "Circuit breaker of the database: 0 closed, 0.5 half-open, 1 open", multiprocess_mode="livemax")
_DATABASE_UP = Gauge("gvrc_database_up", "1 while the database answers", multiprocess_mode="livemostrecent")
_FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
"""As prometheus-client found it when it was imported."""
_OWN_FILE = re.compile(r"_(\d+)\.db")
_BREAKER_VALUES = {"closed": 0.0, "half-open": 0.5, "open": 1.0}

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})

Measured = dict[str, list[tuple[tuple[str, ...], float]]]


def observe_request(route: str, method: str, status: int, seconds: float) -> None:
    """One request was answered. `route` is a template, never an address as it was called."""
    _REQUESTS.labels(route, method if method in _METHODS else "other", str(status)).observe(seconds)


def count_refused_connection(reason: str) -> None:
    """A connection was sent away before it had a request."""
    _REFUSED.labels(reason).inc()


class Numbers(Watched[Measured]):
    """What the database knows about runs, queues, commits, quality and alerts, looked at every ten seconds while anybody asks."""

    def __init__(self, keeper: DatabaseKeeper, *, renew_seconds: float = 10.0, old_seconds: float = 60.0) -> None:
        super().__init__(lambda: _measure(keeper), renew_seconds=renew_seconds, old_seconds=old_seconds)


class Rendered(Watched[bytes]):
    """Everything as Prometheus reads it, written anew for who asks at most once a second: a scrape every fifteen seconds is never given an old one."""

    def __init__(self, keeper: DatabaseKeeper, numbers: Numbers) -> None:
        super().__init__(lambda: render(keeper, numbers.now()), renew_seconds=1.0, old_seconds=3.0)


def render(keeper: DatabaseKeeper, numbers: Measured) -> bytes:
    """Everything as Prometheus reads it."""
    _look_at_pool(keeper)
    _DATABASE_UP.set(1.0 if numbers else 0.0)
    kept = CollectorRegistry(auto_describe=False)
    kept.register(_Kept(numbers))
    return generate_latest(REGISTRY if _FOLDER is None else _together(Path(_FOLDER))) + generate_latest(kept)


def _together(folder: Path) -> CollectorRegistry:
    """The measurements of all processes that serve together. What one that is gone had in use counts no more; what it counted stays."""
    processes = {int(found[1]) for path in folder.glob("*.db") if (found := _OWN_FILE.search(path.name))}
    living = {process for process in processes if psutil.pid_exists(process)}
    for process in processes - living:
        mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
    registry = CollectorRegistry(auto_describe=False)
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    registry.register(_Memory(living))
    return registry


def names() -> frozenset[str]:
    """Every metric there is, as queries name it."""
    own = {sample for metric in REGISTRY.collect() for sample in _sample_names(metric)}
    return frozenset(own | set(machine.MEASURES))


def _sample_names(metric: Metric) -> set[str]:
    endings = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}.get(metric.type, ("",))
    return {f"{metric.name}{ending}" for ending in endings}


def _measure(keeper: DatabaseKeeper) -> Measured:
    """Nothing when the database is away: then `gvrc_database_up` is 0."""
    try:
        with keeper.database().read() as connection:
            return machine.measure(connection)
    except GvrcError:
        keeper.look_again_quietly()
        return {}


def _look_at_pool(keeper: DatabaseKeeper) -> None:
    try:
        database = keeper.database()
    except GvrcError:
        return
    in_use, idle = database.pool_use()
    _POOL.labels("in_use").set(in_use)
    _POOL.labels("idle").set(idle)
    _BREAKER.set(_BREAKER_VALUES.get(database.breaker_state, 0.0))


class _Memory(Collector):
    """What prometheus-client tells of one process, of several."""

    def __init__(self, processes: set[int]) -> None:
        self._processes = processes

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("process_resident_memory_bytes", "Resident memory of all processes in bytes", sum(map(_resident, self._processes)))


def _resident(process: int) -> float:
    try:
        return float(psutil.Process(process).memory_info().rss)
    except psutil.Error:
        return 0.0


class _Kept(Collector):
    """The database's numbers in Prometheus' terms."""

    def __init__(self, numbers: Measured) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        for name, rows in self._numbers.items():
            told, labels, _query = machine.MEASURES[name]
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family = kind(name, told, labels=labels)
            for values, number in rows:
                family.add_metric(list(values), number)
            yield family
