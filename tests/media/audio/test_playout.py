from media.audio.decode import Coded
from media.audio.playout import BLOCK_NS, LATE_BLOCKS, LEAD_NS, Playout

SOUND = Coded(b"sound", 20)
SILENCE = Coded(None, 127)


def run(playout: Playout, now_ns: int, until_ns: int) -> list[tuple[int, int]]:
    """When packets go out and their timestamps, looking whenever asked to."""
    sent = []
    while True:
        due, again_ns = playout.take(now_ns)
        sent += [(now_ns, packet.timestamp) for packet in due]
        if again_ns is None or again_ns > until_ns:
            return sent
        now_ns = again_ns


def test_packets_go_out_20_ms_apart_after_a_lead():
    playout = Playout()
    assert playout.take(0) == ([], None)
    playout.put([SOUND] * 3, 0)
    assert run(playout, 0, 10**9) == [
        (LEAD_NS + number * BLOCK_NS, number * 960) for number in range(3)
    ]
    assert not playout.busy


def test_silence_passes_unsent():
    playout = Playout()
    playout.put([SOUND, SILENCE, SILENCE, SOUND], 0)
    assert [timestamp for _, timestamp in run(playout, 0, 10**9)] == [0, 3 * 960]


def test_a_pause_is_as_long_in_timestamps_as_it_was():
    playout = Playout()
    playout.put([SOUND], 0)
    _ = run(playout, 0, 10**9)
    playout.put([SOUND], 2 * 10**9)
    assert [timestamp for _, timestamp in run(playout, 2 * 10**9, 3 * 10**9)] == [100 * 960]


def test_a_late_loop_catches_up_a_little_and_no_more():
    playout = Playout()
    playout.put([SOUND] * 100, 0)
    due, _ = playout.take(LEAD_NS + LATE_BLOCKS * BLOCK_NS)
    assert len(due) == LATE_BLOCKS + 1
    due, _ = playout.take(LEAD_NS + 50 * BLOCK_NS)
    assert len(due) == 1


def test_what_waits_can_be_forgotten():
    playout = Playout()
    playout.put([SOUND] * 5, 0)
    assert (playout.blocks, playout.busy) == (5, True)
    playout.clear()
    assert (playout.blocks, playout.busy) == (0, False)
    assert playout.take(10**9) == ([], None)
    playout.put([], 0)
    assert not playout.busy
