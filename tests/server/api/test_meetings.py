import pytest
from support.webserver import KEY, Web

MEMBERS = {
    "id", "convex_id", "title", "url", "status", "access", "record", "max_participants",
    "captions", "waiting_room", "created_at",
}  # fmt: skip


async def code(answer, status: int) -> str:
    assert answer.status == status, await answer.text()
    assert answer.content_type == "application/problem+json"
    body = await answer.json()
    assert body["status"] == status
    return body["code"]


class TestCreating:
    async def test_answers_every_member_of_the_contract(self, web: Web) -> None:
        answer = await web.client.post("/v1/meetings", json={"title": " Stand-up "}, headers=KEY)
        body = await answer.json()
        assert answer.status == 201
        assert answer.headers["Location"] == f"/v1/meetings/{body['id']}"
        assert set(body) == MEMBERS
        assert body["title"] == "Stand-up"
        assert body["url"].endswith(f"/m/{body['id']}")
        assert (body["status"], body["access"], body["record"]) == ("ACTIVE", "link", "manual")
        assert body["created_at"] == "2026-11-20T09:00:00.000Z"

    async def test_needs_no_body_at_all(self, web: Web) -> None:
        answer = await web.client.post("/v1/meetings", headers=KEY)
        assert answer.status == 201

    async def test_ignores_unknown_members(self, web: Web) -> None:
        assert (await web.meeting(colour="red"))["status"] == "ACTIVE"

    async def test_takes_every_setting(self, web: Web) -> None:
        made = await web.meeting(title="A", max_participants=2, record="always", access="token")
        assert (made["max_participants"], made["record"], made["access"]) == (2, "always", "token")

    @pytest.mark.parametrize(
        ("members", "field"),
        [
            ({"title": 5}, "title"),
            ({"title": "x" * 201}, "title"),
            ({"max_participants": 0}, "max_participants"),
            ({"max_participants": "5"}, "max_participants"),
            ({"max_participants": True}, "max_participants"),
            ({"record": "sometimes"}, "record"),
            ({"access": "none"}, "access"),
        ],
    )
    async def test_names_the_member_that_is_wrong(self, web: Web, members, field: str) -> None:
        answer = await web.client.post("/v1/meetings", json=members, headers=KEY)
        assert await code(answer, 422) == "invalid_request"
        assert (await answer.json())["errors"][0]["field"] == field

    async def test_is_not_for_join_tokens(self, web: Web) -> None:
        headers = await web.token((await web.meeting())["id"], role="host")
        assert (
            await code(await web.client.post("/v1/meetings", headers=headers), 403) == "forbidden"
        )

    async def test_needs_a_credential(self, web: Web) -> None:
        answer = await web.client.post("/v1/meetings", json={})
        assert await code(answer, 401) == "credential_required"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


class TestReading:
    async def test_finds_by_either_id(self, web: Web) -> None:
        made = await web.meeting(title="One")
        for name in (made["id"], made["convex_id"], made["id"].upper()):
            answer = await web.client.get(f"/v1/meetings/{name}", headers=KEY)
            assert await answer.json() == made

    @pytest.mark.parametrize(
        "name", ["nothing", "019f0000-0000-7000-8000-000000000000", "..", "a b"]
    )
    async def test_unknown_is_not_found(self, web: Web, name: str) -> None:
        answer = await web.client.get(f"/v1/meetings/{name.replace('.', '%2E')}", headers=KEY)
        assert await code(answer, 404) in ("meeting_not_found", "not_found")

    async def test_lists_newest_first_in_pages(self, web: Web) -> None:
        made = [(await web.meeting(title=str(n)))["id"] for n in range(3)]
        first = await (await web.client.get("/v1/meetings?limit=2", headers=KEY)).json()
        rest = await (
            await web.client.get(
                "/v1/meetings", params={"cursor": first["next_cursor"]}, headers=KEY
            )
        ).json()
        assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]
        assert rest["next_cursor"] is None

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("limit=0", "invalid_request"),
            ("limit=x", "invalid_request"),
            ("limit=1&limit=2", "invalid_request"),
            ("status=OPEN", "invalid_request"),
            ("cursor=nonsense", "invalid_request"),
        ],
    )
    async def test_refuses_a_query_it_cannot_read(
        self, web: Web, query: str, expected: str
    ) -> None:
        answer = await web.client.get(f"/v1/meetings?{query}", headers=KEY)
        assert await code(answer, 422) == expected

    async def test_filters_by_status(self, web: Web) -> None:
        made = await web.meeting()
        await web.meeting()
        await web.client.patch(
            f"/v1/meetings/{made['id']}", json={"status": "INACTIVE"}, headers=KEY
        )
        page = await (await web.client.get("/v1/meetings?status=INACTIVE", headers=KEY)).json()
        assert [one["id"] for one in page["items"]] == [made["id"]]


