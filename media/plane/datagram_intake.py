"""Intake: what becomes of a connection's RTP packet, from the clear header to the fan-out.

The rules that the header decides (who speaks, who is muted, whom nobody watches) cost no
decryption, except one packet in `DECRYPT_EVERY`, which keeps the SRTP roll-over counter in step.
"""

import struct

from media.plane import filming
from media.plane.datagram_forward import Fanout
from media.plane.datagram_red import Unwrapping
from media.plane.datagram_srtp import Scratch, memmove, unprotect
from media.plane.port import FIRST_CYCLE, Connection, PlaneEvents, Track
from media.plane.speakers import ASSUMED_LEVEL, GATE_LEVEL, HANGOVER_PACKETS, MUTED_LEVEL
from media.rtp.header import Buffer, audio_level, find_extension, payload_offset
from media.rtp.nack import MissingTracker

# A receiver that skips more than 32768 packets across a wrap of the sequence number can never
# decrypt again (RFC 3711 section 3.3.1); one in 512 also notices a forger early.
DECRYPT_EVERY = 512
MAX_LEARNED = 64  # streams without an `a=ssrc` line that one connection may show in its life
DTX_OCTETS = 3  # Opus sends 1 to 3 bytes for nothing (RFC 6716 section 2.1.9)
REPAIR_OCTETS = 2  # the original sequence number (RFC 4588 section 4)
TAG_OCTETS = 16  # of AEAD; HMAC-SHA1's tag is 10, which errs towards speech

_read_header = struct.Struct("!BBHLL").unpack_from
_read_long = struct.Struct("!L").unpack_from


