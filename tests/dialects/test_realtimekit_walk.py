"""The unmodified Python SDK, strict, against a running server whose meetings hold people."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import cloudflare
import pytest
from cloudflare import AsyncCloudflare
from support.rtc_client import MeetingClient, RefusedError
from support.server_process import ServerProcess
from support.wait import answered, until

ACCOUNT, APP = "acc/1 x", "14a396e7-ca44-4937-bf1f-050a69118543"
SOME_SOUND = 2000  # bytes of Opus on disk: well beyond a file's headers
WHERE = {"account_id": ACCOUNT, "app_id": APP}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {"rtc.keep_alive_seconds": 2, "rtc.left_seconds": 0.2}
    with ServerProcess(tmp_path_factory.mktemp("kit") / "data", settings=settings) as running:
        yield running


@pytest.fixture
async def kit(server: ServerProcess) -> AsyncIterator[Any]:
    async with AsyncCloudflare(
        api_token="rt_dev",
        base_url=f"{server.base_url}/client/v4",
        _strict_response_validation=True,
        max_retries=0,
    ) as client:
        yield client.realtime_kit


async def active(kit: Any, meeting: str) -> Any:
    answer = await kit.active_session.get_active_session(meeting_id=meeting, **WHERE)
    assert answer.success
    return answer.data


async def live_count(kit: Any, meeting: str, wanted: int) -> Any:
    """The active session once it has that many people."""

    async def ask() -> Any:
        try:
            return await active(kit, meeting)
        except cloudflare.NotFoundError:
            return None

    return await answered(ask, lambda found: found and found.live_participants == wanted)


async def add(kit: Any, meeting: str, user: str, preset: str = "group_call_participant") -> Any:
    answer = await kit.meetings.add_participant(
        meeting_id=meeting, custom_participant_id=user, preset_name=preset, name=user, **WHERE
    )
    assert answer.data.token.startswith("eyJ")
    return answer.data


async def new_meeting(kit: Any, **members: Any) -> str:
    return (await kit.meetings.create(**WHERE, title="Stand-up", **members)).data.id


async def test_the_walk_of_a_session(server: ServerProcess, kit: Any):
    meeting = await new_meeting(kit)
    with pytest.raises(cloudflare.NotFoundError) as missing:
        await active(kit, meeting)
    text = f"No active session found for meeting_id {meeting}"
    assert missing.value.body["error"] == {"code": 404, "message": text}
    ada, bob = await add(kit, meeting, "ada"), await add(kit, meeting, "bob")
    async with MeetingClient.join(server.base_url, meeting, token=ada.token, name=None):
        one = await live_count(kit, meeting, 1)
        assert (one.status, one.max_concurrent_participants) == ("LIVE", 1)
        assert one.organization_id == APP
        assert one.meeting_display_name == "Stand-up"
        async with MeetingClient.join(server.base_url, meeting, token=bob.token, name=None):
            two = await live_count(kit, meeting, 2)
            assert two.id == one.id
            assert two.max_concurrent_participants == 2
        one = await live_count(kit, meeting, 1)
        assert one.max_concurrent_participants == 2
    empty = await live_count(kit, meeting, 0)
    assert (empty.id, empty.status) == (one.id, "LIVE")
    async with MeetingClient.join(server.base_url, meeting, token=ada.token, name=None):
        again = await live_count(kit, meeting, 1)
        assert again.id == one.id

    details = await answered(
        lambda: kit.sessions.get_session_details(session_id=one.id, **WHERE),
        lambda found: found.data.status == "ENDED",
    )
    with pytest.raises(cloudflare.NotFoundError):
        await active(kit, meeting)
    rows = await kit.sessions.get_session_participants(session_id=one.id, **WHERE)
    people = rows.data.participants
    assert [row.custom_participant_id for row in people] == ["ada", "bob", "ada"]
    assert [row.user_id for row in people] == [ada.id, bob.id, ada.id]
    assert all(row.left_at for row in people)
    assert details.data.minutes_consumed == round(sum(row.duration for row in people), 4)
    assert details.data.ended_at > max(row.left_at for row in people)
    listed = await kit.sessions.get_sessions(associated_id=meeting, **WHERE)
    assert [found.id for found in listed.data.sessions] == [one.id]
    assert listed.paging.total_count == 1


async def test_kick_and_come_back_then_kick_all(server: ServerProcess, kit: Any):
    meeting = await new_meeting(kit)
    ada, bob = await add(kit, meeting, "ada"), await add(kit, meeting, "bob")
    async with (
        MeetingClient.join(server.base_url, meeting, token=ada.token, name=None) as first,
        MeetingClient.join(server.base_url, meeting, token=bob.token, name=None) as second,
    ):
        before = await live_count(kit, meeting, 2)
        nobody = await kit.active_session.kick_participants(
            meeting_id=meeting, custom_participant_ids=[], participant_ids=[], **WHERE
        )
        assert nobody.data.participants == []
        with pytest.raises(cloudflare.NotFoundError, match="No user found with id ghost"):
            await kit.active_session.kick_participants(
                meeting_id=meeting, custom_participant_ids=["ghost"], participant_ids=[], **WHERE
            )
        kicked = await kit.active_session.kick_participants(
            meeting_id=meeting, custom_participant_ids=[], participant_ids=[ada.id], **WHERE
        )
        assert [one.name for one in kicked.data.participants] == ["ada"]
        await until(lambda: first.close_code is not None, 5, lambda: "not kicked")
        await live_count(kit, meeting, 1)
        async with MeetingClient.join(server.base_url, meeting, token=ada.token, name=None):
            await live_count(kit, meeting, 2)
            gone = await kit.active_session.kick_all_participants(meeting_id=meeting, **WHERE)
            assert gone.data.kicked_participants_count == 2
            await until(lambda: second.close_code is not None, 5, lambda: "not kicked")
            details = await kit.sessions.get_session_details(session_id=before.id, **WHERE)
            assert details.data.status == "ENDED"
            with pytest.raises(cloudflare.NotFoundError):
                await kit.active_session.kick_all_participants(meeting_id=meeting, **WHERE)


async def test_an_inactive_meeting_and_a_withdrawn_token_admit_nobody(
    server: ServerProcess, kit: Any
):
    meeting = await new_meeting(kit)
    ada, bob = await add(kit, meeting, "ada"), await add(kit, meeting, "bob")
    await kit.meetings.delete_meeting_participant(
        meeting_id=meeting, participant_id=bob.id, **WHERE
    )
    with pytest.raises(RefusedError, match="token_invalid"):
        async with MeetingClient.join(server.base_url, meeting, token=bob.token, name=None):
            pass
    async with MeetingClient.join(server.base_url, meeting, token=ada.token, name=None):
        await live_count(kit, meeting, 1)
        closed = await kit.meetings.update_meeting_by_id(
            meeting_id=meeting, status="INACTIVE", **WHERE
        )
        assert closed.data.status == "INACTIVE"
        assert (await active(kit, meeting)).live_participants == 1
        with pytest.raises(RefusedError, match="meeting_inactive"):
            async with MeetingClient.join(server.base_url, meeting, token=ada.token, name=None):
                pass


async def test_a_silent_preset_is_enforced_at_once(server: ServerProcess, kit: Any):
    meeting = await new_meeting(kit)
    ada, bob = await add(kit, meeting, "ada"), await add(kit, meeting, "bob")
    async with (
        MeetingClient.join(server.base_url, meeting, token=ada.token, name=None, tone=440),
        MeetingClient.join(server.base_url, meeting, token=bob.token, name=None) as listener,
    ):
        await listener.hears(440)
        edited = await kit.meetings.edit_participant(
            meeting_id=meeting, participant_id=ada.id, preset_name="webinar_viewer", **WHERE
        )
        assert edited.data.preset_name == "webinar_viewer"
        await listener.wait(
            lambda client: all(
                track["muted"] for one in client.roster.values() for track in one["tracks"]
            )
        )


async def test_recordings_walk_their_states(server: ServerProcess, kit: Any):
    meeting = await new_meeting(kit)
    with pytest.raises(cloudflare.NotFoundError, match="No active session found"):
        await kit.recordings.start_recordings(meeting_id=meeting, **WHERE)
    ada = await add(kit, meeting, "ada")
    async with MeetingClient.join(server.base_url, meeting, token=ada.token, name=None):
        await live_count(kit, meeting, 1)
        started = await kit.recordings.start_recordings(meeting_id=meeting, **WHERE)
        assert started.data.status == "INVOKED"
        again = await kit.recordings.start_recordings(meeting_id=meeting, **WHERE)
        assert again.data.id == started.data.id
        running = await kit.recordings.get_active_recordings(meeting_id=meeting, **WHERE)
        assert (running.data.id, running.data.status) == (started.data.id, "RECORDING")
        for action, status in (("pause", "PAUSED"), ("resume", "RECORDING")):
            moved = await kit.recordings.pause_resume_stop_recording(
                recording_id=started.data.id, action=action, **WHERE
            )
            assert moved.data.status == status
        await until(lambda: _sound(server) > SOME_SOUND, 10, lambda: "nothing was recorded")
        stopped = await kit.recordings.pause_resume_stop_recording(
            recording_id=started.data.id, action="stop", **WHERE
        )
        assert stopped.data.status in ("UPLOADING", "UPLOADED")
    done = await answered(
        lambda: kit.recordings.get_one_recording(recording_id=started.data.id, **WHERE),
        lambda found: found.data.status != "UPLOADING",
    )
    assert done.data.status == "UPLOADED"
    assert done.data.download_url.startswith("http")
    listed = await kit.recordings.get_recordings(meeting_id=meeting, status=["UPLOADED"], **WHERE)
    assert [one.id for one in listed.data] == [done.data.id]
    path = done.data.download_url.removeprefix(f"http://localhost:{server.port}")
    status, body = await asyncio.to_thread(server.request, "GET", path, key=None)
    assert status == 200
    assert body.startswith("OggS")
    status, _ = await asyncio.to_thread(server.request, "GET", path[:-3] + "abc", key=None)
    assert status == 403


async def test_a_live_session_is_polled_and_reported(server: ServerProcess, kit: Any):
    meeting = await new_meeting(kit)
    ada = await add(kit, meeting, "ada", "group_call_host")
    async with MeetingClient.join(server.base_url, meeting, token=ada.token, name=None) as person:
        session = await live_count(kit, meeting, 1)
        poll = await kit.active_session.create_poll(
            meeting_id=meeting, question="Lunch?", options=["yes", "no"], **WHERE
        )
        assert [(one.text, one.count) for one in poll.data.poll.options] == [("yes", 0), ("no", 0)]
        peer = person.connection_id
        for wanted in (peer, ada.id):
            row = await kit.sessions.get_session_participant_details(
                session_id=session.id, participant_id=wanted, **WHERE
            )
            assert (row.data.participant.id, row.data.participant.user_id) == (peer, ada.id)
        report = await kit.sessions.get_participant_data_from_peer_id(peer_id=peer, **WHERE)
        assert report.data.participant.role == "group_call_host"
        tracks = await kit.recordings.start_track_recording(
            meeting_id=meeting, user_ids=[ada.id, "unknown"], **WHERE
        )
        assert tracks.data.recording.status in ("INVOKED", "RECORDING")


def _sound(server: ServerProcess) -> int:
    """Bytes of Ogg that the server has written so far."""
    found = (path for path in (server.data / "recordings").rglob("*.ogg") if path.is_file())
    return sum(path.stat().st_size for path in found)
