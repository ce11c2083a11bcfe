"""Muxing by libavformat: what goes in comes out, unchanged, in pages of 200 ms."""

import io
import threading

import av
import pytest

from media.recording import ogg
from media.recording.pyav import OpusMuxer

SPEECH = b"\xfc" + bytes(range(60))
SILENCE = b"\xf8\xff\xfe"


def muxer(*, channels: int = 1) -> OpusMuxer:
    return OpusMuxer(channels=channels, pre_skip=312, comments={"ROOMTONE_TRACK": "1"})


def pages(data: bytes) -> list[ogg.Page]:
    found, at = [], 0
    while at < len(data):
        found.append(ogg.read_page(data, at))
        at += found[-1].size
    return found


def test_packets_come_out_unchanged_and_in_order():
    packets = [SPEECH + bytes([number]) for number in range(50)]
    stream = muxer()
    data = stream.headers() + b"".join(stream.add(p, 960) for p in packets) + stream.finish()
    head, tags, *audio = pages(data)
    assert ogg.read_opus_head(head.packets[0]) == (1, 312)
    assert ogg.read_opus_tags(tags.packets[0])["ROOMTONE_TRACK"] == "1"
    assert [packet for page in audio for packet in page.packets] == packets


def test_the_first_packet_stands_at_its_own_length():
    stream = muxer()
    stream.headers()
    data = stream.add(SILENCE, 960) + stream.finish()
    (page,) = pages(data)
    assert page.position == stream.position == 960
    assert page.flags & ogg.LAST


def test_pages_hold_a_fifth_of_a_second_and_one_more_is_kept_back():
    stream = muxer()
    stream.headers()
    sizes = [number for number in range(40) if stream.add(SILENCE, 960)]
    assert sizes == [19, 29, 39]
    assert stream.position == 28_800
    stream.abandon()


def test_abandoned_is_not_ended():
    stream = muxer()
    data = stream.headers() + b"".join(stream.add(SILENCE, 960) for _ in range(25))
    stream.abandon()
    assert not any(page.flags & ogg.LAST for page in pages(data))


@pytest.mark.parametrize("channels", [1, 2])
def test_players_see_channels_and_duration(channels: int):
    stream = muxer(channels=channels)
    data = stream.headers() + b"".join(stream.add(SILENCE, 960) for _ in range(100))
    data += stream.finish()
    with av.open(io.BytesIO(data)) as container:
        track = container.streams.audio[0]
        assert track.channels == channels
        samples = sum(frame.samples for frame in container.decode(track))
    assert samples == pytest.approx(96_000, abs=312)


def test_no_codec_thread_is_started():
    before = threading.active_count()
    stream = muxer()
    for _ in range(100):
        stream.add(SILENCE, 960)
    assert threading.active_count() == before
    stream.abandon()
