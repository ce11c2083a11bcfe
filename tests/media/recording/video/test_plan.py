from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from support.film import frames, payloads

from media.recording.video import plan as module
from media.recording.video.plan import (
    Cause,
    EndFile,
    NewFile,
    Picture,
    Reason,
    VideoPlan,
    Write,
)

STEP = 3000
STEP_NS = 1_000_000_000 // 30
SECOND = 1_000_000_000


@dataclass
class Stage:
    """A stream of small pictures, one packet each unless told otherwise."""

    plan: VideoPlan = field(default_factory=lambda: VideoPlan("video/vp8", 7, Reason.START))
    now_ns: int = 10 * SECOND
    sequence: int = 65_530
    timestamp: int = 0xFFFF_F000
    writes: list[Write] = field(default_factory=list)

    def send(self, *, key: bool = False, size: tuple[int, int] = (320, 240)) -> None:
        self.take(self.sequence, self.picture(key=key, size=size))
        self.skip()

    def film(self, count: int, *, key: bool = True) -> None:
        for number in range(count):
            self.send(key=key and not number)

    def picture(self, *, key: bool, size: tuple[int, int] = (320, 240)) -> bytes:
        if not key:
            return b"\x10\x11delta"
        width, height = size
        return (
            b"\x10\x10\x02\x00\x9d\x01\x2a"
            + width.to_bytes(2, "little")
            + height.to_bytes(2, "little")
        )

    def take(self, sequence: int, payload: bytes, timestamp: int | None = None) -> None:
        at = self.timestamp if timestamp is None else timestamp
        self.writes += self.plan.packet(
            self.now_ns, sequence & 0xFFFF, at & 0xFFFF_FFFF, payload, marker=True
        )

    def skip(self, frames: int = 1) -> None:
        """Time passes without a packet; numbers go on as if they had been sent."""
        self.sequence += frames
        self.pass_time(frames)

    def pass_time(self, frames: int) -> None:
        self.timestamp += STEP * frames
        self.now_ns += STEP_NS * frames

    def tick(self) -> None:
        self.writes += self.plan.tick(self.now_ns)

    def of(self, kind: type) -> list:
        return [one for one in self.writes if isinstance(one, kind)]

    def positions(self) -> list[int]:
        return [one.position for one in self.of(Picture)]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def reasons(writes: Iterable[Write]) -> list[Reason]:
    return [one.reason for one in writes if isinstance(one, NewFile)]


class TestOneFile:
    def test_it_begins_with_a_key_frame_and_counts_from_it(self, stage):
        stage.film(3, key=False)
        assert stage.writes == []
        assert stage.plan.wanting
        stage.film(4)
        (new,) = stage.of(NewFile)
        assert (new.reason, new.ssrc, new.format.width) == (Reason.START, 7, 320)
        assert new.arrival_ns == 10 * SECOND + 3 * STEP_NS
        assert stage.positions() == [0, STEP, 2 * STEP, 3 * STEP]
        assert [one.key for one in stage.of(Picture)] == [True, False, False, False]
        assert not stage.plan.wanting
        assert (new.counters.received, new.counters.frames, new.counters.broken) == (7, 4, 3)

    def test_packets_out_of_order_are_put_right(self, stage):
        stage.send(key=True)
        first, later = stage.sequence, stage.timestamp
        stage.skip()
        stage.send()
        assert stage.positions() == [0]
        stage.take(first, stage.picture(key=False), later)
        assert stage.positions() == [0, STEP, 2 * STEP]
        assert stage.of(NewFile)[0].counters.lost == 0

    def test_a_packet_that_comes_twice_is_counted(self, stage):
        stage.send(key=True)
        stage.take(stage.sequence - 1, stage.picture(key=True))
        assert stage.of(NewFile)[0].counters.duplicate == 1
        assert len(stage.of(Picture)) == 1


