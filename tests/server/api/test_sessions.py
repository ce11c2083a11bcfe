import asyncio
import json

import pytest
from support.webserver import KEY, Web

STREAM = {"Accept": "text/event-stream"}


async def problem(answer) -> tuple[int, str]:
    return answer.status, (await answer.json())["code"]


async def messages(answer, count: int) -> list[dict]:
    """The next messages of a stream; a comment or `retry` is none."""
    found: list[dict] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            block: dict[str, str] = {}
            while (line := (await answer.content.readline()).decode()) not in ("\n", ""):
                name, _, value = line.rstrip("\n").partition(": ")
                block[name] = value
            if "event" in block:
                found.append({**block, "data": json.loads(block["data"])})
            elif not line:
                break
    return found


class TestLiveSession:
    async def test_has_the_shape_of_the_contract(self, web: Web) -> None:
        made = await web.meeting()
        live = await web.join(made["id"], "Ada")
        answer = await web.client.get(f"/v1/meetings/{made['id']}/session", headers=KEY)
        body = await answer.json()
        assert {"id", "state", "started_at", "participants"} <= set(body)
        assert (body["state"], body["started_at"]) == ("live", "2026-11-20T09:00:00.000Z")
        (ada,) = body["participants"]
        assert {"id", "name", "user_id", "role", "kind", "state", "connections"} <= set(ada)
        assert (ada["name"], ada["state"], ada["kind"]) == ("Ada", "present", "person")
        (connection,) = ada["connections"]
        assert {"id", "state", "reason", "quality", "connected_at", "closed_at"} <= set(connection)
        assert (connection["id"], connection["state"]) == (live.id, "connected")

    async def test_is_pending_until_somebody_is_connected(self, web: Web) -> None:
        made = await web.meeting()
        await web.join(made["id"], up=False)
        body = await (
            await web.client.get(f"/v1/meetings/{made['id']}/session", headers=KEY)
        ).json()
        assert (body["state"], body["started_at"]) == ("pending", None)
        assert body["participants"][0]["connections"][0]["state"] == "connecting"
        page = await (await web.client.get("/v1/sessions", headers=KEY)).json()
        assert page["items"] == []

    async def test_is_missing_when_nobody_came(self, web: Web) -> None:
        made = await web.meeting()
        answer = await web.client.get(f"/v1/meetings/{made['id']}/session", headers=KEY)
        assert await problem(answer) == (404, "no_active_session")

    async def test_keeps_closed_connections_with_their_reason(self, web: Web) -> None:
        made = await web.meeting()
        await web.join(made["id"], "Ada")
        gone = await web.join(made["id"], "Bob")
        gone.leave()
        body = await (
            await web.client.get(f"/v1/meetings/{made['id']}/session", headers=KEY)
        ).json()
        bob = next(who for who in body["participants"] if who["name"] == "Bob")
        assert (bob["state"], bob["connections"][0]["state"]) == ("left", "closed")
        assert bob["connections"][0]["reason"] == "left"
        assert bob["connections"][0]["closed_at"] is not None

    async def test_is_shown_to_holders_of_a_join_token(self, web: Web) -> None:
        made, other = await web.meeting(), await web.meeting()
        await web.join(made["id"])
        path = f"/v1/meetings/{made['id']}/session"
        own = await web.client.get(path, headers=await web.token(made["id"]))
        foreign = await web.client.get(path, headers=await web.token(other["id"]))
        assert own.status == 200
        assert await problem(foreign) == (404, "meeting_not_found")


