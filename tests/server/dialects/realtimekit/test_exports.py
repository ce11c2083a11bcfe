async def test_a_chat_is_exported_with_the_ids_that_clients_know(kit):
    meeting = await kit.meeting()
    ada = await kit.invite(meeting, "ada")
    live = await kit.join(meeting, ada["token"])
    session = (await kit.data("GET", f"/meetings/{meeting}/active-session"))["id"]
    path = f"/sessions/{session}/chat"
    assert await kit.refused("GET", path) == (404, f"No chat found for session_id {session}")
    live.session.say(live, "hello, world")
    found = await kit.data("GET", path)
    _, text, _ = await kit.raw("GET", "/" + found["chat_download_url"].split("/", 3)[3], headers={})
    head, row = text.decode().splitlines()
    assert head.startswith("id,participantId,sessionId,meetingId,displayName,pinned")
    assert f",{ada['id']},{session},{meeting},ada,false,false,TEXT_MESSAGE," in row
    assert '"hello, world"' in row


async def test_an_unknown_session_has_no_chat(kit):
    assert (await kit.refused("GET", "/sessions/nothing/chat"))[0] == 404
