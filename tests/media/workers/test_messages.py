from datetime import UTC, datetime
from pathlib import Path

import pytest

from media.captions.port import Caption, CaptionEngines, CaptionFigures, CaptionSpec
from media.captions.speech import EngineSpec, Word
from media.picture import Picture
from media.types import (
    Answer,
    ConnectionSpec,
    ConnectionStats,
    Direction,
    Heard,
    ListenerStats,
    MediaKind,
    QualityLabel,
    Reading,
    RecordedFile,
    RecordingResult,
    RecordingSpec,
    RtcSettings,
    SlotState,
    StreamFlow,
    StreamReading,
    TileRequest,
    TrackSource,
    TrackState,
    TransportInfo,
)
from media.workers import messages as m

READING = Reading(QualityLabel.FAIR, 66.0, "loss", 7.5, None, 12.0, Direction.UPLINK, "microphone")
FLOW = StreamFlow(Direction.DOWNLINK, "video", 9000, 1, 0.5, Picture("mid", 2, 640, 360))
STREAM = StreamReading(
    Direction.DOWNLINK, "audio", None, 80.0, None, packets=9, lost=1, jitter_ms=2.0, active=True
)
FILE = RecordedFile(
    "001-a-audio.ogg", "p", "A", MediaKind.AUDIO, TrackSource.MICROPHONE, "audio/ogg", 1, 0.5, 2.0,
    9, "00",
)  # fmt: skip
ENGINES = CaptionEngines(EngineSpec("null", key="k"), 1, 5)
CAPTION = Caption(
    "1", "p", "c", "Ada", 1.0, 2.0, "hello", "en", "null", (Word("hello", 1.1, 1.5),), 0.5
)
SLOT = SlotState("3", MediaKind.VIDEO, "p", TrackSource.CAMERA, paused=True, reason="bandwidth")

TO = [
    m.Begin(RtcSettings(40000, ("::",), ("192.0.2.1",)), 5.0),
    m.Open(ConnectionSpec("c", "r", "p", "Ada", only_participant="q", mix=True)),
    m.Offer(1, "c", "v=0", {"0": TrackSource.MICROPHONE}),
    m.Candidate(2, "c", "candidate:1"),
    m.Close(3, "c"),
    m.Probe("c"),
    m.View("c", (TileRequest("p", TrackSource.CAMERA, 640, 360),)),
    m.Listener("c", (ListenerStats(MediaKind.VIDEO, 9, 1, 2.5, 1, 0.5),)),
    m.Mute("c", TrackSource.SCREEN, muted=True),
    m.ListenRoom("r", on=True),
    m.Record(4, RecordingSpec("x", "r", Path("/d"), "m", "s", continues=True), 1 << 40),
    m.PauseRecording("x", on=False),
    m.StopRecording(5, "x", "disk_floor"),
    m.Begin(RtcSettings(0, (), ()), 1.0, ENGINES),
    m.StartCaptions(5, CaptionSpec("r", 7, "en")),
    m.StopCaptions(6, "r"),
]
FROM = [
    m.Ready(40001),
    m.Reply(1, answer=Answer("v=0", (SLOT,))),
    m.Reply(2, result=RecordingResult("x", datetime(2026, 11, 20, tzinfo=UTC), 2.5, (FILE,))),
    m.Refusal(1, "negotiation", "invalid_sdp", "no"),
    m.Up("c", TransportInfo("192.0.2.1:5", "host", "SRTP", 30.0)),
    m.Closed("c"),
    m.Failed("c", "dtls_failed"),
    m.Tracks("c", (TrackState(TrackSource.CAMERA, "1", "video/VP8", flowing=True),)),
    m.Slots("c", (SLOT,)),
    m.Judged("c", READING),
    m.Shown("c", Picture("mid", 2, 640, 360, "bandwidth")),
    m.Shown("c", None),
    m.Speakers("r", ("p", "q")),
    m.RecordingFailed("x", "disk_full"),
    m.Pulse(
        {"c": Heard(1.5, media=True)},
        {"c": ConnectionStats(1, 2, 3, 4, 5, READING, {"nacks": 1}, (STREAM,), 2, (FLOW,))},
        {"connections": 1},
    ),
    m.Captioned("r", CAPTION),
    m.CaptionDeferred("r", "1", 1.0, 2.0),
    m.Pulse({}, captions=CaptionFigures(ready=True, transcribed=2, seconds=1.5)),
    m.Refusal(3, "transcriber", "install it", "there is none"),
    m.Fault("task", "ValueError: x"),
    m.Logged(20, "media", "hello"),
]


@pytest.mark.parametrize("message", TO, ids=lambda one: one.kind)
def test_what_is_said_to_a_worker_arrives_as_it_was(message):
    assert m.decode_to(m.encode_to(message)) == message


@pytest.mark.parametrize("message", FROM, ids=lambda one: one.kind)
def test_what_a_worker_says_arrives_as_it_was(message):
    assert m.decode_from(m.encode_from(message)) == message


@pytest.mark.parametrize("data", [b"", b"{}", b'{"kind":"open"}', b"\xff", b'{"kind":"ready"}'])
def test_anything_else_is_refused(data):
    with pytest.raises(m.WireError):
        m.decode_to(data)


def test_a_worker_cannot_give_orders():
    with pytest.raises(m.WireError):
        m.decode_from(m.encode_to(m.Probe("c")))
