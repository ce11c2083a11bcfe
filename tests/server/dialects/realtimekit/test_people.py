async def test_events_of_a_row_are_given_when_asked_for(kit):
    meeting = await kit.meeting()
    live = await kit.join(meeting)
    kit.web.clock.advance(60)
    await kit.data("POST", f"/meetings/{meeting}/active-session/kick-all")
    (session,) = (await kit.data("GET", "/sessions"))["sessions"]
    path = f"/sessions/{session['id']}/participants"
    (row,) = (await kit.data("GET", path))["participants"]
    assert (row["id"], row["duration"]) == (live.id, 1.0)
    assert row["preset_name"] == "group_call_participant"
    assert "peer_events" not in row
    (row,) = (await kit.data("GET", path + "?include_peer_events=true"))["participants"]
    assert [one["event_name"] for one in row["peer_events"]] == [
        "PEER_CREATED",
        "PEER_JOINING",
        "PEER_LEAVING",
    ]
    assert row["peer_events"][2]["minutes_consumed"] == 1.0
    assert row["peer_events"][0]["preset_view_type"] == "GROUP_CALL"