class TestLoss:
    def test_pictures_after_a_loss_are_left_out_up_to_a_key_frame_and_listed(self, stage):
        stage.film(3)
        stage.skip()
        stage.film(20, key=False)
        assert not stage.plan.wanting  # it may still be sent again
        stage.film(20, key=False)
        stage.send(key=True)
        stage.send()
        counters = stage.of(NewFile)[0].counters
        assert (counters.lost, counters.broken) == (1, 40)
        (gap,) = counters.gaps
        assert (gap.at, gap.ticks, gap.cause) == (2 * STEP, 42 * STEP, Cause.LOSS)
        assert stage.positions() == [0, STEP, 2 * STEP, 44 * STEP, 45 * STEP]
        assert len(stage.of(NewFile)) == 1

    def test_a_hole_is_given_up_after_a_second(self, stage):
        stage.send(key=True)
        stage.skip()
        stage.film(25, key=False)
        stage.tick()
        assert not stage.plan.wanting
        stage.pass_time(6)
        stage.tick()
        assert stage.plan.wanting

    def test_a_broken_picture_is_listed_too(self, stage):
        stage.film(2)
        stage.take(stage.sequence, b"\x80")
        stage.skip()
        stage.send(key=True)
        (gap,) = stage.of(NewFile)[0].counters.gaps
        assert gap.cause is Cause.LOSS

    def test_only_so_many_gaps_are_listed(self, stage, monkeypatch):
        monkeypatch.setattr(module, "MAX_GAPS", 2)
        stage.film(2)
        for _ in range(4):
            stage.take(stage.sequence, b"\x80")
            stage.skip()
            stage.send(key=True)
        counters = stage.of(NewFile)[0].counters
        assert (len(counters.gaps), counters.gaps_omitted) == (2, 2)

    def test_numbers_that_leap_are_a_loss(self, stage):
        stage.film(2)
        stage.sequence += 10_000
        stage.send()
        stage.send(key=True)
        assert stage.positions() == [0, STEP, 3 * STEP]

    def test_a_mute_is_listed_as_one(self, stage):
        stage.film(3)
        stage.plan.withhold()
        stage.sequence += 60
        stage.pass_time(60)
        stage.send()
        stage.send(key=True)
        (gap,) = stage.of(NewFile)[0].counters.gaps
        assert (gap.cause, gap.ticks) == (Cause.MUTED, 62 * STEP)

    def test_a_loss_right_after_a_mute_does_not_rename_it(self, stage):
        stage.film(2)
        stage.plan.withhold()
        stage.take(stage.sequence, b"\x80")
        stage.skip()
        stage.send(key=True)
        assert stage.of(NewFile)[0].counters.gaps[0].cause is Cause.MUTED


