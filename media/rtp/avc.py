"""H.264 out of RTP and into files: NAL units, parameter sets, the length-prefixed form; pure.

RFC 6184 packetization modes 0 and 1 (single NAL unit, STAP-A, FU-A); ISO/IEC 14496-15 for what a
file says of the stream; ITU-T H.264 section 7.3.2.1 for the picture's size.
"""

from collections.abc import Sequence

from media.rtp.header import Buffer

IDR, SPS, PPS = 5, 7, 8
_AUD, _END_OF_SEQUENCE, _END_OF_STREAM, _FILLER = 9, 10, 11, 12
_STAP_A, _FU_A = 24, 28
_OUT_OF_BAND = (SPS, PPS, _AUD, _END_OF_SEQUENCE, _END_OF_STREAM, _FILLER)
_BEGINS = (SPS, _AUD)
MAX_UNIT_BYTES = 4 << 20
_CHROMA_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)


class UnitAssembler:
    """Turns the payloads of one frame, in order and without a hole, into its NAL units."""

    def __init__(self) -> None:
        self.units: list[bytes] = []
        self._fragment: bytearray | None = None

    def add(self, payload: bytes) -> None:
        """Take one payload.

        Raises:
            ValueError: It is malformed, of an unsupported kind, or does not go on from the last.
        """
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            self._add_fragment(payload)
            return
        if self._fragment is not None:
            raise ValueError("a fragmented NAL unit was not ended")
        if kind == _STAP_A:
            self._add_aggregate(payload)
        elif 0 < kind < _STAP_A:
            self.units.append(payload)
        else:
            raise ValueError(f"NAL unit type {kind} is not supported")

    def finish(self) -> list[bytes]:
        """The frame's units.

        Raises:
            ValueError: The last one was not ended.
        """
        if self._fragment is not None:
            raise ValueError("a fragmented NAL unit was not ended")
        return self.units

    def _add_aggregate(self, payload: bytes) -> None:
        at, end = 1, len(payload)
        while at < end:
            size = int.from_bytes(payload[at : at + 2])
            at += 2
            if not size or at + size > end:
                raise ValueError("an aggregate ends inside a NAL unit")
            self.units.append(payload[at : at + size])
            at += size

    def _add_fragment(self, payload: bytes) -> None:
        if len(payload) < 3:
            raise ValueError("a fragment without content")
        flags = payload[1]
        if flags & 0x80:
            if self._fragment is not None:
                raise ValueError("a fragmented NAL unit was not ended")
            self._fragment = bytearray((payload[0] & 0xE0 | flags & 0x1F,))
        if self._fragment is None:
            raise ValueError("a fragment without a beginning")
        self._fragment += payload[2:]
        if len(self._fragment) > MAX_UNIT_BYTES:
            raise ValueError("a NAL unit is too large")
        if flags & 0x40:
            self.units.append(bytes(self._fragment))
            self._fragment = None


def begins_picture(payload: Buffer) -> bool:
    """Whether nothing of a picture can lie before this payload: parameters or a delimiter."""
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind == _STAP_A:
        return len(payload) > 3 and payload[3] & 0x1F in _BEGINS
    return kind in _BEGINS


def parameter_sets(units: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The sequence and the picture parameter set among a frame's units; None without both."""
    sequence = next((unit for unit in units if unit[0] & 0x1F == SPS), None)
    picture = next((unit for unit in units if unit[0] & 0x1F == PPS), None)
    return None if sequence is None or picture is None else (sequence, picture)


def is_key(units: Sequence[bytes]) -> bool:
    """Whether a decoder can start with the frame."""
    return any(unit[0] & 0x1F == IDR for unit in units)


def length_prefixed(units: Sequence[bytes]) -> bytes:
    """The frame as files hold it: each unit after its length in four bytes (14496-15 5.3.4.2).

    Parameter sets, delimiters and filler are left out: the file's head has the former.
    """
    kept = [unit for unit in units if unit[0] & 0x1F not in _OUT_OF_BAND]
    return b"".join(len(unit).to_bytes(4) + unit for unit in kept)


def decoder_configuration(sequence: bytes, picture: bytes) -> bytes:
    """The AVCDecoderConfigurationRecord (14496-15 section 5.3.3.1).

    Raises:
        ValueError: The sequence parameter set is too short.
    """
    if len(sequence) < 4:
        raise ValueError("a sequence parameter set is too short")
    head = b"\x01" + sequence[1:4] + b"\xff\xe1"
    body = len(sequence).to_bytes(2) + sequence + b"\x01" + len(picture).to_bytes(2) + picture
    profile = sequence[1]
    if profile in {100, 110, 122, 144}:  # 4:2:0, 8 bit: what WebRTC endpoints send
        body += b"\xfd\xf8\xf8\x00"
    return head + body


def codec_name(sequence: bytes) -> str:
    """As media types name it (RFC 6381 section 3.3), for example `avc1.42e01f`."""
    return "avc1." + sequence[1:4].hex()


def picture_size(sequence: bytes) -> tuple[int, int]:
    """Width and height that a sequence parameter set says.

    Raises:
        ValueError: It is malformed.
    """
    bits = _Bits(_unescaped(sequence[1:]))
    try:
        return _read_size(bits)
    except IndexError:
        raise ValueError("a sequence parameter set ends early") from None


def _read_size(bits: "_Bits") -> tuple[int, int]:
    profile = bits.take(8)
    bits.take(16)  # constraints and level
    bits.unsigned()
    chroma = 1
    if profile in _CHROMA_PROFILES:
        chroma = _read_chroma(bits)
    bits.unsigned()  # frame number length
    _skip_order_count(bits)
    bits.unsigned()  # reference frames
    bits.take(1)
    width, height = 16 * (bits.unsigned() + 1), 16 * (bits.unsigned() + 1)
    frames_only = bits.take(1)
    if not frames_only:
        height *= 2
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        across, down = (2 if chroma in {1, 2} else 1), (2 if chroma == 1 else 1)
        down *= 2 - frames_only
        width -= across * (bits.unsigned() + bits.unsigned())
        height -= down * (bits.unsigned() + bits.unsigned())
    if width <= 0 or height <= 0:
        raise ValueError("a picture without a size")
    return width, height


def _read_chroma(bits: "_Bits") -> int:
    chroma = bits.unsigned()
    if chroma == 3:
        bits.take(1)
    bits.unsigned()
    bits.unsigned()
    bits.take(1)
    if bits.take(1):  # scaling matrices
        for number in range(8 if chroma != 3 else 12):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if number < 6 else 64)
    return chroma


def _skip_scaling_list(bits: "_Bits", size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_order_count(bits: "_Bits") -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()


def _unescaped(data: bytes) -> bytes:
    """Without emulation prevention bytes (H.264 section 7.4.1)."""
    return data.replace(b"\x00\x00\x03", b"\x00\x00")


class _Bits:
    """Reads bits and Exp-Golomb codes (H.264 section 9.1); IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def unsigned(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("a code is too long")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)
