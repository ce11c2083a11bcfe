"""Redundant audio as a sender writes it (RFC 2198)."""

from collections.abc import Sequence


def wrapped(repeats: Sequence[tuple[int, bytes]], primary: bytes, payload_type: int = 111) -> bytes:
    """A payload that repeats earlier sound, given with its age in ticks, before its own."""
    heads = b"".join(
        (0x80000000 | payload_type << 24 | age << 10 | len(data)).to_bytes(4)
        for age, data in repeats
    )
    return heads + bytes([payload_type]) + b"".join(data for _, data in repeats) + primary
