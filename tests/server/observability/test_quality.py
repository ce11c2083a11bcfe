from prometheus_client import CollectorRegistry

from media.quality.model import EDGES
from media.types import QualityLabel
from server.observability.quality import QualityMetrics


def rendered(registry: CollectorRegistry) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in registry.collect()
        for sample in family.samples
    }


def test_every_label_and_direction_is_there_from_the_start():
    registry = CollectorRegistry()
    QualityMetrics(registry)
    for label in QualityLabel:
        assert (
            registry.get_sample_value("roomtone_connections_quality", {"label": label.value}) == 0
        )
    for way in ("uplink", "downlink"):
        assert registry.get_sample_value("roomtone_quality_score_count", {"direction": way}) == 0


def test_buckets_of_scores_end_where_labels_end():
    registry = CollectorRegistry()
    QualityMetrics(registry)
    names = "".join(rendered(registry))
    assert all(f"'{edges.leave_below}'" in names for edges in EDGES.values())


def test_our_own_lateness_is_counted():
    registry = CollectorRegistry()
    metrics = QualityMetrics(registry)
    metrics.limited(0)
    metrics.limited(2)
    assert registry.get_sample_value("roomtone_quality_server_limited_ticks_total") == 2


def test_labels_are_what_they_are_now():
    registry = CollectorRegistry()
    metrics = QualityMetrics(registry)
    metrics.labels([QualityLabel.GOOD, QualityLabel.GOOD, QualityLabel.POOR])
    metrics.labels([QualityLabel.GOOD])
    found = {
        label.value: registry.get_sample_value(
            "roomtone_connections_quality", {"label": label.value}
        )
        for label in QualityLabel
    }
    assert found == {"excellent": 0, "good": 1, "fair": 0, "poor": 0}
