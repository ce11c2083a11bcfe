"""Each row of the gap rules as a script of packets, then scripts that nobody thought of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.netem import Link

from media.recording import plan as planning
from media.recording.plan import (
    PRE_SKIP,
    Cause,
    Fill,
    FillKind,
    NewSegment,
    Packet,
    Reason,
    TrackPlan,
    Write,
)
from media.rtp import opus
from media.rtp.opus import concealment

MS = 1_000_000
TICKS = 48  # a millisecond
VOICE = b"\x78 voice"  # hybrid, full band, 20 ms, mono
FRAME = 20 * TICKS


@dataclass
class Script:
    """Feeds a plan with packets numbered in units of 20 ms, and keeps what it says."""

    plan: TrackPlan = field(default_factory=TrackPlan)
    first_sequence: int = 65_530
    first_timestamp: int = (1 << 32) - 3000
    writes: list[Write] = field(default_factory=list)

    def send(
        self,
        number: int,
        *,
        at_ms: float | None = None,
        ticks: int | None = None,
        payload: bytes = VOICE,
    ) -> list[Write]:
        """Packet `number`; its time stamp and arrival are 20 ms each unless given."""
        position = number * FRAME if ticks is None else ticks
        arrival = position / TICKS if at_ms is None else at_ms
        new = self.plan.packet(
            round((1000 + arrival) * MS),
            (self.first_sequence + number) & 0xFFFF,
            (self.first_timestamp + position) & 0xFFFF_FFFF,
            payload,
        )
        self.writes += new
        return new

    def tick(self, at_ms: float) -> list[Write]:
        new = self.plan.tick(round((1000 + at_ms) * MS))
        self.writes += new
        return new

    def finish(self, at_ms: float) -> list[Write]:
        new = self.plan.finish(round((1000 + at_ms) * MS))
        self.writes += new
        return new

    def start(self, count: int = 10) -> "Script":
        for number in range(count):
            self.send(number)
        return self

    @property
    def segments(self) -> list[NewSegment]:
        return [write for write in self.writes if isinstance(write, NewSegment)]


def fills(writes: Sequence[Write]) -> list[tuple[str, float]]:
    """Fillers as (kind, milliseconds)."""
    return [(one.kind.value, one.ticks / TICKS) for one in writes if isinstance(one, Fill)]


def reasons(writes: Sequence[Write]) -> list[str]:
    return [one.reason.value for one in writes if isinstance(one, NewSegment)]


class TestInOrder:
    def test_packets_are_written_unchanged(self) -> None:
        script = Script().start(3)
        assert [type(one) for one in script.writes] == [NewSegment, Packet, Packet, Packet]
        assert [one.payload for one in script.writes[1:]] == [VOICE] * 3
        assert [one.position for one in script.writes[1:]] == [0, FRAME, 2 * FRAME]
        assert script.segments[0].counters.received == 3

    def test_first_packet_says_how_many_channels(self) -> None:
        script = Script()
        script.send(0, payload=b"\x7c stereo")
        assert script.segments[0].stereo

    def test_timestamps_that_tremble_by_less_than_a_frame_leave_no_gap(self) -> None:
        script = Script().start()
        assert fills(script.send(10, ticks=10 * FRAME + 119)) == []
        assert fills(script.send(11, ticks=11 * FRAME - 119)) == []
        assert script.segments[0].counters.received == 12

    def test_padding_keeps_its_place_without_being_written(self) -> None:
        script = Script().start()
        assert script.send(10, payload=b"") == []
        assert fills(script.send(11, ticks=10 * FRAME)) == []
        assert script.segments[0].counters.lost == 0

    def test_padding_first_begins_nothing(self) -> None:
        script = Script()
        assert script.send(0, payload=b"") == []
        assert reasons(script.send(1)) == ["start"]


class TestShortLoss:
    def test_is_concealed_in_the_codec_of_the_packet_before(self) -> None:
        script = Script().start()
        script.send(13)
        writes = script.tick(13 * 20 + 200)
        assert fills(writes) == [("concealed", 60)]
        assert writes[0].packets == (bytes((VOICE[0] | 3, 3)),)
        counters = script.segments[0].counters
        assert (counters.lost, counters.filled[FillKind.CONCEALED]) == (3, 60 * TICKS)
        assert counters.gaps == []

    def test_more_than_60_ms_is_listed(self) -> None:
        script = Script().start()
        script.send(14)
        script.tick(14 * 20 + 200)
        (gap,) = script.segments[0].counters.gaps
        assert (gap.at, gap.ticks, gap.cause) == (10 * FRAME, 80 * TICKS, Cause.LOSS)

    def test_a_malformed_packet_counts_as_lost(self) -> None:
        script = Script().start()
        script.send(10, payload=b"\xff")
        script.send(11)
        assert fills(script.tick(11 * 20 + 200)) == [("concealed", 20)]
        counters = script.segments[0].counters
        assert (counters.malformed, counters.lost) == (1, 1)

    def test_late_and_duplicate_packets_are_counted_not_written(self) -> None:
        script = Script().start()
        script.send(11)
        script.tick(11 * 20 + 200)
        assert script.send(10, at_ms=430) == []
        assert script.send(11, at_ms=431) == []
        counters = script.segments[0].counters
        assert (counters.late, counters.duplicate) == (1, 1)

    def test_lost_padding_does_not_make_a_gap(self) -> None:
        script = Script().start()
        script.send(11, ticks=10 * FRAME, payload=b"")
        script.send(12, ticks=10 * FRAME)
        assert fills(script.tick(12 * 20 + 200)) == []
        assert script.segments[0].counters.received == 11


class TestLongLoss:
    def test_fades_out_then_is_silent(self) -> None:
        script = Script().start()
        script.send(30)
        writes = script.tick(30 * 20 + 200)
        assert fills(writes) == [("concealed", 120), ("silence", 280)]
        assert script.segments[0].counters.gaps[0].cause is Cause.LOSS


class TestDtx:
    def test_comfort_noise_goes_on_and_is_not_listed(self) -> None:
        script = Script().start()
        writes = script.send(10, ticks=10 * FRAME + 400 * TICKS)
        assert fills(writes) == [("dtx", 400)]
        assert [opus.packet_ticks(one) for one in writes[0].packets] == [5760, 5760, 5760, 1920]
        assert script.segments[0].counters.gaps == []


class TestPause:
    def test_is_silence(self) -> None:
        script = Script().start()
        writes = script.send(10, ticks=10 * FRAME + 900 * TICKS)
        assert fills(writes) == [("silence", 900)]
        assert script.segments[0].counters.gaps[0].cause is Cause.PAUSE

    def test_long_ones_are_filled_as_time_passes_a_second_behind(self) -> None:
        script = Script().start()
        assert script.tick(2199) == []
        assert fills(script.tick(2200)) == [("silence", 1000)]  # up to 1200
        assert script.tick(3199) == []
        assert fills(script.tick(3200)) == [("silence", 1000)]
        writes = script.send(10, ticks=3500 * TICKS)
        assert fills(writes) == [("silence", 3500 - 2200)]
        (gap,) = script.segments[0].counters.gaps
        assert (gap.ticks, gap.cause) == (3300 * TICKS, Cause.PAUSE)

    def test_silence_that_was_withheld_is_no_loss(self) -> None:
        script = Script().start(10)
        script.writes += script.plan.skipped((script.first_sequence + 39) & 0xFFFF)
        assert fills(script.send(40)) == [("silence", 600.0)]
        counters = script.segments[0].counters
        assert (counters.lost, [gap.cause for gap in counters.gaps]) == (0, [Cause.PAUSE])

    def test_its_cause_turns_to_loss_when_packets_are_missing(self) -> None:
        script = Script().start()
        script.tick(3000)
        script.send(200)
        script.tick(200 * 20 + 200)
        assert [gap.cause for gap in script.segments[0].counters.gaps] == [Cause.LOSS]

    def test_stereo_or_not_the_time_is_exact(self) -> None:
        script = Script().start()
        script.send(10, ticks=10 * FRAME + 900 * TICKS)
        assert script.plan.cursor == 11 * FRAME + 900 * TICKS


class TestRemainder:
    def test_less_than_2_5_ms_is_carried_to_the_next_gap(self) -> None:
        script = Script().start()
        script.send(10, ticks=10 * FRAME + 130)  # 120 filled, 10 carried
        writes = script.send(11, ticks=11 * FRAME + 130 + 110)
        assert fills(writes) == [("dtx", 2.5)]


class TestOverlap:
    def test_is_dropped(self) -> None:
        script = Script().start()
        assert script.send(10, ticks=9 * FRAME) == []
        assert script.segments[0].counters.overlap == 1

    def test_without_end_keeps_the_length_in_one_file(self) -> None:
        script = Script().start()
        for number in range(10, 260):
            script.send(number, ticks=9 * FRAME, at_ms=number * 20)
        script.finish(260 * 20)
        assert reasons(script.writes) == ["start"]
        assert script.plan.cursor == pytest.approx(260 * FRAME, abs=100 * TICKS)


class TestStill:
    """A browser that is muted by taking its track away stops its timestamps too."""

    @pytest.mark.parametrize("muted_ms", [400, 1000, 1900, 5000, 90_000])
    def test_a_mute_is_filled_in_the_same_file(self, muted_ms: int) -> None:
        script = Script().start(100)
        for at in range(2000, 2000 + muted_ms, 100):
            script.tick(at)
        for number in range(100, 200):
            script.send(number, at_ms=number * 20 + muted_ms + number % 3)
        script.finish(200 * 20 + muted_ms)
        assert reasons(script.writes) == ["start"]
        counters = script.segments[0].counters
        assert (counters.received, counters.lost) == (200, 0)
        filled = sum(counters.filled.values()) / TICKS
        assert filled == pytest.approx(muted_ms, abs=10)
        assert script.plan.cursor / TICKS == pytest.approx(4000 + muted_ms, abs=10)
        assert script.writes[-2].position / TICKS == pytest.approx(3980 + muted_ms, abs=4)

    def test_many_mutes_do_not_add_up(self) -> None:
        script, at = Script(), 0
        for number in range(1000):
            at += 20 if number % 50 else 720  # 0.7 s of mute in every 1.7
            script.tick(at)
            script.send(number, at_ms=at)
        script.finish(at + 20)
        assert reasons(script.writes) == ["start"]
        assert script.plan.cursor / TICKS == pytest.approx(at + 20 - 720, abs=30)

    @pytest.mark.parametrize("stall_ms", [300, 800, 1500])
    def test_a_burst_after_a_stall_of_the_network_is_no_mute(self, stall_ms: int) -> None:
        script = Script().start()
        for number in range(10, 200):
            script.send(number, at_ms=max(200 + stall_ms, number * 20))
        assert reasons(script.writes) == ["start"]
        assert fills(script.writes) == []
        assert script.segments[0].counters.received == 200

    def test_a_stall_that_drains_slowly_is_found_out(self) -> None:
        script = Script().start()
        for number in range(10, 300):  # 1.5 s late at first, on time after 3 s
            late = max(0, 1500 - (number - 10) * 10)
            script.send(number, at_ms=number * 20 + late)
        script.finish(6000)
        assert reasons(script.writes) == ["start", "clock_jump"]

    def test_packets_are_held_no_longer_than_it_takes_to_tell(self) -> None:
        script = Script().start()
        assert script.send(10, at_ms=700) == []
        assert script.tick(999) == []
        assert fills(script.tick(1000)) == [("silence", 500)]

    def test_nor_are_too_many(self) -> None:
        script = Script().start()
        for number in range(10, 10 + planning.HELD - 1):
            assert script.send(number, ticks=10 * FRAME + number, at_ms=700) == []
        assert script.send(10 + planning.HELD - 1, ticks=14 * FRAME, at_ms=700)

    def test_the_end_lets_go_of_what_is_held(self) -> None:
        script = Script().start()
        script.send(10, at_ms=700)
        assert [type(one) for one in script.finish(720)] == [Fill, Packet, Fill]

    def test_so_does_a_sender_that_counts_anew(self) -> None:
        script = Script().start()
        script.send(10, at_ms=700)
        writes = script.send(9000, ticks=90_000_000, at_ms=720)
        assert reasons(writes) == ["reset"]
        assert script.segments[0].counters.received == 11


class TestDiscontinuity:
    def test_timestamp_jump(self) -> None:
        script = Script().start()
        writes = script.send(10, ticks=90_000_000, at_ms=200)
        assert reasons(writes) == ["clock_jump"]

    def test_numbers_and_timestamps_begin_anew(self) -> None:
        script = Script().start()
        assert reasons(script.send(4000, ticks=90_000_000, at_ms=200)) == ["reset"]

    def test_numbers_and_timestamps_fall_back(self) -> None:
        script = Script().start()
        assert reasons(script.send(-4000, ticks=8 * FRAME, at_ms=200)) == ["reset"]

    def test_numbers_that_jump_alone_break_nothing(self) -> None:
        script = Script().start()
        writes = script.send(4000, ticks=10 * FRAME, at_ms=200)
        assert [type(one) for one in writes] == [Packet]

    def test_minutes_without_packets_on_one_time_line_are_a_gap(self) -> None:
        script = Script().start()
        for second in range(1, 90):
            script.tick(second * 1000)
        writes = script.send(4500)  # 90 s: more numbers than the window
        assert reasons(writes) == []
        (gap,) = script.segments[0].counters.gaps
        assert (gap.cause, gap.ticks) == (Cause.LOSS, 4490 * FRAME)
        assert script.segments[0].counters.lost == 4490

    def test_a_burst_behind_written_silence(self) -> None:
        script = Script().start()
        for at in range(200, 4000, 100):  # 4 s without packets
            script.tick(at)
        for number in range(10, 230):
            script.send(number, at_ms=max(4000, number * 20))
        assert reasons(script.writes) == ["start", "clock_jump"]
        assert script.segments[1].counters.received == 220

    def test_the_new_segment_counts_from_its_own_zero(self) -> None:
        script = Script().start()
        script.send(10, ticks=90_000_000, at_ms=200)
        script.send(11, ticks=90_000_000 + FRAME, at_ms=220)
        first, second = script.segments
        assert (first.counters.received, second.counters.received) == (10, 2)
        assert script.writes[-1].position == FRAME
        assert second.timestamp == (script.first_timestamp + 90_000_000) & 0xFFFF_FFFF


class TestInterrupt:
    def test_fills_up_to_the_break_and_begins_another_segment(self) -> None:
        script = Script().start()
        writes = script.plan.interrupt(round(1500 * MS), Reason.OVERLOAD, dropped=15)
        assert fills(writes) == [("silence", 305)]
        after = script.send(25, at_ms=520)
        assert reasons(after) == ["overload"]
        assert script.segments[-1].counters.dropped == 15

    def test_before_the_first_packet_keeps_the_count(self) -> None:
        script = Script()
        assert script.plan.interrupt(0, Reason.OVERLOAD, dropped=3) == []
        script.send(0)
        assert script.segments[0].counters.dropped == 3


class TestRecordingPaused:
    def test_nothing_is_stored_but_time_goes_on(self) -> None:
        script = Script().start()
        script.plan.pause()
        writes = script.send(10) + script.send(11)
        assert fills(writes) == [("silence", 20), ("silence", 20)]
        script.plan.resume()
        assert script.send(12)[0].payload == VOICE
        counters = script.segments[0].counters
        assert counters.withheld == 2
        (gap,) = counters.gaps
        assert (gap.at, gap.ticks, gap.cause) == (10 * FRAME, 2 * FRAME, Cause.PAUSED)

    def test_what_came_before_is_stored_though_it_waited(self) -> None:
        script = Script().start()
        script.send(11)
        script.plan.pause()
        writes = script.send(10)
        assert [type(one) for one in writes] == [Fill, Packet]

    def test_an_idle_track_is_filled_as_paused(self) -> None:
        script = Script().start()
        script.plan.pause()
        script.tick(3000)
        script.send(200)
        script.tick(4200)
        assert {gap.cause for gap in script.segments[0].counters.gaps} == {Cause.PAUSED}


class TestEnd:
    def test_is_filled_up_to_that_moment_and_the_pre_skip(self) -> None:
        script = Script().start()
        assert fills(script.finish(300)) == [("concealed", 105)]
        assert script.plan.cursor == 305 * TICKS
        assert abs(script.plan.cursor - PRE_SKIP - 300 * TICKS) < 120

    def test_after_a_long_silence_goes_on_with_silence(self) -> None:
        script = Script().start()
        script.tick(3000)
        assert fills(script.finish(4000))[0][0] == "silence"
        assert len(script.segments[0].counters.gaps) == 1

    def test_a_track_that_never_sent_has_nothing(self) -> None:
        script = Script()
        script.tick(5000)
        assert script.finish(9000) == []

    def test_waiting_packets_are_written(self) -> None:
        script = Script().start()
        script.send(11)
        writes = script.finish(240)
        assert fills(writes)[0] == ("concealed", 20)
        assert isinstance(writes[1], Packet)

    def test_follows_a_sender_whose_clock_drifts(self) -> None:
        script = Script()
        for number in range(3000):  # a minute, 1 % fast: 0.6 s ahead at the end
            script.send(number, at_ms=number * 20 / 1.01)
        end = 3000 * 20 / 1.01
        script.finish(end + 100)
        assert script.plan.cursor == pytest.approx(3000 * FRAME + 100 * TICKS, abs=120 * TICKS)


class TestLists:
    def test_gaps_beyond_the_limit_are_only_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(planning, "MAX_GAPS", 1)
        script = Script().start()
        position = 10 * FRAME
        for number in range(10, 13):
            position += FRAME + 900 * TICKS
            script.send(number, ticks=position)
        counters = script.segments[0].counters
        assert (len(counters.gaps), counters.gaps_omitted) == (1, 2)


class TestReports:
    def test_positions_are_known_after_the_first_packet(self) -> None:
        script = Script()
        assert script.plan.position_of(5) is None
        script.start()
        assert script.plan.position_of((script.first_timestamp + 480) & 0xFFFF_FFFF) == 480
        assert script.plan.position_of((script.first_timestamp - 48) & 0xFFFF_FFFF) == -48


STEP = st.tuples(
    st.integers(-5, 3200),  # sequence step
    st.one_of(st.integers(-3000, 30_000), st.integers(0, (1 << 32) - 1)),  # timestamp step
    st.one_of(st.integers(0, 500), st.integers(0, 20_000)),  # milliseconds until it arrives
    st.sampled_from([VOICE, b"", b"\xff", b"\x78", b"\xfb\x06", b"\x0c stereo silk", b"\xe0 2.5"]),
    st.booleans(),  # paused
)


class TestAnything:
    @settings(max_examples=300, deadline=None)
    @given(st.lists(STEP, max_size=40), st.integers(0, 3000))
    def test_every_tick_is_accounted_for(self, steps: list, rest_ms: int) -> None:
        plan, now, sequence, timestamp = TrackPlan(), 0, 65_000, (1 << 32) - 10_000
        written, began, received, packets = 0, 0, 0, 0
        last = 0

        def take(writes: list[Write]) -> None:
            nonlocal written, began, received, last
            for write in writes:
                if isinstance(write, NewSegment):
                    written, began = 0, write.arrival_ns
                    last = began
                elif isinstance(write, Packet):
                    assert opus.packet_ticks(write.payload) == write.ticks
                    assert abs(write.position - written) < 2 * 120  # no bare gap
                    written += write.ticks
                    received += 1
                else:
                    assert sum(map(opus.packet_ticks, write.packets)) == write.ticks > 0
                    written += write.ticks

        for sequence_step, timestamp_step, wait_ms, payload, paused in steps:
            sequence += sequence_step
            timestamp += timestamp_step
            for _ in range(wait_ms // 1000):
                now += 1000 * MS
                take(plan.tick(now))
            now += wait_ms % 1000 * MS
            (plan.pause if paused else plan.resume)()
            take(plan.packet(now, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, payload))
            packets += 1
            assert plan.cursor == written
        take(plan.finish(now + rest_ms * MS))
        assert plan.cursor == written
        assert received <= packets


def over_the_network(link: Link[tuple[int, int]], *, seconds: int, frame_ms: int, dtx: bool):
    """Someone talks and falls silent in turn; gives the plan and how long they were there."""
    plan, sequence, first, counters, written = TrackPlan(), 60_000, None, [], 0

    def take(writes: list[Write]) -> None:
        nonlocal written
        for write in writes:
            if isinstance(write, NewSegment):
                counters.append(write.counters)
            else:
                written += write.ticks

    def receive(until: float) -> None:
        nonlocal first
        while link.next_at is not None and link.next_at <= until:
            at = link.next_at
            first = at if first is None else first
            for number, timestamp in link.deliver(at):
                payload = concealment(VOICE[0], frame_ms * TICKS)[0] + bytes(10 * (frame_ms == 20))
                take(
                    plan.packet(round(at * 1e9), number & 0xFFFF, timestamp & 0xFFFF_FFFF, payload)
                )

    count = seconds * 1000 // frame_ms
    for number in range(count):
        at = 50 + number * frame_ms / 1000
        silent = dtx and at % 7 > 4 and number % (400 // frame_ms)
        if not silent:
            link.send((sequence, number * frame_ms * TICKS + 123_456), at)
            sequence += 1
        receive(at)
        take(plan.tick(round(at * 1e9)))
    end = 50 + seconds
    receive(end)
    take(plan.finish(round(end * 1e9)))
    assert first is not None
    return written - PRE_SKIP, (end - first) * 48_000, counters


class TestNetwork:
    @pytest.mark.parametrize("loss", [0, 0.02, 0.1, 0.3])
    @pytest.mark.parametrize("dtx", [False, True])
    @pytest.mark.parametrize("frame_ms", [10, 20, 40, 60])
    def test_the_file_is_as_long_as_the_presence(
        self, loss: float, dtx: bool, frame_ms: int
    ) -> None:
        link: Link[tuple[int, int]] = Link(
            seed=7, loss=loss, burst=3, delay=0.06, jitter=0.03, reorder=0.01, duplicate=0.01
        )
        length, presence, counters = over_the_network(link, seconds=60, frame_ms=frame_ms, dtx=dtx)
        assert len(counters) == 1
        assert length == pytest.approx(presence, abs=100 * TICKS)
        assert counters[0].malformed == 0
        assert (counters[0].lost > 0) == (loss > 0)
