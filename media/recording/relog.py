"""What recovery learns from packet logs: counters, gaps and places in time of segments."""

import logging
import mmap
import os
import re
from datetime import UTC, datetime, timedelta

from media.recording.describe import TimeZero, describe_packets, describe_time, early_ticks
from media.recording.files import RecordingDirectory
from media.recording.manifest import Manifest, Segment, TimeBase
from media.recording.replay import Replayed, replay
from media.recording.rtplog import (
    HEADER,
    LogError,
    LogHeader,
    read_entries,
    read_header,
    whole_bytes,
)
from media.recording.salvage import trim_start

MAX_REPLAYED_BYTES = 16 << 20
"""About four track-hours, which take some ten seconds; beyond it what the manifest said last, at
most ten seconds before the end, is kept: a start must not wait for minutes."""

_LOG = re.compile(r"(?P<track>[0-9]{3,9})-[a-z0-9.-]{1,80}\.rtplog")
_logger = logging.getLogger(__name__)


def describe_from_logs(place: RecordingDirectory, manifest: Manifest) -> None:
    """Say again what the logs tell about the segments whose files are there. Blocks.

    Torn tails of logs are cut; damaged logs are left out.
    """
    known = {
        (track.number, segment.number): segment
        for track in manifest.tracks
        for segment in track.segments
    }
    left = MAX_REPLAYED_BYTES
    for name in place.names():
        match = _LOG.fullmatch(name)
        if match is None:
            continue
        try:
            size, header, segments = _read(place, name, left)
        except (OSError, LogError, ValueError, OverflowError):
            _logger.warning("packet log cannot be read", exc_info=True)
            continue
        left -= size
        for number, replayed in enumerate(segments, header.segment):
            segment = known.get((int(match["track"]), number))
            if segment is not None:
                _describe(segment, name, replayed, _zero(header))
                if manifest.rebuilt:  # the log knows when the recording began
                    manifest.started_at = _zero(header).utc
                    manifest.time_base = TimeBase(
                        utc=manifest.started_at, monotonic_ns=header.monotonic_ns
                    )


def trim_early(place: RecordingDirectory, manifest: Manifest) -> None:
    """Leave out of every file what was spoken before the recording began. Blocks."""
    for track in manifest.tracks:
        for segment in track.segments:
            early = early_ticks(segment) if segment.sha256 else 0
            if early:
                _trim(place, segment, early)


def _read(place: RecordingDirectory, name: str, left: int) -> tuple[int, LogHeader, list[Replayed]]:
    with place.opened(name, os.O_RDWR | os.O_NONBLOCK) as fd:
        size = os.fstat(fd).st_size
        whole = whole_bytes(size)
        if not whole:
            raise LogError("no whole header")
        with mmap.mmap(fd, whole, access=mmap.ACCESS_READ) as data:
            header = read_header(data[: HEADER.size])
            if whole < size:
                os.ftruncate(fd, whole)
            if whole > left:
                return 0, header, []
            return whole, header, replay(read_entries(data[:whole]))


def _zero(header: LogHeader) -> TimeZero:
    utc = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=header.utc_us)
    return TimeZero(utc, header.monotonic_ns)


def _describe(segment: Segment, name: str, replayed: Replayed, zero: TimeZero) -> None:
    segment.rtplog = name
    describe_packets(segment, replayed.start.counters)
    end = segment.duration_ms
    segment.gaps = [gap for gap in segment.gaps if gap.at_ms < end]
    for gap in segment.gaps[-1:]:  # the file was cut within it
        gap.dur_ms = min(gap.dur_ms, end - gap.at_ms)
    try:
        describe_time(segment, replayed.clock.alignment(), zero)
    except OverflowError:
        _logger.warning("packet log says a time that is none", extra={"rtplog": name})


def _trim(place: RecordingDirectory, segment: Segment, early: int) -> None:
    try:
        with place.opened(segment.file, os.O_RDWR | os.O_NONBLOCK) as fd:
            segment.sha256 = trim_start(fd, early)
    except OSError:
        _logger.warning("start of a recorded file not trimmed", exc_info=True)
        return
    segment.pre_skip += early
    moved = early / 48
    segment.offset_ms += moved
    segment.first_sample_time += timedelta(milliseconds=moved)
    segment.duration_ms -= moved
    for gap in segment.gaps:
        gap.at_ms = max(0.0, gap.at_ms - moved)
