from media.types import ConnectionStats


async def test_a_report_holds_what_the_server_measured(kit):
    meeting = await kit.meeting()
    live = await kit.join(meeting)
    kit.web.engine.figures[live.id] = ConnectionStats(100, 50, 9000, 4000, 3, None)
    data = await kit.data("GET", f"/sessions/peer-report/{live.id}")
    shown = data["participant"]
    assert (shown["id"], shown["role"]) == (live.id, "group_call_participant")
    assert "preset_name" not in shown
    (sample,) = shown["peer_report"]["quality"]["audio_producer"]
    assert (sample["packets_sent"], sample["packets_lost"]) == (103, 3)
    names = [one["name"] for one in shown["peer_report"]["metadata"]["events"]]
    assert names[:2] == ["connecting", "connected"]
    assert (await kit.refused("GET", "/sessions/peer-report/nobody"))[0] == 404
    await kit.data("POST", f"/meetings/{meeting}/active-session/kick-all")
    data = await kit.data("GET", f"/sessions/peer-report/{live.id}")
    assert data["participant"]["peer_report"]["quality"] == {}
