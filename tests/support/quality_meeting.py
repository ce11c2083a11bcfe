"""A real Chromium in a meeting behind the seeded router, and what the API says of its quality."""

import math
import struct
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from statistics import fmean
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, expect
from support import netns
from support.impaired import DOWN, SERVER_ADDRESS, UP, ImpairedCable
from support.server_process import ServerProcess

from media.quality import model
from media.types import QualityLabel

PORT = 8080
OPUS = "111"  # Chromium's payload type
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    f"--unsafely-treat-insecure-origin-as-secure=http://{SERVER_ADDRESS}:{PORT}",
]
SETTLE = 25  # seconds: the step table, settling, and a busy machine
CLEAN = {"even_loss": 0.0, "delay": 0.0, "overtaking": 0, "down": False}
# Seconds: RTCP and STUN come that often, and losses settle. A listener's first report after a
# change speaks of the time before it too.
REPORTS = 5 + 0.2
MACHINE = 3  # seconds that a busy machine may add
SETTLED = 8  # seconds: from here on no report speaks of the time before
SECONDS = 20  # that figures are taken over; the wide window is full of one network


@dataclass(frozen=True)
class Options:
    """How people come.

    Attributes:
        camera: The first one with the camera on.
        redundancy: Their microphones repeat packets (RFC 2198).
    """

    camera: bool = False
    redundancy: bool = False


def speech(path: Path) -> Path:
    """Tones that rise and fall like syllables: a voice detector never takes them for silence."""
    rate = 48_000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = (
            9000
            * (0.6 + 0.4 * math.sin(2 * math.pi * 4 * at / rate))
            * math.sin(2 * math.pi * (220 + 60 * math.sin(2 * math.pi * 3 * at / rate)) * at / rate)
            for at in range(2 * rate)
        )
        file.writeframes(b"".join(struct.pack("<h", int(sample)) for sample in samples))
    return path


class Meeting:
    """A server and people with a bad network between them."""

    def __init__(self, cable: ImpairedCable, browser: Browser, options: Options) -> None:
        self.cable = cable
        self._browser = browser
        self._options = options
        self.id = self.request("POST", "/v1/meetings", {"title": "quality"})["id"]
        self.page = self.join("Ada")
        self.session = self.request("GET", f"/v1/meetings/{self.id}/session")["id"]
        people = self.request("GET", f"/v1/sessions/{self.session}/participants")["items"]
        self.ada = people[0]["id"]

    def request(self, method: str, path: str, body: object = None) -> Any:
        return netns.request(self.cable.server, PORT, method, path, body)

    def join(self, name: str) -> Page:
        page = self._browser.new_context().new_page()
        wanted = "yes" if self._options.camera and name == "Ada" else "no"
        page.add_init_script(f"localStorage.setItem('roomtone.camera.wanted', '{wanted}');")
        redundancy = "on" if self._options.redundancy else "off"
        address = f"http://{SERVER_ADDRESS}:{PORT}/m/{self.id}"
        page.goto(f"{address}?processing=off&redundancy={redundancy}")
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Join", exact=True).click()
        expect(page.get_by_role("button", name="Leave")).to_be_visible(timeout=20_000)
        return page

    def now(self) -> dict[str, Any] | None:
        """What the API says of Ada's connection."""
        return self.those_now(ada=True)

    def those_now(self, *, ada: bool) -> dict[str, Any] | None:
        """What the API says of Ada's connection, or of the other's."""
        found = self.request("GET", f"/v1/sessions/{self.session}/quality?step=10")["now"]
        fitting = (one for one in found if (one["participant_id"] == self.ada) == ada)
        return next(fitting, None)

    def becomes(self, label: str, reason: str | None, seconds: float = SETTLE) -> float:
        """Wait for a label; how many seconds it took."""
        begun = time.monotonic()
        while True:
            now = self.now()
            if now is not None and (now["label"], now["reason"]) == (label, reason):
                return time.monotonic() - begun
            assert time.monotonic() < begun + seconds, f"wanted {label} by {reason}, is {now}"
            time.sleep(0.25)

    def stream(self, name: str, *, ada: bool = True) -> dict[str, Any] | None:
        """One stream by itself, Ada's or the other's."""
        streams = (self.those_now(ada=ada) or {"streams": []})["streams"]
        return next((one for one in streams if f"{one['direction']}/{one['source']}" == name), None)

    def series(self, stream: str, *, ada: bool = True) -> dict[str, Any]:
        """One stream second by second, Ada's or the other's."""
        found = self.request("GET", f"/v1/sessions/{self.session}/quality?step=1")["series"]
        fitting = (one for one in found if one["stream"] == stream)
        return next(one for one in fitting if (one["participant_id"] == self.ada) == ada)

    def microphone(self) -> tuple[int, int]:
        """Packets settled and lost so far, by our own count."""
        series = self.series("uplink/microphone")
        return sum(series["packets"]), sum(series["lost"])


