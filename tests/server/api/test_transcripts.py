from support.webserver import KEY, Web


async def live(web: Web) -> tuple[dict, str]:
    made = await web.meeting(title="Tea")
    await web.join(made["id"], "Ada")
    answer = await web.client.get(f"/v1/sessions?meeting={made['id']}", headers=KEY)
    return made, (await answer.json())["items"][0]["id"]


async def test_captions_of_a_language_nobody_understands_say_so(web: Web):
    made, session = await live(web)
    path = f"/v1/meetings/{made['id']}/captions"
    answer = await web.client.post(path + "/start", json={"language": "de"}, headers=KEY)
    assert (await answer.json())["state"] == "unsupported_language"
    answer = await web.client.get(f"/v1/sessions/{session}/transcript", headers=KEY)
    body = await answer.json()
    assert body["session"]["captions"]["state"] == "unsupported_language"
    assert body["segments"] == []
    assert (await web.client.post(path + "/stop", headers=KEY)).status == 204


async def test_an_empty_transcript_is_a_valid_file(web: Web):
    _, session = await live(web)
    path = f"/v1/sessions/{session}/transcript?format="
    for form, media_type, text in (
        ("txt", "text/plain", ""),
        ("srt", "text/plain", ""),
        ("vtt", "text/vtt", "WEBVTT\n"),
    ):
        answer = await web.client.get(path + form, headers=KEY)
        assert (answer.content_type, await answer.text()) == (media_type, text)
        name = f'transcript-{session}.{form}"'
        assert answer.headers["Content-Disposition"].endswith(name)
    assert (await web.client.get(path + "doc", headers=KEY)).status == 422


async def test_nobody_there_nothing_to_stop(web: Web):
    made = await web.meeting(title="Tea")
    answer = await web.client.post(f"/v1/meetings/{made['id']}/captions/stop", headers=KEY)
    assert (answer.status, (await answer.json())["code"]) == (409, "no_active_session")


async def test_an_unknown_recording_has_no_transcript(web: Web):
    for method in ("GET", "POST"):
        answer = await web.client.request(method, "/v1/recordings/nope/transcript", headers=KEY)
        assert (await answer.json())["code"] == "recording_not_found"
