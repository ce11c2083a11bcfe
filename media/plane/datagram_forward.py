"""Fan-out: one decrypted packet in the scratch buffer becomes one packet per listening slot."""

import struct
from collections.abc import Iterable

from media.plane.datagram_batch import CAPACITY, LENGTH_STEP, NAME_STEP, STRIDE, Batch
from media.plane.datagram_srtp import Scratch, memmove, protect
from media.plane.port import Connection, Slot, Track
from media.plane.rewrite import Rewriter
from media.rtp import vp8
from media.rtp.video import is_keyframe

HEADER_BYTES = 12
MAX_GAP = 500  # a longer hole is an outage: listeners see the stream go on without it

STAMP_BYTES = 8
_ONE_STAMP = 0xBEDE0001  # one word of one-byte extensions (RFC 8285 section 4.2)
_STAMP = struct.Struct("!LL")
_pack_stamp = _STAMP.pack_into
_HEADER = struct.Struct("!BBHLL")
_pack_header = _HEADER.pack_into


class Fanout:
    """Numbers, rewrites, protects and queues packets.

    Args:
        batch: Takes what goes out; the owner flushes it.
        scratch: Holds the decrypted packet.
    """

    def __init__(self, batch: Batch, scratch: Scratch) -> None:
        self._batch = batch
        self._scratch = scratch

    def forward(  # noqa: C901, PLR0913, PLR0917 - the facts of one packet; an object would cost more
        self,
        track: Track,
        extended: int,
        timestamp: int,
        marker: int,
        start: int,
        end: int,
        now_ns: int,
        wrapped: int = -1,
    ) -> bool:
        """Send the payload between `start` and `end` of the scratch buffer to the track's slots.

        From `wrapped` on, if that is not negative, lies the redundant packet (RFC 2198) that ends
        with this payload; listeners who understand it get it whole.

        Returns:
            False when the packet was left out: too late, or its payload makes no sense.
        """
        if extended <= track.floor:
            return False  # from before a gated packet: its number has been given away
        described = None
        if track.vp8:
            described = self._described(track, start, end)
            if described is None:
                return False
        if track.audio and (track.resync or track.pending):
            marker = 0x80  # the first packet of a talkspurt (RFC 3551 section 4.1)
        number = _number(track, extended)
        progress = track.progress
        if number > progress.number:
            progress.number = number
            progress.timestamp = timestamp
            progress.at_ns = now_ns
            if described is not None:
                _note_picture(track, described, self._scratch.view[start:end])
        if track.pending:
            self._start_slots(track, number, timestamp, described, start, end, now_ns)
        size = end - start
        progress.packets += 1
        progress.octets += size
        if track.cache is not None:
            packet = _HEADER.pack(0x80, marker, number & 0xFFFF, timestamp, 0)
            track.cache.put(number & 0xFFFF, packet + bytes(self._scratch.view[start:end]))
        slots = track.slots
        if number != progress.number:  # late: only for slots that began before it
            slots = [slot for slot in slots if number >= slot.rewriter.first_number]
        if wrapped >= 0:
            whole = [slot for slot in slots if slot.red_type]
            body = self._scratch.pointer + wrapped
            self._write(whole, marker, number, timestamp, body, end - wrapped, None, red=True)
            slots = [slot for slot in slots if not slot.red_type]
        body = self._scratch.pointer + start
        stamp = 0 if track.audio else _send_time(now_ns)
        self._write(slots, marker, number, timestamp, body, size, described, stamp)
        return True

    def _described(self, track: Track, start: int, end: int) -> vp8.Vp8Descriptor | None:
        try:
            return vp8.parse(self._scratch.view[start:end])
        except ValueError:
            track.connection.counters.malformed += 1
            return None

    def resend(self, slot: Slot, packet: bytes) -> None:
        """Send a cached packet of the slot's track once more."""
        _, marker, number, timestamp, _ = _HEADER.unpack_from(packet)
        payload = memoryview(packet)[HEADER_BYTES:]
        track = slot.track
        described = vp8.parse(payload) if track is not None and track.vp8 else None
        repair_type = slot.spec.repair_types.get(slot.payload_type)
        if repair_type is not None:
            self._repeat(slot, repair_type | marker, number, timestamp, payload, described)
        else:
            self._write((slot,), marker, number, timestamp, payload, len(payload), described)
        slot.connection.counters.retransmitted += 1

    def _repeat(
        self,
        slot: Slot,
        second: int,
        number: int,
        timestamp: int,
        payload: memoryview,
        described: vp8.Vp8Descriptor | None,
    ) -> None:
        """Queue a retransmission as a stream of its own (RFC 4588 section 4)."""
        connection, rewriter, batch = slot.connection, slot.rewriter, self._batch
        if connection.tx is None:
            return
        index = batch.count
        at = index * STRIDE
        rewriter.repair_sequence = (rewriter.repair_sequence + 1) & 0xFFFF
        _pack_header(
            batch.view,
            at,
            0x80,
            second,
            rewriter.repair_sequence,
            (timestamp + rewriter.timestamp_offset) & 0xFFFFFFFF,
            slot.spec.repair_ssrc,
        )
        body = at + HEADER_BYTES
        original = (number + rewriter.sequence_offset) & 0xFFFF
        batch.view[body] = original >> 8
        batch.view[body + 1] = original & 0xFF
        body += 2
        batch.view[body : body + len(payload)] = payload
        if described is not None:
            _rewrite_vp8(batch.view, body, rewriter, described)
        self._scratch.length[0] = body - at + len(payload)
        if protect(connection.tx, batch.pointers[index], self._scratch.length):
            connection.counters.protect_failed += 1
            return
        self._queue(connection, index)

    def _queue(self, connection: Connection, index: int) -> None:
        """Address the protected packet in place `index`, the last one."""
        batch, size = self._batch, self._scratch.length[0]
        connection.packets_sent += 1
        connection.octets_sent += size
        batch.lengths[LENGTH_STEP * index + 1] = size
        batch.names[NAME_STEP * index] = connection.name_place
        batch.names[NAME_STEP * index + 1] = connection.name_length
        batch.descriptors[index] = connection.fd
        batch.count = index + 1
        if batch.count == CAPACITY:
            batch.flush()

    def _start_slots(  # noqa: PLR0913, PLR0917 - as above
        self,
        track: Track,
        number: int,
        timestamp: int,
        described: vp8.Vp8Descriptor | None,
        start: int,
        end: int,
        now_ns: int,
    ) -> None:
        """Slots that wait start with audio at once, with video at a key frame."""
        if not track.audio and not is_keyframe(track.codec, self._scratch.view[start:end]):
            track.connection.room.want_keyframe(track)
            return
        for slot in track.pending:
            if slot.stream is not None:  # another layer until now
                slot.stream.slots.remove(slot)
                slot.rewriter.end(slot.stream.progress)
            slot.stream, slot.target = track, None
            slot.rewriter.begin(
                number=number,
                timestamp=timestamp,
                at_ns=now_ns,
                picture_id=described.picture_id if described else None,
                tl0picidx=described.tl0picidx if described else None,
                progress=track.progress,
            )
            track.slots.append(slot)
        track.pending.clear()

    def _write(  # noqa: PLR0913, PLR0917 - the innermost loop
        self,
        slots: Iterable[Slot],
        marker: int,
        number: int,
        timestamp: int,
        payload: object,
        size: int,
        described: vp8.Vp8Descriptor | None,
        stamp: int = 0,
        *,
        red: bool = False,
    ) -> None:
        """Number, protect and queue one payload for each slot; `stamp` is when, for video."""
        batch = self._batch
        view, bodies, pointers = batch.view, batch.bodies, batch.pointers
        lengths, names, descriptors = batch.lengths, batch.names, batch.descriptors
        length = self._scratch.length
        index = batch.count
        for slot in slots:
            connection = slot.connection
            context = connection.tx
            if context is None:
                continue  # not connected yet, or no longer
            rewriter = slot.rewriter
            at = index * STRIDE
            stamped = slot.spec.send_time_extension if stamp else 0
            _pack_header(
                view,
                at,
                0x90 if stamped else 0x80,
                (slot.red_type if red else slot.payload_type) | marker,
                (number + rewriter.sequence_offset) & 0xFFFF,
                (timestamp + rewriter.timestamp_offset) & 0xFFFFFFFF,
                slot.ssrc,
            )
            plain = HEADER_BYTES
            if stamped:
                _pack_stamp(view, at + HEADER_BYTES, _ONE_STAMP, stamped << 28 | stamp)
                plain += STAMP_BYTES
                memmove(pointers[index] + plain, payload, size)
            else:
                memmove(bodies[index], payload, size)
            if described is not None:
                _rewrite_vp8(view, at + plain, rewriter, described)
            length[0] = plain + size
            if protect(context, pointers[index], length):
                connection.counters.protect_failed += 1
                continue
            protected = length[0]
            connection.packets_sent += 1
            connection.octets_sent += protected
            lengths[LENGTH_STEP * index + 1] = protected
            names[NAME_STEP * index] = connection.name_place
            names[NAME_STEP * index + 1] = connection.name_length
            descriptors[index] = connection.fd
            index += 1
            if index == CAPACITY:
                batch.count = index
                batch.flush()
                index = 0
        batch.count = index


