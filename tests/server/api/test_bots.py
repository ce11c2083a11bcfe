"""Bots over HTTP on a server with an engine without media."""

from support.bots import seen
from support.webserver import KEY, Web

from signaling.model import CaptionState


async def sent(web: Web, meeting: str, status: int = 201, **members: object) -> dict:
    link = f"{web.app.meetings.public_url}/m/{meeting}"
    answer = await web.client.post("/v1/bots", json={"link": link, **members}, headers=KEY)
    assert answer.status == status, await answer.text()
    return await answer.json()


async def become(web: Web, bot_id: str, *wanted: str) -> dict:
    """The bot once it is in one of these states: awaited by following it."""
    await seen(web.app.bots, bot_id, lambda data: data["bot"].status in wanted)
    return await (await web.client.get(f"/v1/bots/{bot_id}", headers=KEY)).json()


async def test_a_bot_joins_meets_people_and_is_stopped(web: Web):
    meeting = (await web.meeting())["id"]
    await web.join(meeting, "Ada")
    bot = await sent(web, meeting, name="Buddy")
    assert bot["status"] == "initializing"
    await seen(web.app.bots, bot["id"], lambda data: data.get("event") == "joined")
    answer = await web.client.post(f"/v1/bots/{bot['id']}/stop", headers=KEY)
    body = await answer.json()
    assert (body["status"], body["end_reason"]) == ("completed", "stopped")
    assert [who["name"] for who in body["people"]] == ["Ada"]
    assert body["meeting_id"] == meeting
    again = await web.client.post(f"/v1/bots/{bot['id']}/stop", headers=KEY)
    assert (await again.json())["updated_at"] == body["updated_at"]


async def test_a_repeated_wish_sends_no_second_bot(web: Web):
    meeting = (await web.meeting())["id"]
    first, second = await sent(web, meeting), await sent(web, meeting)
    assert first["id"] == second["id"]
    refused = await sent(web, meeting, 422, name="Another")
    assert (refused["code"], refused["bot_id"]) == ("bot_running", first["id"])


async def test_a_key_names_a_request_for_a_day(web: Web):
    link = f"{web.app.meetings.public_url}/m/{(await web.meeting())['id']}"
    headers = {**KEY, "Idempotency-Key": "k1"}
    made = await web.client.post("/v1/bots", json={"link": link}, headers=headers)
    again = await web.client.post("/v1/bots", json={"link": link}, headers=headers)
    assert (await made.json())["id"] == (await again.json())["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await web.client.post("/v1/bots", json={"link": link, "name": "x"}, headers=headers)
    assert (await other.json())["code"] == "idempotency_key_reused"
    headers["Idempotency-Key"] = "k" * 256
    long = await web.client.post("/v1/bots", json={"link": link}, headers=headers)
    assert long.status == 422


async def test_a_platform_without_connector_fails_by_name(web: Web):
    body = {"link": "https://zoom.us/j/123456789"}
    answer = await web.client.post("/v1/bots", json=body, headers=KEY)
    bot = await become(web, (await answer.json())["id"], "failed")
    assert bot["error_code"] == "PLATFORM_NOT_AVAILABLE"
    assert bot["error_message"].startswith("Zoom: ")


async def test_links_are_judged_before_anything_is_made(web: Web):
    for link, code in (
        ("http://zoom.us/j/1", "invalid_link"),
        ("https://example.org/x", "unsupported_platform"),
    ):
        answer = await web.client.post("/v1/bots", json={"link": link}, headers=KEY)
        assert (answer.status, (await answer.json())["code"]) == (422, code)
    listed = await (await web.client.get("/v1/bots", headers=KEY)).json()
    assert listed == {"items": [], "total": 0}


async def test_users_send_bots_to_their_own_meetings_and_see_their_own(web: Web):
    meeting = (await web.meeting())["id"]
    link = f"{web.app.meetings.public_url}/m/{meeting}"
    stranger = web.user("user_02")
    refused = await web.client.post("/v1/bots", json={"link": link}, headers=stranger)
    assert refused.status == 404
    guest = await web.token(meeting)
    refused = await web.client.post("/v1/bots", json={"link": link}, headers=guest)
    assert refused.status == 403
    bot = await sent(web, meeting)
    answer = await web.client.get(f"/v1/bots/{bot['id']}", headers=stranger)
    assert answer.status == 404
    listed = await (await web.client.get("/v1/bots?status=failed", headers=stranger)).json()
    assert listed["items"] == []
    zoom = {"link": "https://zoom.us/j/123456789"}
    mine = await web.client.post("/v1/bots", json=zoom, headers=stranger)
    listed = await (await web.client.get("/v1/bots", headers=stranger)).json()
    assert [one["id"] for one in listed["items"]] == [(await mine.json())["id"]]


def began(data: dict) -> bool:
    return data["entry"].type == "transcription_started"


async def test_captions_run_as_long_as_the_bot_is_there(web: Web):
    meeting = (await web.meeting())["id"]
    live = await web.join(meeting)
    web.clock.advance(5)
    bot = await sent(web, meeting)
    await seen(web.app.bots, bot["id"], began, topic="log")
    state = web.app.transcripts.state(live.record.session_id)
    assert (state.state, web.app.transcripts.running) == (CaptionState.RUNNING, 1)
    await web.client.post(f"/v1/bots/{bot['id']}/stop", headers=KEY)
    assert web.app.transcripts.running == 0
    kept = await web.app.bots.get(bot["id"])
    assert (kept.session_offset, kept.details["transcription"]) == (-5.0, "completed")


async def test_a_bot_that_is_not_to_transcribe_starts_no_captions(web: Web):
    meeting = (await web.meeting())["id"]
    live = await web.join(meeting)
    bot = await sent(web, meeting, transcribe=False)
    await seen(web.app.bots, bot["id"], lambda data: data.get("event") == "joined")
    assert web.app.transcripts.state(live.record.session_id) is None


async def test_an_erased_bot_is_gone(web: Web):
    meeting = (await web.meeting())["id"]
    await web.join(meeting)
    bot = await sent(web, meeting)
    await become(web, bot["id"], "active")
    assert (await web.client.delete(f"/v1/bots/{bot['id']}", headers=KEY)).status == 204
    assert (await web.client.delete(f"/v1/bots/{bot['id']}", headers=KEY)).status == 404
    listed = await (await web.client.get("/v1/bots", headers=KEY)).json()
    assert listed["total"] == 0
