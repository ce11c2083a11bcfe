import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.audio_judge import UPLINK, AudioJudge
from support.quality_reference import StreamJudge

from media.quality.measure import Bucket
from media.quality.model import BPL_OPUS_FEC, BPL_VIDEO, SCORE_FLOOR
from media.quality.table import StreamTable
from media.quality.trips import RoundTrips
from media.types import QualityLabel

CLEAN = Bucket(received=50, jitter_ms=5.0)
QUIET = Bucket()


def lossy(percent):
    lost = round(percent / 2)
    return Bucket(received=50 - lost, lost=lost, jitter_ms=5.0)


def shaky(jitter_ms):
    return Bucket(received=50, jitter_ms=float(jitter_ms))


def changes(judge, ticks):
    """The label changes of a run, as (tick, label), counted from 1."""
    before = judge.uplink.label
    seen = []
    for number, (bucket, rtt) in enumerate(ticks, start=1):
        label = judge.tick(bucket, rtt).label
        if label is not before:
            seen.append((number, str(label)))
            before = label
    return seen


def clean_judge():
    judge = AudioJudge(BPL_OPUS_FEC)
    for _ in range(10):
        judge.tick(CLEAN, 40.0)
    assert judge.uplink.label is QualityLabel.EXCELLENT
    return judge


STEPS = [
    (lossy(2), 40, [], []),
    (lossy(4), 40, [(5, "good")], [(7, "excellent")]),
    (lossy(6), 40, [(4, "good"), (7, "fair")], [(5, "good"), (7, "excellent")]),
    (lossy(8), 40, [(3, "good"), (5, "fair")], [(6, "good"), (8, "excellent")]),
    (
        lossy(12),
        40,
        [(3, "fair"), (6, "poor")],
        [(5, "fair"), (7, "good"), (8, "excellent")],
    ),
    (lossy(20), 40, [(2, "fair"), (4, "poor")], [(7, "good"), (9, "excellent")]),
    (lossy(50), 40, [(1, "fair"), (3, "poor")], [(8, "good"), (10, "excellent")]),
    (CLEAN, 450, [(2, "good")], [(8, "excellent")]),
    (CLEAN, 800, [(1, "poor")], [(7, "fair"), (8, "good"), (10, "excellent")]),
    (shaky(150), 40, [(2, "fair")], [(7, "good"), (9, "excellent")]),
    (shaky(200), 40, [(1, "fair"), (3, "poor")], [(7, "fair"), (8, "good"), (10, "excellent")]),
]


@pytest.mark.parametrize(("bucket", "rtt", "onset", "end"), STEPS)
def test_step_responses_come_at_their_tick(bucket, rtt, onset, end):
    judge = clean_judge()
    assert changes(judge, [(bucket, rtt)] * 20) == onset
    assert changes(judge, [(CLEAN, 40)] * 20) == end


def test_return_from_a_lost_transport():
    judge = clean_judge()
    lost = judge.lose()
    assert (lost.label, lost.reason, lost.score) == ("poor", "transport", SCORE_FLOOR)
    assert changes(judge, [(CLEAN, 40)] * 12) == [(4, "fair"), (5, "good"), (7, "excellent")]


def test_lost_before_anything_was_known_is_poor_too():
    judge = AudioJudge()
    assert judge.lose().label == "poor"
    assert judge.tick(QUIET, None).reason == "transport"
    assert judge.tick(CLEAN, None).label == "poor"


def test_nothing_is_said_before_ten_packets_settled():
    judge = AudioJudge()
    assert judge.tick(Bucket(received=9), 40) is None
    reading = judge.tick(Bucket(received=1), 40)
    assert reading is not None
    assert reading.label == "excellent"


def test_first_label_of_a_bad_link_is_bad_at_once():
    reading = AudioJudge().tick(lossy(50), 40)
    assert (reading.label, reading.reason) == ("poor", "loss")
    assert reading.loss_percent == 50


