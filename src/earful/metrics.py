"""What the server counts about itself, in Prometheus' form."""

import asyncio
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from earful.speech.metrics import REGISTRY as SPEECH
from earful.speech.types import Capacity

__all__ = ["METRICS_CONTENT_TYPE", "ServerMetrics"]

_LOOK_EVERY_S = 0.02
_LATE = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class ServerMetrics:
    """One server's metrics. Each has its own registry, so that two servers may share a process."""

    def __init__(self, capacity: Callable[[], Capacity]) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(_CapacityCollector(capacity))
        self.requests = Histogram(
            "earful_http_request_seconds",
            "How long HTTP requests took.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.sockets = Gauge(
            "earful_websockets_open", "WebSocket connections that are open.", registry=self.registry
        )
        self.sockets_total = Counter(
            "earful_websockets", "WebSocket connections since the start.", registry=self.registry
        )

        self.loop_late = Histogram(
            "earful_event_loop_late_seconds",
            f"How late the event loop ran what was due, looked at every {_LOOK_EVERY_S * 1000:.0f} ms.",
            buckets=_LATE,
            registry=self.registry,
        )
        self.loop_latest = Gauge(
            "earful_event_loop_latest_seconds",
            "The longest that the event loop was late since these metrics were last read.",
            registry=self.registry,
        )
        self._latest = 0.0

    async def watch_loop(self) -> None:
        """Measure how late the event loop is, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LOOK_EVERY_S
            await asyncio.sleep(_LOOK_EVERY_S)
            late = max(0.0, loop.time() - due)
            self.loop_late.observe(late)
            self._latest = max(self._latest, late)

    def watch_calls(self, active: Callable[[], int]) -> None:
        """Ask `active` for the telephone calls that go on each time the metrics are read."""
        calls = Gauge("earful_calls_open", "Telephone calls that go on.", registry=self.registry)
        calls.set_function(active)

    def render(self) -> bytes:
        """Return all metrics as text."""
        self.loop_latest.set(self._latest)
        self._latest = 0.0
        return generate_latest(self.registry) + generate_latest(SPEECH)


class _CapacityCollector(Collector):
    """Asks the speech service how full it is each time the metrics are read."""

    def __init__(self, capacity: Callable[[], Capacity]) -> None:
        self._capacity = capacity

    def collect(self) -> Iterator[GaugeMetricFamily]:
        capacity = self._capacity()
        yield GaugeMetricFamily("earful_streams_open", "Live audio streams.", value=capacity.streams)
        if capacity.limit is not None:
            yield GaugeMetricFamily(
                "earful_streams_limit", "Live audio streams that this server will take.", value=capacity.limit
            )
