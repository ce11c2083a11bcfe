"""Bursts of sound recorded from senders whose clocks drift, over networks that lose and delay.

Every sender plays the same sound at a moment of its own, which is the truth that the files and
their manifest are held to. Nothing waits: the recording is served on the moments of the script.
"""

import random
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
from support.clock import FakeClock
from support.netem import Link
from support.recording import spec

from media.recording.files import RecordingDirectory
from media.recording.job import Opened, RecordingJob
from media.recording.manifest import MANIFEST, Manifest, decode
from media.recording.mix import HOP, Voice
from media.recording.plan import Reason
from media.recording.tap import QueuedTap
from media.recording.track import TrackIdentity
from media.types import TrackSource

RATE = 48_000
FRAME = 960
BURST = 4800
"""100 ms, five frames."""
EVERY = 2 * RATE
FIRST = RATE
NEAR = RATE // 4
"""How far from its place a burst is looked for."""


@dataclass(frozen=True)
class Network:
    """What every sender's path does; times in seconds, jitter from the least to the most."""

    loss: float = 0.05
    jitter: float = 0.2
    delay: float = 0.12
    skew_ppm: float = 200.0


@dataclass
class Sender:
    """One participant of the script.

    Attributes:
        started: Seconds from the recording's start to its first sample.
        rate: Our seconds in a second of its samples.
        clock: What its own clock shows at the recording's start.
        clock_rate: Seconds of its clock in one of ours.
        delivered: Numbers of the frames that arrived.
    """

    started: float
    rate: float
    clock: float
    clock_rate: float
    link: Link[tuple[int, int]]
    tap: QueuedTap
    delivered: set[int] = field(default_factory=set)
    sent: int = 0

    def captured(self, sample: int) -> float:
        """Seconds from the recording's start to a sample of its."""
        return self.started + sample / RATE * self.rate

    def serve(self, at: float) -> None:
        """Send every frame that is complete by now, take what has arrived."""
        while (ready := self.captured((self.sent + 1) * FRAME)) <= at:
            self.link.send((self.sent, 0), ready)
            if self.sent % 250 == 249:
                self.link.send((self.sent, self._ntp(self.captured(self.sent * FRAME))), ready)
            self.sent += 1

    def take(self, at: float, zero_ns: int, packets: tuple[bytes, ...]) -> None:
        """Hand what has arrived by now to the recorder."""
        while (arrival := self.link.next_at) is not None and arrival <= at:
            arrival_ns = zero_ns + round(arrival * 1e9)
            for number, ntp in self.link.deliver(arrival):
                timestamp = number * FRAME & 0xFFFF_FFFF
                if ntp:
                    self.tap.sender_report(arrival_ns, ntp, timestamp)
                    continue
                self.delivered.add(number)
                self.tap.rtp(arrival_ns, number & 0xFFFF, timestamp, packets[number])

    def _ntp(self, at: float) -> int:
        return round((self.clock + at * self.clock_rate) * (1 << 32))

    def heard_whole(self, sample: int) -> bool:
        """Whether nothing of a burst that begins there was lost, nor just before it."""
        frames = range(sample // FRAME - 2, (sample + BURST) // FRAME + 2)
        return self.delivered.issuperset(frames)


@dataclass(frozen=True)
class Recorded:
    """What was made of it."""

    manifest: Manifest
    senders: tuple[Sender, ...]
    seconds: float


def record(directory: Path, network: Network, *, senders: int, seconds: int, seed: int) -> Recorded:
    """Record so many senders for so long."""
    clock, chance, packets = FakeClock(), random.Random(seed), burst_packets(seconds + 1)
    job = RecordingJob(spec(directory), RecordingDirectory(directory), clock, 5.0, _fails)
    zero_ns, stage = job.zero.monotonic_ns, []
    for number in range(senders):
        tap = QueuedTap(clock, paused=False)
        identity = TrackIdentity(f"p{number}", "A", TrackSource.MICROPHONE, f"c{number}", number)
        job.opened.append(Opened(identity, tap, Reason.START))
        stage.append(_sender(network, chance, number, tap))
    for tenth in range(seconds * 10 + 1):
        at = tenth / 10
        for one in stage:
            one.serve(at)
            one.take(at, zero_ns, packets)
        _ = job.service(zero_ns + round(at * 1e9))
    end_ns = zero_ns + seconds * 1_000_000_000
    for one in stage:
        one.tap.close_at(end_ns)
    job.finish_ns = end_ns
    assert not job.service(end_ns)
    manifest = decode((directory / MANIFEST).read_bytes())
    manifest.tracks.sort(key=lambda track: int(track.participant_id[1:]))  # as the senders are
    return Recorded(manifest, tuple(stage), seconds)


def errors(directory: Path, recorded: Recorded) -> list[list[float | None]]:
    """For every sender how many ms each burst lies from where it belongs, as a mix places it.

    Bursts of which a part was lost are None: what stands in for that part is no measure.
    """
    place = RecordingDirectory(directory)
    total = -(-round(recorded.seconds * RATE) // HOP) * HOP
    told: list[list[float | None]] = []
    for track, sender in zip(recorded.manifest.tracks, recorded.senders, strict=True):
        sound = Voice(place, track.segments).block(0, total)
        assert sound is not None
        energy = np.concatenate(([0.0], np.cumsum(np.square(sound, dtype=np.float64))))
        bursts = range(FIRST, round((recorded.seconds - 2) * RATE), EVERY)
        told.append([_error(energy, sender, sample) for sample in bursts])
    place.close()
    return told


def apart(told: list[list[float | None]]) -> list[float]:
    """How many ms tracks lie apart from each other: every pair at every burst that both kept."""
    return sorted(
        abs(one - other)
        for number, ours in enumerate(told)
        for theirs in told[:number]
        for one, other in zip(ours, theirs, strict=True)
        if one is not None and other is not None
    )


def share(ordered: list[float], part: float) -> float:
    """A quantile of sorted values."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


@lru_cache(maxsize=2)
def burst_packets(seconds: int) -> tuple[bytes, ...]:
    """A burst of 1 kHz every two seconds, in Opus packets of 20 ms."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = RATE, "mono", "s16"
    codec.bit_rate, codec.time_base = 32_000, Fraction(1, RATE)
    codec.options = {"application": "voip", "compression_level": "0"}
    codec.open()
    at = np.arange(seconds * RATE)
    loud = (at - FIRST) % EVERY < BURST
    sound = (np.sin(2 * np.pi * 1000 * at / RATE) * 12_000 * loud).astype(np.int16)
    packets: list[bytes] = []
    for start in range(0, len(sound), FRAME):
        piece = sound[start : start + FRAME].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, start
        packets += [bytes(packet) for packet in codec.encode(frame)]
    packets += [bytes(packet) for packet in codec.encode(None)]
    return tuple(packets)


def _sender(network: Network, chance: random.Random, number: int, tap: QueuedTap) -> Sender:
    skew = network.skew_ppm
    half = network.jitter / 2
    return Sender(
        started=chance.uniform(0, 3),
        rate=1 + (skew if number % 2 else -skew) * 1e-6,
        clock=chance.uniform(0, 1e5),
        clock_rate=1 + chance.uniform(-skew, skew) * 1e-6,
        link=Link(seed=number, loss=network.loss, delay=network.delay, jitter=half),
        tap=tap,
    )


def _error(energy: np.ndarray, sender: Sender, sample: int) -> float | None:
    if not sender.heard_whole(sample):
        return None
    true = sender.captured(sample) * RATE
    low = max(0, round(true) - NEAR)
    window = energy[low + BURST : round(true) + NEAR + BURST]
    window = window - energy[low : low + len(window)]
    return (low + int(np.argmax(window)) - true) * 1e3 / RATE


def _fails(code: str) -> None:
    raise AssertionError(code)
