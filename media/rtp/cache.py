"""A bounded ring of sent packets, from which retransmissions are answered (RFC 4585 6.2.1)."""


class PacketCache:
    """Remembers the latest packets by 16-bit sequence number; the oldest are dropped.

    Args:
        capacity: Packets to keep at least; rounded up to a power of two, so that ring positions
            stay in step when sequence numbers wrap.
    """

    __slots__ = ("_mask", "_packets", "_sequences")

    def __init__(self, capacity: int = 600) -> None:
        if not 0 < capacity <= 0x8000:
            raise ValueError("capacity must lie between 1 and 32768 packets")
        size = 1 << (capacity - 1).bit_length()
        self._mask = size - 1
        self._sequences = [-1] * size
        self._packets = [b""] * size

    def put(self, sequence: int, packet: bytes) -> None:
        """Remember a packet under its sequence number, in place of the one a ring earlier."""
        at = sequence & self._mask
        self._sequences[at] = sequence
        self._packets[at] = packet

    def get(self, sequence: int) -> bytes | None:
        """The packet sent under exactly this number, None when it is unknown or dropped."""
        at = sequence & self._mask
        return self._packets[at] if self._sequences[at] == sequence else None

    def clear(self) -> None:
        """Forget everything, for a stream that starts anew."""
        self._sequences = [-1] * len(self._sequences)
        self._packets = [b""] * len(self._packets)
