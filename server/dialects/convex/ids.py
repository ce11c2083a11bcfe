"""Convex document ids: a table number and a UUID in 32 characters, without any lookup.

The layout is a VInt of the table number, the UUID's 16 bytes and a 16-bit checksum, written in
Crockford's base 32. UUIDv7 inside makes the order of texts the order of creation.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS = {character: value for value, character in enumerate(_ALPHABET)}
_MIN_LENGTH, _MAX_LENGTH = 31, 37  # a VInt of 1 to 5 bytes, 16 bytes, 2 bytes
_UUID_BYTES = 16
_CHECKSUM_BYTES = 2


class Table(IntEnum):
    """The tables of the dialect; the numbers are part of every id and fixed for ever."""

    MEETINGS = 10001
    WEBRTC_SESSIONS = 10002
    USERS = 10003
    WEBRTC_SIGNALS = 10004

    @property
    def word(self) -> str:
        """The table's name in validators and messages."""
        return _WORDS[self]


_WORDS = {
    Table.MEETINGS: "meetings",
    Table.WEBRTC_SESSIONS: "webrtcSessions",
    Table.USERS: "users",
    Table.WEBRTC_SIGNALS: "webrtcSignals",
}


@dataclass(frozen=True, slots=True)
class DocumentId:
    """A decoded id: any table number, known here or not, and the UUID as canonical text."""

    table: int
    uuid: str


class DocumentIdError(ValueError):
    """A text is not a well-formed id."""


@lru_cache(maxsize=1 << 13)
def encode_id(table: int, uuid: str) -> str:
    """The Convex form of a UUID in a table.

    Raises:
        ValueError: `uuid` is not a UUID.
    """
    body = _vint(table) + UUID(uuid).bytes
    return _to_base32(body + _fletcher16(body).to_bytes(_CHECKSUM_BYTES, "little"))


def decode_id(text: str) -> DocumentId:
    """Read an id; exactly one text belongs to each pair of table and UUID.

    Raises:
        DocumentIdError: The text is not an id.
    """
    if not _MIN_LENGTH <= len(text) <= _MAX_LENGTH:
        raise DocumentIdError("an id has 31 to 37 characters")
    raw = _from_base32(text)
    table, used = _read_vint(raw)
    body, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    if len(body) - used != _UUID_BYTES:
        raise DocumentIdError("an id holds 16 bytes after its table number")
    if _fletcher16(body) != int.from_bytes(checksum, "little"):
        raise DocumentIdError("the id's checksum is wrong")
    uuid = str(UUID(bytes=body[used:]))
    if encode_id(table, uuid) != text:
        raise DocumentIdError("the id is not in its only form")
    return DocumentId(table, uuid)


def parse_id(text: str, table: Table) -> str | None:
    """The canonical UUID behind an argument: a plain UUID or an id of this table, else None."""
    plain = plain_uuid(text)
    if plain is not None:
        return plain
    try:
        decoded = decode_id(text)
    except DocumentIdError:
        return None
    return decoded.uuid if decoded.table == table else None


def plain_uuid(text: str) -> str | None:
    """The canonical form of a UUID written with its hyphens, else None."""
    if len(text) != 36 or not text.isascii():
        return None
    try:
        uuid = str(UUID(text))
    except ValueError:
        return None
    return uuid if uuid == text.lower() else None


def _fletcher16(data: bytes) -> int:
    """Two running sums modulo 256 over the bytes and over the first sum."""
    low = high = 0
    for byte in data:
        low = (low + byte) & 0xFF
        high = (high + low) & 0xFF
    return high << 8 | low


def _vint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_vint(data: bytes) -> tuple[int, int]:
    number = 0
    for position, byte in enumerate(data[:5]):
        number |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return number, position + 1
    raise DocumentIdError("the id's table number does not end")


def _to_base32(data: bytes) -> str:
    """Five bits a character from the front; the last one is filled up with zeros."""
    length = (len(data) * 8 + 4) // 5
    bits = int.from_bytes(data, "big") << length * 5 - len(data) * 8
    return "".join(_ALPHABET[bits >> 5 * place & 31] for place in reversed(range(length)))


def _from_base32(text: str) -> bytes:
    bits = 0
    for character in text:
        digit = _DIGITS.get(character)
        if digit is None:
            raise DocumentIdError(f"{character!r} does not occur in ids")
        bits = bits << 5 | digit
    length = len(text) * 5 // 8
    return (bits >> len(text) * 5 - length * 8).to_bytes(length, "big")


class MeetingIds:
    """The Convex form of meeting ids, for services that accept every form."""

    member = "convex_id"

    def write(self, meeting_id: str) -> str:
        """The Convex form of a canonical id."""
        return encode_id(Table.MEETINGS, meeting_id)

    def read(self, text: str) -> str | None:
        """The canonical id, or None when the text is not the id of a meeting."""
        try:
            decoded = decode_id(text)
        except DocumentIdError:
            return None
        return decoded.uuid if decoded.table == Table.MEETINGS else None
