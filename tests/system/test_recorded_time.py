"""Where recorded sound lies in time, judged by decoding it, and how a recording outlasts a day."""

from pathlib import Path

import pytest
from support.recorded_bursts import Network, apart, errors, record, share


@pytest.mark.long
@pytest.mark.timeout(600)
def test_tracks_of_drifting_senders_lie_within_20_ms(tmp_path: Path):
    recorded = record(tmp_path, Network(), senders=4, seconds=600, seed=1)
    distances = apart(errors(tmp_path, recorded))
    assert len(distances) > 500
    assert share(distances, 0.5) <= 5
    assert share(distances, 0.99) <= 20
    _check_lengths(recorded)


def test_a_short_meeting_lies_within_20_ms(tmp_path: Path):
    recorded = record(tmp_path, Network(), senders=2, seconds=45, seed=2)
    distances = apart(errors(tmp_path, recorded))
    assert len(distances) > 5
    assert share(distances, 0.99) <= 20
    _check_lengths(recorded)


def _check_lengths(recorded):
    """Durations are presence on the wall clock to 100 ms."""
    for track, sender in zip(recorded.manifest.tracks, recorded.senders, strict=True):
        (segment,) = track.segments
        lasted = segment.duration_ms * sender.rate
        assert segment.offset_ms + lasted == pytest.approx(recorded.seconds * 1e3, abs=100)
        assert segment.packets.lost > 0
