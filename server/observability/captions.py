"""Metrics of captions."""

from prometheus_client import CollectorRegistry, Gauge

from media.captions.port import CaptionFigures


class CaptionMetrics:
    """What became of utterances.

    Args:
        registry: Where they are shown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sessions = Gauge(
            "roomtone_captions_active", "Sessions with captions", registry=registry
        )
        self._utterances = Gauge(
            "roomtone_caption_utterances",
            "Utterances since the start: transcribed, failed, deferred (left to the recording), "
            "partials_dropped",
            ["outcome"],
            registry=registry,
        )
        self._waiting = Gauge(
            "roomtone_caption_queue", "Utterances that wait for an engine", registry=registry
        )
        self._seconds = Gauge(
            "roomtone_caption_seconds", "Seconds of sound transcribed", registry=registry
        )
        self._restarts = Gauge(
            "roomtone_caption_engine_restarts", "Engine processes replaced", registry=registry
        )
        self._decoders = Gauge(
            "roomtone_caption_decoders", "Tracks decoded for captions", registry=registry
        )

    def set(self, sessions: int, figures: CaptionFigures) -> None:
        """Show the latest figures."""
        self._sessions.set(sessions)
        self._waiting.set(figures.waiting)
        self._seconds.set(figures.seconds)
        self._restarts.set(figures.restarts)
        self._decoders.set(figures.decoders)
        for outcome in ("transcribed", "failed", "deferred", "partials_dropped"):
            self._utterances.labels(outcome).set(getattr(figures, outcome))
