"""The WebRTC half of a test client: an aiortc peer with a tone for a microphone and ears for slots.

aiortc leaves 127.0.0.1 out of its candidates; here it comes first, so that a test needs no network.
"""

import asyncio
import fractions
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aioice.ice
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, AudioResampler, VideoFrame
from support.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = 48_000
FRAME = 960  # 20 ms
VP8 = 97  # aiortc's payload type

_system_addresses = aioice.ice.get_host_addresses


def _addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    found = _system_addresses(use_ipv4, False) if use_ipv4 else []
    return ["127.0.0.1", *found]


aioice.ice.get_host_addresses = _addresses


class ToneTrack(MediaStreamTrack):
    """A microphone that hears a sine, or nothing when the frequency is 0."""

    kind = "audio"

    def __init__(self, frequency: float = 440.0, amplitude: float = 0.3) -> None:
        super().__init__()
        self.frequency = frequency
        self.amplitude = amplitude
        self._sample = 0
        self._start: float | None = None

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(self._start + self._sample / RATE - time.monotonic())
        phase = 2 * np.pi * self.frequency * (np.arange(FRAME) + self._sample) / RATE
        samples = (np.sin(phase) * self.amplitude * 32767).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._sample
        frame.time_base = fractions.Fraction(1, RATE)
        self._sample += FRAME
        return frame


class PictureTrack(MediaStreamTrack):
    """A camera that sees a grey field whose brightness steps every frame, 10 frames a second."""

    kind = "video"

    def __init__(self, width: int = 160, height: int = 120) -> None:
        super().__init__()
        self._size = (height, width, 3)
        self._count = 0
        self._start: float | None = None

    async def recv(self) -> VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(self._start + self._count / 10 - time.monotonic())
        level = 40 + self._count * 4 % 180
        frame = VideoFrame.from_ndarray(np.full(self._size, level, np.uint8), format="rgb24")
        frame.pts = self._count * 9000
        frame.time_base = fractions.Fraction(1, 90_000)
        self._count += 1
        return frame


