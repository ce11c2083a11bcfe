async def test_lists_are_empty_and_single_ones_are_not_there(kit):
    assert (await kit.call("GET", "/livestreams"))[1]["paging"]["total_count"] == 0
    assert (await kit.data("GET", "/analytics/livestreams/overall"))["count"] == 0
    assert await kit.data("GET", "/analytics/livestreams/daywise") == []
    for path in (
        "/livestreams/x",
        "/livestreams/x/active-livestream-session",
        "/livestreams/sessions/x",
        "/meetings/x/active-livestream",
    ):
        assert (await kit.refused("GET", path))[0] == 404
    assert (await kit.refused("POST", "/meetings/x/active-livestream/stop"))[0] == 404


async def test_to_start_one_is_a_clear_400(kit):
    meeting = await kit.meeting()
    path = f"/meetings/{meeting}/livestreams"
    assert await kit.refused("POST", path, {}) == (
        400,
        "BAD_REQUEST: this server does not livestream",
    )
    assert (await kit.refused("POST", "/livestreams", {}))[0] == 400
    assert (await kit.refused("POST", "/meetings/x/livestreams", {}))[0] == 404
