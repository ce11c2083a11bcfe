import asyncio


async def test_a_recording_walks_its_states(kit):
    meeting = await kit.meeting()
    body = {"meeting_id": meeting, "max_seconds": 60, "storage_config": {"secret": "s"}}
    assert await kit.refused("POST", "/recordings", body) == (
        404,
        f"No active session found for meeting_id {meeting}",
    )
    await kit.join(meeting)
    made = await kit.data("POST", "/recordings", body)
    assert (made["status"], made["storage_config"]) == ("INVOKED", {})
    path = f"/recordings/{made['id']}"
    assert (await kit.data("POST", "/recordings", body))["id"] == made["id"]
    assert (await kit.data("GET", path))["status"] == "RECORDING"
    active = await kit.data("GET", f"/recordings/active-recording/{meeting}")
    assert active["id"] == made["id"]
    for action, status in (("pause", "PAUSED"), ("pause", "PAUSED"), ("resume", "RECORDING")):
        assert (await kit.data("PUT", path, {"action": action}))["status"] == status
    stopped = await kit.data("PUT", path, {"action": "stop"})
    assert stopped["status"] in ("UPLOADING", "UPLOADED")
    again = await kit.data("PUT", path, {"action": "pause"})
    assert again["stop_reason"]["reason"] == "API_CALL"
    for wrong in ({"action": "burn"}, {}):
        assert (await kit.refused("PUT", path, wrong))[0] == 400
    assert (await kit.refused("GET", f"/recordings/active-recording/{meeting}"))[0] == 404


async def test_recordings_are_listed_with_their_meeting(kit):
    meeting = await kit.meeting(title="Stand-up")
    await kit.join(meeting)
    made = await kit.data("POST", "/recordings", {"meeting_id": meeting})
    for query in (
        "",
        "?status=RECORDING&status=PAUSED",
        "?status=RECORDING,PAUSED",
        "?search=stand",
    ):
        (found,) = await kit.data("GET", "/recordings" + query)
        assert (found["id"], found["meeting"]["title"]) == (made["id"], "Stand-up")
    for query in ("?status=UPLOADED", "?expired=true", "?meeting_id=x", "?search=nothing"):
        assert await kit.data("GET", "/recordings" + query) == []
    _, app, _ = await kit.raw("POST", "/accounts/acc/realtime/kit/apps", {"name": "Ours"})
    other = app["data"]["app"]["id"]
    assert (await kit.refused("GET", f"/recordings/{made['id']}", app=other))[0] == 404


async def test_a_track_recording_is_wrapped(kit):
    meeting = await kit.meeting()
    await kit.join(meeting)
    body = {"meeting_id": meeting, "layers": {"default": {"media_kind": "audio"}}}
    made = await kit.data("POST", "/recordings/track", body)
    assert made["recording"]["status"] == "INVOKED"
    assert made["recording"]["download_url"] is None


async def test_one_that_started_with_the_session_says_so(kit):
    meeting = await kit.meeting(record_on_start=True)
    await kit.join(meeting)
    async with asyncio.timeout(10):
        while not (found := await kit.data("GET", "/recordings")):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert found[0]["start_reason"] == {"reason": "RECORD_ON_START"}


async def test_wrong_wishes_are_a_400(kit):
    meeting = await kit.meeting()
    for body in (
        {},
        {"meeting_id": meeting, "max_seconds": 59},
        {"meeting_id": meeting, "video_config": 1},
    ):
        assert (await kit.refused("POST", "/recordings", body))[0] == 400
