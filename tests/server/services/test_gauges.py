import asyncio

from support.domain import entries, meeting, occupied
from support.wait import until

from server.services import gauges as module
from server.services.context import App
from server.services.gauges import Gauges


def value(app: App, name: str, **labels: str) -> float | None:
    return app.metrics.registry.get_sample_value(f"roomtone_{name}", labels)


def gauges_of(app: App) -> Gauges:
    return Gauges(app.metrics, app.tracker, app.recordings, app.engine, app.transcripts, app.clock)


async def test_gauges_show_what_is_live(app: App):
    live, _, _, facts = occupied(meeting())
    for entry in entries(live, facts):
        app.tracker.append(entry)
    gauges_of(app).sample()
    assert value(app, "connections", state="connected") == 1
    assert value(app, "connections", state="failed") == 0
    assert value(app, "sessions", state="live") == 1
    assert value(app, "participants") == 1
    assert value(app, "rtp_packets", way="sent") == 0
    assert value(app, "tracker_queue") == 3
    assert value(app, "recordings_active") == 0


async def test_they_are_sampled_until_cancelled(app: App, monkeypatch):
    monkeypatch.setattr(module, "EVERY_SECONDS", 0)
    task = asyncio.get_running_loop().create_task(gauges_of(app).run())
    await until(lambda: value(app, "sessions", state="live") is not None)
    task.cancel()
    assert value(app, "loop_lag_seconds") == 0
