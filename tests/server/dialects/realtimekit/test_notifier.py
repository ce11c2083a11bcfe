import asyncio
import json

from server.records import Delivery

HOOK = {"name": "h", "url": "http://127.0.0.1:1/", "events": ["meeting.started", "meeting.ended"]}


async def bodies(kit) -> list[dict]:
    """What was meant for every webhook, oldest first."""
    async with asyncio.timeout(10):
        while len(found := await kit.web.app.storage.list_records(Delivery)) < 2:  # noqa: ASYNC110
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
