"""Counts and times of what this service does, for Prometheus. Labels hold words of ours: never an id, a path, PHI.

Routes are templates and codes are ours, so the number of series is bounded. Several processes of one server share their
counts through the folder that PROMETHEUS_MULTIPROC_DIR names, as prometheus-client has it; with one there is no need.
"""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from transfer_service import __version__
from transfer_service.edge.readiness import OK, Readiness
from transfer_service.errors import SettingsInvalid, Unavailable
from transfer_service.ports import Backlog, Database

SHARED = "PROMETHEUS_MULTIPROC_DIR"
BACKLOG_KEPT_FOR_S = 5.0
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 5, 30, 120, 600, 3600)
_NAME = "transfer_service_"

_own = CollectorRegistry()
requests = Counter(_NAME + "requests", "Answered.", ["route", "method", "status"], registry=_own)
seconds = Histogram(
    _NAME + "request_seconds", "From head to last byte.", ["route", "method"], buckets=_SECONDS, registry=_own
)
bytes_in = Counter(_NAME + "received_bytes", "Bytes of bodies that were read.", registry=_own)
bytes_out = Counter(_NAME + "sent_bytes", "Bytes of answers.", registry=_own)
refusals = Counter(_NAME + "refusals", "Refused, by the code of the problem.", ["code"], registry=_own)
transfers = Gauge(
    _NAME + "running_transfers", "Running now.", ["direction"], multiprocess_mode="livesum", registry=_own
)
busy = Counter(_NAME + "transfers_turned_away", "No place was free.", ["direction"], registry=_own)
redemptions = Counter(_NAME + "redemptions", "Links that were redeemed.", registry=_own)


def count_request(facts: dict[str, Any]) -> None:
    """Count one answered request, by the facts of its line in the log."""
    route = facts.get("route") or "none"
    method = facts["method"] if facts["method"] in _METHODS else "other"
    requests.labels(route, method, f"{facts.get('status', 500) // 100}xx").inc()
    seconds.labels(route, method).observe(facts["duration_ms"] / 1000)
    bytes_in.inc(facts["bytes_in"])
    bytes_out.inc(facts["bytes_out"])
    if "code" in facts:
        refusals.labels(facts["code"]).inc()


def check_counts_are_shared(workers: int) -> None:
    """SettingsInvalid where several processes would each tell of themselves alone, whichever is asked."""
    if workers > 1 and SHARED not in os.environ:
        raise SettingsInvalid(f"metrics_token: with several workers, set {SHARED} to an empty folder too.")


def forget_process(pid: int) -> None:
    """Take what a server process that ended was doing out of the sums."""
    if SHARED in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]


class Exposition:
    """The text that Prometheus reads (its exposition format 0.0.4)."""

    def __init__(self, database: Database, readiness: Readiness) -> None:
        self._state = _State(database, readiness)

    def text(self, now: datetime) -> bytes:
        """Every metric, the backlog as of some seconds ago at most."""
        state = CollectorRegistry()
        state.register(_Families(self._state.families(now)))
        return generate_latest(_counted()) + generate_latest(state)


def _counted() -> CollectorRegistry:
    if SHARED not in os.environ:
        return _own
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = [*families]

    def collect(self) -> Iterable[Metric]:
        return self._families


class _State:
    """What is true of the installation, whichever process is asked."""

    def __init__(self, database: Database, readiness: Readiness) -> None:
        self._database, self._readiness = database, readiness
        self._backlog: Backlog | None = None
        self._again_at = 0.0
        self._lock = Lock()

    def families(self, now: datetime) -> Iterator[Metric]:
        yield _gauge("build_info", "This program.", {__version__: 1}, "version")
        ready = {part: int(word == OK) for part, word in self._readiness.parts().items()}
        yield _gauge("ready", "Whether a part that the service needs answers.", ready, "part")
        backlog = self._looked_at(now)
        if backlog is None:
            return
        waiting = {
            "file": backlog.files,
            "mail": backlog.mails,
            "notice": backlog.notices,
            "leftover": backlog.leftovers,
        }
        oldest = {
            "file": backlog.oldest_file_at,
            "mail": backlog.oldest_mail_at,
            "notice": backlog.oldest_notice_at,
            "leftover": backlog.oldest_leftover_at,
        }
        ages = {kind: max(0.0, (now - at).total_seconds()) if at else 0.0 for kind, at in oldest.items()}
        yield _gauge("backlog", "Waits for the worker; counted up to 10000.", waiting, "kind")
        yield _gauge("backlog_oldest_seconds", "Since when the oldest of it is due.", ages, "kind")
        yield _gauge("audit_entries", "Entries of all audit logs.", {"all": backlog.audit_entries}, "log")

    def _looked_at(self, now: datetime) -> Backlog | None:
        with self._lock:
            if monotonic() >= self._again_at:
                self._backlog = self._asked(now)
                self._again_at = monotonic() + BACKLOG_KEPT_FOR_S
            return self._backlog

    def _asked(self, now: datetime) -> Backlog | None:
        try:
            with self._database.reading() as tx:
                return tx.backlog(now)
        except Unavailable:
            return None


def _gauge(name: str, words: str, values: dict[str, Any], label: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(_NAME + name, words, labels=[label])
    for word, value in values.items():
        family.add_metric([word], value)
    return family
