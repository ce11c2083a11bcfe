from media.rtp.nack import MAX_TRIES, MissingTracker


def feed(tracker, numbers, at=0.0):
    for number in numbers:
        tracker.received(number, at)


def test_nothing_is_asked_before_anything_came():
    assert MissingTracker().due(0.0) == []


def test_unbroken_stream_asks_nothing():
    tracker = MissingTracker()
    feed(tracker, range(100))
    assert tracker.due(9.0) == []


def test_gap_is_asked_for_after_three_later_packets():
    tracker = MissingTracker()
    feed(tracker, [1, 3, 4])
    assert tracker.due(0.0) == []
    feed(tracker, [5])
    assert tracker.due(0.0) == [2]


def test_gap_is_asked_for_after_a_while_without_later_packets():
    tracker = MissingTracker()
    feed(tracker, [1, 3])
    assert tracker.due(0.02) == []
    assert tracker.due(0.04) == [2]


def test_reordered_packet_is_never_asked_for():
    tracker = MissingTracker()
    feed(tracker, [1, 3, 2, 4, 5, 6, 2])
    assert tracker.due(1.0) == []
    assert len(tracker) == 0


def test_request_is_repeated_after_a_round_trip_and_given_up_after_five():
    tracker = MissingTracker()
    feed(tracker, [1, 3, 4, 5])
    asked = [at / 64 for at in range(128) if tracker.due(at / 64, rtt=0.25)]
    assert asked == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert len(asked) == MAX_TRIES
    assert len(tracker) == 0
    assert tracker.forgotten == 1


def test_answered_request_is_not_repeated():
    tracker = MissingTracker()
    feed(tracker, [1, 3, 4, 5])
    assert tracker.due(0.0) == [2]
    feed(tracker, [2], at=0.05)
    assert tracker.due(1.0) == []
    assert tracker.forgotten == 0


def test_numbers_are_cut_to_16_bits():
    tracker = MissingTracker()
    feed(tracker, [65534, 65538, 65539])
    assert tracker.due(1.0) == [65535, 0, 1]


def test_memory_is_bounded_and_the_oldest_are_forgotten():
    tracker = MissingTracker(limit=10)
    feed(tracker, [0, 6, 20])
    assert tracker.due(1.0) == list(range(10, 20))
    assert tracker.forgotten == 8
    feed(tracker, range(22, 42, 2), at=2.0)
    assert len(tracker) == 10


def test_key_frame_clears_all_gaps():
    tracker = MissingTracker()
    feed(tracker, [1, 5])
    tracker.clear()
    assert tracker.due(1.0) == []


def test_knows_what_is_missing():
    tracker = MissingTracker()
    feed(tracker, [1, 3])
    assert 2 in tracker
    assert 3 not in tracker
    feed(tracker, [2])
    assert 2 not in tracker