@pytest.mark.parametrize(
    ("bucket", "rtt", "reason"),
    [(lossy(12), 40, "loss"), (CLEAN, 800, "delay"), (shaky(200), 40, "jitter")],
)
def test_reading_names_what_is_wrong_and_keeps_it_until_excellent(bucket, rtt, reason):
    judge = clean_judge()
    for _ in range(10):
        reading = judge.tick(bucket, rtt)
    assert reading.reason == reason
    for _ in range(20):
        reading = judge.tick(CLEAN, 40)
        assert reading.reason == (None if reading.label == "excellent" else reason)
    assert reading.label == "excellent"


def test_reading_carries_its_figures():
    judge = AudioJudge()
    reading = judge.tick(Bucket(received=48, lost=2, jitter_ms=7.0), 123.0)
    assert (reading.loss_percent, reading.round_trip_ms, reading.jitter_ms) == (4.0, 123.0, 7.0)
    assert judge.tick(CLEAN, None).round_trip_ms == 123.0


def test_muted_without_packets_holds_whatever_the_label_was():
    for bucket in (CLEAN, lossy(12)):
        judge = clean_judge()
        for _ in range(10):
            before = judge.tick(bucket, 40)
        for _ in range(300):
            assert judge.tick(QUIET, 40, muted=True).label is before.label


def test_mute_changes_nothing_about_a_lost_transport():
    judge = clean_judge()
    judge.lose()
    assert judge.tick(QUIET, None, muted=True).reason == "transport"


def test_silence_frames_of_a_muted_sender_are_scored():
    judge = clean_judge()
    for _ in range(10):
        reading = judge.tick(lossy(12), 40, muted=True)
    assert reading.label == "poor"


def test_quiet_talker_who_loses_one_packet_keeps_the_label():
    judge = clean_judge()
    assert not changes(judge, [(Bucket(received=2 + n % 2), 40) for n in range(150)])
    assert judge.tick(Bucket(received=2, lost=1), 40).label == "excellent"
    assert not changes(judge, [(Bucket(received=2 + n % 2), 40) for n in range(150)])


def test_few_packets_are_judged_over_the_wide_window():
    judge = AudioJudge()
    for _ in range(8):
        judge.tick(Bucket(received=2), 40)
    losses = [judge.tick(Bucket(received=1, lost=1), 40).loss_percent]
    losses += [judge.tick(Bucket(received=2), 40).loss_percent for _ in range(15)]
    assert losses[6:] == [pytest.approx(100 / 30, abs=0.01)] * 9 + [0]


def test_stalled_sender_is_poor_within_five_seconds_and_says_so():
    judge = clean_judge()
    for second in range(1, 6):
        reading = judge.tick(QUIET, 40)
        if second <= 3:
            assert reading.label == "excellent"
    assert (reading.label, reading.reason) == ("poor", "stalled")
    assert reading.loss_percent == 100


@pytest.mark.parametrize(("pps", "stalls"), [(7, False), (8, True)])
def test_only_a_busy_stream_can_stall(pps, stalls):
    judge = AudioJudge()
    for _ in range(10):
        judge.tick(Bucket(received=pps), 40)
    for _ in range(4):
        reading = judge.tick(QUIET, 40)
    assert (reading.reason == "stalled") is stalls


@pytest.mark.parametrize(("received", "share"), [(5, 0), (4, 100 / 28)])
def test_window_widens_when_it_holds_fewer_than_25(received, share):
    judge = AudioJudge()
    judge.tick(Bucket(received=received - 1, lost=1), 40)
    for _ in range(6):
        reading = judge.tick(Bucket(received=received), 40)
    assert reading.loss_percent == pytest.approx(share, abs=0.01)


def test_returning_packets_settle_the_truth_about_a_stall():
    judge = clean_judge()
    for _ in range(6):
        judge.tick(QUIET, 40)
    for _ in range(3):
        reading = judge.tick(CLEAN, 40)
    assert reading.loss_percent == 0
    for _ in range(9):
        reading = judge.tick(CLEAN, 40)
    assert reading.label == "excellent"


def test_sender_that_says_it_sent_nothing_is_idle():
    judge = clean_judge()
    for _ in range(30):
        judge.whole.sender_idle(UPLINK)
        assert judge.tick(QUIET, 40).label == "excellent"


def test_silence_after_near_silence_is_no_stall():
    judge = AudioJudge()
    for _ in range(30):
        judge.tick(Bucket(received=2), 40)
    for _ in range(30):
        assert judge.tick(QUIET, 40).label == "excellent"


