import asyncio
import dataclasses
import json
from pathlib import Path

import pytest
from support.domain import NOW, entries, meeting, occupied, recording, session
from support.opus_tone import tone_packets
from support.wait import until

from media.errors import RecordingError
from media.types import TrackSource
from server.services.context import App
from server.services.views import CreateMeeting
from signaling.errors import Refused
from signaling.ids import new_id
from signaling.model import Meeting, RecordingState, RecordPolicy

READY, FAILED = RecordingState.READY, RecordingState.FAILED


class Room:
    """A meeting with somebody in it, and what its people were told about the recording."""

    def __init__(self, app: App, of: Meeting) -> None:
        self.app, self.meeting, self.told = app, of, []
        self.session, self.person, self.link, facts = occupied(of)
        for entry in entries(self.session, facts):
            app.tracker.append(entry)
        app.recordings.announce = lambda _session, notice: self.told.append(notice.state.value)

    async def start(self) -> str:
        return (await self.app.recordings.start(self.meeting.id, "host")).id

    async def finished(self, recording_id: str):
        await until(lambda: not self.app.recordings.active)
        return await self.app.recordings.get(recording_id)

    def speak(self, count: int = 50) -> None:
        """A second of a tone, as the engine would hand it over."""
        (_, tap) = self.app.engine.taps[0]
        track = tap.open_track(
            self.person.id, self.person.name, TrackSource.MICROPHONE, self.link.id, 1
        )
        for number, payload in enumerate(tone_packets(count * 0.02)):
            self.app.clock.advance(0.02)
            track.rtp(self.app.clock.monotonic_ns(), number, number * 960, payload)
        track.close()


@pytest.fixture
async def room(app: App) -> Room:
    return await room_in(app)


async def room_in(app: App, record: RecordPolicy = RecordPolicy.MANUAL) -> Room:
    wish = CreateMeeting(record=record)
    return Room(app, await app.meetings.create(wish, account="default", by=None))


async def code_of(awaitable) -> Refused:
    with pytest.raises(Refused) as refused:
        await awaitable
    return refused.value


