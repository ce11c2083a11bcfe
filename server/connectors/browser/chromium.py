"""Foreign pages in the system's Chromium, driven by Playwright. Satisfies `page.Browsers`.

Each page has a Chromium of its own, so that one that crashes takes no other bot along. Playwright
is an optional extra: it is imported when the first page is opened.
"""

import asyncio
import importlib
import importlib.util
import os
import re
import shutil
import signal
import tempfile
import wave
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from media.tasks import OnError, TaskScope
from server.config import BotsSettings
from server.connectors.browser.page import PageError
from server.connectors.look import Look, read_look
from server.connectors.port import FailureCode
from server.connectors.recipe import Do, Mark, Recipe, Step

if TYPE_CHECKING:
    from playwright.async_api import Browser, Frame, Page, Playwright

logger = structlog.get_logger(__name__)

OPEN_SECONDS: Final = 30.0
"""A page that has shown nothing by then cannot be reached."""
ANSWER_SECONDS: Final = 10.0
"""A page that does not answer so long hangs."""
CLOSE_SECONDS: Final = 5.0
STEP_SECONDS: Final = 2.0
"""How long a button may take to become pressable."""
PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = (
    # Without a gesture audio would be suspended, and a bot makes none.
    "--autoplay-policy=no-user-gesture-required",
    # A microphone and a camera are there and hold nothing, so that no page asks for them and
    # nothing is sent even where a recipe fails to switch them off.
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--disable-blink-features=AutomationControlled",
    "--lang=en-US",
    # One process fewer: reported to cost a quarter of the processor time of a separate one.
    "--in-process-gpu",
    "--mute-audio",
    # The page is public, this server is near: what Chromium asks a person about is our own wish.
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebRTC",
)
_HERE: Final = Path(__file__).parent


class Chromium:
    """Starts browsers, not more than so many, and ends them all.

    Args:
        settings: How many, and which program.
        on_error: Told of bugs.
    """

    def __init__(self, settings: BotsSettings, on_error: OnError) -> None:
        self._settings = settings
        self._scope = TaskScope(on_error)
        self._pages: set[ChromiumPage] = set()
        self._starting = 0
        self._lock = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def missing(self) -> str | None:
        """Why there can be no browser here."""
        if not self._settings.max_browsers:
            return "The browser connector is switched off: bots.max_browsers is 0."
        return await asyncio.to_thread(self._missing)

    def _missing(self) -> str | None:
        if importlib.util.find_spec("playwright") is None:
            return "The browser connector is not installed: pip install 'roomtone[browser]'."
        if self._program() is None:
            return "There is no Chromium on this machine: install the package chromium."
        return None

    def _program(self) -> str | None:
        wanted = self._settings.browser_program
        names = (str(wanted),) if wanted is not None else PROGRAMS
        return next((path for one in names if (path := shutil.which(one))), None)

    async def start(self, recipe: Recipe, *, shown: bool) -> "ChromiumPage":
        """A browser of its own."""
        if len(self._pages) + self._starting >= self._settings.max_browsers:
            text = f"All {self._settings.max_browsers} browsers of this server are in use."
            raise PageError(FailureCode.JOIN_FAILED, text, transient=True)
        self._starting += 1
        launch = self._scope.spawn(self._launch(recipe, shown=shown), name="start browser")
        try:
            page: ChromiumPage | PageError = await asyncio.shield(launch)
        except asyncio.CancelledError:
            _ = self._scope.spawn(_abandon(launch), name="close browser")
            raise
        if isinstance(page, PageError):
            raise page
        return page

    async def _launch(self, recipe: Recipe, *, shown: bool) -> "ChromiumPage | PageError":
        """Start one; not cut off in the middle, which would leave it without an owner."""
        api = await asyncio.to_thread(importlib.import_module, "playwright.async_api")
        windowless = not (shown or self._settings.browser_shown) or not os.environ.get("DISPLAY")
        try:
            playwright, devices = await self._ready()
            browser = await playwright.chromium.launch(
                executable_path=await asyncio.to_thread(self._program),
                headless=windowless,
                chromium_sandbox=os.geteuid() != 0,  # it does not run as root
                args=[*FLAGS, *devices],
                handle_sigint=False,  # the server ends its browsers itself, in order
                handle_sigterm=False,
                handle_sighup=False,
            )
        except api.Error as error:
            text = f"Chromium does not start: {_first_line(error)}"
            return PageError(FailureCode.JOIN_FAILED, text, transient=True)
        finally:
            self._starting -= 1
        page = ChromiumPage(browser, recipe, self._pages.discard)
        self._pages.add(page)
        try:
            await page.prepare()
        except PageError as error:
            await page.close()
            return error
        return page

    async def _ready(self) -> "tuple[Playwright, Sequence[str]]":
        """Playwright's driver, and an empty microphone and camera."""
        async with self._lock:
            if self._playwright is None:
                from playwright.async_api import async_playwright  # noqa: PLC0415  (the same)

                self._folder = await asyncio.to_thread(_empty_devices)
                self._playwright = await async_playwright().start()
        assert self._folder is not None  # noqa: S101  (made together)
        folder = Path(self._folder.name)
        return self._playwright, (
            f"--use-file-for-fake-audio-capture={folder / 'silence.wav'}",
            f"--use-file-for-fake-video-capture={folder / 'black.y4m'}",
        )

    async def close(self) -> None:
        """End every browser and the driver."""
        await self._scope.drain(OPEN_SECONDS)
        await self._scope.close()
        _ = await asyncio.gather(*(page.close() for page in list(self._pages)))
        if self._playwright is not None:
            await self._playwright.stop()
            self._playwright = None
        if self._folder is not None:
            await asyncio.to_thread(self._folder.cleanup)
            self._folder = None


