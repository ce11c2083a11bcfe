"""The process's metrics in a registry of their own, and the text that /metrics answers."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from server.observability.captions import CaptionMetrics
from server.observability.quality import QualityMetrics


class Metrics:
    """Counters and gauges that the lifecycle and the edges feed.

    Attributes:
        registry: Where further collectors may register.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.connections = Gauge(
            "roomtone_connections", "WebRTC connections by state", ["state"], registry=self.registry
        )
        self.sessions = Gauge(
            "roomtone_sessions", "Sessions by state", ["state"], registry=self.registry
        )
        self.participants = Gauge(
            "roomtone_participants", "Participants present", registry=self.registry
        )
        self.packets = Gauge(
            "roomtone_rtp_packets",
            "RTP packets of live connections",
            ["way"],
            registry=self.registry,
        )
        self.recordings = Gauge(
            "roomtone_recordings_active", "Recordings under way", registry=self.registry
        )
        self.uploads_waiting = Gauge(
            "roomtone_uploads_waiting",
            "Recordings not yet in object storage",
            registry=self.registry,
        )
        self.uploads = Gauge(
            "roomtone_uploads",
            "Since the start: recordings brought to object storage, tries that failed, bytes",
            ["what"],
            registry=self.registry,
        )
        self.facts = Counter(
            "roomtone_facts", "Facts appended to session logs", registry=self.registry
        )
        self.queue = Gauge("roomtone_tracker_queue", "Facts not yet stored", registry=self.registry)
        self.loop_lag = Gauge(
            "roomtone_loop_lag_seconds",
            "Latest lateness of the event loop",
            registry=self.registry,
        )
        self.faults = Counter(
            "roomtone_faults", "Background tasks that failed", ["task"], registry=self.registry
        )
        self.quality = QualityMetrics(self.registry)
        self.captions = CaptionMetrics(self.registry)
        self.requests = Histogram(
            "roomtone_http_request_seconds",
            "HTTP requests",
            ["method", "route", "status"],
            registry=self.registry,
        )

    @property
    def content_type(self) -> str:
        """The media type of `render`."""
        return CONTENT_TYPE_LATEST

    def render(self) -> bytes:
        """The exposition text."""
        return generate_latest(self.registry)