class TestCommands:
    async def test_a_recording_goes_from_start_to_ready(self, app: App, room: Room):
        recording_id = await room.start()
        assert app.recordings.active == 1
        assert app.recordings.running_in(room.session.id).id == recording_id
        room.speak()
        notice = await app.recordings.stop(recording_id, "host")
        assert notice.state in (RecordingState.STOPPING, RecordingState.PROCESSING)
        view = await room.finished(recording_id)
        assert (view.state, view.recovered, view.failure) == (READY, False, None)
        assert view.duration_seconds == pytest.approx(1, abs=0.1)
        (file,) = view.files
        assert (file.participant_id, file.name) == (room.person.id, "Ada")
        assert file.duration_seconds == pytest.approx(1, abs=0.1)
        assert room.told == ["starting", "recording", "stopping", "processing", "ready"]
        assert app.engine.taps == []
        assert await app.storage.find_recording(recording_id) == view

    async def test_one_without_a_track_is_ready_too(self, app: App, room: Room):
        recording_id = await room.start()
        _ = await app.recordings.stop(recording_id, None)
        view = await room.finished(recording_id)
        assert (view.state, view.files) == (READY, ())

    async def test_a_second_start_is_told_the_running_one(self, app: App, room: Room):
        recording_id = await room.start()
        refused = await code_of(room.start())
        assert refused.code == "recording_running"
        assert refused.data == {"recording_id": recording_id}

    async def test_two_starts_at_once_make_one(self, app: App, room: Room):
        results = await asyncio.gather(room.start(), room.start(), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["Refused", "str"]

    async def test_after_the_end_another_may_start(self, app: App, room: Room):
        first = await room.start()
        _ = await app.recordings.stop(first, None)
        assert await room.start() != first

    async def test_pause_and_resume(self, app: App, room: Room):
        recording_id = await room.start()
        for _ in range(2):
            assert (await app.recordings.pause(recording_id)).state is RecordingState.PAUSED
        for _ in range(2):
            assert (await app.recordings.resume(recording_id)).state is RecordingState.RECORDING
        assert room.told == ["starting", "recording", "paused", "recording"]

    async def test_what_has_ended_cannot_be_paused_and_stops_again(self, app: App, room: Room):
        recording_id = await room.start()
        _ = await app.recordings.stop(recording_id, None)
        _ = await room.finished(recording_id)
        assert (await code_of(app.recordings.pause(recording_id))).code == "invalid_state"
        assert (await code_of(app.recordings.resume(recording_id))).code == "invalid_state"
        assert (await app.recordings.stop(recording_id, None)).state is READY

    async def test_unknown_ones_are_not_found(self, app: App, room: Room):
        for call in (app.recordings.pause, app.recordings.resume, app.recordings.get):
            assert (await code_of(call(new_id()))).code == "recording_not_found"
        assert (await code_of(app.recordings.stop("x", None))).code == "recording_not_found"

    async def test_nobody_there_nothing_to_record(self, app: App):
        of = await app.meetings.create(CreateMeeting(), account="default", by=None)
        assert (await code_of(app.recordings.start(of.id, None))).code == "no_active_session"

    async def test_a_meeting_may_forbid_it(self, app: App):
        room = await room_in(app, RecordPolicy.OFF)
        assert (await code_of(room.start())).code == "recording_off"


class TestFailures:
    @pytest.mark.parametrize(
        ("code", "told"),
        [("disk_full", "disk_full"), ("directory_not_writable", "recording_failed")],
    )
    async def test_a_failed_start_is_kept_as_failed(self, app, room, monkeypatch, code, told):
        async def broken(*_args, **_more):
            raise RecordingError(code, "no")

        monkeypatch.setattr("media.recording.recorder.Recorder.start", broken)
        assert (await code_of(room.start())).code == told
        (view,) = (await app.recordings.kept.page(account="default")).items
        assert (view.state, view.failure) == (FAILED, code)
        assert room.told == ["starting", "failed"]
        assert app.recordings.active == 0

    async def test_a_directory_that_cannot_be_made(self, app: App, room: Room, monkeypatch):
        def broken(_folder):
            raise PermissionError("no")

        monkeypatch.setattr(app.recordings._files, "make", broken)
        assert (await code_of(room.start())).code == "recording_failed"

    async def test_a_bug_after_the_start_lets_go_of_everything(self, app, room, monkeypatch):
        def broken(_room, _tap):
            raise ValueError("bug")

        monkeypatch.setattr(app.engine, "add_tap", broken)
        monkeypatch.setattr(app.engine, "remove_tap", lambda _room, _tap: None)
        with pytest.raises(ValueError, match="bug"):
            await room.start()
        assert app.recordings.active == 0
        assert room.told[-1] == "failed"

    async def test_a_broken_disk_ends_it_as_failed_with_its_files(self, app: App, room: Room):
        recording_id = await room.start()
        room.speak()
        app.recordings.recording_failed(recording_id, "disk_full")
        app.recordings.recording_failed(recording_id, "disk_full")
        view = await room.finished(recording_id)
        assert (view.state, view.failure) == (FAILED, "disk_full")
        assert len(view.files) == 1
        app.recordings.recording_failed("unknown", "disk_full")

    async def test_an_abandoned_one_has_failed(self, app: App, room: Room, monkeypatch):
        recording_id = await room.start()

        async def abandoned(_self, _why):
            raise RecordingError("abandoned", "no")

        monkeypatch.setattr("media.recording.recorder.Recorder.stop", abandoned)
        _ = await app.recordings.stop(recording_id, None)
        view = await room.finished(recording_id)
        assert (view.state, view.failure) == (FAILED, "abandoned")


class TestEnds:
    async def test_one_is_ready_once_the_lists_have_it(self, app: App, room: Room, monkeypatch):
        shown, save = [], app.storage.save_recording

        async def saving(view) -> None:
            if view.state is READY:
                shown.append((await app.recordings.get(view.id)).state)
            await save(view)

        monkeypatch.setattr(app.storage, "save_recording", saving)
        recording_id = await room.start()
        room.speak()
        _ = await app.recordings.stop(recording_id, None)
        assert (await room.finished(recording_id)).state is READY
        assert shown == [RecordingState.PROCESSING]
        assert room.told.count("ready") == 1


class TestLimits:
    @pytest.mark.parametrize("why", ["disk_floor", "max_length"])
    async def test_the_manifest_says_why_it_ended(self, app: App, room: Room, why: str):
        recording_id = await room.start()
        assert [view.id for view in app.recordings.taking_packets()] == [recording_id]
        await app.recordings.end(recording_id, why)
        assert (await room.finished(recording_id)).state is READY
        path = app.recordings._files.path(recording_id, "manifest.json")
        manifest = json.loads(await asyncio.to_thread(path.read_text))
        assert manifest["ended_by"] == why
        await app.recordings.end(recording_id, why)
        assert app.recordings.taking_packets() == []


class TestSessions:
    async def test_always_starts_with_the_session_and_ends_with_it(self, app: App):
        room = await room_in(app, RecordPolicy.ALWAYS)
        await app.recordings.session_started(room.meeting, room.session.id)
        view = app.recordings.running_in(room.session.id)
        assert view.started_by is None
        await app.recordings.session_ended(room.meeting.id, room.session.id)
        assert (await room.finished(view.id)).state is READY
        await app.recordings.session_ended(room.meeting.id, room.session.id)

    async def test_manual_does_not_start_by_itself(self, app: App, room: Room):
        await app.recordings.session_started(room.meeting, room.session.id)
        assert app.recordings.active == 0

    async def test_always_that_cannot_start_hurts_nobody(self, app: App):
        room = await room_in(app, RecordPolicy.ALWAYS)
        ghost = dataclasses.replace(room.meeting, id=new_id())
        await app.recordings.session_started(ghost, new_id())
        assert app.recordings.active == 0

    async def test_a_stopping_server_finishes_what_runs(self, running):
        async with running() as app:
            room = await room_in(app)
            recording_id = await room.start()
            room.speak()
        assert room.told[-1] == "ready"
        async with running() as app:
            assert (await app.recordings.get(recording_id)).state is READY


class TestFiles:
    async def made(self, app: App, room: Room):
        recording_id = await room.start()
        room.speak()
        _ = await app.recordings.stop(recording_id, None)
        return await room.finished(recording_id)

    async def test_a_file_is_served_with_its_facts(self, app: App, room: Room):
        view = await self.made(app, room)
        entry = view.files[0]
        file = await app.recordings.file(view.id, entry.id)
        opened = await file.open()
        content = await opened.read(0, entry.bytes + 1)
        opened.close()
        assert (len(content), content[:4]) == (entry.bytes, b"OggS")
        assert (file.size, file.etag) == (entry.bytes, f'"{entry.sha256}"')
        assert file.content_type.startswith("audio/ogg")
        assert file.filename == entry.file_name

    async def test_an_unfinished_one_gives_nothing_away(self, app: App, room: Room):
        recording_id = await room.start()
        refused = await code_of(app.recordings.file(recording_id, new_id()))
        assert refused.code == "recording_not_ready"
        assert (
            await code_of(app.recordings.delete(recording_id, "host"))
        ).code == "recording_not_ready"

    @pytest.mark.parametrize(
        "file_id", ["../../secret", "", "01a1f919-8d0c-7305-9a89-1c6097e42d2e", "manifest.json"]
    )
    async def test_only_listed_files_are_served(self, app: App, room: Room, file_id: str):
        view = await self.made(app, room)
        assert (await code_of(app.recordings.file(view.id, file_id))).code == "file_not_found"

    async def test_deleting_removes_rows_and_files(self, app: App, room: Room):
        view = await self.made(app, room)
        await app.recordings.delete(view.id, "host")
        assert not await asyncio.to_thread(app.recordings._files.path(view.id).exists)
        assert (await code_of(app.recordings.get(view.id))).code == "recording_not_found"

    async def test_a_file_that_vanished_is_not_found(self, app: App, room: Room):
        view = await self.made(app, room)
        path = app.recordings._files.path(view.id, view.files[0].file_name)
        await asyncio.to_thread(path.unlink)
        refused = await code_of(app.recordings.file(view.id, view.files[0].id))
        assert refused.code == "file_not_found"

    async def test_pages_are_filtered(self, app: App, room: Room):
        view = await self.made(app, room)
        pages = app.recordings.kept.page
        assert (await pages(account="default", state=READY)).items == (view,)
        assert (await pages(account="default", meeting=room.meeting.id)).items == (view,)
        assert (await pages(account="default", session=room.session.id)).items == (view,)
        assert (await pages(account="default", member="nobody")).items == ()
        assert (await pages(account="default", state=FAILED)).items == ()


class TestVerification:
    async def test_a_damaged_file_is_never_ready(self, app: App, room: Room, monkeypatch):
        recording_id = await room.start()
        room.speak()
        outcome = app.recordings._verified

        async def damaged(done):
            path = app.recordings._files.path(done.id, done.files[0].file_name)
            _ = await asyncio.to_thread(path.write_bytes, b"OggS")
            return await outcome(done)

        monkeypatch.setattr(app.recordings, "_verified", damaged)
        _ = await app.recordings.stop(recording_id, None)
        view = await room.finished(recording_id)
        assert (view.state, view.failure) == (FAILED, "verification_failed")
        assert len(view.files) == 1

    async def test_what_a_stop_cut_short_is_verified_at_the_next_start(self, running, monkeypatch):
        monkeypatch.setattr("server.services.recordings.VERIFY_AT_STOP_SECONDS", 0)
        async with running() as app:
            room = await room_in(app)
            recording_id = await room.start()
            room.speak()
        async with running() as app:
            assert (await app.recordings.get(recording_id)).state is RecordingState.PROCESSING
            await app.recordings.recover()
            await until(lambda: not app.recordings.active)
            view = await app.recordings.get(recording_id)
            assert (view.state, view.recovered) == (READY, False)

    async def test_a_worker_that_dies_fails_the_recording(self, app, room, monkeypatch):
        async def died(_request):
            raise RecordingError("worker_died", "no")

        monkeypatch.setattr(app.recordings._workers, "run", died)
        recording_id = await room.start()
        room.speak()
        _ = await app.recordings.stop(recording_id, None)
        assert (await room.finished(recording_id)).failure == "worker_died"


class TestRecovery:
    async def test_what_a_crash_left_becomes_ready_and_recovered(self, running, tmp_path: Path):
        view = recording(session(meeting()), state=RecordingState.RECORDING)
        async with running() as app:
            await app.storage.save_recording(view)
            await asyncio.to_thread((tmp_path / "recordings" / view.id).mkdir, parents=True)
            await app.recordings.recover()
            found = await app.recordings.get(view.id)
        assert (found.state, found.recovered) == (READY, True)
        assert found.ended_at is not None

    async def test_without_files_it_has_failed(self, app: App):
        view = recording(session(meeting()), state=RecordingState.STARTING, started_at=NOW)
        await app.storage.save_recording(view)
        await app.recordings.recover()
        found = await app.recordings.get(view.id)
        assert (found.state, found.failure) == (FAILED, "files_missing")
