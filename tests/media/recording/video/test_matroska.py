import io
import random

import av
import pytest
from support.film import frames

from media.recording.video import matroska
from media.recording.video.frames import Format
from media.recording.video.matroska import Block, MatroskaError

VP8 = Format("video/vp8", 320, 240)
TAGS = {"DATE": "2026-11-20T09:00:00+00:00", "ROOMTONE_TRACK": "3"}


def film(count=60, key_every=20):
    """A file of whole clusters, one a key frame, and its frames."""
    pictures = frames("video/vp8", count, 320, 240, key_every)
    data = matroska.head(VP8, "roomtone", TAGS)
    for first in range(0, count, key_every):
        data += matroska.cluster(
            [
                Block(round(number * 100 / 3), pictures[number], number == first)
                for number in range(first, first + key_every)
            ]
        )
    return data, pictures


def ended(data, duration_ms=2000.0):
    """The file with its end, as it lies on the disk."""
    found = matroska.walk(data)
    cues, patches = matroska.ending(data, found, duration_ms)
    whole = bytearray(data[: found.end] + cues)
    for patch in patches:
        whole[patch.offset : patch.offset + len(patch.data)] = patch.data
    return bytes(whole)


class TestWriting:
    def test_a_file_without_its_end_plays(self):
        data, pictures = film()
        with av.open(io.BytesIO(data)) as container:
            packets = [bytes(one) for one in container.demux(video=0) if one.size]
        assert packets == list(pictures)

    def test_an_ended_file_has_a_duration_and_can_be_searched(self):
        data, _ = film()
        with av.open(io.BytesIO(ended(data))) as container:
            assert container.duration == 2_000_000
            assert container.format.name == "matroska,webm"
            assert container.metadata["DATE"] == TAGS["DATE"]
            stream = container.streams.video[0]
            assert (stream.width, stream.height) == (320, 240)
            assert sum(1 for _ in container.decode(stream)) == 60
            container.seek(1_500_000)
            assert next(container.decode(stream)).time == pytest.approx(40 / 30, abs=0.001)

    def test_ending_twice_changes_nothing(self):
        once = ended(film()[0])
        assert ended(once) == once

    def test_a_file_without_a_cluster_can_be_ended(self):
        whole = ended(matroska.head(VP8, "roomtone", TAGS), 1.0)
        assert matroska.walk(whole).closed

    def test_h264_goes_into_matroska_under_its_profile(self):
        form = Format("video/h264", 640, 360, b"\x01\x42\xe0\x1f", "avc1.42e01f")
        assert matroska.suffix(form) == "mkv"
        assert matroska.content_type(form) == 'video/x-matroska; codecs="avc1.42e01f"'
        assert matroska.walk(matroska.head(form, "roomtone", {})).format == form
        assert matroska.suffix(VP8) == "webm"
        assert matroska.content_type(VP8) == "video/webm; codecs=vp8"

    def test_long_frames_have_long_lengths(self):
        data = matroska.head(VP8, "roomtone", {})
        for size in (1, 122, 123, 16_378, 16_379, 2_100_000):
            data += matroska.cluster([Block(0, bytes(size), key=True)])
        assert matroska.walk(data).frames == 6


class TestWalking:
    def test_what_was_written_is_found(self):
        data, _ = film()
        found = matroska.walk(data)
        assert (found.frames, found.last_ms, found.end) == (60, 1967, len(data))
        assert (found.format, found.tags, found.closed) == (VP8, TAGS, False)
        assert [one.at_ms for one in found.keys] == [0, 667, 1333]
        assert data[found.keys[1].offset :].startswith(b"\x1f\x43\xb6\x75")

    def test_an_ended_file_says_so(self):
        whole = ended(film()[0])
        found = matroska.walk(whole)
        assert (found.closed, found.duration_ms, found.frames) == (True, 2000.0, 60)
        assert not matroska.walk(whole + b"more").closed
        assert not matroska.walk(whole[:-1]).closed

    def test_a_cluster_that_does_not_begin_with_a_key_frame_is_no_place_to_go_to(self):
        data = matroska.head(VP8, "roomtone", {}) + matroska.cluster([Block(0, b"x", key=False)])
        assert matroska.walk(data).keys == []

    def test_a_torn_tail_is_no_part_of_it(self):
        data, _ = film()
        ends = [matroska.walk(data).head_end, *(p.offset for p in matroska.walk(data).keys[1:])]
        chance = random.Random(3)
        for size in (chance.randrange(ends[0], len(data)) for _ in range(200)):
            found = matroska.walk(data[:size])
            assert found.end == max(end for end in ends if end <= size)
            assert found.frames in {0, 20, 40}

    def test_flipped_bits_end_it_before_the_damage(self):
        data, _ = film()
        first, last = matroska.walk(data).head_end, matroska.walk(data).keys[-1].offset
        chance = random.Random(4)
        for _ in range(200):
            damaged = bytearray(data)
            damaged[chance.randrange(last, len(data))] ^= 1 << chance.randrange(8)
            found = matroska.walk(bytes(damaged))
            assert (found.end, found.frames) in {(last, 40), (len(data), 60)}
            assert found.end == last or bytes(damaged) == data or found.head_end == first

    @pytest.mark.parametrize("size", [0, 3, 10, 40, 60, 180])
    def test_without_a_whole_head_it_is_no_file_of_ours(self, size):
        with pytest.raises(MatroskaError):
            matroska.walk(film()[0][:size])

    def test_other_files_are_refused(self):
        other = io.BytesIO()
        with av.open(other, "w", format="matroska") as container:
            stream = container.add_stream("mjpeg", rate=30)
            stream.width, stream.height, stream.pix_fmt = 16, 16, "yuvj420p"
            container.mux(stream.encode(av.VideoFrame(16, 16, "yuvj420p")))
            container.mux(stream.encode(None))
        for data in (b"OggS" + bytes(100), other.getvalue(), bytes(50)):
            with pytest.raises(MatroskaError):
                matroska.walk(data)

    def test_random_bytes_never_raise_anything_else(self):
        chance = random.Random(5)
        data, _ = film(20)
        for _ in range(300):
            damaged = bytearray(data)
            for _ in range(20):
                damaged[chance.randrange(400)] = chance.randrange(256)
            try:
                found = matroska.walk(bytes(damaged))
            except MatroskaError:
                continue
            assert found.end <= len(data)
