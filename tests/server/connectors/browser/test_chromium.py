"""Chromium as the connector uses it: real processes, pages of the test's own."""

import asyncio
import dataclasses
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from support.recipes import needs_chromium
from support.wait import until

from server.config import BotsSettings
from server.connectors.browser import chromium
from server.connectors.browser.chromium import Chromium, ChromiumPage
from server.connectors.browser.page import PageError
from server.connectors.catalogue import BUILT_IN
from server.connectors.look import PEOPLE
from server.connectors.port import FailureCode
from server.connectors.recipe import Do, Mark, Roster, Step

RECIPE = BUILT_IN["roomtone"]
DEADLINE = 20
# A page that plays a tone to itself over a connection, as a meeting would.
CALL = """<!doctype html><button onclick="this.textContent='pressed'">go</button><input><script>
(async () => {
  const sound = new AudioContext(), out = sound.createMediaStreamDestination();
  const tone = sound.createOscillator();
  tone.connect(out); tone.start();
  const one = new RTCPeerConnection(), two = new RTCPeerConnection();
  one.onicecandidate = ({ candidate }) => two.addIceCandidate(candidate);
  two.onicecandidate = ({ candidate }) => one.addIceCandidate(candidate);
  two.ontrack = ({ streams }) => { const a = new Audio(); a.srcObject = streams[0]; a.play(); };
  one.addTrack(out.stream.getTracks()[0], out.stream);
  await one.setLocalDescription(); await two.setRemoteDescription(one.localDescription);
  await two.setLocalDescription(); await one.setRemoteDescription(two.localDescription);
})();
</script>"""

# More people than may be in a meeting, with names as long as a book.
CROWD = """for (let n = 0; n < 1100; n++) {
  const one = document.createElement('b');
  one.textContent = `${n} ` + 'x'.repeat(2000);
  document.body.append(one);
}"""
CROWDED = dataclasses.replace(RECIPE, roster=Roster(item="b"), owners=None).as_json()


async def answer(request: web.Request) -> web.Response:
    status = int(request.query.get("status", "200"))
    # What hinders a page's own scripts from speaking to others must not hinder us.
    policy = "default-src 'none'; script-src 'unsafe-inline'; media-src blob: mediastream:"
    headers = {"Content-Security-Policy": policy}
    return web.Response(text=CALL, content_type="text/html", status=status, headers=headers)


@pytest.fixture
async def site() -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_get("/", answer)
    async with TestServer(application) as server:
        yield str(server.make_url("/"))


@pytest.fixture
async def browsers() -> AsyncIterator[Chromium]:
    faults: list[BaseException] = []
    made = Chromium(BotsSettings(max_browsers=1), lambda _name, error: faults.append(error))
    yield made
    await made.close()
    assert faults == []


def children() -> set[int]:
    """Processes of Chromium that this one started."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = stat.read_bytes()
        except OSError:
            continue
        if b"--user-data-dir" in words and b"chrom" in words and b"--type=" not in words:
            found.add(int(stat.parent.name))
    return found


async def tracks(page: ChromiumPage, wanted: int = 1) -> list[str]:
    """Look until so many tracks sound."""
    async with asyncio.timeout(DEADLINE):
        while True:
            look = await page.look()
            if sum(one.sounding for one in look.tracks) >= wanted:
                assert "connected" in look.peers
                return [one.id for one in look.tracks]
            await asyncio.sleep(0.1)


@needs_chromium
async def test_a_page_is_heard_pressed_and_published_from(browsers: Chromium, site: str):
    page = await browsers.start(RECIPE, shown=False)
    await page.open(site)
    (track,) = await tracks(page)
    offer = await page.offer("k", track)
    assert "a=sendonly" in offer
    assert offer.count("m=") == 1
    assert (await page.look()).publications == {"k": "new"}
    await page.put("k", None)
    await page.drop("k")
    await page.drop("unknown")
    assert (await page.look()).publications == {}
    await page._there.evaluate(CROWD)
    shown = await page._there.evaluate(await chromium._script("look.js"), dict(CROWDED))
    assert len(shown["people"]) == PEOPLE
    assert len(json.dumps(shown)) < 1_000 * PEOPLE
    await page.take(Step(Do.NAME, Mark("input")), "Notes")
    await page.press([Mark("button", "^go"), Mark("button", "^not there")])
    assert await page._there.evaluate("document.querySelector('input').value") == "Notes"
    assert await page._there.inner_text("button") == "pressed"
    with pytest.raises(PageError, match="All 1 browsers") as busy:
        await browsers.start(RECIPE, shown=False)
    assert busy.value.transient
    await page.close()
    await page.close()
    again = await browsers.start(RECIPE, shown=False)
    await again.close()


@needs_chromium
async def test_what_cannot_be_reached_is_said_as_it_is(browsers: Chromium, site: str):
    page = await browsers.start(RECIPE, shown=False)
    for address, code, transient, text in (
        (f"{site}?status=404", FailureCode.MEETING_NOT_FOUND, False, "HTTP 404"),
        (f"{site}?status=503", FailureCode.JOIN_FAILED, True, "HTTP 503"),
        ("http://127.0.0.1:1/j/1?pwd=secret", FailureCode.JOIN_FAILED, True, "cannot be reached"),
    ):
        with pytest.raises(PageError, match=text) as error:
            await page.open(address)
        assert (error.value.code, error.value.transient) == (code, transient)
        assert "secret" not in str(error.value)


@needs_chromium
async def test_a_browser_that_is_killed_is_told_as_a_crash(browsers: Chromium, site: str):
    before = children()
    page = await browsers.start(RECIPE, shown=False)
    await page.open(site)
    for pid in children() - before:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(PageError) as error:
        await tracks(page, 1_000_000)
    assert error.value.code is FailureCode.BOT_CRASHED
    await page.close()


@needs_chromium
async def test_a_browser_that_hangs_does_not_outlive_its_bot(
    browsers: Chromium, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(chromium, "CLOSE_SECONDS", 0.2)
    before = children()
    page = await browsers.start(RECIPE, shown=False)
    for pid in children() - before:
        os.kill(pid, signal.SIGSTOP)
    await page.close()
    await until(lambda: children() == before, DEADLINE)


@needs_chromium
async def test_a_start_that_is_cut_off_leaves_no_browser(browsers: Chromium):
    before = children()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await browsers.start(RECIPE, shown=False)
    await browsers.close()
    assert children() - before == set()


async def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch):
    none = Chromium(BotsSettings(browser_program=Path("/nowhere/chromium")), print)
    assert "Chromium" in await none.missing()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert "roomtone[browser]" in await none.missing()
    off = Chromium(BotsSettings(max_browsers=0), print)
    assert "switched off" in await off.missing()
    await none.close()