class Intake:
    """Takes RTP datagrams of known connections.

    Args:
        scratch: Packets are decrypted into it.
        fanout: Sends them on.
        events: Told of gaps in video.
    """

    def __init__(self, scratch: Scratch, fanout: Fanout, events: PlaneEvents) -> None:
        self._scratch = scratch
        self._fanout = fanout
        self._events = events
        self._red = Unwrapping(scratch, fanout)

    def rtp(self, connection: Connection, datagram: Buffer, size: int, now_ns: int) -> None:
        """Take one datagram of at least 12 bytes."""
        _, second, sequence, timestamp, ssrc = _read_header(datagram)
        track = connection.by_ssrc.get(ssrc)
        if track is None:
            if connection.arrivals is not None:
                _arrived(connection, datagram, now_ns)
            self._unknown(connection, datagram, size, now_ns)
            return
        payload_type = second & 0x7F
        if payload_type != track.payload_type and payload_type != track.red_type:  # noqa: PLR1714
            connection.counters.unknown_payload_type += 1
            return
        connection.packets_received += 1
        connection.octets_received += size
        track.octets += size
        if track.meter is not None:
            track.meter.packet(now_ns, sequence, timestamp)
        if track.audio:
            self._audio(track, datagram, size, sequence, timestamp, now_ns)
        else:
            self._video(track, datagram, size, sequence, now_ns)

    def _audio(  # noqa: C901, PLR0912, PLR0915 - every packet comes by: few calls
        self,
        track: Track,
        datagram: Buffer,
        size: int,
        sequence: int,
        timestamp: int,
        now_ns: int,
    ) -> None:
        before = track.head
        if before >= 0 and sequence == (before + 1) & 0xFFFF:  # almost every packet
            extended = track.head = before + 1
            track.received += 1
        else:
            extended = _extend(track, sequence)
        level = _level(track, datagram, size)
        voiced = level < GATE_LEVEL
        silent = not voiced and not track.hang
        if voiced:
            track.hang = HANGOVER_PACKETS
        elif track.hang:
            track.hang -= 1
        if track.restored and extended in track.restored:
            return  # its sound was repeated by a packet that overtook it
        muted = track.muted
        quiet = muted or (silent and (not track.taps or _is_nothing(datagram, size, level)))
        if quiet and 0 <= track.skipped < DECRYPT_EVERY:
            track.skipped += 1
            if track.taps and extended == track.head:
                track.withheld = extended
            _gate(track, extended, now_ns)
            return
        nothing = quiet and track.skipped >= 0  # else it is the first that taps get
        payload = self._decrypt(track, datagram, size, now_ns)
        if payload is None:
            return
        start, end = payload
        if track.withheld >= 0:
            _tell_withheld(track, extended)
        wrapped = -1
        if track.red_type >= 0 and datagram[1] & 0x7F == track.red_type:
            wrapped = start
            missing = extended - before - 1 if before >= 0 else 0
            start = self._red.take(track, extended, timestamp, missing, start, end, now_ns)
            if start < 0:
                return
        if track.taps:
            self._tap(track, sequence, timestamp, start, end, now_ns, level, nothing=nothing)
        if voiced and not muted:
            track.connection.room.voice(track, level, now_ns)
        if silent or muted or not (track.slots or track.pending):
            _gate(track, extended, now_ns)
            return
        marker = datagram[1] & 0x80
        self._fanout.forward(track, extended, timestamp, marker, start, end, now_ns, wrapped)

    def _tap(  # noqa: PLR0913, PLR0917 - the facts of one packet
        self,
        track: Track,
        sequence: int,
        timestamp: int,
        start: int,
        end: int,
        now_ns: int,
        level: int,
        *,
        nothing: bool,
    ) -> None:
        """Hand a packet out; of a muted track, or of nothing, the time and not the sound."""
        plain = b"" if nothing or track.muted else bytes(self._scratch.view[start:end])
        loud = MUTED_LEVEL if track.muted else level
        for _, tap in track.taps:
            tap.rtp(now_ns, sequence, timestamp, plain, loud)

    def made(self, track: Track, payload: bytes, timestamp: int, level: int, now_ns: int) -> None:
        """Take a packet of a microphone that this process is itself: nothing was received."""
        sequence = (track.head + 1) & 0xFFFF if track.head >= 0 else 0
        extended = _extend(track, sequence)
        if not track.flowing:
            track.connection.room.began(track)
        loud, plain = (MUTED_LEVEL, b"") if track.muted else (level, payload)
        for _, tap in track.taps:
            tap.rtp(now_ns, sequence, timestamp & 0xFFFFFFFF, plain, loud)
        if loud < GATE_LEVEL:
            track.connection.room.voice(track, loud, now_ns)
        if track.muted or not (track.slots or track.pending):
            _gate(track, extended, now_ns)
            return
        size = len(payload)
        memmove(self._scratch.pointer, payload, size)
        self._fanout.forward(track, extended, timestamp & 0xFFFFFFFF, 0, 0, size, now_ns)

    def _video(self, track: Track, datagram: Buffer, size: int, sequence: int, now_ns: int) -> None:
        extended = _extend(track, sequence)
        if track.connection.arrivals is not None:
            _arrived(track.connection, datagram, now_ns)
        watched = _is_watched(track)
        if not watched:
            track.asleep = True
        elif track.asleep:
            track.asleep = False
            track.missing = MissingTracker()
        if not watched and 0 <= track.skipped < DECRYPT_EVERY:
            track.skipped += 1
            _gate(track, extended, now_ns)
            return
        payload = self._decrypt(track, datagram, size, now_ns)
        if payload is None:
            return
        start, end = payload
        if not watched and not _is_watched(track):  # its first packet has made it known
            _gate(track, extended, now_ns)
            return
        track.missing.received(extended, now_ns / 1e9)
        self._show(track, datagram, extended, start, end, now_ns)

    def _show(
        self, track: Track, datagram: Buffer, extended: int, start: int, end: int, now_ns: int
    ) -> None:
        timestamp = _read_long(datagram, 4)[0]
        marker = datagram[1] & 0x80
        if track.films:
            plain = bytes(self._scratch.view[start:end])
            filming.take(track, plain, extended & 0xFFFF, timestamp, marker, now_ns)
        if start == end or not (track.slots or track.pending):
            _gate(track, extended, now_ns)  # an empty payload is a bandwidth probe
            if start == end:
                return
        else:
            self._fanout.forward(track, extended, timestamp, marker, start, end, now_ns)
        if track.missing:
            self._events.missing(track, now_ns)

    def _unknown(self, connection: Connection, datagram: Buffer, size: int, now_ns: int) -> None:
        track = connection.repairs.get(_read_long(datagram, 8)[0])
        if track is None:
            self._learn(connection, datagram, size, now_ns)
        elif datagram[1] & 0x7F != track.spec.repair_type:
            connection.counters.unknown_payload_type += 1
        else:
            connection.packets_received += 1
            connection.octets_received += size
            self._repair(track, datagram, size, now_ns)

    def _repair(self, track: Track, datagram: Buffer, size: int, now_ns: int) -> None:
        """A retransmission (RFC 4588 section 4): the packet that is missed, in another stream.

        Browsers also probe the path with repetitions of what has arrived; those end here.
        """
        payload = self._decrypt(track, datagram, size, now_ns)
        if payload is None:
            return
        start, end = payload
        if end - start <= REPAIR_OCTETS or track.muted or track.head < 0:
            return
        head, view = track.head, self._scratch.view
        sequence = view[start] << 8 | view[start + 1]
        extended = head + ((sequence - head + 0x8000) & 0xFFFF) - 0x8000
        if extended not in track.missing:
            return
        track.missing.received(extended, now_ns / 1e9)
        track.connection.counters.repaired += 1
        if track.meter is not None:
            track.meter.packet(now_ns, sequence, _read_long(datagram, 4)[0])
        self._show(track, datagram, extended, start + REPAIR_OCTETS, end, now_ns)

    def _learn(self, connection: Connection, datagram: Buffer, size: int, now_ns: int) -> None:
        """A stream that the offer did not name: find its m-line, if the packet is authentic.

        The packet itself is not forwarded; the stream's next ones are.
        """
        connection.counters.unknown_ssrc += 1
        if connection.learned >= MAX_LEARNED:
            return
        if not self._open(connection, datagram, size):
            return
        connection.learned += 1
        connection.heard_ns = connection.media_ns = now_ns
        ssrc = _read_long(datagram, 8)[0]
        track = _find_track(connection, datagram)
        if track is None:
            return
        if datagram[1] & 0x7F not in (track.payload_type, track.red_type):
            connection.repairs[ssrc] = track
            return
        if track.ssrc is not None:
            connection.by_ssrc.pop(track.ssrc, None)
        connection.room.restart_track(track, ssrc)
        connection.by_ssrc[ssrc] = track

    def _open(self, connection: Connection, datagram: Buffer, size: int) -> bool:
        """Decrypt into the scratch buffer; False when the packet is not authentic."""
        scratch = self._scratch
        memmove(scratch.pointer, datagram, size)
        scratch.length[0] = size
        if unprotect(connection.rx, scratch.pointer, scratch.length):
            connection.counters.auth_failed += 1
            return False
        return True

    def _decrypt(
        self, track: Track, datagram: Buffer, size: int, now_ns: int
    ) -> tuple[int, int] | None:
        """Where the payload lies in the scratch buffer; None when the packet is not authentic."""
        connection = track.connection
        if not self._open(connection, datagram, size):
            return None
        connection.heard_ns = connection.media_ns = now_ns
        end = self._scratch.length[0]
        try:
            start = payload_offset(datagram)
        except ValueError:
            start = end + 1
        if datagram[0] & 0x20 and end > start:
            end -= self._scratch.view[end - 1]
        if end < start:
            connection.counters.malformed += 1
            return None
        if not track.flowing:
            connection.room.began(track)
        track.skipped = 0
        return start, end


