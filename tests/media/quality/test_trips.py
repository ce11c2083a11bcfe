from media.quality.trips import RoundTrips


def test_round_trip_is_the_worst_of_the_window_then_the_latest_then_forgotten():
    trips = RoundTrips()
    assert (trips.worst(5), trips.latest) == (0, None)
    for sample in (300.0, 100.0, 50.0):
        trips.tick(sample)
    assert (trips.worst(2), trips.worst(5), trips.latest) == (100, 300, 50)
    for _ in range(29):
        trips.tick(None)
    assert trips.worst(5) == 50
    trips.tick(None)
    assert (trips.worst(5), trips.latest) == (0, None)
