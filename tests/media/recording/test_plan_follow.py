"""The short way of packets that simply go on, held to what the plan does with any packet."""

from hypothesis import given, settings
from hypothesis import strategies as st

from media.recording.plan import Fill, NewSegment, Packet, Reason, TrackPlan, Write

MS = 1_000_000
FRAME = 960
VOICE = b"\x78 voice"  # hybrid, full band, 20 ms, mono
PLAIN = st.just((1, FRAME, 20, VOICE, False))
STEP = st.tuples(
    st.integers(-3, 3200),  # sequence step
    st.one_of(st.integers(-3000, 30_000), st.integers(0, (1 << 32) - 1)),  # timestamp step
    st.one_of(st.integers(0, 500), st.integers(0, 20_000)),  # milliseconds until it arrives
    st.sampled_from([VOICE, b"", b"\xff", b"\x78", b"\xfb\x06", b"\x0c stereo silk"]),
    st.booleans(),  # paused
)


def started(count: int) -> TrackPlan:
    """A plan after so many packets without a fault; the first came at 1 s."""
    plan = TrackPlan()
    for number in range(count):
        plan.packet((1000 + 20 * number) * MS, number, number * FRAME, VOICE)
    return plan


class TestFollow:
    """What `follow` takes is written as `packet` would have it, and the rest is left to it."""

    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.one_of(STEP, PLAIN, PLAIN), max_size=60))
    def test_it_does_what_packet_does(self, steps: list) -> None:
        slow, quick = TrackPlan(), TrackPlan()
        now, sequence, timestamp = 0, 65_500, (1 << 32) - 10_000
        for sequence_step, timestamp_step, wait_ms, payload, paused in steps:
            now += wait_ms * MS
            sequence, timestamp = sequence + sequence_step, timestamp + timestamp_step
            packet = (now, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, payload)
            for plan in (slow, quick):
                (plan.pause if paused else plan.resume)()
            expected = slow.packet(*packet)
            placed = quick.follow(*packet)
            done: list[Write] = []
            if placed is None:
                done = quick.packet(*packet)
            else:
                position, ticks = placed
                done = [Packet(payload, ticks, position, now)]
            assert done == expected
            assert quick.cursor == slow.cursor
        assert quick.finish(now + 500 * MS) == slow.finish(now + 500 * MS)
        assert quick._counters == slow._counters

    def test_it_takes_an_unbroken_stream(self) -> None:
        plan = started(2)
        for number in range(2, 50):
            arrival = (1000 + 20 * number) * MS
            placed = plan.follow(arrival, number, number * FRAME, VOICE)
            assert placed == (number * FRAME, FRAME)
        assert plan.cursor == 50 * FRAME

    def test_after_catching_up_it_leaves_packets_until_that_was_right(self) -> None:
        """A second of silence came of the network after all: the rest arrives in a burst."""
        slow, quick = started(50), started(50)
        late = [(3000 + 20 * number, number) for number in range(50, 80)]
        burst = [(4600, number) for number in range(80, 110)]
        writes: list[Write] = []
        for arrival_ms, number in late + burst:
            packet = (arrival_ms * MS, number, number * FRAME, VOICE)
            writes += slow.packet(*packet)
            if quick.follow(*packet) is None:
                quick.packet(*packet)
            assert quick.cursor == slow.cursor
        begun = [one.reason for one in writes if isinstance(one, NewSegment)]
        assert begun == [Reason.CLOCK_JUMP]

    def test_it_leaves_malformed_packets_alone(self) -> None:
        malformed = b"\xfb"  # several frames, and no byte that says how many
        assert started(1).follow(1020 * MS, 1, FRAME, malformed) is None


class TestDue:
    def test_nothing_is_due_before_the_first_packet(self) -> None:
        assert TrackPlan().due_ns is None

    @given(st.integers(0, 200))
    def test_time_alone_changes_nothing_before_it(self, late_ms: int) -> None:
        plan = started(5)
        plan.packet((1100 + late_ms) * MS, 5, 5 * FRAME, VOICE)
        due_ns = plan.due_ns
        assert due_ns is not None
        assert plan.tick(due_ns - 1) == []
        (fill,) = plan.tick(due_ns)
        assert isinstance(fill, Fill)
