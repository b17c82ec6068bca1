"""What the server counts about itself, in Prometheus' form."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from earful.speech.types import Capacity

__all__ = ["METRICS_CONTENT_TYPE", "ServerMetrics"]

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

    def render(self) -> bytes:
        """Return all metrics as text."""
        return generate_latest(self.registry)


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