@contextmanager
def open_meeting(
    playwright: Playwright, folder: Path, options: Options = Options()
) -> Iterator[Meeting]:
    """Ada in a meeting behind a bad network."""
    with ImpairedCable() as cable:
        server = ServerProcess(
            folder / "data",
            port=PORT,
            settings={
                "http.host": "0.0.0.0",
                "rtc.bind": ["0.0.0.0"],
                "rtc.advertise": [SERVER_ADDRESS],
            },
            prefix=("ip", "netns", "exec", cable.server),
        )
        server.launch()
        try:
            end = time.monotonic() + 90
            while "ready in" not in server.output:
                assert time.monotonic() < end, server.output
                time.sleep(0.1)
            script = cable.program(cable.client, "/usr/bin/chromium", folder)
            voice = speech(folder / "voice.wav")
            fps = 20 if options.camera else 5
            flags = [
                *FLAGS,
                f"--use-fake-device-for-media-stream=fps={fps}",
                f"--use-file-for-fake-audio-capture={voice}",
            ]
            with playwright.chromium.launch(executable_path=str(script), args=flags) as browser:
                yield Meeting(cable, browser, options)
        finally:
            server.stop()


def expected(
    loss: float, rtt: float, jitter: float, bpl: float = model.BPL_OPUS_FEC
) -> tuple[str, str | None]:
    """What the model says of a steady link that was clean before."""
    rated = model.rating(loss, 50, 50, rtt, jitter, bpl)
    label = model.label_downwards(rated.r)
    return label.value, None if label is model.HIGHEST else rated.reason


def falls(meeting: Meeting, wanted: tuple[str, str | None], seconds: float) -> float:
    """Wait for a label, or for a worse one of the same reason; how many seconds it took."""
    begun = time.monotonic()
    worst = model.RANK[QualityLabel(wanted[0])]
    while True:
        now = meeting.now()
        rank = -1 if now is None else model.RANK[QualityLabel(now["label"])]
        if now is not None and now["reason"] == wanted[1] and rank <= worst:
            return time.monotonic() - begun
        assert time.monotonic() < begun + seconds, f"wanted {wanted}, is {now}"
        time.sleep(0.25)


def share(series: dict[str, Any], began: float) -> tuple[float, float]:
    """Loss in percent once the old network is out of the figures, and what one packet is of it."""
    new = [at > began + SETTLED for at in series["at"]]
    packets = sum(compress(series["packets"], new))
    assert packets, f"nothing settled: {series['packets']}"
    return 100 * sum(compress(series["lost"], new)) / packets, 100 / packets


def highest(jitter: list[float]) -> float:
    """Mean of the last seconds' highest jitter in five, as windows have it."""
    return fmean(max(jitter[at - 4 : at + 1]) for at in range(len(jitter) - 8, len(jitter)))


def rates(
    way: str, truth: dict[str, Any], series: dict[str, Any], seconds: float
) -> tuple[float, float]:
    """Bits a second of a stream, layers as one: by the router, and by ours in the last ten."""
    column = {UP: "received_bitrate", DOWN: "sent_bitrate"}[way]
    # What is lost on its way up has not arrived; what is lost on its way down was sent.
    passed = 1 - truth["lost"] / truth["seen"] if way == UP else 1
    layered = "layer" in series and any(series["layer"]) and way == UP
    octets = truth["octets_of_all" if layered else "octets"]
    return 8 * octets * passed / seconds, fmean(series[column][-10:])
