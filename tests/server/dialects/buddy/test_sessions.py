"""Sessions over HTTP: start, list, get, stop, erase."""

import pytest

from server.dialects.buddy.ids import bot_id

TEAMS = "https://teams.microsoft.com/l/meetup-join/abc123"
FIELDS = [
    "session_id", "organization_id", "user_id", "meeting_link", "platform", "bot_name", "status",
    "transcription_enabled", "transcription_language", "debug_mode", "created_at", "updated_at",
    "join_timestamp", "leave_timestamp", "total_duration_seconds", "segment_count",
    "audio_file_count", "video_file_count", "total_size_bytes", "output_directory",
    "error_message", "error_code", "metadata", "current_participants", "participant_history",
]  # fmt: skip


async def test_the_first_answer_is_the_seeds_whatever_the_platform(buddy):
    made = await buddy.start(TEAMS)
    assert list(made)[:25] == FIELDS
    assert made["session_id"].startswith("mbsess_")
    assert (made["status"], made["platform"]) == ("initializing", "teams")
    assert (made["join_timestamp"], made["segment_count"]) == (None, None)
    assert (made["current_participants"], made["participant_history"]) == ({}, [])
    assert made["output_directory"] == f"recordings/org_default/{made['session_id']}"


async def test_a_bot_meets_people_is_listed_stopped_and_erased(buddy):
    made = await buddy.native(transcription_enabled=False)
    await buddy.met(made["session_id"])
    (active,) = await buddy.call("GET", "/analytics/active")
    assert list(active) == [
        "session_id", "meeting_link", "platform", "status", "bot_name", "join_timestamp",
        "current_participants", "duration_so_far_seconds",
    ]  # fmt: skip
    assert (active["platform"], active["current_participants"]) == ("roomtone", ["Ada"])
    path = f"/sessions/{made['session_id']}"
    stopped = await buddy.call("DELETE", path)
    assert (stopped["status"], stopped["metadata"]["end_reason"]) == ("completed", "stopped")
    assert [one["event"] for one in stopped["participant_history"]] == ["joined", "left"]
    assert await buddy.call("POST", path + "/stop") == stopped
    assert await buddy.call("GET", path) == stopped
    assert await buddy.call("GET", "/analytics/active") == []
    people = await buddy.call("GET", path + "/participants")
    assert (people["peak_participants"], people["current_participants"]) == (1, [])
    log = await buddy.call("GET", path + "/activity-log")
    assert "Bot leaving meeting (end_session)" in {one["message"] for one in log["logs"]}
    log = await buddy.call("GET", path + "/activity-log?limit=2")
    assert len(log["logs"]) == 2 < log["total"]
    listed = await buddy.call("GET", "/sessions?status=completed&page_size=1")
    assert (listed["total"], listed["total_pages"]) == (1, 1)
    found = await buddy.call("GET", f"/sessions?search={made['session_id']}")
    assert found["total"] == 1
    await buddy.call("DELETE", path + "/permanent", 204)
    await buddy.call("DELETE", path + "/permanent", 404)


async def test_a_repeated_post_makes_one_session_and_another_is_refused(buddy):
    made = await buddy.native()
    link = made["meeting_link"]
    assert (await buddy.start(link))["session_id"] == made["session_id"]
    refused = await buddy.start(link, 422, bot_name="Other")
    assert refused["error"]["code"] == "SESSION_ALREADY_ACTIVE"
    assert refused["error"]["details"] == {"session_id": made["session_id"]}


async def test_labels_are_kept(buddy):
    made = await buddy.native()
    path = f"/sessions/{made['session_id']}/speaker-labels"
    labelled = await buddy.call("PUT", path, json={"labels": {"0": "Phillip"}})
    assert labelled["speaker_labels"] == {"0": "Phillip"}
    await buddy.call("PUT", path, 422, json={"labels": {"x": "Phillip"}})
    again = f"/sessions/{made['session_id']}/retry-transcription"
    refused = await buddy.call("POST", again, 404)
    assert refused["error"]["code"] == "RECORDING_NOT_FOUND"


async def test_users_send_bots_to_meetings_that_they_host(buddy):
    meeting = (await buddy.web.meeting())["id"]
    link = f"{buddy.web.app.meetings.public_url}/m/{meeting}"
    answer = await buddy.web.client.post(
        "/v1/meeting-buddy/sessions", json={"meeting_link": link}, headers=buddy.web.user()
    )
    assert answer.status == 403
    theirs = await buddy.start(link)
    path = f"/v1/meeting-buddy/sessions/{theirs['session_id']}"
    assert (await buddy.web.client.get(path, headers=buddy.web.user())).status == 404


async def test_what_has_no_effect_is_kept(buddy):
    wish = {"recording_mode": "audio_video", "participation_mode": "participant"}
    made = await buddy.start(TEAMS, visibility="private", **wish)
    assert made["visibility"] == "private"
    bot = await buddy.web.app.bots.get(bot_id(made["session_id"]))
    assert wish.items() <= bot.request.items()


REQUIRED = {"transcription": {"required": True, "engine": "pocketsphinx"}}


@pytest.mark.parametrize("buddy", [REQUIRED], indirect=True)
async def test_a_required_engine_refuses_a_language_that_it_does_not_know(buddy):
    refused = await buddy.start(TEAMS, 503, transcription_language="de")
    assert refused["error"]["code"] == "TRANSCRIPTION_UNAVAILABLE"
    assert (await buddy.call("GET", "/sessions"))["total"] == 0
    await buddy.start(TEAMS, transcription_language="de", transcription_enabled=False)
