async def test_days_hold_sessions_by_their_start(kit):
    meeting = await kit.meeting()
    await kit.join(meeting)
    kit.web.clock.advance(90)
    await kit.data("POST", f"/meetings/{meeting}/active-session/kick-all")
    stats = await kit.data("GET", "/analytics/daywise")
    assert stats["session_stats"]["sessions_count"] == 1
    assert stats["session_stats"]["sessions_minutes_consumed"] == 1.5
    assert len(stats["session_stats"]["day_stats"]) == 30
    assert stats["session_stats"]["day_stats"][-1]["total_session_minutes"] == 1.5
    assert stats["recording_stats"]["recording_count"] == 0
    before = "start_date=2022-09-01T00:00:00Z&end_date=2022-09-02"
    empty = await kit.data("GET", f"/analytics/daywise?{before}")
    assert [day["day"] for day in empty["session_stats"]["day_stats"]] == [
        "2022-09-01",
        "2022-09-02",
    ]


async def test_days_are_limited(kit):
    for query in ("start_date=2023-01-02&end_date=2023-01-01", "start_date=1990-01-01"):
        assert (await kit.refused("GET", f"/analytics/daywise?{query}"))[0] == 400
