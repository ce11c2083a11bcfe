"""A packet plane without sockets: publishers protect, listeners unprotect what the batch holds."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from pylibsrtp import Policy, Session

from media.plane.datagram_batch import LENGTH_STEP, NAME_STEP, STRIDE, Batch, socket_name
from media.plane.datagram_forward import Fanout
from media.plane.datagram_intake import Intake
from media.plane.datagram_srtp import Scratch
from media.plane.port import Connection, Slot, SlotSpec, Track, TrackSpec
from media.plane.rewrite import Rewriter
from media.plane.room import Room
from media.quality.measure import ReportMeter, StreamMeter
from media.rtp.header import payload_offset
from media.types import MediaKind, TrackSource

OPUS = 111
VP8 = 96
RTX = 97
RTX_SSRC = 3999  # of the publisher's retransmissions
LEVEL = 1  # extension id
MID = 4
RID = 10
REPAIRED = 11
TRANSPORT = 3
SPEECH = bytes(60)


@dataclass(frozen=True)
class Received:
    """A packet as a listener sees it."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


class Events:
    """Notes what rooms and intake report."""

    def __init__(self) -> None:
        self.slots: list[str] = []
        self.tracks: list[str] = []
        self.keyframes: list[Track] = []
        self.gaps: list[Track] = []
        self.compounds: list[bytes] = []

    def slots_moved(self, connection: Connection) -> None:
        self.slots.append(connection.connection_id)

    def tracks_moved(self, connection: Connection) -> None:
        self.tracks.append(connection.connection_id)

    def keyframe_wanted(self, track: Track) -> None:
        self.keyframes.append(track)

    def control(self, datagram: bytes, address: tuple[str, int], index: int) -> None: ...

    def rtcp(self, connection: Connection, compound: bytes, at_ns: int) -> None:
        self.compounds.append(compound)

    def missing(self, track: Track, at_ns: int) -> None:
        self.gaps.append(track)


def session(key: bytes, ssrc_type: int) -> Session:
    policy = Policy(key=key, ssrc_type=ssrc_type, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM)
    policy.allow_repeat_tx = True
    policy.window_size = 1024
    return Session(policy)


