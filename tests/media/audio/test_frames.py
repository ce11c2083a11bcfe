import numpy as np

from media.audio.frames import Frame
from media.types import TrackSource


def test_a_frame_knows_how_long_it_lasts():
    frame = Frame("p", "Ada", TrackSource.MICROPHONE, "c", 1.0, np.zeros(320, np.float32), 16_000)
    assert frame.seconds == 0.02
