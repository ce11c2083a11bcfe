import asyncio
import json

import pytest
from support.kit import said

from server.records import Delivery
from signaling.model import CaptionsNotice, CaptionState

HOOK = {"name": "h", "url": "http://127.0.0.1:1/", "events": ["meeting.started", "meeting.ended"]}


async def bodies(kit, count: int = 2) -> list[dict]:
    """What was meant for every webhook, oldest first."""
    async with asyncio.timeout(10):
        while len(found := await kit.web.app.storage.list_records(Delivery)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # on the writer
    return [json.loads(one.body) for one in found]


async def test_only_wanted_events_are_sent_in_the_apps_name(kit):
    await kit.data("POST", "/webhooks", HOOK, app="as-they-say")
    meeting = await kit.meeting(title="Stand-up")
    await kit.join(meeting)
    await kit.data("POST", f"/meetings/{meeting}/active-session/kick-all")
    started, ended = await bodies(kit)
    assert (started["event"], ended["event"]) == ("meeting.started", "meeting.ended")
    assert started["meeting"]["title"] == "Stand-up"
    assert started["meeting"]["organizedBy"] == {"id": "as-they-say", "name": "Default app"}
    assert ended["reason"] == "HOST_ENDED_MEETING"
    assert "endedAt" not in started["meeting"]
    assert ended["meeting"]["endedAt"]


@pytest.mark.parametrize("wish", [True, False])
async def test_what_was_said_is_told_and_its_summary_where_it_is_wanted(kit, wish):
    hook = {**HOOK, "events": ["meeting.transcript", "meeting.summary"]}
    await kit.data("POST", "/webhooks", hook)
    meeting = await kit.meeting(title="Stand-up", summarize_on_end=wish)
    live = await kit.join(meeting)
    session = live.session.id
    kit.web.app.live.captions_changed(
        session, CaptionsNotice(CaptionState.RUNNING, "en", "pocketsphinx")
    )
    kit.web.app.transcripts.say(session, said(live, "hello", start=1.0))
    await kit.data("POST", f"/meetings/{meeting}/active-session/kick-all")
    told = await bodies(kit, 1 + wish)
    names = [one["event"] for one in told]
    assert names == ["meeting.transcript", "meeting.summary"][: 1 + wish]
    assert told[0]["transcriptDownloadUrl"].split("?")[0].endswith("transcript.csv")
    assert told[0]["meeting"]["sessionId"] == session