def test_our_own_stall_never_lowers_but_may_raise():
    judge = clean_judge()
    for _ in range(20):
        assert judge.tick(lossy(20), 40, server_limited=True).label == "excellent"
    judge = clean_judge()
    for _ in range(20):
        judge.tick(lossy(20), 40)
    for _ in range(20):
        reading = judge.tick(CLEAN, 40, server_limited=True)
    assert reading.label == "excellent"


def test_new_run_of_numbers_forgets_old_ticks_but_not_the_label():
    judge = clean_judge()
    for _ in range(10):
        judge.tick(lossy(12), 40)
    reading = judge.tick(Bucket(received=5, restarted=True), 40)
    assert reading.label == "poor"
    reading = judge.tick(CLEAN, 40)
    assert (reading.label, reading.loss_percent) == ("poor", 0)


def test_worse_direction_speaks_for_the_connection():
    judge = AudioJudge()
    for _ in range(10):
        reading = judge.tick(CLEAN, 40, downlink=lossy(12))
    assert (reading.label, reading.reason, reading.loss_percent) == ("poor", "loss", 12)
    for _ in range(10):
        reading = judge.tick(lossy(20), 40, downlink=lossy(12))
    assert reading.loss_percent == 20


def test_clean_listener_of_nobody_keeps_its_uplink_label():
    judge = AudioJudge()
    for _ in range(10):
        reading = judge.tick(CLEAN, 40, downlink=None)
    assert reading.label == "excellent"


def test_direction_that_fell_silent_stops_speaking_for_the_connection():
    judge = AudioJudge()
    for _ in range(10):
        judge.tick(CLEAN, 40, downlink=lossy(12))
    for _ in range(40):
        reading = judge.tick(CLEAN, 40)
    assert reading.label == "excellent"


def test_listener_without_microphone_is_judged_by_its_reports():
    judge = AudioJudge()
    for second in range(20):
        report = Bucket(received=220, lost=30) if second % 5 == 0 else QUIET
        reading = judge.tick(None, 40, downlink=report)
    assert reading.label == "poor"


def test_score_that_swings_within_the_hysteresis_keeps_its_label():
    judge = clean_judge()
    seen = changes(judge, [(lossy(2 + 2 * (n % 2)), 40) for n in range(600)])
    assert len(seen) <= 1


def test_reports_that_come_in_lumps_weigh_as_what_was_sent():
    """Every seventh second a report of seven: the packet rate is that of the sender all along."""
    judge, even = AudioJudge(BPL_OPUS_FEC), AudioJudge(BPL_OPUS_FEC)
    readings = []
    for second in range(300):
        lump = 7 * (second % 7 == 6)
        bucket = Bucket(received=44 * lump, lost=6 * lump, jitter_ms=5.0, sent=50)
        readings.append(judge.tick(None, 40.0, downlink=bucket))
        steady = even.tick(None, 40.0, downlink=Bucket(received=44, lost=6, jitter_ms=5.0))
    assert {(one.label, one.reason) for one in readings[20:]} == {(steady.label, steady.reason)}
    assert steady.label == "poor"


buckets = st.builds(
    Bucket,
    received=st.integers(0, 60),
    recovered=st.integers(0, 5),
    lost=st.integers(0, 60),
    jitter_ms=st.floats(0, 300),
    restarted=st.booleans(),
    sent=st.none() | st.integers(0, 60),
)
ticks = st.tuples(
    st.none() | buckets,
    st.none() | st.floats(0, 2000),
    st.none() | buckets,
    st.booleans(),
    st.booleans(),
)


def _run(judge, log):
    return [
        judge.tick(up, rtt, downlink=down, muted=muted, server_limited=limited)
        for up, rtt, down, muted, limited in log
    ]


@given(st.lists(ticks, max_size=60))
def test_same_log_gives_the_same_readings_within_the_scale(log):
    readings = _run(AudioJudge(), log)
    assert readings == _run(AudioJudge(), log)
    for reading in readings:
        assert reading is None or SCORE_FLOOR <= reading.score <= 93.2


