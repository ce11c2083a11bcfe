"""One scripted participant: what it sends, and what it counts of what it receives."""

import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.speech import SILENCE
from bench.transport import Transport
from media.plane import rtcp

OPUS, VP8, LEVEL, MID, RID = 111, 96, 1, 4, 10  # as Chromium numbers them
STAMP = b"STMP"
VERIFY_EVERY = 16  # packets received per packet that is decrypted
DTX_TICKS = 20  # silence in DTX is one packet in 400 ms
_NTP_EPOCH = 2_208_988_800
_FRAME_TICKS = 3000  # of 90 kHz: 30 frames a second
_SILENT, _SPOKEN = 127, 0x80 | 30
_MANY = 50_000_000  # bits a second that the receiver's link takes
_read = struct.Struct("!xxHxxxxL").unpack_from
_head = struct.Struct("!BBHLLHH").pack


@dataclass(frozen=True, slots=True)
class Layer:
    """A stream of video: 30 frames a second, each of so many packets of so many octets."""

    rid: str
    packets: int
    octets: int
    width: int
    height: int


ONE_MEGABIT = Layer("", 4, 1040, 1280, 720)
SIMULCAST = (
    Layer("l", 1, 625, 320, 180),
    Layer("m", 2, 1040, 640, 360),
    Layer("h", 6, 1040, 1280, 720),
)


@dataclass(slots=True)
class Incoming:
    """One stream as it arrives."""

    base: int
    highest: int
    packets: int = 0
    last_report: int = 0
    reported_at: float = 0.0


@dataclass(slots=True)
class Counts:
    """What a member saw since the last reset."""

    sent: int = 0
    received: int = 0
    lost: int = 0
    forged: int = 0
    latencies_ms: list[float] = field(default_factory=list)


