import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.recording import ogg


def slow_checksum(data: bytes) -> int:
    """The CRC of RFC 3533 bit by bit, as the polynomial is written."""
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x04C11DB7 if register & 0x80000000 else 0)
            register &= 0xFFFFFFFF
    return register


def page(packets: tuple[bytes, ...], **changed: int) -> bytes:
    fields = {"position": 960, "serial": 7, "number": 3, "flags": 0} | changed
    return ogg.build_page(packets, **fields)


class TestChecksum:
    @given(st.binary(max_size=200))
    def test_agrees_with_the_polynomial(self, data: bytes) -> None:
        assert ogg.checksum(data) == slow_checksum(data)


class TestPage:
    @given(st.lists(st.binary(max_size=600), max_size=40))
    def test_is_read_as_it_was_built(self, packets: list[bytes]) -> None:
        data = page(tuple(packets), flags=ogg.LAST)
        read = ogg.read_page(b"junk" + data, 4)
        assert read == ogg.Page(ogg.LAST, 960, 7, 3, tuple(packets), len(data))

    def test_packets_that_do_not_fit_are_refused(self) -> None:
        with pytest.raises(ogg.OggError, match="fit"):
            page((b"x",) * 256)

    def test_cut_anywhere_is_no_page(self) -> None:
        data = page((b"abc", bytes(300)))
        for end in range(len(data)):
            with pytest.raises(ogg.OggError):
                ogg.read_page(data[:end])

    def test_any_changed_byte_is_noticed(self) -> None:
        data = page((b"abc", b"defg"))
        for at in range(len(data)):
            changed = bytearray(data)
            changed[at] ^= 0x10
            with pytest.raises(ogg.OggError):
                ogg.read_page(bytes(changed))

    def test_last_flag_keeps_everything_else(self) -> None:
        before = page((b"abc",))
        after = ogg.read_page(ogg.with_last_flag(before))
        assert after.flags == ogg.LAST
        assert after.packets == (b"abc",)
        assert after.position == 960


class TestHeaders:
    def test_head_is_read_as_it_was_made(self) -> None:
        assert ogg.read_opus_head(ogg.opus_head(channels=2, pre_skip=3840)) == (2, 3840)

    @pytest.mark.parametrize("packet", [b"", b"OpusHead", b"OpusTags" + bytes(20)])
    def test_anything_else_is_no_head(self, packet: bytes) -> None:
        with pytest.raises(ogg.OggError):
            ogg.read_opus_head(packet)

    def test_tags_are_read_as_they_were_made(self) -> None:
        tags = ogg.opus_tags("roomtone", {"DATE": "today", "TITLE": "ä = b"})
        assert ogg.read_opus_tags(tags) == {"DATE": "today", "TITLE": "ä = b"}

    def test_tags_cut_anywhere_are_refused(self) -> None:
        tags = ogg.opus_tags("roomtone", {"DATE": "today", "TITLE": "x"})
        for end in range(len(tags)):
            with pytest.raises(ogg.OggError):
                ogg.read_opus_tags(tags[:end])


class TestStream:
    def stream(self) -> ogg.OpusStream:
        return ogg.OpusStream(7, ogg.opus_head(channels=1, pre_skip=312), ogg.opus_tags("r", {}))

    def test_begins_with_head_and_tags_on_pages_of_their_own(self) -> None:
        data = self.stream().headers()
        first = ogg.read_page(data)
        second = ogg.read_page(data, first.size)
        assert first.flags == ogg.FIRST
        assert first.packets[0].startswith(b"OpusHead")
        assert second.packets[0].startswith(b"OpusTags")
        assert first.size + second.size == len(data)

    def test_a_page_holds_200_ms(self) -> None:
        stream = self.stream()
        pages = [stream.add(bytes((index,)), 960) for index in range(21)]
        written = [ogg.read_page(data) for data in pages if data]
        assert [one.position for one in written] == [9600, 19200]
        assert [one.number for one in written] == [2, 3]
        assert stream.position == 19200

    def test_the_last_page_is_never_empty(self) -> None:
        stream = self.stream()
        for _ in range(11):
            stream.add(b"x", 960)
        last = ogg.read_page(stream.finish())
        assert last.flags == ogg.LAST
        assert last.packets == (b"x",)
        assert last.position == 11 * 960

    def test_a_page_ends_early_when_its_table_is_full(self) -> None:
        stream = self.stream()
        first = stream.add(bytes(255 * 200), 120)
        second = stream.add(bytes(255 * 100), 120)
        assert first == b""
        assert ogg.read_page(second).packets == (bytes(255 * 200),)