class TestSessions:
    async def test_list_live_and_past(self, web: Web) -> None:
        one, two = await web.meeting(), await web.meeting()
        await web.join(one["id"])
        await web.join(two["id"])
        await web.client.post(f"/v1/meetings/{one['id']}/end", headers=KEY)
        everything = await (await web.client.get("/v1/sessions", headers=KEY)).json()
        assert [item["meeting_id"] for item in everything["items"]] == [two["id"], one["id"]]
        for state, meeting in (("live", two), ("ended", one)):
            page = await (
                await web.client.get("/v1/sessions", params={"state": state}, headers=KEY)
            ).json()
            assert [item["meeting_id"] for item in page["items"]] == [meeting["id"]]
        ended = everything["items"][1]
        assert (ended["state"], ended["reason"]) == ("ended", "meeting_ended")
        assert ended["ended_at"] == "2026-11-20T09:00:00.000Z"

    async def test_are_filtered_by_meeting_in_either_form(self, web: Web) -> None:
        one, two = await web.meeting(), await web.meeting()
        await web.join(one["id"])
        await web.join(two["id"])
        for name in (one["id"], one["convex_id"]):
            page = await (
                await web.client.get("/v1/sessions", params={"meeting": name}, headers=KEY)
            ).json()
            assert [item["meeting_id"] for item in page["items"]] == [one["id"]]
        none = await web.client.get("/v1/sessions?meeting=unknown", headers=KEY)
        assert (await none.json())["items"] == []

    async def test_of_others_stay_hidden_from_users(self, web: Web) -> None:
        made = await web.meeting()
        await web.join(made["id"])
        page = await (await web.client.get("/v1/sessions", headers=web.user())).json()
        assert page["items"] == []
        session = web.app.sessions.live(made["id"])
        assert session is not None
        answer = await web.client.get(f"/v1/sessions/{session.session.id}", headers=web.user())
        assert await problem(answer) == (404, "session_not_found")

    async def test_of_its_own_meeting_are_listed_for_a_join_token(self, web: Web) -> None:
        made = await web.meeting()
        await web.join(made["id"])
        headers = await web.token(made["id"])
        page = await web.client.get(f"/v1/sessions?meeting={made['id']}", headers=headers)
        assert len((await page.json())["items"]) == 1
        assert (await web.client.get("/v1/sessions", headers=headers)).status == 403

    @pytest.mark.parametrize("tail", ["", "/participants", "/events"])
    async def test_unknown_is_not_found(self, web: Web, tail: str) -> None:
        answer = await web.client.get(f"/v1/sessions/nothing{tail}", headers=KEY)
        assert await problem(answer) == (404, "session_not_found")

    async def test_tell_their_participants(self, web: Web) -> None:
        made = await web.meeting()
        await web.join(made["id"], "Ada")
        await web.join(made["id"], "Bob")
        session = (await (await web.client.get("/v1/sessions", headers=KEY)).json())["items"][0]
        people = await (
            await web.client.get(f"/v1/sessions/{session['id']}/participants", headers=KEY)
        ).json()
        assert people["items"] == session["participants"]
        assert [who["name"] for who in people["items"]] == ["Ada", "Bob"]


