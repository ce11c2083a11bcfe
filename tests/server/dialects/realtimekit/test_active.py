from media.types import TrackSource


async def test_kick_names_rows_and_unknown_people_are_a_404(kit):
    meeting = await kit.meeting()
    path = f"/meetings/{meeting}/active-session"
    nobody = (404, f"No active session found for meeting_id {meeting}")
    for call in ("/kick", "/kick-all", "/mute", "/mute-all", "/poll"):
        assert await kit.refused("POST", path + call, {}) == nobody
    ada = await kit.invite(meeting, "ada")
    first, second = await kit.join(meeting, ada["token"]), await kit.join(meeting, ada["token"])
    assert first.participant_id != second.participant_id
    assert (await kit.data("POST", path + "/kick", {})) == {"action": "kick", "participants": []}
    assert await kit.refused("POST", path + "/kick", {"participant_ids": ["x"]}) == (
        404,
        "No user found with id x",
    )
    kicked = await kit.data("POST", path + "/kick", {"custom_participant_ids": ["ada", "ghost"]})
    assert [one["id"] for one in kicked["participants"]] == [first.id, second.id]
    assert (await kit.data("GET", path))["live_participants"] == 0


async def test_mute_lets_people_unmute_and_mute_all_may_not(kit):
    meeting = await kit.meeting()
    path = f"/meetings/{meeting}/active-session"
    live = await kit.join(meeting, (await kit.invite(meeting, "ada"))["token"])
    session = kit.web.app.live.session(meeting)
    microphone = TrackSource.MICROPHONE
    muted = await kit.data("POST", path + "/mute", {"custom_participant_ids": ["ada"]})
    assert (muted["action"], len(muted["participants"])) == ("mute", 1)
    assert kit.web.engine.muted[live.id, microphone]
    assert session.mute_own(live, microphone, muted=False)
    assert not kit.web.engine.muted[live.id, microphone]
    muted = await kit.data("POST", path + "/mute-all", {"allow_unmute": False})
    assert muted == {"action": "mute-all", "muted_participants_count": 1}
    assert not session.mute_own(live, microphone, muted=False)
    assert kit.web.engine.muted[live.id, microphone]


async def test_a_poll_starts_without_votes(kit):
    meeting = await kit.meeting()
    await kit.join(meeting)
    path = f"/meetings/{meeting}/active-session/poll"
    body = {"question": "Lunch?", "options": ["yes", "no"]}
    status, answer = await kit.call("POST", path, body)
    poll = answer["data"]["poll"]
    assert status == 201
    assert [one["text"] for one in poll["options"]] == ["yes", "no"]
    assert (poll["created_by"], poll["voted"], poll["anonymous"]) == ("app", [], False)
    for wrong in ({"options": ["a"]}, {"question": "q"}, {"question": "q", "options": []}):
        assert (await kit.refused("POST", path, wrong))[0] == 400


async def test_kick_all_ends_the_session(kit):
    meeting = await kit.meeting()
    path = f"/meetings/{meeting}/active-session"
    live = await kit.join(meeting)
    session = (await kit.data("GET", path))["id"]
    assert (await kit.data("POST", path + "/kick-all"))["kicked_participants_count"] == 1
    assert (await kit.data("GET", f"/sessions/{session}"))["status"] == "ENDED"
    assert kit.web.inboxes[live.id].closed is not None
