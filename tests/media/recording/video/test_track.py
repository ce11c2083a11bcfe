import errno
import os
import random
from dataclasses import replace
from itertools import pairwise

import pytest
from support.film import AVC, CYCLE, STREAM, TICKS, faults, frames, grey, numbers, probed, shown
from support.opus_tone import tone_packets

from media.recording.files import AppendFile, RecordingDirectory
from media.recording.video.plan import Reason
from media.recording.video.tap import QUEUED
from media.types import TrackSource

VP8 = "video/vp8"
RTP = 90_000


def filmed(studio, camera, pictures, every=10):
    """Send pictures while the writer runs."""
    for first in range(0, len(pictures), every):
        camera.film(pictures[first : first + every])
        studio.serve()


class TestWhatIsKept:
    @pytest.mark.parametrize("stream", [STREAM, AVC], ids=["VP8", "H.264"])
    def test_every_picture_is_in_the_file_for_as_long_as_it_was_sent(
        self, studio, clock, tmp_path, stream
    ):
        clock.advance(3)
        camera = studio.camera(stream)
        filmed(studio, camera, frames(stream.codec, 90))
        manifest = studio.stop()
        (track,) = manifest.tracks
        (segment,) = track.segments
        path = tmp_path / segment.file
        assert (track.kind, track.codec) == ("video", stream.codec)
        assert segment.offset_ms == pytest.approx(3000, abs=1)
        assert segment.duration_ms == pytest.approx(3000, abs=1)
        assert numbers(path) == [number % CYCLE for number in range(90)]
        said = probed(path)
        assert float(said["duration"]) == pytest.approx(3, abs=0.002)
        assert (said["stream_0_width"], said["stream_0_height"]) == ("128", "96")
        assert segment.bytes == path.stat().st_size
        assert manifest.result().files[0].content_type.startswith("video/")

    def test_frames_are_stored_bit_for_bit(self, studio, tmp_path):
        film = frames(VP8, 30)
        filmed(studio, studio.camera(), film)
        studio.stop()
        content = (tmp_path / "001-ana-camera.webm").read_bytes()
        at = 0
        for frame in film:
            at = content.index(frame, at) + len(frame)
        assert at > 0

    def test_late_packets_find_their_place(self, studio, tmp_path):
        camera = studio.camera()
        camera.late = dict.fromkeys(range(20, 60, 7), 0.3)
        filmed(studio, camera, frames(VP8, 90))
        studio.stop()
        (segment,) = studio.segments()
        assert (segment.packets.lost, segment.frames.written) == (0, 90)
        assert numbers(tmp_path / segment.file) == [number % CYCLE for number in range(90)]

    def test_what_was_lost_is_listed_and_the_rest_decodes(self, studio, tmp_path):
        camera = studio.camera()
        camera.lost = {45}
        film = frames(VP8, 120, key_every=60)
        filmed(studio, camera, film)
        studio.stop()
        (segment,) = studio.segments()
        assert segment.packets.lost == 1
        kept = shown(tmp_path / segment.file)
        (gap,) = segment.gaps
        assert gap.cause == "loss"
        assert len(kept) == segment.frames.written < 120
        times = [one.at for one in kept]
        assert times[-1] == pytest.approx(119 / 30, abs=0.002)
        step = max(later - one for one, later in pairwise(times))
        assert step == pytest.approx(gap.dur_ms / 1e3, abs=0.002)
        assert segment.duration_ms == pytest.approx(4000, abs=1)

    @pytest.mark.parametrize("stream", [STREAM, AVC], ids=["VP8", "H.264"])
    @pytest.mark.parametrize("seed", range(4))
    def test_whatever_a_network_does_all_that_is_kept_decodes(self, studio, tmp_path, stream, seed):
        """5 % never come, 5 % come late: what was sent again, and what overtook others."""
        chance = random.Random(seed)
        camera = studio.camera(stream)
        packets = range(2000)
        camera.lost = {number for number in packets if chance.random() < 0.05}
        camera.late = {
            number: chance.uniform(0.01, 0.9) for number in packets if chance.random() < 0.05
        }
        filmed(studio, camera, frames(stream.codec, 300, key_every=30))
        studio.clock.advance(1.5)
        camera.release()
        studio.serve()
        studio.stop()
        segments = studio.segments()
        assert sum(one.packets.lost for one in segments) > 5
        assert any(one.gaps for one in segments)
        for segment in segments:
            kept = shown(tmp_path / segment.file)
            assert len(kept) == segment.frames.written > 0
            assert all(before.at < after.at for before, after in pairwise(kept))
            wrong = [one for one in kept if abs(one.grey - grey(round(one.at * 30) % 30)) > 4]
            assert wrong == []  # each is the picture that was taken then
        assert faults(tmp_path) == []

    def test_padding_is_no_loss(self, studio, tmp_path):
        camera = studio.camera()
        for picture in frames(VP8, 30):
            camera.padding()
            camera.film((picture,))
        studio.stop()
        assert len(shown(tmp_path / "001-ana-camera.webm")) == 30

    def test_a_camera_that_never_showed_a_key_frame_leaves_nothing(self, studio):
        filmed(studio, studio.camera(), frames(VP8, 30)[1:])
        assert studio.stop().tracks == []