class Ear:
    """What arrived in one receive slot, decoded."""

    def __init__(self, mid: str, kind: str) -> None:
        self.mid = mid
        self.kind = kind
        self.frames = 0
        self.error: BaseException | None = None
        self._samples = np.zeros(0, np.float32)
        self._resampler = AudioResampler(format="s16", layout="mono", rate=RATE)

    async def listen(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, AudioFrame):
                for part in self._resampler.resample(frame):
                    heard = part.to_ndarray()[0].astype(np.float32) / 32768
                    self._samples = np.concatenate([self._samples, heard])[-RATE:]
            self.frames += 1

    @property
    def level(self) -> float:
        """Root mean square of the last half second, 1.0 is full scale."""
        recent = self._samples[-RATE // 2 :]
        return float(np.sqrt(np.mean(recent**2))) if len(recent) else 0.0

    @property
    def frequency(self) -> float:
        """Strongest frequency of the last half second in Hz, 0 when there is too little."""
        recent = self._samples[-RATE // 2 :]
        if len(recent) < RATE // 2 or self.level < 0.001:
            return 0.0
        spectrum = np.abs(np.fft.rfft(recent * np.hanning(len(recent))))
        return float(np.argmax(spectrum) * RATE / len(recent))

    def strength(self, frequency: float) -> float:
        """Amplitude of one tone among others in the last half second, 0 with too little sound."""
        recent = self._samples[-RATE // 2 :]
        if len(recent) < RATE // 2:
            return 0.0
        spectrum = np.abs(np.fft.rfft(recent * np.hanning(len(recent)))) * 4 / len(recent)
        place = round(frequency * len(recent) / RATE)
        return float(spectrum[place - 3 : place + 4].max())

    def hears(self, frequency: float, tolerance: float = 15.0) -> bool:
        """Whether that tone prevails."""
        return abs(self.frequency - frequency) <= tolerance

    def forget(self) -> None:
        """Judge only what comes from now on."""
        self._samples = np.zeros(0, np.float32)


class Peer:
    """An offering peer connection with sending tracks and a pool of receive slots."""

    def __init__(
        self,
        *,
        microphone: MediaStreamTrack | None = None,
        camera: MediaStreamTrack | None = None,
        audio_slots: int = 3,
        video_slots: int = 0,
    ) -> None:
        self.pc = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self.ears: dict[str, Ear] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sending: list[tuple[str, RTCRtpTransceiver]] = []
        self._cut: list[Callable[[], None]] = []
        for source, track in (("microphone", microphone), ("camera", camera)):
            if track is not None:
                self._sending.append((source, self.pc.addTransceiver(track, "sendonly")))
        self._slots = [
            self.pc.addTransceiver(kind, "recvonly")
            for kind, count in (("audio", audio_slots), ("video", video_slots))
            for _ in range(count)
        ]

    async def offer(self) -> str:
        """Make an offer with all candidates."""
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    def show_as(self, source: str) -> None:
        """Offer what the camera sees as another source, such as `screen`."""
        self._sending = [(source, t) if s == "camera" else (s, t) for s, t in self._sending]

    @property
    def tracks(self) -> list[dict[str, str]]:
        """The `tracks` member of an offer message; known once `offer` was called."""
        return [{"mid": t.mid, "source": source} for source, t in self._sending]

    async def accept(self, answer: str) -> None:
        """Take the answer and listen to the slots."""
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        for transceiver in self._slots:
            if transceiver.mid in self.ears or transceiver.receiver.track is None:
                continue
            ear = self.ears[transceiver.mid] = Ear(transceiver.mid, transceiver.kind)
            self._tasks.append(asyncio.create_task(ear.listen(transceiver.receiver.track)))

    async def connected(self, within: float = 10.0) -> None:
        """Wait until media may flow."""
        await until(
            lambda: self.pc.connectionState in ("connected", "failed", "closed"),
            within,
            lambda: f"peer connection is {self.pc.connectionState}",
        )
        assert self.pc.connectionState == "connected"

    async def hears(self, frequency: float, within: float = 10.0) -> Ear:
        """Wait until a slot carries a tone."""
        await until(
            lambda: any(ear.hears(frequency) for ear in self.ears.values()),
            within,
            lambda: (
                f"wanted {frequency} Hz, hears " + str([e.frequency for e in self.ears.values()])
            ),
        )
        return next(ear for ear in self.ears.values() if ear.hears(frequency))

    async def sees(self, frames: int = 3, within: float = 15.0) -> Ear:
        """Wait until a video slot carries pictures."""

        def seen() -> list[Ear]:
            return [e for e in self.ears.values() if e.kind == "video" and e.frames >= frames]

        await until(lambda: bool(seen()), within, lambda: "no picture arrived")
        return seen()[0]

    def count_packets(self) -> "Packets":
        """Count the RTP datagrams of both directions from now on."""
        packets = Packets()
        for protocol in self._protocols():
            take = protocol.datagram_received

            def taken(data: bytes, address: object, take=take) -> None:
                packets.received += _is_rtp(data)
                take(data, address)

            protocol.datagram_received = taken
            protocol.transport = _CountingWire(protocol.transport, packets)
        return packets

    def cut(self) -> None:
        """Cut the network: nothing leaves and nothing arrives until `restore`."""
        if self._cut:
            return
        for protocol in self._protocols():
            wire = protocol.transport
            protocol.transport = _DeadWire(wire)
            protocol.datagram_received = lambda _data, _address: None

            def mend(protocol=protocol, wire=wire) -> None:
                protocol.transport = wire
                del protocol.datagram_received

            self._cut.append(mend)

    def lose(self, every: int, *, incoming: bool) -> None:
        """Lose each `every`-th video packet of one direction, for good; repetitions pass."""
        count = 0
        for protocol in self._protocols():

            def lost(data: bytes) -> bool:
                nonlocal count
                video = 127 < data[0] < 192 and data[1] & 0x7F == VP8
                count += video
                return video and count % every == 0

            if incoming:
                take = protocol.datagram_received
                protocol.datagram_received = lambda data, address, take=take, lost=lost: (
                    None if lost(data) else take(data, address)
                )
            else:
                protocol.transport = _LossyWire(protocol.transport, lost)

    def restore(self) -> None:
        """Mend the network."""
        for mend in self._cut:
            mend()
        self._cut.clear()

    async def close(self) -> None:
        """Close on purpose (DTLS close_notify, unless the network is cut)."""
        await self.pc.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _protocols(self) -> list[object]:
        transceivers = self.pc.getTransceivers()
        if not transceivers or transceivers[0].sender.transport is None:
            return []
        return list(transceivers[0].sender.transport.transport._connection._protocols)


@dataclass
class Packets:
    """How many RTP datagrams crossed the wire of a peer."""

    received: int = 0
    sent: int = 0


def _is_rtp(data: bytes) -> bool:
    return 127 < data[0] < 192 and not 192 <= data[1] < 224  # RFC 7983, RFC 5761


class _CountingWire:
    """A datagram transport that counts what is sent."""

    def __init__(self, wire: asyncio.DatagramTransport, packets: Packets) -> None:
        self._wire = wire
        self._packets = packets

    def sendto(self, data: bytes, address: object = None) -> None:
        self._packets.sent += _is_rtp(data)
        self._wire.sendto(data, address)

    def __getattr__(self, name: str) -> object:
        return getattr(self._wire, name)


class _LossyWire:
    """A datagram transport that loses what it is told to."""

    def __init__(self, wire: asyncio.DatagramTransport, lost: "Callable[[bytes], bool]") -> None:
        self._wire = wire
        self._lost = lost

    def sendto(self, data: bytes, address: object = None) -> None:
        if not self._lost(data):
            self._wire.sendto(data, address)

    def __getattr__(self, name: str) -> object:
        return getattr(self._wire, name)


class _DeadWire:
    """A datagram transport whose packets go nowhere."""

    def __init__(self, wire: asyncio.DatagramTransport) -> None:
        self._wire = wire

    def sendto(self, data: bytes, address: object = None) -> None:
        pass

    def __getattr__(self, name: str) -> object:
        return getattr(self._wire, name)
