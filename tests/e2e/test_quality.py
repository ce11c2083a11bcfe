"""A real Chromium over a network that loses packets: label, reason and figures are the truth."""

import json
import math
import struct
import subprocess
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from support.impaired import DOWN, SERVER_ADDRESS, UP, ImpairedCable
from support.netns import available
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
    "--use-fake-device-for-media-stream=fps=5",
    "--use-fake-ui-for-media-stream",
    f"--unsafely-treat-insecure-origin-as-secure=http://{SERVER_ADDRESS}:{PORT}",
]
SETTLE = 25  # seconds: the step table, settling, and a busy machine

pytestmark = pytest.mark.skipif(
    not available(), reason="network namespaces need Linux and root, so this test cannot run here"
)


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

    def __init__(self, cable: ImpairedCable, browser: Browser) -> None:
        self.cable = cable
        self._browser = browser
        self.id = self.request("POST", "/v1/meetings", {"title": "quality"})["id"]
        self.page = self.join("Ada")
        self.session = self.request("GET", f"/v1/meetings/{self.id}/session")["id"]
        people = self.request("GET", f"/v1/sessions/{self.session}/participants")["items"]
        self.ada = people[0]["id"]

    def request(self, method: str, path: str, body: object = None) -> Any:
        done = subprocess.run(
            ["ip", "netns", "exec", self.cable.server, "curl", "-sS", "-X", method]
            + ["-H", "Authorization: Bearer rt_dev", "-H", "Content-Type: application/json"]
            + (["-d", json.dumps(body)] if body is not None else [])
            + [f"http://127.0.0.1:{PORT}{path}"],
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(done.stdout)

    def join(self, name: str) -> Page:
        page = self._browser.new_context().new_page()
        page.add_init_script("localStorage.setItem('roomtone.camera.wanted', 'no');")
        page.goto(f"http://{SERVER_ADDRESS}:{PORT}/m/{self.id}?processing=off")
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Join", exact=True).click()
        expect(page.get_by_role("button", name="Leave")).to_be_visible(timeout=20_000)
        return page

    def now(self) -> dict[str, Any] | None:
        """What the API says of Ada's connection."""
        found = self.request("GET", f"/v1/sessions/{self.session}/quality?step=10")["now"]
        return next((one for one in found if one["participant_id"] == self.ada), None)

    def becomes(self, label: str, reason: str | None, seconds: float = SETTLE) -> float:
        """Wait for a label; how many seconds it took."""
        begun = time.monotonic()
        while True:
            now = self.now()
            if now is not None and (now["label"], now["reason"]) == (label, reason):
                return time.monotonic() - begun
            assert time.monotonic() < begun + seconds, f"wanted {label} by {reason}, is {now}"
            time.sleep(0.25)

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
def open_meeting(playwright: Playwright, folder: Path) -> Iterator[Meeting]:
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
            end = time.monotonic() + 30
            while "ready in" not in server.output:
                assert time.monotonic() < end, server.output
                time.sleep(0.1)
            script = cable.program(cable.client, "/usr/bin/chromium", folder)
            voice = speech(folder / "voice.wav")
            flags = [*FLAGS, f"--use-file-for-fake-audio-capture={voice}"]
            with playwright.chromium.launch(executable_path=str(script), args=flags) as browser:
                yield Meeting(cable, browser)
        finally:
            server.stop()


@pytest.fixture
def meeting(playwright: Playwright, tmp_path: Path) -> Iterator[Meeting]:
    with open_meeting(playwright, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def pair(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    """Ada speaks, Bo listens, both behind the bad network."""
    with open_meeting(playwright, tmp_path_factory.mktemp("pair")) as opened:
        opened.join("Bo")
        yield opened


def measured(meeting: Meeting, seconds: float) -> tuple[float, float]:
    """Loss in percent over some time: the router's truth and our own figure."""
    before = meeting.microphone()
    meeting.cable.impair()  # the log begins anew
    time.sleep(seconds)
    truth = meeting.cable.log()[UP]["streams"][OPUS]
    after = meeting.microphone()
    ours = 100 * (after[1] - before[1]) / (after[0] - before[0])
    return 100 * truth["lost"] / truth["seen"], ours


@pytest.mark.timeout(150)
def test_speaker_who_breaks_up_is_told_and_judged_by_the_truth(meeting: Meeting):
    meeting.becomes("excellent", None)
    meeting.cable.impair(up={"loss": 0.12})
    meeting.becomes("poor", "loss")
    now = meeting.now()
    assert now is not None
    assert now["worst"] == {"direction": "uplink", "source": "microphone"}
    expect(meeting.page.get_by_text("Others hear you break up")).to_be_visible(timeout=5_000)
    meeting.page.keyboard.press("n")
    truth, ours = measured(meeting, 10)
    assert ours == pytest.approx(truth, rel=0.1)
    expect(meeting.page.locator(".chart canvas")).to_have_count(4, timeout=10_000)
    meeting.cable.impair(up={"loss": 0.0})
    meeting.becomes("excellent", None)
    expect(meeting.page.get_by_text("Others hear you break up")).to_have_count(0)


@dataclass(frozen=True)
class Row:
    """What one direction of the link is given, and what the model makes of it.

    Attributes:
        link: Settings of the router.
        after: Seconds after which the step table of the design has the label.
    """

    link: dict[str, float]
    after: float

    @property
    def figures(self) -> tuple[float, float, float]:
        """Loss in percent, round trip and jitter in milliseconds."""
        delay = 1000 * self.link.get("delay", 0.0)
        return 100 * self.link.get("even_loss", 0.0), delay, delay if self.shaky else 0.0

    @property
    def shaky(self) -> bool:
        return "overtaking" in self.link


ROWS = {
    "clean": Row({}, 0),
    "2 % loss": Row({"even_loss": 0.02}, 1),
    "6 % loss": Row({"even_loss": 0.06}, 7),
    "12 % loss": Row({"even_loss": 0.12}, 6),
    "200 ms": Row({"delay": 0.2}, 1),
    "600 ms": Row({"delay": 0.6}, 3),
    # One packet in so many overtakes all that are on their way. The next one that advances the
    # stream has to come clearly before the next overtaking, so that delays lie between multiples
    # of the packets' 20 ms.
    "70 ms jitter": Row({"delay": 0.07, "overtaking": 5}, 3),
    "190 ms jitter": Row({"delay": 0.19, "overtaking": 11}, 3),
}
CLEAN = {"even_loss": 0.0, "delay": 0.0, "overtaking": 0}
# Seconds: RTCP and STUN come that often, and losses settle. A listener's first report after a
# change speaks of the time before it too.
REPORTS = 5 + 0.2
MACHINE = 3  # seconds that a busy machine may add
SETTLED = 8  # seconds: from here on no report speaks of the time before
SECONDS = 20  # that figures are taken over; the wide window is full of one network


def expected(loss: float, rtt: float, jitter: float) -> tuple[str, str | None]:
    """What the model says of a steady link that was clean before."""
    rated = model.rating(loss, 50, 50, rtt, jitter, model.BPL_OPUS_FEC)
    label = model.label_downwards(rated.r)
    return label.value, None if label is model.HIGHEST else rated.reason


@pytest.mark.long
@pytest.mark.timeout(150)
@pytest.mark.parametrize("way", [UP, DOWN])
@pytest.mark.parametrize("name", ROWS)
def test_label_reason_and_figures_are_the_truth(
    pair: Meeting, name: str, way: str, record_property
):
    row = ROWS[name]
    pair.cable.impair(up=CLEAN, down=CLEAN)
    pair.becomes("excellent", None, 40)
    pair.cable.impair(**{way: row.link})
    began, begun = time.time(), time.monotonic()
    wait = row.after + (REPORTS if way == UP else 2 * REPORTS) + MACHINE
    took = falls(pair, expected(*row.figures), wait)
    time.sleep(max(0.0, begun + SECONDS - time.monotonic()))
    logs, now = pair.cable.log(), pair.now()
    series = pair.series("uplink/microphone" if way == UP else "downlink/audio")
    whole = pair.series("connection")["round_trip_time"]
    assert now is not None
    truth = logs[way]["streams"][OPUS]
    ours, packet = share(series, began)
    loss = (100 * truth["lost"] / truth["seen"], ours)
    rtt = (logs[UP]["trip_ms"] + logs[DOWN]["trip_ms"], 1000 * median(whole[-10:]))
    jitter = (highest(truth["jitter_ms"]), 1000 * highest(series["jitter"]))
    for figure, value in {"took": took, "loss": loss, "rtt": rtt, "jitter": jitter}.items():
        record_property(figure, value)
    assert loss[1] == pytest.approx(loss[0], rel=0.1, abs=packet)
    assert rtt[1] == pytest.approx(rtt[0], rel=0.1, abs=20 if row.link.get("delay") else 100)
    if row.shaky:
        assert jitter[1] == pytest.approx(jitter[0], rel=0.1)
    # A busy machine's own round trips come on top of the link's: the model on what was measured.
    measured = expected(loss[1], 1000 * max(whole[-5:]), jitter[1])
    truths = {expected(loss[0], rtt[0], jitter[0]), measured}
    assert (now["label"], now["reason"]) in truths
    if now["reason"] in {"loss", "jitter"}:
        assert now["worst"]["direction"] == {UP: "uplink", DOWN: "downlink"}[way]


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
    return 100 * sum(compress(series["lost"], new)) / packets, 100 / packets


def highest(jitter: list[float]) -> float:
    """Mean of the last seconds' highest jitter in five, as windows have it."""
    return fmean(max(jitter[at - 4 : at + 1]) for at in range(len(jitter) - 8, len(jitter)))