class TestFiles:
    def test_another_size_is_another_file(self, studio, tmp_path):
        camera = studio.camera()
        filmed(studio, camera, frames(VP8, 30))
        filmed(studio, camera, frames(VP8, 30, 160, 128))
        studio.stop()
        first, second = studio.segments()
        assert (first.file, second.file) == ("001-ana-camera.webm", "001-ana-camera.2.webm")
        assert (second.reason, second.number) == ("format", 2)
        assert second.offset_ms == pytest.approx(first.offset_ms + first.duration_ms, abs=1)
        assert {one.width for one in shown(tmp_path / second.file)} == {160}
        assert (second.frames.width, second.frames.height) == (160, 128)

    def test_another_layer_is_another_file_with_its_name(self, studio, clock):
        camera = studio.camera(replace(STREAM, layer="l"))
        filmed(studio, camera, frames(VP8, 30))
        camera.tap.turn(clock.monotonic_ns(), replace(STREAM, ssrc=99, layer="h"))
        camera.sequence, camera.timestamp = 1, 5
        filmed(studio, camera, frames(VP8, 30))
        studio.stop()
        first, second = studio.segments()
        assert (first.frames.layer, second.frames.layer) == ("l", "h")
        assert (second.reason, second.ssrc) == ("layer", 99)

    def test_a_new_ssrc_is_another_file(self, studio, clock):
        camera = studio.camera()
        filmed(studio, camera, frames(VP8, 10))
        camera.tap.turn(clock.monotonic_ns(), replace(STREAM, ssrc=99))
        filmed(studio, camera, frames(VP8, 10))
        studio.stop()
        assert [one.reason for one in studio.segments()] == ["start", "ssrc"]

    def test_a_reconnect_goes_on_with_the_same_track(self, studio):
        filmed(studio, studio.camera(), frames(VP8, 10))
        studio.taps[0].close()
        filmed(studio, studio.camera(reason=Reason.RECONNECT, connection="c2"), frames(VP8, 10))
        (track,) = studio.stop().tracks
        assert [one.reason for one in track.segments] == ["start", "reconnect"]

    def test_a_screen_is_another_track(self, studio):
        filmed(studio, studio.camera(), frames(VP8, 10))
        filmed(studio, studio.camera(source=TrackSource.SCREEN), frames(VP8, 10))
        manifest = studio.stop()
        assert [one.label for one in manifest.tracks] == ["camera", "screen"]
        assert manifest.tracks[1].segments[0].file == "002-ana-screen.webm"

    def test_a_pause_ends_the_file_and_nothing_of_it_is_kept(self, studio, tmp_path):
        camera = studio.camera()
        film = frames(VP8, 90, key_every=30)
        filmed(studio, camera, film[:30])
        camera.tap.paused = True
        filmed(studio, camera, film[30:60])
        assert not camera.tap.wanting
        camera.tap.paused = False
        filmed(studio, camera, film[60:])
        studio.stop()
        first, second = studio.segments()
        assert (first.frames.written, second.frames.written) == (30, 30)
        assert second.reason == "resume"
        assert first.duration_ms == pytest.approx(1000, abs=1)
        assert second.offset_ms == pytest.approx(2000, abs=1)

    def test_a_mute_is_a_gap(self, studio):
        camera = studio.camera()
        filmed(studio, camera, frames(VP8, 30))
        camera.tap.withheld()
        camera.film((), 0)
        camera.clock.advance(2)
        camera.timestamp = (camera.timestamp + 2 * RTP) & 0xFFFF_FFFF
        filmed(studio, camera, frames(VP8, 30))
        studio.stop()
        (segment,) = studio.segments()
        (gap,) = segment.gaps
        assert gap.cause == "muted"
        assert gap.dur_ms == pytest.approx(2000 + 1000 / 30, abs=2)

    def test_an_overloaded_queue_begins_another_file(self, studio):
        camera = studio.camera()
        filmed(studio, camera, frames(VP8, 30))
        camera.film(frames(VP8, QUEUED + 60))
        studio.serve()
        filmed(studio, camera, frames(VP8, 30))
        studio.stop()
        *_, last = studio.segments()
        assert last.reason == "overload"
        assert last.packets.dropped > 0

    def test_a_writer_that_starves_asks_for_a_key_frame(self, studio):
        camera = studio.camera()
        camera.film(frames(VP8, 10)[1:])
        studio.serve()
        assert camera.tap.wanting
        camera.film(frames(VP8, 10))
        studio.serve()
        assert not camera.tap.wanting


