"""What a killed server leaves of its recordings, played by a browser."""

import random
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from support.kills import killed

PARTS, KILLS = 8, 25
PLAY = """async (url) => {
  const audio = new Audio(URL.createObjectURL(await (await fetch(url)).blob()));
  audio.muted = true;
  const told = (name) => new Promise((yes, no) => {
    audio.addEventListener(name, yes, { once: true });
    audio.addEventListener("error", () => no(new Error(audio.error.message)), { once: true });
  });
  await told("loadedmetadata");
  const { duration } = audio;
  const from = Math.max(0, duration - 0.4);
  audio.currentTime = from;
  await told("seeked");
  const ended = told("ended");
  await audio.play();
  await ended;
  return { duration, from, at: audio.currentTime };
}"""


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_what_two_hundred_kills_leave_plays(browser: Browser, tmp_path: Path, part: int):
    """At most a second is lost, nothing complains, and every file plays to its end."""
    chance, worst = random.Random(part), 0.0
    page = browser.new_page()
    page.route("**/*", lambda route: serve(route, tmp_path))
    page.goto("http://recordings.test/")
    for number in range(KILLS):
        directory = tmp_path / str(number)
        directory.mkdir()
        tracks, after = chance.randint(1, 8), chance.randint(60, 200)
        with ThreadPoolExecutor(1) as thread:  # the driver's loop runs here: nothing may block it
            files = thread.submit(killed, directory, tracks, after, dtx=number % 2 == 1).result()
        for file in files:
            heard = page.evaluate(PLAY, f"/{number}/{file.name}")
            off = abs(heard["duration"] - file.duration_seconds)
            worst = max(worst, off)
            assert off < 0.02, (file, heard)
            assert heard["at"] > heard["from"], (file, heard)
        shutil.rmtree(directory)
    page.close()
    sys.stdout.write(f"part {part}: {KILLS} kills, lengths within {worst * 1e3:.1f} ms\n")


def serve(route, root: Path) -> None:
    path = route.request.url.removeprefix("http://recordings.test/")
    if not path:
        route.fulfill(body="<!doctype html>", content_type="text/html")
    else:
        route.fulfill(path=root / path, content_type="audio/ogg")
