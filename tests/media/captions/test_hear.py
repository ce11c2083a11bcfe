import numpy as np
from support.opus_tone import tone_packets

from media.captions.hear import PACKETS, TrackHearing

MS = 1_000_000


def hearing(closed: list[bool] | None = None) -> TrackHearing:
    told = [] if closed is None else closed
    return TrackHearing("p", "c", "Ada", lambda: told.append(True))


def hear(one: TrackHearing, packets: list[bytes], first: int = 0, at_ns: int = 1) -> None:
    for place, payload in enumerate(packets):
        ticks = (first + place * 960) % (1 << 32)
        one.rtp(at_ns + place * 20 * MS, place, ticks, payload)


def test_packets_become_sound_with_times():
    one = hearing()
    hear(one, tone_packets(0.5), at_ns=1000 * MS)
    assert one.waiting
    sounds = one.decode()
    assert not one.waiting
    assert [at for at, _ in sounds] == [(1000 + 20 * place) * MS for place in range(len(sounds))]
    pcm = np.concatenate([piece for _, piece in sounds])
    assert len(pcm) == 320 * len(sounds)
    assert np.abs(pcm).max() > 1000


def test_order_doubles_and_the_wrap_do_not_matter():
    packets = tone_packets(0.2)
    one, other = hearing(), hearing()
    hear(one, packets, first=(1 << 32) - 960 * 5)
    for place in (0, 2, 1, 1, *range(3, len(packets))):
        ticks = (place * 960 - 960 * 5) % (1 << 32)
        other.rtp(1 + place * 20 * MS, place, ticks, packets[place])
    left, right = one.decode(), other.decode()
    assert len(left) == len(right) == len(packets)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(left, right, strict=True))


def test_the_least_delayed_packet_sets_the_clock():
    one = hearing()
    packet = tone_packets(0.1)[0]
    one.rtp(5000 * MS, 0, 0, packet)
    one.rtp(5010 * MS, 1, 960, packet)  # 10 ms after, though 20 ms later in sound
    one.rtp(5080 * MS, 2, 1920, packet)
    assert [at // MS for at, _ in one.decode()] == [5000, 5010, 5030]


def test_a_long_hole_begins_a_new_time_line():
    one = hearing()
    packet = tone_packets(0.1)[0]
    one.rtp(1000 * MS, 0, 0, packet)
    one.rtp(9000 * MS, 1, 960, packet)
    assert [at // MS for at, _ in one.decode()] == [1000, 9000]


def test_silence_and_rubbish_are_not_sound():
    one = hearing()
    one.rtp(1, 0, 0, b"")
    assert not one.waiting
    one.rtp(1, 1, 960, b"\xf8\xff")
    assert not one.waiting
    one.rtp(1, 2, 1920, b"\xff" * 400)
    assert one.decode() == []


def test_too_much_drops_the_oldest():
    one = hearing()
    hear(one, [b"\xf8\xff\xfe\x00"] * (PACKETS + 3))
    assert one.dropped == 3


def test_the_end_of_a_track_is_told():
    closed: list[bool] = []
    one = hearing(closed)
    one.sender_report(1, 2, 3)
    one.close()
    assert closed == [True]


def test_silence_that_is_sent_is_not_decoded_but_what_comes_just_before_speech_is():
    one, packet = hearing(), tone_packets(0.1)[0]
    for place in range(100):
        one.rtp(1 + place * 20 * MS, place, place * 960, packet, 127)
    assert not one.waiting
    assert not one.decodes
    one.rtp(1 + 2000 * MS, 100, 100 * 960, packet, 30)
    assert len(one.decode()) == 16  # 0.3 s of it
    assert one.decodes


def test_the_pause_after_speech_is_heard_for_a_while_and_no_longer():
    one, packet = hearing(), tone_packets(0.1)[0]
    for place in range(100):
        one.rtp(1 + place * 20 * MS, place, place * 960, packet, 30 if place == 0 else 127)
    assert len(one.decode()) == 41  # 0.8 s