class TestTime:
    NTP = 3_900_000_000 << 32

    def test_pictures_lie_where_the_senders_clock_puts_them_beside_its_sound(self, studio, clock):
        """The pictures come 180 ms later than they were taken, the sound at once."""
        microphone, camera = studio.microphone(), studio.camera()
        packets, film = tone_packets(4), frames(VP8, 90)
        began = clock.monotonic()
        for number, packet in enumerate(packets):
            microphone.rtp(clock.monotonic_ns(), number, number * 960, packet)
            if number % 50 == 0:
                microphone.sender_report(0, self.NTP + (number << 32) // 50, number * 960)
            clock.advance(0.02)
            at = clock.monotonic() - began
            while camera.number < len(film) and at >= 0.18 + camera.number / 30:
                taken = camera.number
                if taken % 30 == 0:
                    camera.tap.sender_report(0, self.NTP + (taken << 32) // 30, camera.timestamp)
                camera.film((film[taken],), 0)
                camera.timestamp = (camera.timestamp + TICKS) & 0xFFFF_FFFF
            studio.serve()
        studio.stop()
        (segment,) = studio.segments()
        sound = next(t for t in studio.manifest().tracks if t.kind == "audio").segments[0]
        assert segment.method == "sr"
        assert segment.offset_ms - sound.offset_ms == pytest.approx(0, abs=7)

    def test_without_its_sound_arrivals_tell(self, studio, clock):
        clock.advance(1)
        camera = studio.camera()
        camera.tap.sender_report(0, self.NTP, camera.timestamp)
        filmed(studio, camera, frames(VP8, 30))
        studio.stop()
        (segment,) = studio.segments()
        assert (segment.method, round(segment.offset_ms)) == ("arrival", 1000)

    def test_reports_that_lie_are_not_believed(self, studio, clock):
        microphone, camera = studio.microphone(), studio.camera()
        packets, film = tone_packets(2), frames(VP8, 60)
        for number, packet in enumerate(packets):
            microphone.rtp(clock.monotonic_ns(), number, number * 960, packet)
            microphone.sender_report(0, self.NTP + (number << 32) // 50, number * 960)
            if number % 2 == 0 and camera.number < 30:
                camera.film((film[camera.number],), 0)
                camera.tap.sender_report(0, self.NTP + (90 << 32), camera.timestamp)
                camera.timestamp = (camera.timestamp + TICKS) & 0xFFFF_FFFF
            clock.advance(0.02)
            studio.serve()
        studio.stop()
        assert [one.method for one in studio.segments()] == ["arrival"]


class TestDisk:
    def test_what_came_a_second_ago_is_on_the_disk(self, studio, tmp_path):
        camera = studio.camera()
        filmed(studio, camera, frames(VP8, 90), every=3)
        kept = shown(tmp_path / "001-ana-camera.webm")
        assert len(kept) >= 60

    def test_a_still_screen_reaches_the_disk_too(self, studio, tmp_path):
        camera = studio.camera(source=TrackSource.SCREEN)
        camera.film(frames(VP8, 1), 0)
        studio.serve()
        camera.clock.advance(1.1)
        studio.serve()
        assert len(shown(tmp_path / "001-ana-screen.webm")) == 1

    def test_a_disk_that_fails_is_tried_again_in_another_file(
        self, studio, monkeypatch, tmp_path, clock
    ):
        camera = studio.camera()
        film = frames(VP8, 300, key_every=30)
        filmed(studio, camera, film[:60])
        with monkeypatch.context() as broken:
            broken.setattr(AppendFile, "append", failing)
            filmed(studio, camera, film[60:120])
        filmed(studio, camera, film[120:])
        studio.stop()
        first, second = studio.segments()
        assert (first.complete, second.complete) == (False, True)
        assert second.reason == "write_error"
        assert second.packets.dropped > 100
        assert studio.failures == []
        assert len(shown(tmp_path / first.file)) == first.frames.written > 25
        assert len(shown(tmp_path / second.file)) == second.frames.written

    def test_a_disk_that_goes_on_failing_is_given_up(self, studio, monkeypatch):
        camera = studio.camera()
        monkeypatch.setattr(RecordingDirectory, "create", failing)
        for _ in range(4):
            filmed(studio, camera, frames(VP8, 180, key_every=30))
            camera.tap.turn(camera.clock.monotonic_ns(), STREAM)
        assert studio.failures == ["disk_full"]
        assert not camera.tap.wanting
        assert studio.stop().reason == "disk_full"

    def test_an_end_that_cannot_be_written_keeps_what_there_is(self, studio, monkeypatch, tmp_path):
        filmed(studio, studio.camera(), frames(VP8, 60))
        monkeypatch.setattr(os, "pwrite", failing)
        manifest = studio.stop()
        (segment,) = manifest.tracks[0].segments
        assert not segment.complete
        assert segment.sha256
        assert len(shown(tmp_path / segment.file)) == 60

    def test_every_round_is_synced_when_nothing_may_be_lost(self, make_studio, monkeypatch):
        studio = make_studio(0)
        synced = []
        plain = AppendFile.sync
        monkeypatch.setattr(
            AppendFile, "sync", lambda file: (synced.append(file.dirty), plain(file))
        )
        filmed(studio, studio.camera(), frames(VP8, 90, key_every=30))
        assert synced.count(True) >= 3

    def test_an_abandoned_recording_closes_its_files(self, studio, tmp_path):
        filmed(studio, studio.camera(), frames(VP8, 90, key_every=30))
        studio.job.abandon("test")
        assert len(shown(tmp_path / "001-ana-camera.webm")) >= 60


def failing(*_, **__):
    raise OSError(errno.ENOSPC, "full")