class TestAnotherFile:
    def test_another_size_begins_one_where_it_comes(self, stage):
        stage.film(3)
        stage.send(key=True, size=(640, 360))
        stage.send()
        assert reasons(stage.writes) == [Reason.START, Reason.FORMAT]
        assert [one.position for one in stage.of(EndFile)] == [3 * STEP]
        assert stage.positions() == [0, STEP, 2 * STEP, 0, STEP]
        first, second = stage.of(NewFile)
        assert (first.counters.frames, second.counters.frames) == (3, 2)

    def test_another_layer_begins_one(self, stage):
        stage.film(3)
        stage.writes += stage.plan.turn(stage.now_ns, "video/vp8", 8, Reason.LAYER)
        assert stage.plan.wanting
        stage.sequence, stage.timestamp = 5, 90
        stage.film(2)
        assert reasons(stage.writes) == [Reason.START, Reason.LAYER]
        assert stage.of(NewFile)[1].ssrc == 8

    def test_until_another_layer_comes_the_last_picture_is_not_shown_for_longer(self, stage):
        stage.film(3)
        late_ns = stage.now_ns + SECOND // 10
        stage.writes += stage.plan.turn(late_ns, "video/vp8", 8, Reason.LAYER)
        assert [one.position for one in stage.of(EndFile)] == [3 * STEP]

    def test_another_codec_begins_one(self, stage):
        stage.film(1)
        stage.writes += stage.plan.turn(stage.now_ns, "video/h264", 9, Reason.SSRC)
        (frame,) = frames("video/h264", 1)
        parts = payloads("video/h264", frame)
        for number, part in enumerate(parts):
            stage.writes += stage.plan.packet(
                stage.now_ns, number, 5, part, marker=number == len(parts) - 1
            )
        assert [one.format.codec for one in stage.of(NewFile)] == ["video/vp8", "video/h264"]

    def test_a_stream_that_turned_before_anything_was_written_keeps_the_new_reason(self, stage):
        stage.writes += stage.plan.turn(stage.now_ns, "video/vp8", 8, Reason.LAYER)
        stage.film(1)
        assert reasons(stage.writes) == [Reason.LAYER]

    def test_an_interruption_shows_the_last_picture_up_to_it(self, stage):
        stage.film(3)
        stage.now_ns += SECOND
        stage.writes += stage.plan.interrupt(stage.now_ns, Reason.OVERLOAD, 12)
        (end,) = stage.of(EndFile)
        assert end.position == pytest.approx(3 * STEP + 90_000, abs=10)
        stage.film(1)
        second = stage.of(NewFile)[1]
        assert (second.reason, second.counters.dropped) == (Reason.OVERLOAD, 12)

    def test_what_waited_is_let_go_when_it_is_interrupted(self, stage):
        stage.send(key=True)
        stage.skip()
        stage.send(key=True)
        stage.writes += stage.plan.interrupt(stage.now_ns, Reason.RESUME)
        assert stage.positions() == [0, 2 * STEP]

    def test_silence_ends_the_file_soon_after_its_last_picture(self, stage):
        stage.film(3)
        stage.pass_time(140)
        stage.tick()
        assert stage.of(EndFile) == []
        stage.pass_time(20)
        stage.tick()
        (end,) = stage.of(EndFile)
        assert end.position == 3 * STEP
        stage.send(key=True)
        assert reasons(stage.writes) == [Reason.START, Reason.PAUSE]

    def test_an_end_after_a_long_silence_does_not_show_it(self, stage):
        stage.film(1)
        stage.pass_time(300)
        stage.writes += stage.plan.interrupt(stage.now_ns, Reason.RESUME)
        assert [one.position for one in stage.of(EndFile)] == [module.USUAL_STEP]

    def test_a_slow_screen_is_not_shown_for_long_after_its_end(self, stage):
        stage.send(key=True)
        stage.pass_time(60)
        stage.send()
        stage.pass_time(300)
        stage.tick()
        (end,) = stage.of(EndFile)
        assert end.position == 61 * STEP + module.LONGEST_STEP

    def test_without_a_file_there_is_nothing_to_end(self, stage):
        assert stage.plan.interrupt(5, Reason.RESUME) == []
        assert stage.plan.position_of(90) is None


class TestTimeLine:
    def test_reports_are_placed_on_it(self, stage):
        stage.film(2)
        assert stage.plan.position_of(stage.timestamp & 0xFFFF_FFFF) == 2 * STEP

    @pytest.mark.parametrize("leap", [-1, 20 * 90_000, -STEP])
    def test_timestamps_that_leap_begin_another_file_at_a_key_frame(self, stage, leap):
        stage.film(3)
        stage.timestamp += leap if leap != -1 else -STEP  # the same moment again
        stage.send()
        assert stage.plan.wanting
        stage.send(key=True)
        assert reasons(stage.writes) == [Reason.START, Reason.CLOCK_JUMP]

    def test_a_stall_of_the_network_is_none(self, stage):
        stage.film(3)
        stage.now_ns += 4 * SECOND
        stage.film(3, key=False)
        stage.now_ns -= 4 * SECOND - 6 * STEP_NS  # the burst has caught up
        stage.film(200, key=False)
        assert reasons(stage.writes) == [Reason.START]

    def test_a_sender_whose_clock_stood_still_begins_another_file(self, stage):
        stage.film(3)
        stage.now_ns += 4 * SECOND
        stage.film(160, key=False)
        stage.send(key=True)
        assert reasons(stage.writes) == [Reason.START, Reason.CLOCK_JUMP]
