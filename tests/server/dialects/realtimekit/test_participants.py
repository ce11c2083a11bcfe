import jwt


async def test_a_token_tells_its_holder_where_it_leads(kit):
    meeting = await kit.meeting()
    ada = await kit.invite(meeting, "ada")
    claims = jwt.decode(ada["token"], options={"verify_signature": False})
    assert (claims["meetingId"], claims["participantId"]) == (meeting, ada["id"])
    assert claims["orgId"] == "app"
    assert claims["exp"] - claims["iat"] == 100 * 24 * 3600


async def test_who_joins_is_the_invited(kit):
    meeting = await kit.meeting()
    ada = await kit.invite(meeting, "ada", "group_call_host")
    await kit.join(meeting, ada["token"])
    session = (await kit.data("GET", f"/meetings/{meeting}/active-session"))["id"]
    (row,) = (await kit.data("GET", f"/sessions/{session}/participants"))["participants"]
    assert (row["user_id"], row["custom_participant_id"]) == (ada["id"], "ada")
    assert (row["preset_name"], row["display_name"]) == ("group_call_host", "ada")
    assert "left_at" not in row


async def test_invitations_are_listed_edited_and_withdrawn(kit):
    meeting = await kit.meeting()
    path = f"/meetings/{meeting}/participants"
    ada, twin = await kit.invite(meeting, "ada"), await kit.invite(meeting, "ada")
    assert ada["id"] != twin["id"]
    status, answer = await kit.call("GET", path + "?per_page=1")
    assert answer["paging"] == {"total_count": 2, "start_offset": 1, "end_offset": 1}
    assert "token" not in answer["data"][0]
    edited = await kit.data("PATCH", f"{path}/{ada['id']}", {"picture": "https://x/y.png"})
    assert (edited["picture"], edited["name"]) == ("https://x/y.png", "ada")
    assert edited["token"]
    assert (await kit.data("POST", f"{path}/{ada['id']}/token"))["token"]
    gone = await kit.data("DELETE", f"{path}/{ada['id']}")
    assert set(gone) == {"custom_participant_id", "preset_id", "created_at", "updated_at"}
    assert await kit.refused("GET", f"{path}/{ada['id']}") == (
        404,
        f"No participant found with id {ada['id']}",
    )
    other = await kit.meeting()
    status, _ = await kit.refused("GET", f"/meetings/{other}/participants/{twin['id']}")
    assert status == 404


async def test_what_is_needed_is_asked_for(kit):
    path = f"/meetings/{await kit.meeting()}/participants"
    assert await kit.refused("POST", path, {"preset_name": "group_call_host"}) == (
        400,
        'BAD_REQUEST: "custom_participant_id" is required',
    )
    body = {"custom_participant_id": "u", "preset_name": "ghost"}
    assert await kit.refused("POST", path, body) == (404, "No preset found with id ghost")
