from dataclasses import replace

from support.domain import NOW, connection, entries, meeting, participant, session
from support.quality import reading

from media.picture import Picture
from media.types import QualityLabel, TrackSource
from server.facts import entry_view
from server.services.quality_timeline import timeline
from signaling.log import (
    ChatSent,
    ConnectionChanged,
    PictureChanged,
    QualityChanged,
    TrackChanged,
    TrackEnded,
)
from signaling.model import ChatMessage, ConnectionState, EndReason, Track

LIVE = session(meeting())
WHO = participant(LIVE)
LINK = connection(WHO, state=ConnectionState.CONNECTING)


def lives(*facts):
    return timeline(entry_view(entry, at) for at, entry in enumerate(entries(LIVE, facts)))


def moments(*facts):
    (life,) = lives(*facts)
    return [(each.what, dict(each.details)) for each in life.moments]


def quality(label, reason=None):
    return QualityChanged(replace(LINK, quality=label, quality_reason=reason))


def track(**members):
    values = {"source": TrackSource.MICROPHONE, "muted": False, "codec": "audio/opus"} | members
    return TrackChanged(Track(WHO.id, LINK.id, **values))


def test_life_begins_with_how_somebody_came_and_by_which_path():
    up = replace(LINK, state=ConnectionState.CONNECTED)
    assert moments(
        ConnectionChanged(LINK, None),
        ConnectionChanged(up, ConnectionState.CONNECTING, {"path": "host", "join_ms": 41.5}),
    ) == [
        ("connecting", {"protocol": "websocket"}),
        ("connected", {"path": "host", "join_ms": 41.5}),
    ]


def test_reconnect_names_what_it_replaced():
    again = connection(WHO, replaces=LINK.id)
    first, second = lives(ConnectionChanged(LINK, None), ConnectionChanged(again, None))
    assert (first.connection_id, second.connection_id) == (LINK.id, again.id)
    assert second.moments[0].details == {"connection_id": LINK.id}


def test_end_has_its_reason():
    ended = replace(LINK, state=ConnectionState.FAILED, reason=EndReason.TRANSPORT_LOST)
    assert moments(ConnectionChanged(ended, ConnectionState.CONNECTED)) == [
        ("failed", {"reason": EndReason.TRANSPORT_LOST.value})
    ]


def test_quality_is_told_when_the_label_changes_with_its_reason():
    assert moments(
        quality(QualityLabel.EXCELLENT),
        quality(QualityLabel.EXCELLENT),
        quality(QualityLabel.POOR, "loss"),
    ) == [
        ("quality", {"from": None, "to": "excellent", "reason": None}),
        ("quality", {"from": "excellent", "to": "poor", "reason": "loss"}),
    ]


def test_changed_label_carries_the_figures_behind_it():
    fact = replace(quality(QualityLabel.POOR, "loss"), reading=reading(loss_percent=11.2))
    ((_, details),) = moments(fact)
    assert details["loss_percent"] == 11.2
    assert (details["direction"], details["source"]) == ("uplink", "microphone")


def test_tracks_are_published_muted_and_ended():
    assert moments(
        track(),
        track(muted=True),
        track(muted=True),
        track(),
        TrackEnded(WHO.id, LINK.id, TrackSource.MICROPHONE),
    ) == [
        ("published", {"source": "microphone", "codec": "audio/opus"}),
        ("muted", {"source": "microphone"}),
        ("unmuted", {"source": "microphone"}),
        ("ended", {"source": "microphone"}),
    ]


def test_track_that_comes_muted_says_so():
    assert [what for what, _ in moments(track(muted=True))] == ["published", "muted"]


def test_other_facts_belong_to_no_connection():
    assert lives(ChatSent(ChatMessage("id", WHO.id, "Ada", "hello", NOW))) == []


def test_pictures_are_told_with_their_layer_and_what_limits_them():
    shown = Picture("mid", 2, 640, 360, "bandwidth")
    assert moments(
        PictureChanged(WHO.id, LINK.id, shown), PictureChanged(WHO.id, LINK.id, None)
    ) == [
        (
            "picture",
            {"rid": "mid", "layer": 2, "width": 640, "height": 360, "limit": "bandwidth"},
        ),
        ("picture", {}),
    ]