class TestEvents:
    async def session(self, web: Web) -> tuple[dict, str]:
        made = await web.meeting()
        await web.join(made["id"], "Ada")
        live = web.app.sessions.live(made["id"])
        assert live is not None
        return made, live.session.id

    async def test_are_read_in_pages(self, web: Web) -> None:
        _, session_id = await self.session(web)
        path = f"/v1/sessions/{session_id}/events"
        first = await (await web.client.get(path, params={"limit": 2}, headers=KEY)).json()
        assert [one["sequence"] for one in first["items"]] == [1, 2]
        assert first["next_after"] == 2
        rest = await (await web.client.get(path, params={"after": 2}, headers=KEY)).json()
        assert rest["items"][0]["sequence"] == 3
        last = rest["next_after"]
        empty = await (await web.client.get(path, params={"after": last}, headers=KEY)).json()
        assert (empty["items"], empty["next_after"]) == ([], last)
        joined = [
            one for one in first["items"] + rest["items"] if one["type"] == "participant.joined"
        ]
        assert joined[0]["data"]["participant"]["name"] == "Ada"

    async def test_are_for_those_who_moderate(self, web: Web) -> None:
        made, session_id = await self.session(web)
        path = f"/v1/sessions/{session_id}/events"
        guest = await web.client.get(path, headers=await web.token(made["id"]))
        assert await problem(guest) == (403, "forbidden")
        host = await web.client.get(path, headers=await web.token(made["id"], role="host"))
        assert host.status == 200

    async def test_stream_gives_what_was_and_what_comes(self, web: Web) -> None:
        made, session_id = await self.session(web)
        path = f"/v1/sessions/{session_id}/events"
        stored = (await (await web.client.get(path, headers=KEY)).json())["items"]
        async with web.client.get(path, headers={**KEY, **STREAM}) as answer:
            assert answer.content_type == "text/event-stream"
            assert answer.headers["Cache-Control"] == "no-store"
            past = await messages(answer, len(stored))
            assert [one["data"] for one in past] == stored
            assert [one["id"] for one in past] == [str(one["sequence"]) for one in stored]
            await web.join(made["id"], "Bob")
            (bob,) = await messages(answer, 1)
            assert (bob["event"], bob["id"]) == ("participant.joined", str(len(stored) + 1))

    async def test_stream_goes_on_after_the_last_id_seen(self, web: Web) -> None:
        _, session_id = await self.session(web)
        path = f"/v1/sessions/{session_id}/events"
        headers = {**KEY, **STREAM, "Last-Event-ID": "1"}
        async with web.client.get(path, headers=headers) as answer:
            assert (await messages(answer, 1))[0]["id"] == "2"

    async def test_stream_ends_with_the_session(self, web: Web) -> None:
        made, session_id = await self.session(web)
        path = f"/v1/sessions/{session_id}/events"
        async with web.client.get(path, headers={**KEY, **STREAM}) as answer:
            await web.client.post(f"/v1/meetings/{made['id']}/end", headers=KEY)
            everything = await messages(answer, 1000)
            assert everything[-1]["data"]["data"]["session"]["state"] == "ended"
        again = await web.client.get(
            path, headers={**KEY, **STREAM, "Last-Event-ID": everything[-1]["id"]}
        )
        assert again.status == 204

    async def test_stream_over_all_sessions_begins_now(self, web: Web) -> None:
        await self.session(web)
        async with web.client.get("/v1/events", headers=KEY) as answer:
            made = await web.meeting()
            await web.join(made["id"], "Bob")
            (first,) = await messages(answer, 1)
            assert first["data"]["meeting_id"] == made["id"]
            assert first["id"] == str(first["data"]["position"])

    async def test_stream_over_all_sessions_resumes_without_gap_or_double(self, web: Web) -> None:
        made, _ = await self.session(web)
        async with web.client.get("/v1/events", headers={**KEY, "Last-Event-ID": "0"}) as answer:
            seen = await messages(answer, 3)
        await web.join(made["id"], "Bob")
        headers = {**KEY, "Last-Event-ID": seen[-1]["id"]}
        async with web.client.get("/v1/events", headers=headers) as answer:
            (following,) = await messages(answer, 1)
            assert int(following["id"]) == int(seen[-1]["id"]) + 1

    async def test_user_gets_only_the_meetings_he_belongs_to(self, web: Web) -> None:
        mine, foreign = await web.meeting(), await web.meeting()
        await web.token(mine["id"], user_id="user_01")
        async with web.client.get("/v1/events", headers=web.user("user_01")) as answer:
            await web.join(foreign["id"], "Eve")
            await web.join(mine["id"], "Ada")
            (first,) = await messages(answer, 1)
            assert first["data"]["meeting_id"] == mine["id"]

    async def test_stream_of_a_reader_too_slow_tells_him_so(self, web: Web) -> None:
        _, session_id = await self.session(web)
        path = f"/v1/sessions/{session_id}/events?after=1000"
        async with web.client.get(path, headers={**KEY, **STREAM}) as answer:
            (stream,) = web.app.tracker._streams
            stream.lagged = True
            stream.close()
            (last,) = await messages(answer, 1)
            assert (last["event"], last["data"]) == ("lagged", {"after": 1000})

    async def test_head_opens_no_stream(self, web: Web) -> None:
        answer = await web.client.head("/v1/events", headers=KEY)
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        assert not web.app.tracker._streams

    async def test_join_token_follows_no_account(self, web: Web) -> None:
        made = await web.meeting()
        answer = await web.client.get(
            "/v1/events", headers=await web.token(made["id"], role="host")
        )
        assert await problem(answer) == (403, "forbidden")
