"""A place in the manifest for a file that was made after it was written for the last time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from media.recording.manifest import Manifest, Segment, TrackEntry

UNKNOWN = "unknown"
"""Participant of a file that no manifest speaks of."""


def begun_of(tags: Mapping[str, str]) -> datetime:
    """When a file began, as its tags say; the epoch when they say nothing that can be read."""
    try:
        begun = datetime.fromisoformat(tags.get("DATE", ""))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return begun if begun.tzinfo is not None else begun.replace(tzinfo=UTC)


def enter(manifest: Manifest, segment: Segment, track: TrackEntry) -> None:
    """Put a segment on the recording's time line and under the track of that number.

    Args:
        manifest: Where.
        segment: With the time of its first sample.
        track: Entered too when the manifest has none of its number.
    """
    ms = timedelta(milliseconds=1)
    segment.offset_ms = max(0.0, (segment.first_sample_time - manifest.started_at) / ms)
    known = next((one for one in manifest.tracks if one.number == track.number), None)
    if known is None:
        manifest.tracks.append(track)
        known = track
    known.segments.append(segment)
    known.segments.sort(key=lambda one: one.number)
