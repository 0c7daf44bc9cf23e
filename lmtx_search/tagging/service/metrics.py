"""The service's metrics, in the format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """Counters of one service, in a registry of its own.

    Args:
        loaded: returns the tagger versions in memory.
    """

    def __init__(self, loaded: Callable[[], list[str]]) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "lmtx_requests",
            "Requests for tags, by HTTP status",
            ["status"],
            registry=self._registry,
        )
        self.under_way = Gauge(
            "lmtx_requests_under_way",
            "Requests that are waiting for an answer",
            registry=self._registry,
        )
        self.seconds = Histogram(
            "lmtx_request_seconds",
            "Seconds from a request's arrival to its answer",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.texts = Counter("lmtx_texts", "Texts tagged", registry=self._registry)
        self.tags = Counter("lmtx_tags", "Tags assigned", registry=self._registry)
        self.joined = Histogram(
            "lmtx_run_texts",
            "Texts of one run: waiting requests are combined",
            buckets=_TEXTS,
            registry=self._registry,
        )
        taggers = Gauge("lmtx_taggers_loaded", "Tagger versions in memory", registry=self._registry)
        taggers.set_function(lambda: len(loaded()))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return all metrics in the format that Prometheus reads."""
        return generate_latest(self._registry)
