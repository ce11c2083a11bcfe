from support.webserver import KEY, Web


async def test_create_answers_every_member_of_the_contract(web: Web) -> None:
    answer = await web.client.post("/v1/meetings", json={"title": " Stand-up "}, headers=KEY)
    body = await answer.json()
    assert answer.status == 201
    assert answer.headers["Location"] == f"/v1/meetings/{body['id']}"
    assert set(body) == {
        "id", "convex_id", "title", "url", "status", "access", "record", "max_participants",
        "created_at",
    }  # fmt: skip
    assert body["title"] == "Stand-up"
    assert body["url"].endswith(f"/m/{body['id']}")
    assert (body["status"], body["access"], body["record"]) == ("ACTIVE", "link", "manual")
    assert body["created_at"] == "2026-11-20T09:00:00Z"
