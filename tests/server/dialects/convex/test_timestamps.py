"""Commit timestamps: they only grow, whatever the clock and restarts do."""

from datetime import timedelta

import pytest
from support.clock import FakeClock

from server.dialects.convex.timestamps import (
    RESERVED_NS,
    Timestamps,
    decode_ts,
    encode_ts,
    wall_ns,
)


def test_the_wire_form_of_the_contract():
    assert encode_ts(1795167107028355783) == "xwrk/vi26Rg="
    assert encode_ts(0) == "AAAAAAAAAAA="
    assert decode_ts("xwrk/vi26Rg=") == 1795167107028355783


@pytest.mark.parametrize("text", ["", "AAAA", "xwrk/vi26Rg", "*wrk/vi26Rg="])
def test_what_is_no_timestamp(text):
    with pytest.raises(ValueError, match="timestamp"):
        decode_ts(text)


async def test_each_is_larger_while_the_clock_stands(tmp_path):
    clock = FakeClock()
    timestamps = Timestamps(clock, tmp_path / "ts")
    first, second = timestamps.next(), timestamps.next()
    assert second == first + 1
    clock.advance(1)
    assert timestamps.next() == wall_ns(clock)


class EarlierClock(FakeClock):
    def utc(self):
        return super().utc() - timedelta(hours=1)


async def test_a_clock_set_back_between_two_runs_does_no_harm(tmp_path):
    path = tmp_path / "ts"
    crashed = Timestamps(FakeClock(), path)
    await crashed.start()
    last = crashed.next()
    again = Timestamps(EarlierClock(), path)
    await again.start()
    assert again.next() > last
    assert again.latest <= last + RESERVED_NS + 1


async def test_a_clean_stop_wastes_nothing(tmp_path):
    path = tmp_path / "ts"
    stopped = Timestamps(FakeClock(), path)
    await stopped.start()
    last = stopped.next()
    await stopped.stop()
    again = Timestamps(EarlierClock(), path)
    await again.start()
    assert again.latest == last


async def test_half_a_reservation_asks_for_a_new_one(tmp_path):
    clock = FakeClock()
    timestamps = Timestamps(clock, tmp_path / "ts")
    await timestamps.start()
    timestamps.next()
    assert not timestamps.running_low
    clock.advance(RESERVED_NS / 1e9)
    timestamps.next()
    assert timestamps.running_low
    await timestamps.reserve()
    assert not timestamps.running_low


async def test_a_torn_file_is_like_none(tmp_path):
    (tmp_path / "ts").write_text("17951")
    (tmp_path / "ts").write_text("x" * 4)
    timestamps = Timestamps(FakeClock(), tmp_path / "ts")
    await timestamps.start()
    assert timestamps.latest == wall_ns(FakeClock())