class Outgoing:
    """One stream that a member sends."""

    def __init__(self, ssrc: int, payload_type: int, extensions: bytes) -> None:
        self.ssrc = ssrc
        self.sequence = ssrc & 0x3FFF
        self.timestamp = ssrc & 0xFFFFFF
        self.packets = self.octets = 0
        self._payload_type = payload_type
        self._extensions = extensions + bytes(-len(extensions) % 4)

    def packet(self, payload: bytes, *, marker: bool = False, level: int | None = None) -> bytes:
        """The next packet."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.packets += 1
        self.octets += len(payload)
        extensions = self._extensions
        if level is not None:
            extensions = bytes((LEVEL << 4, level)) + extensions[2:]
        kind = self._payload_type | (0x80 if marker else 0)
        words = len(extensions) // 4
        head = _head(0x90, kind, self.sequence, self.timestamp, self.ssrc, 0xBEDE, words)
        return head + extensions + payload


class Member:
    """A participant of the load.

    Args:
        number: Distinct among all.
        transport: Its connection.
        layers: Streams of its camera; none without one.
        camera_mid: M-line of the camera.
        watches: Whether it receives video.
    """

    def __init__(
        self,
        number: int,
        transport: Transport,
        layers: Sequence[Layer] = (),
        camera_mid: str = "",
        *,
        watches: bool = False,
    ) -> None:
        self.transport = transport
        self.number = number
        self.watches = watches
        self.join_ms = 0.0
        self.mode = "mute"  # or speak, silent, dtx
        self.filming = False
        self.counts = Counts()
        self.incoming: dict[int, Incoming] = {}
        self.stamped = True
        base = 0x1000_0000 + number * 16
        self.audio = Outgoing(base, OPUS, bytes((LEVEL << 4, 0, MID << 4)) + b"0")
        self.layers = layers
        self.video: list[Outgoing] = []
        for at, layer in enumerate(layers):
            mid, rid = camera_mid.encode(), layer.rid.encode()
            extensions = bytes((MID << 4 | len(mid) - 1,)) + mid
            if rid:
                extensions += bytes((RID << 4 | len(rid) - 1,)) + rid
            self.video.append(Outgoing(base + 1 + at, VP8, extensions))
        self._wanted = {stream.ssrc: True for stream in self.video}  # key frames
        self._ticks = number * 7
        self._picture = number

    def speak(self, speech: Sequence[bytes]) -> None:
        """Send what is due every 20 ms."""
        self._ticks += 1
        audio, mode = self.audio, self.mode
        audio.timestamp = (audio.timestamp + 960) & 0xFFFFFFFF
        if mode == "mute" or (mode == "dtx" and self._ticks % DTX_TICKS):
            return
        if mode == "speak":
            payload, level = speech[self._ticks % len(speech)], _SPOKEN
            if self.stamped:
                payload = payload[:-12] + STAMP + time.monotonic_ns().to_bytes(8, "big")
        else:
            payload, level = SILENCE, _SILENT
        self.transport.send(audio.packet(payload, level=level))
        self.counts.sent += 1

    def film(self) -> None:
        """Send one frame of every layer; every 33 ms."""
        self._picture = (self._picture + 1) & 0x7FFF
        for stream, layer in zip(self.video, self.layers, strict=True):
            stream.timestamp = (stream.timestamp + _FRAME_TICKS) & 0xFFFFFFFF
            wanted, self._wanted[stream.ssrc] = self._wanted[stream.ssrc], False
            for part in range(layer.packets):
                first = part == 0
                payload = bytes((0x90 if first else 0x80, 0x80))
                payload += (0x8000 | self._picture).to_bytes(2, "big")
                if first:
                    payload += _frame_head(layer, key=wanted)
                payload += bytes(layer.octets - len(payload) - 12)
                payload += STAMP + time.monotonic_ns().to_bytes(8, "big")
                marker = part == layer.packets - 1
                self.transport.send(stream.packet(payload, marker=marker))
                self.counts.sent += 1

    def report(self) -> None:
        """Send reports on everything sent and received."""
        now, blocks = time.time(), []
        for ssrc, stream in self.incoming.items():
            expected = stream.highest - stream.base + 1
            since = round((now - stream.reported_at) * 65536) if stream.last_report else 0
            lost = max(0, expected - stream.packets)
            highest = stream.highest & 0xFFFFFFFF
            blocks.append(rtcp.ReportBlock(ssrc, 0, lost, highest, 0, stream.last_report, since))
        ntp = int((now + _NTP_EPOCH) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF
        compound = rtcp.receiver_report(self.audio.ssrc, blocks)
        for stream in (self.audio, *self.video):
            if stream.packets:
                compound += rtcp.sender_report(
                    stream.ssrc, ntp, stream.timestamp, stream.packets, stream.octets
                )
        compound += rtcp.bitrate_limit(self.audio.ssrc, _MANY, ())
        self.transport.send_rtcp(compound)

    def take(self, datagram: bytes) -> None:
        """Take whatever arrived."""
        size = len(datagram)
        if size < 12:
            return
        first = datagram[0]
        if first < 128:
            self.transport.control(datagram)
        elif 191 < datagram[1] < 224:
            self._take_report(datagram)
        else:
            self._take_media(datagram, size)

    def _take_media(self, datagram: bytes, size: int) -> None:
        counts = self.counts
        counts.received += 1
        sequence, ssrc = _read(datagram)
        stream = self.incoming.get(ssrc)
        if stream is None:
            stream = self.incoming[ssrc] = Incoming(sequence, sequence - 1)
        stream.packets += 1
        step = ((sequence - stream.highest + 0x8000) & 0xFFFF) - 0x8000
        if step > 0:
            counts.lost += step - 1
            stream.highest += step
        else:
            counts.lost -= 1
        if counts.received % VERIFY_EVERY:
            return
        plain = self.transport.open(datagram, size)
        if plain is None:
            counts.forged += 1
        elif plain[-12:-8] == STAMP:
            sent = int.from_bytes(plain[-8:], "big")
            counts.latencies_ms.append((time.monotonic_ns() - sent) / 1e6)

    def _take_report(self, datagram: bytes) -> None:
        compound = self.transport.open_rtcp(datagram)
        if compound is None:
            return
        for fact in rtcp.parse(compound):
            if isinstance(fact, rtcp.KeyframeRequest) and fact.ssrc in self._wanted:
                self._wanted[fact.ssrc] = True
            elif isinstance(fact, rtcp.SenderReport):
                stream = self.incoming.get(fact.ssrc)
                if stream is not None:
                    stream.last_report = fact.ntp >> 16 & 0xFFFFFFFF
                    stream.reported_at = time.time()


def _frame_head(layer: Layer, *, key: bool) -> bytes:
    """The uncompressed chunk that begins a VP8 frame (RFC 6386 section 9.1)."""
    if not key:
        return b"\x01\x00\x00"
    return b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", layer.width, layer.height)