class TestUsers:
    async def test_see_their_own_meetings_and_those_they_are_registered_for(self, web: Web) -> None:
        mine = await (await web.client.post("/v1/meetings", json={}, headers=web.user("u1"))).json()
        invited, foreign = await web.meeting(), await web.meeting()
        await web.token(invited["id"], user_id="u1")
        page = await (await web.client.get("/v1/meetings", headers=web.user("u1"))).json()
        assert [one["id"] for one in page["items"]] == [invited["id"], mine["id"]]
        answer = await web.client.get(f"/v1/meetings/{foreign['id']}", headers=web.user("u1"))
        assert await code(answer, 404) == "meeting_not_found"

    async def test_change_only_what_they_created(self, web: Web) -> None:
        mine = await (await web.client.post("/v1/meetings", json={}, headers=web.user("u1"))).json()
        invited = await web.meeting()
        await web.token(invited["id"], user_id="u1")
        change = {"title": "Mine"}
        own = await web.client.patch(
            f"/v1/meetings/{mine['id']}", json=change, headers=web.user("u1")
        )
        other = await web.client.patch(
            f"/v1/meetings/{invited['id']}", json=change, headers=web.user("u1")
        )
        assert (await own.json())["title"] == "Mine"
        assert await code(other, 403) == "forbidden"


class TestJoinTokens:
    async def test_read_their_own_meeting_and_no_other(self, web: Web) -> None:
        one, other = await web.meeting(), await web.meeting()
        headers = await web.token(one["id"])
        assert (await web.client.get(f"/v1/meetings/{one['id']}", headers=headers)).status == 200
        answer = await web.client.get(f"/v1/meetings/{other['id']}", headers=headers)
        assert await code(answer, 404) == "meeting_not_found"
        assert await code(await web.client.get("/v1/meetings", headers=headers), 403) == "forbidden"

    async def test_expire(self, web: Web) -> None:
        one = await web.meeting()
        headers = await web.token(one["id"], ttl=60)
        web.clock.advance(60 + 31)
        answer = await web.client.get(f"/v1/meetings/{one['id']}", headers=headers)
        assert await code(answer, 401) == "token_expired"


class TestChanging:
    async def test_changes_only_what_is_given(self, web: Web) -> None:
        made = await web.meeting(title="Old", max_participants=7)
        answer = await web.client.patch(
            f"/v1/meetings/{made['id']}", json={"title": "New", "record": None}, headers=KEY
        )
        assert await answer.json() == {**made, "title": "New"}

    async def test_needs_a_body(self, web: Web) -> None:
        made = await web.meeting()
        answer = await web.client.patch(f"/v1/meetings/{made['id']}", headers=KEY)
        assert await code(answer, 400) == "body_required"

    async def test_deleted_is_gone(self, web: Web) -> None:
        path = f"/v1/meetings/{(await web.meeting())['id']}"
        answer = await web.client.delete(path, headers=KEY)
        assert (answer.status, await answer.read()) == (204, b"")
        for method in ("GET", "DELETE"):
            again = await web.client.request(method, path, headers=KEY)
            assert await code(again, 404) == "meeting_not_found"


