from media.types import ConnectionStats, Direction, QualityLabel, Reading, StreamReading

GOOD = Reading(QualityLabel.EXCELLENT, 90.0, None, 0.0, 40.0, 4.0)


def measured(packets: int) -> ConnectionStats:
    stream = StreamReading(
        Direction.UPLINK, "microphone", QualityLabel.EXCELLENT, 90.0, None, packets, 3, 4.0,
        active=True,
    )  # fmt: skip
    return ConnectionStats(packets, 50, 9000, 4000, 3, GOOD, streams=(stream,))


async def test_a_report_holds_what_the_server_measured_also_afterwards(kit):
    meeting = await kit.meeting()
    live = await kit.join(meeting)
    for tick in range(12):
        kit.web.engine.figures[live.id] = measured(100 + 50 * tick)
        kit.web.app.quality.sample()
        kit.web.clock.advance(1)
    path = f"/sessions/peer-report/{live.id}"
    shown = (await kit.data("GET", path))["participant"]
    assert (shown["id"], shown["role"]) == (live.id, "group_call_participant")
    assert "preset_name" not in shown
    quality = shown["peer_report"]["quality"]
    samples = quality["audio_producer"]
    assert len(samples) in (2, 3, 4)
    assert samples[-1]["packets_sent"] >= 500
    assert samples[-1]["rtt"] == 0.04
    assert quality["audio_producer_cumulative"]["quality_mos"]["p50"] > 4
    names = [one["name"] for one in shown["peer_report"]["metadata"]["events"]]
    assert names[:2] == ["connecting", "connected"]
    await kit.data("POST", f"/meetings/{meeting}/active-session/kick-all")
    later = (await kit.data("GET", path))["participant"]["peer_report"]
    assert later["quality"] == quality
    assert (await kit.refused("GET", "/sessions/peer-report/nobody"))[0] == 404


async def test_filters_choose_what_it_holds(kit):
    live = await kit.join(await kit.meeting())
    kit.web.engine.figures[live.id] = measured(100)
    kit.web.app.quality.sample()
    path = f"/sessions/peer-report/{live.id}?filters="
    only = (await kit.data("GET", path + "quality_stats"))["participant"]["peer_report"]
    assert "audio_producer" in only["quality"]
    assert "events" not in only["metadata"]
    only = (await kit.data("GET", path + "events"))["participant"]["peer_report"]
    assert only["quality"] == {}
    assert only["metadata"]["events"]
