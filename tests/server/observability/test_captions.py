from prometheus_client import CollectorRegistry, generate_latest

from media.captions.port import CaptionFigures
from server.observability.captions import CaptionMetrics


def test_overload_and_restarts_are_seen():
    registry = CollectorRegistry()
    CaptionMetrics(registry).set(2, CaptionFigures(deferred=3, restarts=1, waiting=4))
    text = generate_latest(registry).decode()
    assert "roomtone_captions_active 2.0" in text
    assert 'roomtone_caption_utterances{outcome="deferred"} 3.0' in text
    assert "roomtone_caption_queue 4.0" in text
    assert "roomtone_caption_engine_restarts 1.0" in text
