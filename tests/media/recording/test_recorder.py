import asyncio
import errno
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.film import STREAM, Camera, frames
from support.opus_tone import decode as decoded
from support.opus_tone import main_frequency, tone_packets
from support.recording import (
    Failures,
    microphone,
    opusinfo,
    probed_seconds,
    speak,
    spec,
    started,
)

from media.errors import RecordingError
from media.recording import recorder as recorder_module
from media.recording.files import AppendFile, RecordingDirectory
from media.recording.manifest import decode
from media.recording.recorder import Recorder
from media.recording.recovery import recover
from media.recording.verify import verify
from media.recording.writer import WriterThread
from media.types import TrackSource
from media.video import VideoStream


def manifest(directory: Path):
    return decode((directory / "manifest.json").read_bytes())


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


class TestOnePerson:
    async def test_what_was_said_is_in_the_file_for_as_long_as_it_took(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        clock.advance(3)
        speak(microphone(recorder), clock, tone_packets(4, hertz=523))
        result = await recorder.stop()
        (file,) = result.files
        path = tmp_path / file.name
        assert file.name == "001-name-of-p1-audio.ogg"
        assert file.offset_seconds == pytest.approx(3)
        assert file.duration_seconds == pytest.approx(4, abs=0.01)
        assert file.bytes == path.stat().st_size
        assert result.duration_seconds == pytest.approx(7)
        assert f"Playback length: 0m:0{file.duration_seconds:.3f}"[:-1] in opusinfo(path)
        assert probed_seconds(path) == pytest.approx(4, abs=0.02)
        for decoder in ("libopus", "opus"):
            samples = decoded(path, decoder)
            assert len(samples) == round(file.duration_seconds * 48_000)
            assert main_frequency(samples[4800:]) == pytest.approx(523, abs=2)

    async def test_packets_are_stored_bit_for_bit(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        packets = tone_packets(2)
        speak(microphone(recorder), clock, packets)
        (file,) = (await recorder.stop()).files
        content = (tmp_path / file.name).read_bytes()
        at = 0
        for packet in packets:
            at = content.index(packet, at) + len(packet)
        assert at > 0

    async def test_loss_mute_and_dtx_do_not_shorten_it(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        tap = microphone(recorder)
        for number, packet in enumerate(tone_packets(20)):
            lost = number % 10 == 3 or 100 <= number < 130
            muted = 400 <= number < 800
            if not lost and not muted:
                sequence = number if number < 400 else number - 400
                tap.rtp(clock.monotonic_ns(), sequence, number * 960, packet)
            clock.advance(0.02)
        result = await recorder.stop()
        assert [file.segment for file in result.files] == [1]
        path = tmp_path / result.files[0].name
        assert result.files[0].duration_seconds == pytest.approx(20, abs=0.01)
        assert len(decoded(path)) == round(result.files[0].duration_seconds * 48_000)
        opusinfo(path)
        (segment,) = manifest(tmp_path).tracks[0].segments
        assert {gap.cause for gap in segment.gaps} == {"loss", "pause"}

    @pytest.mark.parametrize("frame_ms", [10, 20, 40, 60])
    async def test_any_packet_length(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock, frame_ms: int
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        speak(microphone(recorder), clock, tone_packets(3, frame_ms=frame_ms), ms=frame_ms)
        (file,) = (await recorder.stop()).files
        assert file.duration_seconds == pytest.approx(3, abs=0.01)
        opusinfo(tmp_path / file.name)


class TestWhoIsRecorded:
    async def test_nobody_is_a_recording_without_files(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        microphone(recorder)
        clock.advance(5)
        result = await recorder.stop()
        assert result.files == ()
        assert result.failed is None
        assert names(tmp_path) == ["manifest.json"]

    async def test_one_file_each(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        for who in ("p1", "p2", "p3"):
            speak(microphone(recorder, who), clock, tone_packets(1))
        result = await recorder.stop()
        assert [file.participant_id for file in result.files] == ["p1", "p2", "p3"]
        assert [file.offset_seconds for file in result.files] == pytest.approx([0, 1, 2])
        assert [file.duration_seconds for file in result.files] == pytest.approx(
            [3, 2, 1], abs=0.01
        )

    async def test_reconnect_goes_on_in_a_second_file_of_the_same_track(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        tap = microphone(recorder)
        speak(tap, clock, tone_packets(1))
        tap.close()
        tap.rtp(clock.monotonic_ns(), 9, 9, b"\xf8 after the end")
        clock.advance(4)
        speak(microphone(recorder, connection="c2"), clock, tone_packets(2))
        result = await recorder.stop()
        assert [file.name for file in result.files] == [
            "001-name-of-p1-audio.ogg",
            "001-name-of-p1-audio.2.ogg",
        ]
        assert [file.segment for file in result.files] == [1, 2]
        assert [file.duration_seconds for file in result.files] == pytest.approx([1, 2], abs=0.01)
        assert result.files[1].offset_seconds == pytest.approx(5)
        segments = manifest(tmp_path).tracks[0].segments
        assert [segment.reason for segment in segments] == ["start", "reconnect"]

    async def test_screen_audio_is_a_track_of_its_own(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        speak(microphone(recorder), clock, tone_packets(1))
        tap = recorder.open_track("p1", "Ana", TrackSource.SCREEN_AUDIO, "c1", 8)
        speak(tap, clock, tone_packets(1))
        names = [file.name for file in (await recorder.stop()).files]
        assert names == ["001-name-of-p1-audio.ogg", "002-ana-screen-audio.ogg"]

    async def test_video_is_not_recorded(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        assert recorder.open_track("p1", "Ana", TrackSource.CAMERA, "c1", 8) is None
        await recorder.stop()

    @pytest.mark.parametrize(
        "label", ["../../etc/passwd", "a\0b", "x" * 10_000, "", "\u202egnp.exe", "名前", ".."]
    )
    async def test_names_never_leave_the_directory(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock, label: str
    ) -> None:
        inside = tmp_path / "inside"
        inside.mkdir()
        recorder = await started(inside, writer, clock)
        tap = recorder.open_track("../p1", label, TrackSource.MICROPHONE, "c1", 1)
        speak(tap, clock, tone_packets(1))
        (file,) = (await recorder.stop()).files
        assert file.label == label
        log = file.name.removesuffix(".ogg") + ".rtplog"
        assert names(inside) == [file.name, log, "manifest.json"]
        assert names(tmp_path) == ["inside"]
        assert (inside / file.name).stat().st_mode & 0o777 == 0o600


class TestPause:
    async def test_nothing_said_meanwhile_is_stored_and_the_length_stays(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        tap = microphone(recorder)
        secret = tone_packets(2, hertz=1000)
        following = speak(tap, clock, tone_packets(2))
        recorder.pause()
        recorder.pause()
        following = speak(tap, clock, secret, first=following)
        recorder.resume()
        recorder.resume()
        speak(tap, clock, tone_packets(2), first=following)
        result = await recorder.stop()
        (file,) = result.files
        assert file.duration_seconds == pytest.approx(6, abs=0.01)
        samples = decoded(tmp_path / file.name)
        assert abs(samples[48_000 * 5 // 2 : 48_000 * 7 // 2]).max() < 0.001
        content = (tmp_path / file.name).read_bytes()
        assert not any(packet in content for packet in secret)
        (paused,) = manifest(tmp_path).paused
        assert (paused.from_ms, paused.to_ms) == pytest.approx((2000, 4000))

    async def test_it_may_end_the_files_instead(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        cut = replace(spec(tmp_path), on_pause="cut")
        recorder = await Recorder.start(cut, writer, clock, Failures(), disk_floor_bytes=0)
        tap, secret = microphone(recorder), tone_packets(2, hertz=1000)
        following = speak(tap, clock, tone_packets(2))
        recorder.pause()
        following = speak(tap, clock, secret, first=following)
        recorder.resume()
        speak(tap, clock, tone_packets(2), first=following)
        first, second = (await recorder.stop()).files
        assert (first.segment, second.segment) == (1, 2)
        assert first.duration_seconds == pytest.approx(2, abs=0.1)
        assert second.offset_seconds == pytest.approx(4.08, abs=0.01)  # a decoder's 80 ms later
        assert second.offset_seconds + second.duration_seconds == pytest.approx(6, abs=0.01)
        for file in (first, second):
            opusinfo(tmp_path / file.name)
            content = (tmp_path / file.name).read_bytes()
            assert not any(packet in content for packet in secret)
        said = manifest(tmp_path)
        assert [one.mode for one in said.paused] == ["cut"]
        assert [one.reason for one in said.tracks[0].segments] == ["start", "resume"]

    async def test_a_track_that_appears_meanwhile_is_not_stored_either(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        recorder.pause()
        packets = tone_packets(1)
        speak(microphone(recorder), clock, packets)
        (file,) = (await recorder.stop()).files
        content = (tmp_path / file.name).read_bytes()
        assert not any(packet in content for packet in packets)
        assert manifest(tmp_path).paused[0].to_ms == pytest.approx(1000)


class TestStart:
    async def test_missing_directory(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        with pytest.raises(RecordingError) as caught:
            await started(tmp_path / "none", writer, clock)
        assert caught.value.code == "directory_not_writable"

    async def test_directory_behind_a_link(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        with pytest.raises(RecordingError) as caught:
            await started(tmp_path / "link", writer, clock)
        assert caught.value.code == "directory_not_writable"

    async def test_directory_with_something_in_it(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        (tmp_path / "other").touch()
        with pytest.raises(RecordingError) as caught:
            await started(tmp_path, writer, clock)
        assert caught.value.code == "directory_in_use"

    async def test_directory_that_another_recording_writes(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        other = RecordingDirectory(tmp_path)
        assert other.lock()
        with pytest.raises(RecordingError) as caught:
            await started(tmp_path, writer, clock)
        other.close()
        assert caught.value.code == "directory_in_use"

    async def test_recovery_keeps_away_while_it_runs(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        result = await asyncio.to_thread(recover, tmp_path, clock)
        assert result.failed == "recording_in_progress"
        await recorder.stop()
        assert (await asyncio.to_thread(recover, tmp_path, clock)).failed is None

    async def test_too_little_space(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        with pytest.raises(RecordingError) as caught:
            await Recorder.start(
                spec(tmp_path), writer, clock, Failures(), disk_floor_bytes=1 << 60
            )
        assert caught.value.code == "disk_full"

    async def test_without_a_writer_thread(self, tmp_path: Path, clock: FakeClock) -> None:
        with pytest.raises(RuntimeError, match="does not run"):
            await started(tmp_path, WriterThread(clock), clock)


class TestStop:
    async def test_twice_gives_the_same_result(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        speak(microphone(recorder), clock, tone_packets(1))
        first, second = await asyncio.gather(recorder.stop(), recorder.stop())
        assert first == second
        assert first is await recorder.stop()

    async def test_nothing_happens_afterwards(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        await recorder.stop()
        recorder.pause()
        recorder.resume()
        assert recorder.open_track("p1", "Ana", TrackSource.MICROPHONE, "c1", 1) is None
        assert manifest(tmp_path).state == "ready"
        assert manifest(tmp_path).paused == []

    async def test_manifest_agrees_with_the_result(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        speak(microphone(recorder), clock, tone_packets(1))
        result = await recorder.stop()
        written = manifest(tmp_path)
        assert written.result() == result
        assert (written.meeting_id, written.session_id) == ("meet1", "sess1")
        assert (written.started_by, written.ended_by) == ("ana", "user")

    async def test_writer_that_ends_first_leaves_it_to_recovery(
        self, tmp_path: Path, clock: FakeClock
    ) -> None:
        thread = WriterThread(clock)
        thread.start()
        recorder = await started(tmp_path, thread, clock)
        speak(microphone(recorder), clock, tone_packets(1))
        await asyncio.to_thread(thread.stop)
        with pytest.raises(RecordingError) as caught:
            await recorder.stop()
        assert caught.value.code == "abandoned"
        assert manifest(tmp_path).state == "recording"


class TestCost:
    async def test_no_codec_and_no_other_thread_runs(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        packets = tone_packets(1)
        await asyncio.to_thread(lambda: None)  # the loop's own pool
        before = {thread.name for thread in threading.enumerate()}
        kernel_before = len(names(Path("/proc/self/task")))
        recorder = await started(tmp_path, writer, clock)
        for who in range(5):
            speak(microphone(recorder, f"p{who}"), clock, packets)
        after = {thread.name for thread in threading.enumerate()}
        assert {name for name in after - before if not name.startswith("asyncio_")} == set()
        # threads that a codec library starts are not Python's
        assert len(names(Path("/proc/self/task"))) - kernel_before == len(after - before)
        await recorder.stop()


class TestTrouble:
    async def test_a_disk_that_stays_full_is_reported_and_the_result_says_so(
        self,
        tmp_path: Path,
        writer: WriterThread,
        clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        listener = Failures()
        recorder = await started(tmp_path, writer, clock, listener)
        tap = microphone(recorder)

        def full(file: AppendFile, data: bytes) -> None:
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(AppendFile, "append", full)
        number = 0
        async with asyncio.timeout(20):
            while not listener.heard:
                number = speak(tap, clock, tone_packets(1), first=number)
                writer.wake()
                await asyncio.sleep(0.001)
        monkeypatch.undo()
        assert listener.heard == [("rec1", "disk_full")]
        assert (await recorder.stop()).failed == "disk_full"
        assert manifest(tmp_path).state == "failed"

    async def test_a_directory_that_cannot_be_written_starts_nothing(
        self,
        tmp_path: Path,
        writer: WriterThread,
        clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refuse(directory: RecordingDirectory, name: str, content: bytes) -> None:
            raise OSError(errno.EROFS, "read-only")

        monkeypatch.setattr(RecordingDirectory, "replace", refuse)
        with pytest.raises(RecordingError) as caught:
            await started(tmp_path, writer, clock)
        assert caught.value.code == "directory_not_writable"

    async def test_more_tracks_than_the_writer_takes_are_refused(
        self,
        tmp_path: Path,
        writer: WriterThread,
        clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        monkeypatch.setattr("media.recording.recorder.MAX_WAITING_TRACKS", 0)
        assert recorder.open_track("p1", "Ana", TrackSource.MICROPHONE, "c", 1) is None
        await recorder.stop()


class TestMidStream:
    async def sound(self, directory, writer, clock, *, wait: float = 0.0):
        """A tone of which the recording hears all but the first second."""
        recorder = await started(directory, writer, clock)
        with recorder.attaching():
            tap = microphone(recorder)
        clock.advance(wait)
        speak(tap, clock, tone_packets(3.0)[50:], first=50)
        result = await recorder.stop()
        (file,) = result.files
        return file, decoded(directory / file.name)

    async def test_a_running_stream_begins_at_full_strength(self, tmp_path, writer, clock):
        file, samples = await self.sound(tmp_path, writer, clock)
        loudness = [float(abs(samples[at : at + 480]).max()) for at in range(0, 4800, 480)]
        assert min(loudness) > 0.8 * max(loudness)
        assert file.offset_seconds == pytest.approx(0.0735, abs=0.001)
        assert file.offset_seconds + file.duration_seconds == pytest.approx(2, abs=0.021)
        opusinfo(tmp_path / file.name)

    async def test_nothing_is_cut_from_a_sound_that_begins_later(self, tmp_path, writer, clock):
        file, _ = await self.sound(tmp_path, writer, clock, wait=1.0)
        assert file.offset_seconds == pytest.approx(1.0, abs=0.001)
        assert file.duration_seconds == pytest.approx(2, abs=0.021)


class TestGoingOn:
    async def test_a_dead_writers_recording_goes_on_with_a_new_segment(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        first = await started(tmp_path, writer, clock)
        packets = tone_packets(2.0)
        _ = speak(microphone(first), clock, packets)
        await asyncio.to_thread(writer.stop)  # abandons it, as the end of its process would
        clock.advance(3.0)
        other = WriterThread(clock)
        other.start()
        again = replace(spec(tmp_path), continues=True)
        recorder = await Recorder.start(again, other, clock, Failures(), disk_floor_bytes=0)
        _ = speak(microphone(recorder, connection="c2"), clock, packets)
        result = await recorder.stop()
        await asyncio.to_thread(other.stop)
        assert [(one.participant_id, one.segment) for one in result.files] == [("p1", 1), ("p1", 2)]
        begun = [one.offset_seconds for one in result.files]
        assert begun[0] == pytest.approx(0.0, abs=0.05)
        assert begun[1] == pytest.approx(5.0, abs=0.05)
        assert result.duration_seconds == pytest.approx(7.0, abs=0.05)
        for one in result.files:
            _ = opusinfo(tmp_path / one.name)

    async def test_an_open_pause_goes_on(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        first = await started(tmp_path, writer, clock)
        first.pause()
        await asyncio.to_thread(writer.stop)
        other = WriterThread(clock)
        other.start()
        again = replace(spec(tmp_path), continues=True)
        recorder = await Recorder.start(again, other, clock, Failures(), disk_floor_bytes=0)
        clock.advance(2.0)
        recorder.resume()
        _ = await recorder.stop()
        await asyncio.to_thread(other.stop)
        ((paused),) = manifest(tmp_path).paused
        assert paused.to_ms == pytest.approx(2000.0)


class TestBeforeTheStart:
    async def test_held_back_sound_from_before_the_start_is_left_out(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        with recorder.attaching():
            tap = microphone(recorder)
        packets = tone_packets(3)
        for number, packet in enumerate(packets[:27]):  # held back for half a second
            tap.rtp(clock.monotonic_ns(), number, number * 960, packet)
        speak(tap, clock, packets[27:], first=27)
        result = await recorder.stop()
        (file,) = result.files
        assert 0 <= file.offset_seconds < 0.001
        assert file.duration_seconds == pytest.approx(result.duration_seconds, abs=0.03)
        path = tmp_path / file.name
        assert "WARNING" not in opusinfo(path)
        assert len(decoded(path)) == round(file.duration_seconds * 48_000)
        place = RecordingDirectory(tmp_path)
        assert await asyncio.to_thread(verify, place, manifest(tmp_path), lambda _: None) == []
        place.close()


class TestPictures:
    async def test_a_codec_that_no_file_holds_is_not_recorded_and_said(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock, caplog
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        other = VideoStream(1, "video/av1")
        assert recorder.open_video("p1", "Ana", TrackSource.CAMERA, "c1", other) is None
        assert "pictures not recorded" in caplog.text
        await recorder.stop()
        assert recorder.open_video("p1", "Ana", TrackSource.CAMERA, "c1", STREAM) is None

    async def test_a_camera_that_comes_back_goes_on_with_its_track(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        for connection in ("c1", "c1", "c2"):
            tap = recorder.open_video("p1", "Ana", TrackSource.CAMERA, connection, STREAM)
            assert tap is not None
            Camera(tap, clock).film(frames("video/vp8", 30))
            tap.close()
        await recorder.stop()
        (track,) = manifest(tmp_path).tracks
        assert [one.reason for one in track.segments] == ["start", "ssrc", "reconnect"]

    async def test_too_many_at_once_are_refused(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock, monkeypatch
    ) -> None:
        monkeypatch.setattr(recorder_module, "MAX_WAITING_TRACKS", 0)
        recorder = await started(tmp_path, writer, clock)
        assert recorder.open_video("p1", "Ana", TrackSource.CAMERA, "c1", STREAM) is None
        await recorder.stop()

    async def test_pause_and_resume_reach_them(
        self, tmp_path: Path, writer: WriterThread, clock: FakeClock
    ) -> None:
        recorder = await started(tmp_path, writer, clock)
        tap = recorder.open_video("p1", "Ana", TrackSource.CAMERA, "c1", STREAM)
        assert tap is not None
        recorder.pause()
        assert not tap.wanting
        recorder.resume()
        assert tap.wanting
        await recorder.stop()