@given(st.lists(ticks, max_size=60))
def test_label_moves_only_beyond_its_edges(log):
    judge = AudioJudge()
    edges = {"excellent": (80, 84), "good": (70, 74), "fair": (60, 64), "poor": (0, 0)}
    before = None
    for tick in log:
        _run(judge, [tick])
        label, score = judge.uplink.label, judge.uplink.score
        order = ["poor", "fair", "good", "excellent"]
        if before and label != before:
            if order.index(label) > order.index(before):
                assert score >= edges[label][1]
            else:
                assert score < edges[before][0]
        before = label


rows = st.tuples(st.none() | buckets, st.booleans(), st.booleans(), st.booleans())
seconds = st.tuples(st.none() | st.floats(0, 2000), st.lists(rows, min_size=3, max_size=3))


@given(st.lists(seconds, max_size=60))
def test_all_together_are_judged_as_each_by_itself(log):
    """The table against the rules written out for one stream."""
    table, trips = StreamTable(), RoundTrips()
    wishes = [(BPL_OPUS_FEC, True), (BPL_VIDEO, False), (BPL_OPUS_FEC, True)]
    places = [table.add(bpl, stalls=sound, rests=sound) for bpl, sound in wishes]
    ones = [StreamJudge(bpl, stalls=sound, rests=sound) for bpl, sound in wishes]
    for trip, streams in log:
        trips.tick(trip)
        for place, one, (bucket, muted, limited, idle) in zip(places, ones, streams, strict=True):
            if bucket is None:
                one.lose()
                table.lose(place)
                continue
            if idle:
                one.sender_idle()
                table.sender_idle(place)
            one.tick(bucket, trips, muted=muted, limited=limited)
            length = 1 if bucket.restarted else table.lengths[place] + 1
            table.put(
                place,
                bucket,
                narrow_trip_ms=trips.worst(min(length, 5)),
                wide_trip_ms=trips.worst(min(length, 15)),
                muted=muted,
                limited=limited,
            )
        table.tick()
        for state, one in zip(table.states(places), ones, strict=True):
            assert (state.label, state.reason) == (one.label, one.reason)
            assert state.score == pytest.approx(one.score)
            assert (state.held, state.packets, state.lost) == (
                one.held_ticks,
                one.packets,
                one.lost,
            )
            assert state.active is one.active
            assert state.loss_percent == pytest.approx(one.window.loss_percent)
            assert state.jitter_ms == one.window.jitter_ms


def test_a_row_that_was_given_back_begins_anew():
    table = StreamTable()
    row = table.add(BPL_OPUS_FEC)
    for _ in range(5):
        table.put(row, lossy(20), narrow_trip_ms=0, wide_trip_ms=0)
        table.tick()
    assert table.states([row])[0].label == "poor"
    table.remove(row)
    assert len(table) == 0
    assert table.add(BPL_VIDEO) == row
    (state,) = table.states([row])
    assert (state.label, state.score, state.packets) == (None, 0, 0)


def test_it_grows_with_the_streams():
    table = StreamTable()
    rows = [table.add(BPL_OPUS_FEC) for _ in range(200)]
    assert len(table) == 200
    for row in rows:
        table.put(row, CLEAN if row % 2 else lossy(20), narrow_trip_ms=0, wide_trip_ms=0)
    table.tick()
    assert [str(state.label) for state in table.states(rows)] == ["poor", "excellent"] * 100


def test_a_tick_of_nobody_changes_nothing():
    table = StreamTable()
    table.tick()
    assert table.states([]) == []


@pytest.mark.long
def test_ten_minutes_of_a_thousand_streams_take_no_more_memory_at_their_end():
    table, chance = StreamTable(), random.Random(1)
    rows = [table.add(BPL_OPUS_FEC) for _ in range(1000)]
    loads = [lossy(chance.choice((0, 0, 2, 6, 20))) for _ in range(97)]

    def minutes(count):
        for second in range(60 * count):
            for row in rows:
                table.put(row, loads[(row + second) % 97], narrow_trip_ms=40, wide_trip_ms=40)
            table.tick()

    minutes(3)  # windows, histories and histograms are full
    tracemalloc.start()
    try:
        minutes(1)
        before, _ = tracemalloc.get_traced_memory()
        minutes(6)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 100_000
    assert {state.packets for state in table.states(rows)} == {50 * 600}