def _is_watched(track: Track) -> bool:
    return not track.muted and bool(track.slots or track.pending or track.films)


def _find_track(connection: Connection, datagram: Buffer) -> Track | None:
    payload_type = datagram[1] & 0x7F
    candidates = [
        track
        for track in connection.tracks.values()
        if payload_type in (track.payload_type, track.spec.repair_type, track.red_type)
    ]
    if connection.mid_extension:
        mid = find_extension(datagram, connection.mid_extension)
        if mid is not None:
            named = connection.tracks.get(mid.decode("ascii", "replace"))
            candidates = [track for track in candidates if track is named]
    if len(candidates) != 1:
        return None
    track = candidates[0]
    if len(track.layers) == 1:
        return track
    extension = connection.rid_extensions[payload_type != track.payload_type]
    rid = find_extension(datagram, extension) if extension else None
    return next((layer for layer in track.layers if layer.rid.encode() == rid), None)


def _arrived(connection: Connection, datagram: Buffer, now_ns: int) -> None:
    """Note a packet for the sender's estimate, watched and authentic or not."""
    data = find_extension(datagram, connection.transport_extension)
    if connection.arrivals is not None and data is not None and len(data) == 2:
        connection.arrivals.packet(data[0] << 8 | data[1], now_ns)


def _level(track: Track, datagram: Buffer, size: int) -> int:
    """Level in -dBov; without the extension a guess from the size (the payload is encrypted)."""
    if track.level_extension:
        level = audio_level(datagram, track.level_extension)
        if level is not None:
            return level
    try:
        octets = size - payload_offset(datagram) - TAG_OCTETS
    except ValueError:
        return MUTED_LEVEL
    return MUTED_LEVEL if octets <= DTX_OCTETS else ASSUMED_LEVEL


def _tell_withheld(track: Track, extended: int) -> None:
    """Tell taps that what they were not handed before an authentic packet is not lost.

    Withheld packets were not decrypted, so what they claim is bounded by the one that was.
    """
    last, track.withheld = min(track.withheld, extended - 1), -1
    for _, tap in track.taps:
        tap.skipped(last & 0xFFFF)


def _is_nothing(datagram: Buffer, size: int, level: int) -> bool:
    """Whether a packet is digital silence, by its level and by its size."""
    if level != MUTED_LEVEL:
        return False
    try:
        return size - payload_offset(datagram) - TAG_OCTETS <= DTX_OCTETS
    except ValueError:
        return False


def _gate(track: Track, extended: int, now_ns: int) -> None:
    """Leave a packet out; listeners' numbers close up behind it."""
    connection = track.connection
    connection.heard_ns = connection.media_ns = now_ns
    if track.muted:
        connection.counters.muted += 1
    else:
        connection.counters.gated += 1
    if extended == track.head:
        track.floor = extended
        track.resync = True


def _extend(track: Track, sequence: int) -> int:
    """The extended sequence number, counted for receiver reports (RFC 3550 appendix A.1)."""
    head = track.head
    track.received += 1
    if head < 0:
        track.head = track.base = sequence + FIRST_CYCLE
        return track.head
    extended = head + ((sequence - head + 0x8000) & 0xFFFF) - 0x8000
    if extended > head:
        track.head = extended
    return extended
