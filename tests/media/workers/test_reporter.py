from media.captions.port import Caption
from media.picture import Picture
from media.types import (
    MediaKind,
    QualityLabel,
    Reading,
    SlotState,
    TrackSource,
    TrackState,
    TransportInfo,
)
from media.workers import messages as m
from media.workers.reporter import Reporter


class Remembers:
    """A listener that keeps every call."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *facts: self.calls.append((name, *facts))


def test_every_report_becomes_a_message_that_reports_the_same():
    sent, heard = [], Remembers()
    reporter = Reporter(sent.append)
    info = TransportInfo("192.0.2.1:5", "host", "SRTP", 30.0)
    reading = Reading(QualityLabel.POOR, 50.0, "loss", 12.0, None, 5.0)
    tracks = (TrackState(TrackSource.CAMERA, "1", "video/VP8", flowing=True),)
    slots = (SlotState("2", MediaKind.AUDIO),)
    calls = [
        ("transport_up", "c", info),
        ("transport_closed", "c"),
        ("transport_failed", "c", "ice_failed"),
        ("tracks_changed", "c", tracks),
        ("slots_changed", "c", slots),
        ("quality_changed", "c", reading),
        ("picture_changed", "c", Picture("mid", 2, 640, 360)),
    ]
    for name, *facts in calls:
        getattr(reporter, name)(*facts)
    for message in sent:
        m.decode_from(m.encode_from(message)).tell(heard)
    assert heard.calls == calls


def test_rooms_and_recordings_are_reported_too():
    sent = []
    reporter = Reporter(sent.append)
    reporter.speakers_changed("r", ("p",))
    reporter.recording_failed("x", "disk_full")
    reporter.transport_lost("c")
    reporter.caption_deferred("r", "1", 1.0, 2.0)
    caption = Caption("1", "p", "c", "Ada", 1.0, 2.0, "hello", "en", "null")
    reporter.caption_made("r", caption)
    assert sent == [
        m.Speakers("r", ("p",)),
        m.RecordingFailed("x", "disk_full"),
        m.CaptionDeferred("r", "1", 1.0, 2.0),
        m.Captioned("r", caption),
    ]
    heard = Remembers()
    for message in sent[2:]:
        message.tell(heard)
    assert heard.calls == [
        ("caption_deferred", "r", "1", 1.0, 2.0),
        ("caption_made", "r", caption),
    ]
