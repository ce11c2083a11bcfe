"""The manifest made again from the logs equals the one that the writer made."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.opus_tone import tone_packets
from support.recording import Failures, microphone, spec

from media.recording.files import RecordingDirectory
from media.recording.manifest import MANIFEST, Manifest, decode
from media.recording.recorder import Recorder
from media.recording.relog import describe_from_logs
from media.recording.replay import replay
from media.recording.rtplog import Mark, MarkKind
from media.recording.writer import WriterThread
from media.types import TrackTap

SAID = ("packets", "fill_ms", "gaps", "offset_ms", "method", "clock_skew_ppm", "est_error_ms")


async def record(
    directory: Path, clock: FakeClock, seed: int, *, paused: bool, cut: bool = False
) -> Manifest:
    """A minute over a bad network, with a reconnect, a silence, bad packets and lost numbers."""
    chance = random.Random(seed)
    thread = WriterThread(clock)
    thread.start()
    wanted = replace(spec(directory), on_pause="cut" if cut else "silence")
    recorder = await Recorder.start(wanted, thread, clock, Failures(), disk_floor_bytes=0)
    speech = tone_packets(1)
    for connection in ("c1", "c2"):
        tap = microphone(recorder, connection=connection)
        late: list[tuple[int, bytes]] = []
        for number in range(1500):
            now = clock.monotonic_ns()
            if paused and number in (300, 500):
                (recorder.pause if number == 300 else recorder.resume)()
            if 700 <= number < 900 or 1000 <= number < 1200:
                send_silence(tap, now, number)
            elif chance.random() < 0.02:
                late.append((number, speech[number % 50]))
            elif chance.random() > 0.05:
                payload = b"\x03" if chance.random() < 0.01 else speech[number % 50]
                tap.rtp(now, number, number * 960, payload)
            if late and chance.random() < 0.2:
                again, payload = late.pop()
                tap.rtp(now, again, again * 960, payload)
            if number % 250 == 100:
                tap.sender_report(now, number << 32, number * 960)
            clock.advance(0.02)
            if number % 100 == 0:
                thread.wake()
        tap.close()
    await recorder.stop()
    await asyncio.to_thread(thread.stop)
    return decode(await asyncio.to_thread((directory / MANIFEST).read_bytes))


def send_silence(tap: TrackTap, now: int, number: int) -> None:
    """Nothing at first, as when muted by taking the track away.

    Then, of 200 silent packets, one tells the time and the last that nothing is missing.
    """
    if number in (1100, 1199):
        tap.skipped(number - 1)
    if number == 1100:
        tap.rtp(now, number, number * 960, b"", 127)


def tell_again(directory: Path, manifest: Manifest) -> None:
    place = RecordingDirectory(directory)
    describe_from_logs(place, manifest)
    place.close()


@pytest.mark.parametrize("seed", range(9))
async def test_a_log_says_what_the_writer_said(tmp_path: Path, clock: FakeClock, seed: int) -> None:
    manifest = await record(tmp_path, clock, seed, paused=seed % 3 > 0, cut=seed % 3 == 2)
    segments = [segment for track in manifest.tracks for segment in track.segments]
    assert [segment.rtplog is not None for segment in segments] == [True] * len(segments)
    wiped = manifest.model_copy(deep=True)
    for track in wiped.tracks:
        for segment in track.segments:
            plain = type(segment)(
                file=segment.file,
                number=segment.number,
                pre_skip=segment.pre_skip,
                reason=segment.reason,
                first_sample_time=manifest.started_at,
                offset_ms=0,
                duration_ms=segment.duration_ms,
            )
            for name in SAID:
                setattr(segment, name, getattr(plain, name))
    await asyncio.to_thread(tell_again, tmp_path, wiped)
    told = [segment for track in wiped.tracks for segment in track.segments]
    for original, again in zip(segments, told, strict=True):
        assert again.packets == original.packets
        assert again.fill_ms == original.fill_ms
        assert again.gaps == original.gaps
        assert again.offset_ms == pytest.approx(original.offset_ms)
        assert again.clock_skew_ppm == original.clock_skew_ppm
        assert again.method == original.method


def test_marks_of_damaged_logs_are_survived() -> None:
    assert replay([Mark(MarkKind.BEGIN, 0, 9999), Mark(MarkKind.FINISH, 5)]) == []
