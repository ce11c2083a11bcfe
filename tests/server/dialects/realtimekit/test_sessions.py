async def ended(kit, people: int, seconds: float) -> str:
    """A session that has ended; its id."""
    meeting = await kit.meeting(title=f"With {people}")
    for _ in range(people):
        await kit.join(meeting)
    session = (await kit.data("GET", f"/meetings/{meeting}/active-session"))["id"]
    kit.web.clock.advance(seconds)
    await kit.data("POST", f"/meetings/{meeting}/active-session/kick-all")
    return session


async def test_an_ended_session_is_the_sum_of_its_rows(kit):
    session = await ended(kit, 2, 348.582)
    found = await kit.data("GET", f"/sessions/{session}")
    assert found["session"] == {k: v for k, v in found.items() if k != "session"}
    assert (found["status"], found["live_participants"]) == ("ENDED", 0)
    assert found["minutes_consumed"] == 11.6194
    assert (found["max_concurrent_participants"], found["breakout_rooms"]) == (2, [])
    assert found["ended_at"]
    data = await kit.data("GET", f"/sessions/{session}/participants")
    assert [row["duration"] for row in data["participants"]] == [5.8097, 5.8097]
    assert data["paging"] == {"total_count": 2, "start_offset": 1, "end_offset": 2}


async def test_sessions_are_found_sorted_and_counted(kit):
    small, large = await ended(kit, 1, 600), await ended(kit, 2, 60)

    async def ids(query: str) -> list[str]:
        return [one["id"] for one in (await kit.data("GET", "/sessions?" + query))["sessions"]]

    assert await ids("") == [large, small]
    assert await ids("sort_order=ASC") == [small, large]
    assert await ids("sort_by=minutesConsumed") == [small, large]
    assert await ids("participants=2:10") == [large]
    assert await ids("participants=:1") == [small]
    assert await ids("search=with 2") == [large]
    assert await ids("status=LIVE") == []
    assert await ids("status=ENDED&per_page=1&page_no=2") == [small]
    assert await ids("associated_id=nothing") == []
    assert (await kit.refused("GET", "/sessions?participants=many"))[0] == 400


async def test_a_participant_is_found_by_row_and_by_person(kit):
    meeting = await kit.meeting()
    ada = await kit.invite(meeting, "ada")
    live = await kit.join(meeting, ada["token"])
    session = (await kit.data("GET", f"/meetings/{meeting}/active-session"))["id"]
    path = f"/sessions/{session}/participants/"
    for wanted in (live.id, ada["id"]):
        assert (await kit.data("GET", path + wanted))["participant"]["id"] == live.id
    assert (await kit.refused("GET", path + "nobody"))[0] == 404
    for query, count in (("search=ADA", 1), ("search=bob", 0), ("sort_by=duration", 1)):
        found = await kit.data("GET", f"/sessions/{session}/participants?{query}")
        assert len(found["participants"]) == count


async def test_minutes_run_while_it_is_live(kit):
    meeting = await kit.meeting()
    await kit.join(meeting)
    path = f"/meetings/{meeting}/active-session"
    assert (await kit.data("GET", path))["minutes_consumed"] == 0
    kit.web.clock.advance(90)
    live = await kit.data("GET", path)
    assert (live["minutes_consumed"], live["meeting_display_name"]) == (1.5, "")
    assert (live["organization_id"], live["type"], live["meta"]) == ("app", "meeting", {})
    assert "ended_at" not in live
