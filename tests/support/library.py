"""A data directory with a recording in it, made by the real recorder on a fake clock."""

import asyncio
import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from support.clock import FakeClock
from support.domain import NOW, meeting, recording, session
from support.opus_tone import tone_packets
from support.recording import Failures

from media.recording.recorder import Recorder
from media.recording.writer import WriterThread
from media.types import RecordingResult, RecordingSpec, TrackSource, TrackTap
from server.records import TranscriptSegment
from server.services.recordings_outcome import files_of
from server.storage.sql import SqlStorage
from signaling.ids import new_id
from signaling.model import RecordingState

FRAME = 0.02


@dataclass(frozen=True)
class Kept:
    """What was put there."""

    recording_id: str
    failed_id: str


@dataclass
class Speaker:
    """Somebody's packets: numbers go on, times are those of the clock."""

    tap: TrackTap
    clock: FakeClock
    hertz: float
    number: int = 0

    def say(self, seconds: float, lost: Sequence[float] = ()) -> None:
        """Speak; `lost` are the beginning and end of what never arrives."""
        for index, packet in enumerate(tone_packets(seconds, hertz=self.hertz)):
            stamp = round(self.clock.monotonic() * 48_000) & 0xFFFF_FFFF
            if not (lost and lost[0] <= index * FRAME < lost[1]):
                self.tap.rtp(self.clock.monotonic_ns(), self.number & 0xFFFF, stamp, packet)
            self.number += 1
            self.clock.advance(FRAME)


def keep(data: Path) -> Kept:
    """Ana and Bo speak in turn; packets of Bo are lost, Ana comes back on a new connection."""
    data.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as thread:  # the caller's thread may have a loop of its own
        return thread.submit(asyncio.run, _keep(data)).result()


async def _keep(data: Path) -> Kept:
    storage = SqlStorage(f"sqlite+aiosqlite:///{data / 'roomtone.db'}")
    await storage.start()
    try:
        meet = meeting(title="Design review")
        await storage.insert_meeting(meet)
        held = session(meet)
        view = recording(held, started_by="Ana Lindqvist")
        failed = [
            dataclasses.replace(
                recording(session(meeting(title="gone"))),
                state=RecordingState.FAILED,
                failure="disk_full",
            )
            for _ in range(3)  # tests delete some
        ]
        result, speakers = await _recorded(data / "recordings" / view.id, view.id)
        view = dataclasses.replace(
            view,
            duration_seconds=result.duration_seconds,
            files=files_of(view.id, result),
        )
        await storage.save_recording(view)
        for one in failed:
            await storage.save_recording(one)
        await storage.replace_segments(view.id, _said(view.id, held.id, speakers))
    finally:
        await storage.stop()
    return Kept(view.id, failed[0].id)


async def _recorded(directory: Path, recording_id: str) -> tuple[RecordingResult, dict[str, str]]:
    await asyncio.to_thread(directory.mkdir, parents=True)
    clock = FakeClock()
    writer = WriterThread(clock)
    writer.start()
    ids = {name: new_id() for name in ("Ana Lindqvist", "Bo Larsen")}
    try:
        spec = RecordingSpec(recording_id, "room", directory, "meeting", "session", "Ana Lindqvist")
        recorder = await Recorder.start(spec, writer, clock, Failures(), disk_floor_bytes=0)

        def speaker(name: str, hertz: float, connection: str) -> Speaker:
            tap = recorder.open_track(ids[name], name, TrackSource.MICROPHONE, connection, 7)
            assert tap is not None
            return Speaker(tap, clock, hertz)

        ana, bo = speaker("Ana Lindqvist", 440.0, "c1"), speaker("Bo Larsen", 660.0, "c2")
        ana.say(3.0)
        clock.advance(1.0)
        bo.say(4.0, lost=(1.5, 2.3))
        ana.tap.close()
        clock.advance(2.0)
        back = speaker("Ana Lindqvist", 440.0, "c3")
        back.say(2.0)
        bo.say(1.0)
        back.tap.close()
        bo.tap.close()
        return await recorder.stop(), ids
    finally:
        writer.stop()


def _said(recording_id: str, session_id: str, ids: dict[str, str]) -> list[TranscriptSegment]:
    lines = [
        ("Ana Lindqvist", 0.2, 2.8, "Let us look at the second part"),
        ("Bo Larsen", 4.1, 7.9, "It follows the agenda of Monday"),
        ("Ana Lindqvist", 10.2, 11.8, "And the waves line up"),
    ]
    return [
        TranscriptSegment(
            id=new_id(),
            session_id=session_id,
            recording_id=recording_id,
            participant_id=ids[name],
            connection_id=ids[name],
            name=name,
            start=start,
            end=end,
            text=text,
            words=_words(text.split(), start, end),
            language="en",
            engine="by hand",
            confidence=0.9,
            created_at=NOW,
        )
        for name, start, end, text in lines
    ]


def _words(words: list[str], start: float, end: float) -> list[dict[str, object]]:
    step = (end - start) / len(words)
    return [
        {
            "text": word,
            "start": round(start + step * index, 3),
            "end": round(start + step * (index + 1), 3),
            "confidence": 0.3 if word == "agenda" else 0.9,
        }
        for index, word in enumerate(words)
    ]
