"""Facts are numbered without holes."""

from support.clock import FakeClock
from support.signaling import MemoryLog

from media.types import TrackSource
from signaling.journal import Journal
from signaling.log import TrackEnded

FACT = TrackEnded("p1", "c1", TrackSource.CAMERA)


def test_numbers_and_times():
    clock, log = FakeClock(), MemoryLog()
    journal = Journal("s1", "m1", log, clock)
    assert journal.sequence == 0
    assert journal.write(FACT) == 1
    clock.advance(2)
    assert journal.write(FACT) == 2
    first, second = log.entries
    assert (second.sequence, second.session_id, second.meeting_id) == (2, "s1", "m1")
    assert (second.at - first.at).total_seconds() == 2
    assert journal.sequence == 2
