import json

import pytest
from support.kit import said


@pytest.fixture
async def spoken(kit):
    """A session in which Ada said two things; its id and Ada's invitation."""
    meeting = await kit.meeting(
        ai_config={"summarization": {"word_limit": 150, "text_format": "markdown"}}
    )
    ada = await kit.invite(meeting, "ada")
    live = await kit.join(meeting, ada["token"])
    session = (await kit.data("GET", f"/meetings/{meeting}/active-session"))["id"]
    kit.web.app.transcripts.say(session, said(live, "the budget, please", start=2.0))
    kit.web.app.transcripts.say(session, said(live, "thank you", start=61.25))
    return session, ada, live


async def fetched(kit, url):
    status, body, headers = await kit.raw("GET", "/" + url.split("/", 3)[3], headers={})
    assert status == 200
    return body, headers


async def test_a_transcript_in_each_format(kit, spoken):
    session, ada, live = spoken
    path = f"/sessions/{session}/transcript"
    found = await kit.data("GET", path)
    assert found["sessionId"] == session
    assert found["transcript_download_url_expiry"]
    body, headers = await fetched(kit, found["transcript_download_url"])
    first, second = body.decode().splitlines()
    assert first == f'2000,{live.id},{ada["id"]},ada,Ada,"the budget, please"'
    assert second.startswith("61250,")
    assert headers["Content-Type"].startswith("text/csv")
    as_json = await kit.data("GET", path + "?format=JSON")
    rows, _ = await fetched(kit, as_json["transcript_download_url"])
    rows = rows if isinstance(rows, list) else json.loads(rows)
    assert rows[0]["sentence"] == "the budget, please"
    assert (rows[1]["startTime"], rows[1]["endTime"]) == (61.25, 62.75)
    assert rows[0]["peerData"]["cpi"] == "ada"
    vtt, _ = await fetched(
        kit, (await kit.data("GET", path + "?format=VTT"))["transcript_download_url"]
    )
    assert vtt.decode().startswith("WEBVTT\n\n00:00:02.000 --> 00:00:03.500\n<v Ada>")
    srt, _ = await fetched(
        kit, (await kit.data("GET", path + "?format=SRT"))["transcript_download_url"]
    )
    assert srt.decode().startswith("1\n00:00:02,000 --> 00:00:03,500\n")
    assert (await kit.refused("GET", path + "?format=PDF"))[0] == 400


async def test_a_summary_as_the_meeting_wants_it(kit, spoken):
    session, _, _ = spoken
    path = f"/sessions/{session}/summary"
    made = await kit.data("POST", path)
    assert made == {"session_id": session, "status": "COMPLETED"}
    found = await kit.data("GET", path)
    body, headers = await fetched(kit, found["summaryDownloadUrl"])
    assert "- Ada: the budget, please\n" in body.decode()
    assert headers["Content-Type"].startswith("text/plain")


async def test_nothing_said_is_an_honest_404(kit):
    meeting = await kit.meeting()
    await kit.join(meeting)
    session = (await kit.data("GET", f"/meetings/{meeting}/active-session"))["id"]
    for method, path in (("GET", "/transcript"), ("GET", "/summary"), ("POST", "/summary")):
        status, message = await kit.refused(method, f"/sessions/{session}{path}")
        assert (status, session in message) == (404, True)