async def _abandon(launch: "asyncio.Task[ChromiumPage | PageError]") -> None:
    page = await launch
    if not isinstance(page, PageError):
        await page.close()


class ChromiumPage:
    """One Chromium with one page. Satisfies `page.ForeignPage`.

    Args:
        browser: Its own.
        recipe: What it is looked at by.
        closed: Told once it has ended.
    """

    def __init__(
        self, browser: "Browser", recipe: Recipe, closed: "Callable[[ChromiumPage], None]"
    ) -> None:
        self._browser = browser
        self._frame = re.compile(recipe.frame) if recipe.frame else None
        self._shape = dict(recipe.as_json())
        self._closed = closed
        self._page: Page | None = None
        self._pid: int | None = None
        self._crashed = False
        self._frames: dict[str, Frame] = {}  # of tracks
        self._homes: dict[str, Frame] = {}  # of publications

    async def prepare(self) -> None:
        """Open an empty page that keeps every track it will receive."""
        async with self._talking():
            self._pid = await _process_of(self._browser)
            context = await self._browser.new_context(
                locale="en-US", viewport={"width": 1280, "height": 800}, accept_downloads=False
            )
            await context.add_init_script(script=await _script("capture.js"))
            self._page = await context.new_page()
            self._page.on("crash", self._note_crash)

    async def open(self, url: str) -> None:
        """Go there."""
        import playwright.async_api as api  # noqa: PLC0415  (an optional extra)

        try:
            answer = await self._there.goto(
                url, timeout=1000 * OPEN_SECONDS, wait_until="domcontentloaded"
            )
        except api.Error as error:
            if self._is_gone:
                raise _crash() from error
            text = f"The page cannot be reached: {_first_line(error)}"
            raise PageError(FailureCode.JOIN_FAILED, text, transient=True) from error
        status = 200 if answer is None else answer.status
        if status in (404, 410):
            text = f"The site has no such page (HTTP {status})."
            raise PageError(FailureCode.MEETING_NOT_FOUND, text)
        if status >= 500 or status == 429:
            text = f"The site cannot serve the page now (HTTP {status})."
            raise PageError(FailureCode.JOIN_FAILED, text, transient=True)

    async def look(self) -> Look:
        """What it shows and hears, all frames together; nothing while it changes its address."""
        shown: object = None
        heard = _Heard()
        frames: dict[str, Frame] = {}
        async with self._talking(forgive=True):
            shown = await self._meeting_frame.evaluate(await _script("look.js"), self._shape)
            for frame in self._there.frames:
                one = await frame.evaluate("() => window.__roomtone?.look()")
                if one:
                    heard.add(one)
                    frames.update((track["id"], frame) for track in one["tracks"])
        self._frames = frames
        return read_look(shown, heard.as_json())

    async def take(self, step: Step, text: str) -> None:
        """Press or fill."""
        async with self._talking(forgive=True):
            shape = {"find": {"css": step.at.css, "text": step.at.text}}
            handle = await self._meeting_frame.evaluate_handle(await _script("look.js"), shape)
            element = handle.as_element()
            if element is None:
                return
            if step.do is Do.NAME:
                await element.fill(text, timeout=1000 * STEP_SECONDS)
            else:
                await element.click(timeout=1000 * STEP_SECONDS)

    async def press(self, marks: Sequence[Mark]) -> None:
        """Press one after the other."""
        for mark in marks:
            await self.take(Step(Do.CLICK, mark), "")

    async def offer(self, key: str, track: str) -> str:
        """An SDP offer that sends this track."""
        frame = self._homes[key] = self._frames.get(track) or self._there.main_frame
        async with self._talking():
            sdp = await frame.evaluate("(key) => window.__roomtone.offer(key)", key)
            await frame.evaluate(_PUT, [key, track])
        return str(sdp)

    async def answer(self, key: str, sdp: str) -> None:
        """Take the answer to it."""
        async with self._talking():
            await self._home(key).evaluate(
                "([key, sdp]) => window.__roomtone.answer(key, sdp)", [key, sdp]
            )

    async def put(self, key: str, track: str | None) -> None:
        """Send another track instead, or nothing."""
        async with self._talking(forgive=True):
            await self._home(key).evaluate(_PUT, [key, track])

    async def drop(self, key: str) -> None:
        """Stop sending it."""
        home = self._homes.pop(key, None)
        if home is not None:
            async with self._talking(forgive=True):
                await home.evaluate("(key) => window.__roomtone.drop(key)", key)

    async def close(self) -> None:
        """End the browser."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._browser.close()
        except TimeoutError:
            logger.warning("browser hangs and is killed", pid=self._pid)
            self._kill()
        except Exception as error:  # noqa: BLE001  (it is gone, or ends with the driver)
            logger.warning("browser did not close", reason=_first_line(error))
        self._closed(self)

    # Inside

    @property
    def _there(self) -> "Page":
        if self._page is None:
            raise _crash()
        return self._page

    @property
    def _is_gone(self) -> bool:
        page = self._page
        return (
            self._crashed or not self._browser.is_connected() or (page and page.is_closed()) is True
        )

    @property
    def _meeting_frame(self) -> "Frame":
        if self._frame is not None:
            for frame in self._there.frames:
                if self._frame.search(frame.url):
                    return frame
        return self._there.main_frame

    def _home(self, key: str) -> "Frame":
        return self._homes.get(key) or self._there.main_frame

    def _kill(self) -> None:
        """End it without its help: the driver would wait three minutes before it does."""
        pid, self._pid = self._pid, None
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # its other processes end with it

    def _note_crash(self, _page: "Page") -> None:
        self._crashed = True

    @asynccontextmanager
    async def _talking(self, *, forgive: bool = False) -> AsyncIterator[None]:
        """Bound a talk with the page; a page that is gone or hangs is told as such.

        Args:
            forgive: Let pass what a page does that changes under one's hands.
        """
        import playwright.async_api as api  # noqa: PLC0415  (an optional extra)

        if self._is_gone:
            raise _crash()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                yield
        except TimeoutError as error:
            text = f"The browser did not answer for {ANSWER_SECONDS:g} s."
            raise PageError(FailureCode.BOT_CRASHED, text, transient=True) from error
        except api.Error as error:
            if self._is_gone:
                raise _crash() from error
            if not forgive:
                raise PageError(FailureCode.MEDIA_TIMEOUT, _first_line(error)) from error
            logger.debug("page gave no answer", reason=_first_line(error))


class _Heard:
    """What several frames heard, as one."""

    def __init__(self) -> None:
        self._tracks: list[object] = []
        self._peers: list[object] = []
        self._publications: dict[str, object] = {}

    def add(self, one: dict[str, Any]) -> None:
        self._tracks += one["tracks"]
        self._peers += one["peers"]
        self._publications |= one["publications"]

    def as_json(self) -> dict[str, object]:
        return {
            "tracks": self._tracks,
            "peers": self._peers,
            "publications": self._publications,
        }


_PUT: Final = "([key, track]) => window.__roomtone.put(key, track)"


_known: Final[dict[str, str]] = {}


async def _script(name: str) -> str:
    """One of the scripts beside this module, read once and not on the loop."""
    if name not in _known:
        _known[name] = await asyncio.to_thread((_HERE / name).read_text)
    return _known[name]


def _crash() -> PageError:
    return PageError(FailureCode.BOT_CRASHED, "The browser of the bot ended.", transient=True)


async def _process_of(browser: "Browser") -> int | None:
    """Which process of this machine a browser is (Chrome DevTools Protocol, SystemInfo)."""
    session = await browser.new_browser_cdp_session()
    found = await session.send("SystemInfo.getProcessInfo")
    await session.detach()
    return next((one["id"] for one in found["processInfo"] if one["type"] == "browser"), None)


def _first_line(error: BaseException) -> str:
    """What went wrong, without addresses: a link may hold a passcode."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return re.sub(r"\w+://\S+", "…", line)[:300]


def _empty_devices() -> "tempfile.TemporaryDirectory[str]":
    """A folder with a second of silence and one black picture."""
    folder: tempfile.TemporaryDirectory[str] = tempfile.TemporaryDirectory(prefix="roomtone-")
    with wave.open(str(Path(folder.name, "silence.wav")), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        sound.writeframes(bytes(96_000))
    width, height = 64, 36
    luma, chroma = bytes([16]) * (width * height), bytes([128]) * (width * height // 2)
    head = f"YUV4MPEG2 W{width} H{height} F5:1 Ip A1:1 C420jpeg\n".encode()
    Path(folder.name, "black.y4m").write_bytes(head + b"FRAME\n" + luma + chroma)
    return folder
