"""A connection judge fed with one microphone and one downlink of audio, as most tests need."""

from media.quality.connection import ConnectionJudge, StreamName, StreamTick
from media.quality.measure import Bucket
from media.quality.model import BPL_OPUS_FEC
from media.quality.table import StreamState
from media.types import Direction, MediaKind, Reading, TrackSource

UPLINK = StreamName(Direction.UPLINK, TrackSource.MICROPHONE)
DOWNLINK = StreamName(Direction.DOWNLINK, MediaKind.AUDIO)


class AudioJudge:
    """`ConnectionJudge` by two names; None for a bucket leaves its stream out."""

    def __init__(self, bpl: float = BPL_OPUS_FEC) -> None:
        self.whole = ConnectionJudge(bpl)
        self.lose = self.whole.lose
        _ = self.uplink  # the stream begins

    @property
    def uplink(self) -> StreamState:
        return self.whole.stream(UPLINK)

    def tick(
        self,
        bucket: Bucket | None,
        rtt_ms: float | None,
        *,
        downlink: Bucket | None = None,
        muted: bool = False,
        server_limited: bool = False,
    ) -> Reading | None:
        ticks = {}
        if bucket is not None:
            ticks[UPLINK] = StreamTick(bucket, muted=muted)
        if downlink is not None:
            ticks[DOWNLINK] = StreamTick(downlink)
        return self.whole.tick(ticks, rtt_ms, server_limited=server_limited)
