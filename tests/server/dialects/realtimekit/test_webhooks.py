WHOLE = {"name": "h", "url": "https://x/y", "events": ["meeting.started"]}


async def test_webhooks_are_kept_changed_and_deleted(kit):
    status, answer = await kit.call("POST", "/webhooks", {**WHOLE, "enabled": None})
    made = answer["data"]
    assert (status, made["enabled"]) == (201, True)
    path = f"/webhooks/{made['id']}"
    assert await kit.data("GET", path) == made
    assert await kit.data("GET", "/webhooks") == [made]
    kit.web.clock.advance(1)
    changed = await kit.data("PATCH", path, {"enabled": False})
    assert (changed["enabled"], changed["url"]) == (False, made["url"])
    assert changed["updated_at"] > made["updated_at"]
    replaced = await kit.data("PUT", path, {**WHOLE, "events": ["meeting.ended"] * 2})
    assert replaced["events"] == ["meeting.ended"]
    assert (await kit.data("DELETE", path))["id"] == made["id"]
    assert (await kit.refused("GET", path))[0] == 404
    assert "meeting.chatSynced" in await kit.data("GET", "/webhooks/all")


async def test_what_is_wrong_is_said(kit):
    assert await kit.refused("POST", "/webhooks", {}) == (
        400,
        'BAD_REQUEST: "name" is required',
    )
    for wrong in (
        {"url": "ftp://x/"},
        {"url": "http://[::1"},
        {"url": None},
        {"events": None},
        {"events": ["meeting.nothing"]},
    ):
        assert (await kit.refused("POST", "/webhooks", {**WHOLE, **wrong}))[0] == 400