class Person:
    """A connection with its SRTP on both sides."""

    def __init__(self, rig: "Rig", name: str) -> None:
        key = name.encode().ljust(44, b"\1")
        back = name.encode().ljust(44, b"\2")
        self.rig = rig
        self.connection = Connection(name, f"p-{name}", name.title(), rig.room)
        self._send = session(key, Policy.SSRC_ANY_OUTBOUND)
        self._server_in = session(key, Policy.SSRC_ANY_INBOUND)
        self._server_out = session(back, Policy.SSRC_ANY_OUTBOUND)
        self._receive = session(back, Policy.SSRC_ANY_INBOUND)
        self.connection.rx = self._server_in._srtp[0]
        self.connection.tx = self._server_out._srtp[0]
        self.connection.name_place = rig.name(name)

    def track(
        self,
        source: TrackSource = TrackSource.MICROPHONE,
        *,
        ssrc: int | None = 1000,
        level: int = LEVEL,
        codec: str | None = None,
        layers: tuple[str, ...] = (),
        red_type: int = 0,
    ) -> Track:
        audio = source.kind is MediaKind.AUDIO
        spec = TrackSpec(
            mid=f"m{len(self.connection.tracks)}",
            source=source,
            codec=codec or ("audio/opus" if audio else "video/VP8"),
            payload_type=OPUS if audio else VP8,
            clock_rate=48000 if audio else 90000,
            ssrc=ssrc,
            level_extension=level if audio else 0,
            repair_type=0 if audio else RTX,
            repair_ssrc=None if audio or ssrc is None else RTX_SSRC,
            layers=layers,
            red_type=red_type,
        )
        track = self.connection.tracks[spec.mid] = Track(self.connection, spec)
        for stream in track.layers:
            stream.meter = StreamMeter(spec.clock_rate)
        if ssrc is not None:
            self.connection.by_ssrc[ssrc] = track
            if spec.repair_ssrc is not None:
                self.connection.repairs[spec.repair_ssrc] = track
        return track

    def slot(
        self,
        kind: MediaKind = MediaKind.AUDIO,
        types: Mapping[str, int] | None = None,
        repairs: Mapping[int, int] | None = None,
        send_time: int = 0,
        red_type: int = 0,
    ) -> Slot:
        audio = kind is MediaKind.AUDIO
        types = types or ({"audio/opus": 109} if audio else {"video/vp8": 120})
        mid, ssrc = f"s{len(self.connection.slots)}", self.rig.next_ssrc()
        rewriter = Rewriter(sequence=100, timestamp=5000, clock_rate=48000 if audio else 90000)
        repair_ssrc = ssrc + 0x1000 if repairs else 0
        spec = SlotSpec(mid, kind, ssrc, types, repairs or {}, repair_ssrc, send_time, red_type)
        slot = Slot(self.connection, spec, rewriter, ReportMeter(48000 if audio else 90000))
        self.connection.slots[mid] = slot
        self.connection.slots_by_ssrc[ssrc] = slot
        return slot

    def join(self) -> "Person":
        self.rig.room.join(self.connection)
        return self

    def protect(
        self,
        sequence: int,
        *,
        timestamp: int = 0,
        level: int | None = 30,
        payload: bytes = SPEECH,
        ssrc: int = 1000,
        payload_type: int = OPUS,
        marker: bool = False,
        mid: str | None = None,
        rid: str | None = None,
        padding: int = 0,
        transport: int | None = None,
    ) -> bytes:
        """An SRTP packet as this person's browser sends it."""
        elements = b""
        if level is not None:
            elements += bytes([LEVEL << 4, level | 0x80])
        if mid is not None:
            elements += bytes([MID << 4 | len(mid) - 1]) + mid.encode()
        if rid is not None:
            place = REPAIRED if payload_type == RTX else RID
            elements += bytes([place << 4 | len(rid) - 1]) + rid.encode()
        if transport is not None:
            elements += bytes([TRANSPORT << 4 | 1]) + transport.to_bytes(2)
        elements += bytes(-len(elements) % 4)
        first = 0x80 | (0x10 if elements else 0) | (0x20 if padding else 0)
        header = struct.pack(
            "!BBHLL", first, payload_type | marker << 7, sequence & 0xFFFF, timestamp, ssrc
        )
        if elements:
            header += struct.pack("!HH", 0xBEDE, len(elements) // 4) + elements
        tail = bytes(padding - 1) + bytes([padding]) if padding else b""
        return self._send.protect(header + payload + tail)

    def send(self, sequence: int, **facts: object) -> None:
        """Send a packet into the intake."""
        self.rig.take(self, self.protect(sequence, **facts))

    def claim_padding(self, sequence: int, count: int) -> None:
        """Send an authentic packet whose last byte claims more padding than there is payload."""
        header = struct.pack("!BBHLL", 0xA0, OPUS, sequence, 0, 1000)
        self.rig.take(self, self._send.protect(header + bytes([count])))

    def speak(self, first: int, count: int = 1, **facts: object) -> None:
        """Send packets with rising numbers, 20 ms apart."""
        for step in range(count):
            self.send(first + step, timestamp=960 * (first + step) & 0xFFFFFFFF, **facts)
            self.rig.now_ns += 20_000_000

    def unprotect(self, datagram: bytes) -> Received:
        plain = self._receive.unprotect(datagram)
        _, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHLL", plain)
        start = payload_offset(plain)
        return Received(
            second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, bytes(plain[start:])
        )

    def protect_rtcp(self, compound: bytes) -> bytes:
        return self._send.protect_rtcp(compound)

    def unprotect_rtcp(self, datagram: bytes) -> bytes:
        return self._receive.unprotect_rtcp(datagram)


class Rig:
    """A room, the intake and the fan-out."""

    def __init__(self, audio_slots: int = 3) -> None:
        self.events = Events()
        self.batch = Batch()
        self.scratch = Scratch()
        self.fanout = Fanout(self.batch, self.scratch)
        self.intake = Intake(self.scratch, self.fanout, self.events)
        self.room = Room("room", audio_slots, self.events)
        self.now_ns = 1_000_000_000
        self.people: dict[str, Person] = {}
        self._names: dict[int, tuple[str, object]] = {}
        self._ssrc = 0x5000

    def name(self, who: str) -> int:
        name = socket_name(2, ("127.0.0.1", 9))
        self._names[name.place] = (who, name)
        return name.place

    def next_ssrc(self) -> int:
        self._ssrc += 1
        return self._ssrc

    def person(self, name: str) -> Person:
        person = self.people[name] = Person(self, name)
        return person

    def speaker(self, name: str, **facts: object) -> Person:
        """A person with a microphone, in the room."""
        person = self.person(name)
        person.track(**facts)
        return person.join()

    def listener(self, name: str, slots: int = 3, kind: MediaKind = MediaKind.AUDIO) -> Person:
        """A person with receive slots, in the room."""
        person = self.person(name)
        for _ in range(slots):
            person.slot(kind)
        return person.join()

    def take(self, person: Person, datagram: bytes) -> None:
        self.intake.rtp(person.connection, datagram, len(datagram), self.now_ns)

    def sent(self) -> list[tuple[Person, bytes]]:
        """What waits in the batch, taken out: to whom, the datagram."""
        found = []
        for index in range(self.batch.count):
            at, size = index * STRIDE, self.batch.lengths[LENGTH_STEP * index + 1]
            name, _ = self._names[self.batch.names[NAME_STEP * index]]
            found.append((self.people[name], bytes(self.batch.view[at : at + size])))
        self.batch.count = 0
        return found

    def received(self, person: Person) -> list[Received]:
        """What waits for one person, decrypted; the others' packets are thrown away."""
        return [to.unprotect(data) for to, data in self.sent() if to is person]
