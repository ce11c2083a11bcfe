"""People in a real Chromium: what they do, see and hear."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

FLAGS = (
    "--no-sandbox",  # we may be root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
)
# Few pictures a second: these machines encode video in software.
FAKE_DEVICES = ("--use-fake-device-for-media-stream=fps=5", "--use-fake-ui-for-media-stream")
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

# Keeps what the page opens where a test can look at it.
_WATCH = """
window.peers = []; window.sockets = [];
const Peer = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Peer {
  constructor(...given) { super(...given); window.peers.push(this); }
};
const Socket = window.WebSocket;
window.WebSocket = class extends Socket {
  constructor(...given) { super(...given); window.sockets.push(this); }
};
"""
# The loudest sample of each audio slot within some time, by the id of its track.
_LISTEN = """async (seconds) => {
  const context = new AudioContext();
  const ears = [...document.querySelectorAll("audio")].filter((one) => one.srcObject).map((one) => {
    const ear = context.createAnalyser();
    ear.fftSize = 2048;
    context.createMediaStreamSource(one.srcObject).connect(ear);
    return ear;
  });
  const samples = new Float32Array(2048);
  let loudest = 0;
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    for (const ear of ears) {
      ear.getFloatTimeDomainData(samples);
      for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
    }
    await new Promise(requestAnimationFrame);
  }
  await context.close();
  return loudest;
}"""
_STATS = """async () => {
  const all = [];
  for (const peer of window.peers) {
    if (peer.connectionState === "closed") continue;
    (await peer.getStats()).forEach((entry) => all.push({...entry}));
  }
  return all;
}"""


def launch(playwright: Playwright, *more: str, devices: bool = True) -> Browser:
    """The system's Chromium; `devices` are a fake camera and microphone it may always use."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "Chromium is needed: install the package chromium"
    flags = [*FLAGS, *(FAKE_DEVICES if devices else ()), *more]
    return playwright.chromium.launch(executable_path=program, args=flags)


class Person:
    """Somebody with a browser window of their own."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def start_meeting(self, title: str) -> str:
        """Start a meeting on the home page; returns its path."""
        self.open("/")
        self.page.get_by_label("Name of the meeting").fill(title)
        self.button("Start").click()
        self.page.wait_for_url("**/m/*")
        return self.page.url.removeprefix(self.base)

    def join(self, name: str, path: str | None = None) -> None:
        """Go through the join page and wait until packets flow."""
        if path is not None:
            self.open(path)
        self.page.get_by_label("Your name").fill(name)
        self.button("Join").click()
        expect(self.button("Leave meeting")).to_be_visible(timeout=30_000)
        self.until("() => window.peers.some((peer) => peer.connectionState === 'connected')")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def choose(self, item: str) -> None:
        """Press an entry of the menu More."""
        self.button("More").click()
        self.page.locator("#more-menu").get_by_role("button", name=item, exact=True).click()

    def tile(self, label: str) -> Locator:
        """The tile of somebody, by the name on it."""
        names = self.page.locator(".tile-label").get_by_text(label, exact=True)
        return self.page.locator(".tile").filter(has=names)

    def toast(self, text: str) -> Locator:
        return self.page.locator(".toast").get_by_text(text)

    def sees_picture_of(self, label: str) -> None:
        """Wait until frames of somebody's picture are drawn."""
        video = self.tile(label).locator("video")
        expect(video).to_be_visible(timeout=30_000)
        self.until(
            "(one) => one.videoWidth > 0 && one.getVideoPlaybackQuality().totalVideoFrames > 5",
            video.element_handle(),
        )

    def until(self, script: str, argument: Any = None, within: float = 30.0) -> None:
        """Wait until a function in the page gives something true.

        Playwright's own waiting evaluates text inside the page, which our policy forbids.
        """
        end = time.monotonic() + within
        while not self.page.evaluate(script, argument):
            assert time.monotonic() < end, f"not within {within} s: {script}"
            self.page.wait_for_timeout(50)

    def loudest(self, seconds: float = 1.6) -> float:
        """The loudest sample heard; the fake microphone beeps once a second."""
        return self.page.evaluate(_LISTEN, seconds)

    def hears_something(self) -> None:
        assert any(self.loudest() > 0.02 for _ in range(6)), "nothing was heard"

    def hears_nothing(self) -> None:
        assert any(self.loudest() < 0.005 for _ in range(6)), "something is still heard"

    def stats(self, kind: str) -> list[dict[str, Any]]:
        """W3C statistics of one type, of all open peer connections."""
        return [entry for entry in self.page.evaluate(_STATS) if entry["type"] == kind]

    def close(self) -> None:
        self.page.context.close()


def sends_pictures(person: Person) -> None:
    """Wait until the camera has been encoded for a while."""
    person.until(
        """async () => {
          let sent = 0;
          for (const peer of window.peers) (await peer.getStats()).forEach((one) => {
            if (one.type === "outbound-rtp" && one.kind === "video") sent += one.framesEncoded;
          });
          return sent > 5;
        }"""
    )


class People:
    """Makes persons, each in a context of their own; closes them all."""

    def __init__(self, browser: Browser, base: str) -> None:
        self._browser = browser
        self.base = base
        self._contexts: list[BrowserContext] = []

    def person(self, *, script: str = "", camera: bool = True, **options: Any) -> Person:
        """Somebody new. `script` runs before each page; `options` are those of a context."""
        if not camera:
            script += "localStorage.setItem('roomtone.camera.wanted', 'no');"
        # Nothing moves that need not: every frame is drawn by the processor here.
        usual = {"viewport": DESKTOP, "locale": "en-GB", "reduced_motion": "reduce"}
        context = self._browser.new_context(**usual | options)
        context.set_default_timeout(30_000)
        context.add_init_script(_WATCH + script)
        self._contexts.append(context)
        return Person(context.new_page(), self.base)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@contextmanager
def people(browser: Browser, base: str) -> Iterator[People]:
    """People who all go home at the end."""
    group = People(browser, base)
    try:
        yield group
    finally:
        group.close()


def picture(page: Page, folder: Path, name: str) -> None:
    """Keep what the page looks like now."""
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def look(page: Page, folder: Path, name: str, part: str | None = None) -> None:
    """Keep a picture; fail when axe finds something, in a part alone, or the page is too wide."""
    picture(page, folder, name)
    found = Axe().run(page, context=part, options={"resultTypes": ["violations"], **RULES})
    assert found.violations_count == 0, found.generate_report()
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{name} scrolls sideways by {width} px"


def failing_devices(error: str, message: str = "", only: str = "") -> str:
    """A script that makes opening devices fail with `error`; `only` is audio or video."""
    return f"""
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wish) => {{
      if ({json.dumps(only)} && !wish[{json.dumps(only)}]) return open(wish);
      throw new DOMException({json.dumps(message)}, {json.dumps(error)});
    }};
    """
