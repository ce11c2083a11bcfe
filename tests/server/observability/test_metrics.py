from server.observability.metrics import Metrics


def test_the_exposition_holds_every_family():
    metrics = Metrics()
    metrics.connections.labels("connected").set(2)
    metrics.requests.labels("GET", "/v1/meetings", "200").observe(0.01)
    text = metrics.render().decode()
    assert 'roomtone_connections{state="connected"} 2.0' in text
    assert "roomtone_http_request_seconds_bucket" in text
    assert metrics.content_type.startswith("text/plain")


def test_two_registries_do_not_meet():
    Metrics().participants.set(3)
    assert Metrics().registry.get_sample_value("roomtone_participants") == 0
