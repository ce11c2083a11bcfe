async def test_other_apps_meetings_and_sessions_are_not_there(kit):
    _, made, _ = await kit.raw("POST", "/accounts/acc/realtime/kit/apps", {"name": "Ours"})
    ours = made["data"]["app"]["id"]
    meeting = await kit.meeting()
    await kit.join(meeting)
    session = (await kit.data("GET", f"/meetings/{meeting}/active-session"))["id"]
    for path in (f"/meetings/{meeting}", f"/sessions/{session}"):
        assert (await kit.data("GET", path))["id"]
        assert (await kit.refused("GET", path, app=ours))[0] == 404
    assert await kit.refused("GET", f"/meetings/{meeting}/active-session", app=ours) == (
        404,
        f"No active session found for meeting_id {meeting}",
    )


async def test_somebody_who_still_connects_makes_no_session(kit):
    meeting = await kit.meeting()
    await kit.web.join(meeting, up=False)
    assert (await kit.refused("GET", f"/meetings/{meeting}/active-session"))[0] == 404
    pending = kit.web.app.sessions.live(meeting).session.id
    assert (await kit.refused("GET", f"/sessions/{pending}"))[0] == 404


async def test_bodies_may_be_missing_and_must_be_objects(kit):
    assert (await kit.call("POST", "/meetings"))[0] == 201
    assert (await kit.refused("POST", "/meetings", [1]))[0] == 400


async def test_a_slow_disk_hides_nobody(kit, monkeypatch):
    meeting = await kit.meeting()
    first = await kit.join(meeting)
    session = (await kit.data("GET", f"/meetings/{meeting}/active-session"))["id"]

    async def behind() -> None:
        return None

    monkeypatch.setattr(kit.web.app.sessions, "settle", behind)
    second = await kit.join(meeting)
    assert (await kit.data("GET", f"/sessions/{session}"))["live_participants"] == 2
    rows = (await kit.data("GET", f"/sessions/{session}/participants"))["participants"]
    assert {row["id"] for row in rows} == {first.id, second.id}
    other = await kit.join(await kit.meeting())
    found = await kit.data("GET", f"/sessions/peer-report/{other.id}")
    assert found["participant"]["id"] == other.id
    assert len((await kit.data("GET", "/sessions"))["sessions"]) == 2