def _send_time(now_ns: int) -> int:
    """Absolute send time: length and 24 bits of seconds in 6.18 fixed point; never 0."""
    return 2 << 24 | (now_ns << 18) // 1_000_000_000 & 0xFFFFFF


def _number(track: Track, extended: int) -> int:
    """The forward number; after a gated run or an outage it goes on where the track stopped."""
    number = extended - track.gated
    highest = track.progress.number
    if number - highest > MAX_GAP:
        track.resync = True
    if track.resync:
        track.gated += number - highest - 1
        track.floor = extended - 1
        track.resync = False
        return highest + 1
    return number


def _note_picture(track: Track, described: vp8.Vp8Descriptor, payload: memoryview) -> None:
    track.progress.picture_id = described.picture_id
    track.progress.tl0picidx = described.tl0picidx
    if described.keyframe:
        track.width, track.height = vp8.picture_size(payload, described)


def _rewrite_vp8(
    view: memoryview, at: int, rewriter: Rewriter, described: vp8.Vp8Descriptor
) -> None:
    if described.picture_id is not None:
        picture = described.picture_id + rewriter.picture_offset
        place = at + described.picture_id_offset
        if described.picture_id_bits == 15:
            view[place] = 0x80 | (picture >> 8 & 0x7F)
            view[place + 1] = picture & 0xFF
        else:
            view[place] = picture & 0x7F
    if described.tl0picidx is not None:
        place = at + described.tl0picidx_offset
        view[place] = (described.tl0picidx + rewriter.tl0_offset) & 0xFF