class TestTokens:
    async def test_answer_token_link_and_expiry(self, web: Web) -> None:
        made = await web.meeting()
        answer = await web.client.post(
            f"/v1/meetings/{made['id']}/tokens", json={"name": "Ada", "ttl": 120}, headers=KEY
        )
        body = await answer.json()
        assert answer.status == 201
        assert body["url"] == f"{made['url']}#t={body['token']}"
        assert body["expires_at"] == "2026-11-20T09:02:00.000Z"
        claims = web.app.signer.read_join(body["token"])
        assert (claims.name, claims.role, claims.user_id) == ("Ada", "participant", None)
        assert claims.participant_id == body["participant_id"]

    async def test_last_an_hour_by_default(self, web: Web) -> None:
        made = await web.meeting()
        answer = await web.client.post(
            f"/v1/meetings/{made['id']}/tokens", json={"name": "Ada"}, headers=KEY
        )
        assert (await answer.json())["expires_at"] == "2026-11-20T10:00:00.000Z"

    @pytest.mark.parametrize(
        "wish",
        [
            {},
            {"name": ""},
            {"name": "  "},
            {"name": "\u0000"},
            {"name": "x" * 81},
            {"name": "Ada", "role": "king"},
            {"name": "Ada", "ttl": 0},
            {"name": "Ada", "ttl": 10**9},
            {"name": "Ada", "user_id": ""},
            {"name": "Ada", "user_id": " u "},
        ],
    )
    async def test_refuse_bad_wishes(self, web: Web, wish) -> None:
        made = await web.meeting()
        answer = await web.client.post(f"/v1/meetings/{made['id']}/tokens", json=wish, headers=KEY)
        assert await code(answer, 422) == "invalid_request"

    async def test_are_not_issued_by_join_tokens(self, web: Web) -> None:
        made = await web.meeting()
        headers = await web.token(made["id"], role="host")
        answer = await web.client.post(
            f"/v1/meetings/{made['id']}/tokens", json={"name": "Bob"}, headers=headers
        )
        assert await code(answer, 403) == "forbidden"


class TestLobby:
    async def test_shows_who_is_inside_to_whoever_has_the_link(self, web: Web) -> None:
        made = await web.meeting(title="Tea", max_participants=1)
        await web.join(made["id"], "Ada")
        body = await (await web.client.get(f"/v1/meetings/{made['id']}/lobby")).json()
        assert body == {
            "id": made["id"], "title": "Tea", "status": "ACTIVE", "access": "link",
            "record": "manual", "recording_active": False, "recording_media": None,
            "participants": ["Ada"], "full": True, "waiting_room": "off",
        }  # fmt: skip

    async def test_of_a_token_meeting_needs_its_token(self, web: Web) -> None:
        made, other = await web.meeting(access="token"), await web.meeting()
        path = f"/v1/meetings/{made['id']}/lobby"
        assert await code(await web.client.get(path), 401) == "token_required"
        foreign = await web.client.get(path, headers=await web.token(other["id"]))
        assert await code(foreign, 404) == "meeting_not_found"
        own = await web.client.get(path, headers=await web.token(made["id"]))
        assert (await own.json())["participants"] == []

    async def test_says_when_a_recording_runs(self, web: Web) -> None:
        made = await web.meeting()
        await web.join(made["id"])
        await web.client.post(f"/v1/meetings/{made['id']}/recordings", headers=KEY)
        body = await (await web.client.get(f"/v1/meetings/{made['id']}/lobby")).json()
        assert (body["recording_active"], body["recording_media"]) == (True, "audio")

    async def test_says_what_will_be_recorded(self, web: Web) -> None:
        made = await web.meeting(record="always")
        body = await (await web.client.get(f"/v1/meetings/{made['id']}/lobby")).json()
        assert (body["recording_active"], body["recording_media"]) == (False, "audio")


class TestEnding:
    async def test_ends_the_session_for_everybody(self, web: Web) -> None:
        made = await web.meeting()
        await web.join(made["id"])
        path = f"/v1/meetings/{made['id']}/end"
        assert (await web.client.post(path, headers=KEY)).status == 204
        assert web.app.sessions.live(made["id"]) is None
        assert await code(await web.client.post(path, headers=KEY), 404) == "no_active_session"

    async def test_is_for_hosts(self, web: Web) -> None:
        made = await web.meeting()
        await web.join(made["id"])
        path = f"/v1/meetings/{made['id']}/end"
        guest = await web.client.post(path, headers=await web.token(made["id"]))
        assert await code(guest, 403) == "forbidden"
        host = await web.client.post(path, headers=await web.token(made["id"], role="host"))
        assert host.status == 204
