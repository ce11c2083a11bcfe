import asyncio

import pytest
from support.domain import entries, meeting, occupied
from support.quality import stats, stream
from support.wait import until

from media.types import Direction, QualityLabel
from server.services import quality as module
from server.services.context import App
from server.services.quality_points import POINTS, Chunk


class Room:
    """A session whose one connection is heard once a second."""

    def __init__(self, app: App) -> None:
        self.app, self.quality = app, app.quality
        self.session, self.person, self.link, facts = occupied(meeting())
        for entry in entries(self.session, facts):
            app.tracker.append(entry)
        self.seconds = 0

    def second(self, *streams, **members) -> None:
        self.seconds += 1
        self.app.clock.advance(1)
        self.app.engine.figures[self.link.id] = stats(self.seconds, *streams, **members)
        self.quality.sample()

    @property
    def now(self) -> int:
        return int(self.app.clock.utc().timestamp())

    async def series(self, step=1):
        found = await self.quality.history(
            self.session.id, start=self.now - 10**6, end=self.now + 1, step=step
        )
        return {each.stream: [point for _, point in each.points] for each in found}


@pytest.fixture
def room(app: App) -> Room:
    return Room(app)


async def stored(room: Room):
    return await room.app.storage.list_quality(room.session.id, start=0, end=10**11)


async def test_every_stream_is_sampled_once_a_second(room: Room):
    for _ in range(3):
        room.second()
    series = await room.series()
    assert sorted(series) == ["connection", "uplink/microphone"]
    assert [(p.packets, p.lost) for p in series["uplink/microphone"]] == [(50, 2)] * 3
    last = series["connection"][-1]
    assert (last.round_trip_ms, last.received_bps, last.sent_bps) == (40.0, 40_000, 80_000)


async def test_now_tells_label_origin_and_when_it_began(room: Room):
    room.second()
    (now,) = room.quality.current(room.session.id)
    assert (now.reading.label, now.mos) == (QualityLabel.GOOD, 3.82)
    assert (now.at - now.since).total_seconds() == 3
    assert room.quality.current("another") == []


async def test_what_is_not_judged_yet_is_not_sampled(room: Room):
    room.quality.sample()
    assert await room.series() == {}


async def test_samples_are_written_in_one_chunk_a_minute(room: Room):
    for _ in range(150):
        room.second()
    await room.quality.flush()
    chunks = [chunk for chunk in await stored(room) if chunk.stream == "connection"]
    assert [len(list(Chunk(chunk.data))) for chunk in chunks] in ([59, 60, 31], [60, 60, 30])
    assert {chunk.start % POINTS for chunk in chunks} == {0}


async def test_samples_wait_for_a_database_that_fails(room: Room, monkeypatch):
    async def broken(*_, **__) -> None:
        raise OSError("disk")

    with monkeypatch.context() as patch:
        patch.setattr(room.app.storage, "save_quality", broken)
        for _ in range(70):
            room.second()
            with pytest.raises(OSError, match="disk"):
                await room.quality.flush()
    await room.quality.flush()
    assert sum(len(list(Chunk(each.data))) for each in await stored(room)) == 2 * 70


async def test_a_database_that_never_answers_costs_bounded_memory(room: Room, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    for _ in range(300):
        room.second()
    assert len((await room.series())["connection"]) <= 2 * POINTS


async def test_old_seconds_become_tens_then_minutes(room: Room):
    for _ in range(130):
        room.second()
    await room.quality.flush()
    room.app.clock.advance(2 * module.FINE_SECONDS)
    await room.quality.roll()
    assert {chunk.step for chunk in await stored(room)} == {10}
    room.app.clock.advance(module.MIDDLE_SECONDS + 3600)
    await room.quality.roll()
    assert {chunk.step for chunk in await stored(room)} == {60}
    points = (await room.series())["uplink/microphone"]
    assert sum(point.packets for point in points) == 130 * 50
    assert sum(point.lost for point in points) == 130 * 2


async def test_rolling_in_small_bites_loses_nothing(room: Room, monkeypatch):
    monkeypatch.setattr(module, "ROLL_LIMIT", 25)
    for _ in range(400):
        room.second()
    await room.quality.flush()
    room.app.clock.advance(2 * module.FINE_SECONDS)
    await room.quality.roll()
    assert {chunk.step for chunk in await stored(room)} == {10}
    points = (await room.series())["uplink/microphone"]
    assert sum(point.packets for point in points) == 400 * 50


async def test_samples_are_dropped_after_their_days(room: Room):
    room.second()
    await room.quality.flush()
    room.app.clock.advance(31 * 86_400)
    await room.quality.roll()
    assert await stored(room) == []


async def test_reader_gets_each_second_of_his_session(room: Room):
    mine, other = room.quality.subscribe(room.session.id), room.quality.subscribe("another")
    room.second()
    ((now,), *_) = [await anext(mine)]
    assert now.connection_id == room.link.id
    with pytest.raises(StopAsyncIteration):  # there is no such session: the stream has ended
        await anext(other)


async def test_stop_ends_streams_and_keeps_samples(room: Room):
    live = room.quality.subscribe(room.session.id)
    room.second()
    await room.quality.stop()
    assert len([second async for second in live]) == 1
    assert len(await stored(room)) == 2


async def test_it_samples_until_cancelled(room: Room, monkeypatch):
    monkeypatch.setattr(module, "EVERY_SECONDS", 0)
    monkeypatch.setattr(module, "ROLL_TICKS", 3)
    faults = []
    monkeypatch.setattr(room.quality, "_on_error", lambda name, error: faults.append(name))
    room.second()

    async def broken() -> None:
        raise OSError("disk")

    monkeypatch.setattr(room.quality, "flush", broken)
    task = asyncio.get_running_loop().create_task(room.quality.run())
    await until(lambda: faults)
    task.cancel()
    assert faults[0] == "quality samples"


async def test_metrics_count_labels_and_streams_without_names(room: Room):
    def value(name: str, **labels: str) -> float | None:
        return room.app.metrics.registry.get_sample_value(f"roomtone_{name}", labels)

    for _ in range(module.METRICS_TICKS):
        room.second()
    assert value("connections_quality", label="good") == 1
    assert value("quality_score_count", direction="uplink") == 1
    room.second(stream(direction=Direction.DOWNLINK, source="audio"), label=QualityLabel.POOR)
    assert value("connections_quality", label="good") == 0
    assert value("connections_quality", label="poor") == 1


async def test_an_hour_of_ten_people_stays_under_five_megabytes(app: App):
    room = Room(app)  # chunks are as large for each of ten
    kinds = [
        (Direction.UPLINK, "microphone"),
        (Direction.UPLINK, "camera"),
        (Direction.DOWNLINK, "audio"),
        (Direction.DOWNLINK, "video"),
    ]
    for second in range(1, 3601):
        app.clock.advance(1)
        streams = [
            stream(direction=way, source=source, packets=50 * second, lost=second)
            for way, source in kinds
        ]
        app.engine.figures[room.link.id] = stats(second, *streams, score=60.0 + second % 30)
        app.quality.sample()
        if second % (5 * module.ROLL_TICKS) == 0:
            await app.quality.flush()
            await app.quality.roll()
    kept = 0
    for chunk in await stored(room):
        # Text and numbers of a row, twice for the two indexes, and 20 octets of SQLite's own.
        row = len(chunk.session_id + chunk.connection_id + chunk.stream) + 36 + 16
        kept += len(chunk.data) + 2 * row + 20
    assert 700_000 < 10 * kept < 5_000_000
