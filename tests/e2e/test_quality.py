"""A real Chromium over a network that loses packets: label, reason and figures are the truth."""

import json
import math
import struct
import subprocess
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from support.impaired import SERVER_ADDRESS, UP, ImpairedCable
from support.netns import available
from support.server_process import ServerProcess

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
    """A server and one speaker with a bad network between them."""

    def __init__(self, cable: ImpairedCable, browser: Browser) -> None:
        self.cable = cable
        self.id = self.request("POST", "/v1/meetings", {"title": "quality"})["id"]
        self.page = self._join(browser)
        self.session = self.request("GET", f"/v1/meetings/{self.id}/session")["id"]

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

    def _join(self, browser: Browser) -> Page:
        page = browser.new_page()
        page.goto(f"http://{SERVER_ADDRESS}:{PORT}/m/{self.id}?processing=off")
        page.get_by_label("Your name").fill("Ada")
        page.get_by_role("button", name="Join", exact=True).click()
        expect(page.get_by_role("button", name="Leave")).to_be_visible(timeout=20_000)
        return page

    def now(self) -> dict[str, Any] | None:
        """What the API says of the one connection."""
        found = self.request("GET", f"/v1/sessions/{self.session}/quality?step=10")["now"]
        return found[0] if found else None

    def becomes(self, label: str, reason: str | None) -> float:
        """Wait for a label; how many seconds it took."""
        begun = time.monotonic()
        while True:
            now = self.now()
            if now is not None and (now["label"], now["reason"]) == (label, reason):
                return time.monotonic() - begun
            assert time.monotonic() < begun + SETTLE, f"wanted {label} by {reason}, is {now}"
            time.sleep(0.25)

    def microphone(self) -> tuple[int, int]:
        """Packets settled and lost so far, by our own count."""
        series = self.request("GET", f"/v1/sessions/{self.session}/quality?step=1")["series"]
        for each in series:
            if each["stream"] == "uplink/microphone":
                return sum(each["packets"]), sum(each["lost"])
        return 0, 0


@pytest.fixture
def meeting(playwright: Playwright, tmp_path: Path) -> Iterator[Meeting]:
    with ImpairedCable() as cable:
        server = ServerProcess(
            tmp_path / "data",
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
            script = cable.program(cable.client, "/usr/bin/chromium", tmp_path)
            voice = speech(tmp_path / "voice.wav")
            flags = [*FLAGS, f"--use-file-for-fake-audio-capture={voice}"]
            with playwright.chromium.launch(executable_path=str(script), args=flags) as browser:
                yield Meeting(cable, browser)
        finally:
            server.stop()


def measured(meeting: Meeting, seconds: float) -> tuple[float, float]:
    """Loss in percent over some time: the router's truth and our own figure."""
    before = meeting.microphone()
    meeting.cable.impair()  # the log begins anew
    time.sleep(seconds)
    seen, lost = meeting.cable.log()[UP][OPUS]
    after = meeting.microphone()
    ours = 100 * (after[1] - before[1]) / (after[0] - before[0])
    return 100 * lost / seen, ours


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


@pytest.mark.long
@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("link", "label", "reason"),
    [
        ({"loss": 0.02}, "excellent", None),
        ({"loss": 0.06}, "fair", "loss"),
        ({"delay": 0.2}, "excellent", None),
        ({"delay": 0.6}, "fair", "delay"),
    ],
    ids=["2 % loss", "6 % loss", "200 ms", "600 ms"],
)
def test_label_is_that_of_the_model(meeting: Meeting, link, label, reason):
    meeting.becomes("excellent", None)
    meeting.cable.impair(up=link)
    time.sleep(10)
    meeting.becomes(label, reason)
