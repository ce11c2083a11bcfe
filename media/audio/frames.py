"""What a program hears: a piece of one speaker's sound, placed on the session's clock."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from media.types import TrackSource

Samples: TypeAlias = npt.NDArray[np.float32]
"""Mono sound of shape (n,), full scale -1 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A piece of what one track says; usually 20 ms, never empty unless `ends` is set.

    Frames exist only while somebody speaks, beginning 0.3 s before it was noticed, so that first
    words are whole.

    Attributes:
        participant_id: Who speaks.
        name: As they were called when the track began.
        source: `microphone` or `screen-audio`.
        connection_id: On which of their connections.
        at: Seconds from the session's start to the first sample; rises along a track.
        samples: float32, mono, shape (n,), -1 to 1.
        rate: Samples per second.
        gap: Seconds without sound since the track's previous frame ended: a pause, a mute, lost or
            dropped packets. 0.0 where frames touch, infinite before a track's first one.
        ends: The speaker paused, was muted or left; `samples` is empty.
    """

    participant_id: str
    name: str
    source: TrackSource
    connection_id: str
    at: float
    samples: Samples
    rate: int
    gap: float = 0.0
    ends: bool = False

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate
