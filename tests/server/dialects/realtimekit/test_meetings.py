import pytest

from server.dialects.realtimekit.meetings import public_config
from signaling.model import CaptionPolicy, RecordPolicy


async def test_a_meeting_shows_what_it_was_given(kit):
    storage = {"type": "aws", "access_key": "k", "secret": "s", "bucket": "b"}
    body = {
        "title": "Retro",
        "record_on_start": True,
        "persist_chat": True,
        "session_keep_alive_time_in_secs": 120,
        "recording_config": {"max_seconds": 60, "storage_config": storage},
        "ai_config": {"transcription": {"language": "de"}},
        "unknown": 1,
    }
    made = await kit.data("POST", "/meetings", body)
    assert made["title"] == "Retro"
    assert (made["record_on_start"], made["persist_chat"]) == (True, True)
    assert made["session_keep_alive_time_in_secs"] == 120
    assert made["recording_config"]["storage_config"] == {"type": "aws", "bucket": "b"}
    assert made["created_at"] == made["updated_at"]
    stored = await kit.web.app.meetings.get(made["id"])
    assert (stored.record, stored.keep_alive_seconds) == (RecordPolicy.ALWAYS, 120)
    (listed,) = await kit.data("GET", "/meetings?search=retro")
    assert "ai_config" not in listed
    assert (await kit.data("GET", f"/meetings/{made['id']}"))["ai_config"] == body["ai_config"]


async def test_a_meeting_without_a_title_has_an_empty_one(kit):
    assert (await kit.data("POST", "/meetings", {}))["title"] == ""


async def test_patch_keeps_and_put_replaces(kit):
    made = await kit.meeting(title="One", persist_chat=True, record_on_start=True)
    kit.web.clock.advance(1)
    changed = await kit.data("PATCH", f"/meetings/{made}", {"status": "INACTIVE"})
    assert (changed["status"], changed["persist_chat"]) == ("INACTIVE", True)
    assert changed["updated_at"] > changed["created_at"]
    replaced = await kit.data("PUT", f"/meetings/{made}", {"title": "Two"})
    assert (replaced["title"], replaced["persist_chat"]) == ("Two", False)
    assert replaced["record_on_start"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"title": 1},
        {"status": "CLOSED"},
        {"persist_chat": "yes"},
        {"session_keep_alive_time_in_secs": 601},
        {"session_keep_alive_time_in_secs": True},
        {"ai_config": []},
        {"title": "x" * 300},
    ],
)
async def test_wrong_members_are_a_400(kit, body):
    assert (await kit.refused("POST", "/meetings", body))[0] == 400
    assert (await kit.refused("PATCH", f"/meetings/{await kit.meeting()}", body))[0] == 400


async def test_meetings_are_paged_filtered_and_turned(kit):
    made = [await kit.meeting(title=f"M{number}") for number in range(3)]
    status, answer = await kit.call("GET", "/meetings?per_page=2&page_no=2")
    assert status == 200
    assert [one["id"] for one in answer["data"]] == made[:1]
    assert answer["paging"] == {"total_count": 3, "start_offset": 3, "end_offset": 3}
    oldest = await kit.data("GET", "/meetings?sort_order=ASC&per_page=1")
    assert oldest[0]["id"] == made[0]
    assert await kit.data("GET", "/meetings?status=INACTIVE") == []
    assert await kit.data("GET", "/meetings?status=whatever") == []
    assert await kit.data("GET", "/meetings?end_time=2020-01-01") == []


def test_configurations_without_secrets_are_shown_as_they_are():
    assert public_config(None) is None
    assert public_config({"max_seconds": 60}) == {"max_seconds": 60}


@pytest.mark.parametrize("switch", ["transcribe_on_end", "summarize_on_end"])
async def test_who_wants_a_transcript_gets_captions(kit, switch):
    meeting = await kit.meeting(**{switch: True})
    assert (await kit.web.app.meetings.get(meeting)).captions is CaptionPolicy.AUTO
    await kit.data("PATCH", f"/meetings/{meeting}", {"title": "Other"})
    assert (await kit.web.app.meetings.get(meeting)).captions is CaptionPolicy.AUTO
    await kit.data("PATCH", f"/meetings/{meeting}", {switch: False})
    assert (await kit.web.app.meetings.get(meeting)).captions is CaptionPolicy.ON
    await kit.data("PUT", f"/meetings/{meeting}", {switch: True})
    assert (await kit.web.app.meetings.get(meeting)).captions is CaptionPolicy.AUTO
