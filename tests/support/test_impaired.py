import struct

import pytest
from support.impaired import Way, payload_type


def udp(payload: bytes, protocol: int = 17) -> bytes:
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, protocol, 0, bytes(4), bytes(4))
    return head + bytes(8) + payload


RTP = udp(bytes([0x80, 111]) + bytes(20))


def test_only_media_packets_have_a_payload_type():
    assert payload_type(RTP) == 111
    assert payload_type(udp(bytes([0x80, 0x80 | 111]) + bytes(20))) == 111
    assert payload_type(udp(bytes([0x80, 200]) + bytes(20))) is None  # RTCP
    assert payload_type(udp(bytes([0x00, 1]) + bytes(20))) is None  # STUN
    assert payload_type(udp(b"short")) is None


def test_pages_are_not_impaired():
    page = udp(bytes(40), protocol=6)
    way = Way(1)
    way.link.loss = 1.0
    assert way.take(page, 0.0) == page
    assert way.take(RTP, 0.0) is None
    assert way.log()["streams"]["111"]["lost"] == 1


def test_what_is_not_lost_is_carried_later():
    way = Way(1)
    way.link.delay = 0.2
    assert way.take(RTP, 1.0) is None
    assert way.link.next_at == 1.2
    assert way.deliver(1.2) == [RTP]
    log = way.log()
    assert log["trip_ms"] == pytest.approx(200)
    assert (log["streams"]["111"]["seen"], log["streams"]["111"]["lost"]) == (1, 0)


def test_even_losses_are_as_many_in_every_second():
    way = Way(1)
    way.even_loss = 0.06
    for second in range(4):
        for packet in range(50):
            way.take(RTP, second + packet / 50)
        assert way.log()["streams"]["111"]["lost"] == 3
        way.forget()


def test_jitter_is_that_of_the_rfc():
    way, jitter = Way(1), 0.0
    for packet in range(60):
        late = 0.01 * (packet % 2)
        head = struct.pack("!BBHL", 0x80, 111, packet, packet * 960)
        way.take(udp(head + bytes(14)), packet * 0.02)
        way.deliver(packet * 0.02 + late)
        jitter += (10 - jitter) / 16 if packet else 0.0
    assert way.log()["streams"]["111"]["jitter_ms"][-1] == pytest.approx(jitter)


@pytest.mark.parametrize(("delay", "overtaking"), [(0.08, 6), (0.2, 12)])
def test_overtaking_makes_the_delay_the_jitter(delay, overtaking):
    way = Way(1)
    way.link.delay, way.overtaking = delay, overtaking
    for tick in range(10_000):  # milliseconds
        at = tick / 1000
        if tick % 20 == 0:
            head = struct.pack("!BBHL", 0x80, 111, tick // 20, tick * 48)
            way.take(udp(head + bytes(14)), at)
        way.deliver(at)
    log = way.log()["streams"]["111"]
    assert log["lost"] == 0
    assert log["jitter_ms"][-1] == pytest.approx(1000 * delay, rel=0.01)
    assert log["octets"] == log["seen"] * 22
