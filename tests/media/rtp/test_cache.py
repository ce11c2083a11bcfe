import pytest

from media.rtp.cache import PacketCache


def test_packet_is_found_under_its_number():
    cache = PacketCache()
    cache.put(7, b"seven")
    assert cache.get(7) == b"seven"
    assert cache.get(8) is None


def test_number_with_the_same_place_is_not_confused():
    cache = PacketCache(capacity=8)
    cache.put(3, b"three")
    assert cache.get(11) is None
    cache.put(11, b"eleven")
    assert cache.get(3) is None
    assert cache.get(11) == b"eleven"


@pytest.mark.parametrize("capacity", [1, 5, 600])
def test_latest_packets_are_kept_over_the_wrap(capacity):
    cache = PacketCache(capacity)
    numbers = [n & 0xFFFF for n in range(65536 - 2 * capacity, 65536 + capacity)]
    for number in numbers:
        cache.put(number, str(number).encode())
    for number in numbers[-capacity:]:
        assert cache.get(number) == str(number).encode()


def test_cleared_cache_knows_nothing():
    cache = PacketCache(4)
    cache.put(2, b"two")
    cache.clear()
    assert cache.get(2) is None


@pytest.mark.parametrize("capacity", [0, -1, 40000])
def test_senseless_capacity_is_refused(capacity):
    with pytest.raises(ValueError, match="capacity"):
        PacketCache(capacity)
