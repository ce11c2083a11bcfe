"""Redundant audio (RFC 2198): one packet that repeats the sound of those before it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from media.rtp.header import Buffer

MAX_BLOCKS: Final = 16
"""Browsers repeat one or two packets and never more than nine."""
_MORE: Final = 0x80
_MASK32: Final = 0xFFFFFFFF


class Block(NamedTuple):
    """A piece of the payload, encoded like a packet of its own.

    Attributes:
        payload_type: In the sender's numbering.
        offset: Ticks before the packet's timestamp; 0 for its own sound.
        start: First byte within the payload.
        end: Behind the last byte.
    """

    payload_type: int
    offset: int
    start: int
    end: int


def blocks(payload: Buffer) -> list[Block]:
    """Take a payload apart: what is repeated, as it is written, then the packet's own sound.

    Raises:
        ValueError: It ends inside its headers or blocks, or has more than `MAX_BLOCKS`.
    """
    heads: list[tuple[int, int, int]] = []
    at, size = 0, len(payload)
    while at < size and payload[at] & _MORE:
        if at + 4 > size:
            raise ValueError("RED packet ends inside a block header")
        word = int.from_bytes(payload[at : at + 4])
        heads.append((word >> 24 & 0x7F, word >> 10 & 0x3FFF, word & 0x3FF))
        at += 4
        if len(heads) >= MAX_BLOCKS:
            raise ValueError("RED packet has too many blocks")
    if at >= size:
        raise ValueError("RED packet has no primary block")
    primary = payload[at]
    at += 1
    found: list[Block] = []
    for payload_type, offset, length in heads:
        found.append(Block(payload_type, offset, at, at + length))
        at += length
    if at > size:
        raise ValueError("RED packet ends inside a block")
    return [*found, Block(primary, 0, at, size)]


def unseen(found: Sequence[Block], timestamp: int, last: int, missing: int) -> list[Block]:
    """Blocks that repeat packets which never came, oldest first.

    Args:
        found: Of one packet.
        timestamp: Of that packet.
        last: The timestamp of the packet that came before it.
        missing: How many packets between the two never came.
    """
    elapsed = (timestamp - last) & _MASK32
    if missing <= 0 or elapsed > _MASK32 // 2:
        return []
    fresh = [one for one in found[:-1] if one.end > one.start and 0 < one.offset < elapsed]
    return sorted(fresh, key=lambda one: -one.offset)[-missing:]
