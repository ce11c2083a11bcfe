import json
from datetime import timedelta

from support.quality import stats
from support.wait import until
from support.webserver import KEY, Web


async def test_model_is_open_to_all(web: Web) -> None:
    answer = await web.client.get("/v1/quality-model")
    assert answer.status == 200
    assert (await answer.json())["labels"][0] == {
        "label": "excellent",
        "leave_below": 80.0,
        "enter_at": 84.0,
        "mos_at_edge": 4.02,
    }


async def judged(web: Web, seconds: int = 3):
    """A meeting with one person whose connection was sampled some times."""
    meeting = await web.meeting()
    live = await web.join(meeting["id"])
    await web.app.tracker.flush()
    for second in range(1, seconds + 1):
        web.clock.advance(1)
        web.engine.figures[live.id] = stats(second)
        web.app.quality.sample()
    return meeting, live, f"/v1/sessions/{live.session.id}/quality"


async def test_samples_come_in_columns_with_what_is_measured_now(web: Web) -> None:
    _, live, path = await judged(web)
    answer = await web.client.get(path, headers=KEY)
    body = await answer.json()
    assert (answer.status, body["step"]) == (200, 1)
    series = {each["stream"]: each for each in body["series"]}
    assert series["uplink/microphone"]["loss_percent"] == [4.0] * 3
    assert series["connection"]["round_trip_time"] == [0.04] * 3
    (now,) = body["now"]
    assert now["connection_id"] == live.id
    assert (now["label"], now["reason"], now["mos"]) == ("good", "loss", 3.82)
    assert now["worst"] == {"direction": "uplink", "source": "microphone"}
    assert now["inputs"] == {"loss_percent": 4.0, "round_trip_time": 0.04, "jitter": 0.005}


async def test_live_sessions_are_listed_with_their_last_minute(web: Web) -> None:
    _, live, _ = await judged(web, 3)
    empty = await web.join((await web.meeting())["id"])
    await web.app.tracker.flush()
    body = await (await web.client.get("/v1/quality", headers=KEY)).json()
    items = {each.pop("session_id"): each for each in body["items"]}
    assert items[live.session.id] == {
        "round_trip_time_p95": 0.04,
        "loss_percent_p95": 4.0,
        "jitter_p95": 0.005,
        "recording": False,
    }
    assert items[empty.session.id]["loss_percent_p95"] is None
    assert (await web.client.get("/v1/quality")).status == 401


async def test_time_and_step_are_what_was_asked_for(web: Web) -> None:
    _, _, path = await judged(web, 30)
    now = web.clock.utc()
    query = {"from": (now - timedelta(seconds=20)).isoformat(), "to": now.isoformat(), "step": 10}
    body = await (await web.client.get(path, params=query, headers=KEY)).json()
    columns = next(each for each in body["series"] if each["stream"] == "connection")
    assert body["step"] == 10
    assert all(at % 10 == 0 for at in columns["at"])
    assert len(columns["at"]) in (2, 3)


async def test_time_that_ends_before_it_begins_is_refused(web: Web) -> None:
    _, _, path = await judged(web, 1)
    query = {"from": "2026-11-20T10:00:00", "to": "2026-11-20T09:00:00Z"}
    answer = await web.client.get(path, params=query, headers=KEY)
    assert (answer.status, (await answer.json())["code"]) == (422, "invalid_range")


async def test_people_read_their_own_and_hosts_everybodys(web: Web) -> None:
    meeting, live, path = await judged(web)
    guest = await web.token(meeting["id"])
    host = await web.token(meeting["id"], role="host")
    assert (await web.client.get(path, headers=guest)).status == 403
    other = await web.client.get(path, params={"participant": live.participant_id}, headers=guest)
    assert other.status == 403
    assert len((await (await web.client.get(path, headers=host)).json())["series"]) == 2


async def test_holder_of_a_token_reads_his_own(web: Web) -> None:
    meeting = await web.meeting()
    answer = await web.client.post(
        f"/v1/meetings/{meeting['id']}/tokens", json={"name": "Ada"}, headers=KEY
    )
    token = await answer.json()
    _ = await web.join(meeting["id"])
    session = web.app.tracker.live_session(meeting["id"])
    assert session is not None
    own = await web.client.get(
        f"/v1/sessions/{session.session.id}/quality",
        params={"participant": token["participant_id"]},
        headers={"Authorization": f"Bearer {token['token']}"},
    )
    assert own.status == 200


async def test_live_samples_are_streamed_until_the_session_ends(web: Web) -> None:
    _, live, path = await judged(web)
    stream = {**KEY, "Accept": "text/event-stream"}
    async with web.client.get(path, headers=stream) as answer:
        assert answer.content_type == "text/event-stream"
        await until(lambda: web.app.quality.readers == 1)
        web.app.quality.sample()
        lines = []
        while not any(line.startswith(b"data: ") for line in lines):
            lines.append(await answer.content.readline())
        assert b"event: quality\n" in lines
        second = json.loads(lines[-1].removeprefix(b"data: "))
        assert second["connections"][0]["connection_id"] == live.id
    await web.app.live.end_meeting(live.session.meeting.id, None)
    await web.app.tracker.flush()
    assert (await web.client.get(path, headers=stream)).status == 204


async def test_timeline_tells_the_life_of_each_connection(web: Web) -> None:
    meeting, live, path = await judged(web)
    path = path.replace("/quality", "/timeline")
    body = await (await web.client.get(path, headers=KEY)).json()
    (life,) = body["connections"]
    assert life["connection_id"] == live.id
    assert [each["what"] for each in life["moments"]] == ["connecting", "connected"]
    assert life["moments"][1]["details"]["path"] == "host"
    assert body["complete"] is True
    guest = await web.token(meeting["id"])
    assert (await web.client.get(path, headers=guest)).status == 403
