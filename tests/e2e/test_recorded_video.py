"""Cameras in a recording: filmed by a real Chromium, decoded by PyAV, played by Chromium again."""

import urllib.request
from pathlib import Path

import av
from playwright.sync_api import expect
from support.browser import People, sends_pictures

PLAYS = """(film) => film.readyState >= 2 && film.currentTime > 1.2 && !film.error
  && film.videoWidth > 0"""


def frames_of(path: Path) -> list[float]:
    """When each decoded picture is shown."""
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def fetch(url: str, to: Path) -> Path:
    request = urllib.request.Request(url, headers={"Authorization": "Bearer rt_dev"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        to.write_bytes(answer.read())
    return to


def test_a_camera_is_recorded_and_played_beside_its_sound(crowd: People, tmp_path: Path):
    ana = crowd.person()
    ana.start_meeting("Film")
    ana.join("Ana")
    sends_pictures(ana)
    ana.choose("Record with cameras and screens")
    mark = ana.page.get_by_role("status", name="recorded with cameras and screens")
    expect(mark).to_be_visible()
    ana.until("(from) => performance.now() - from > 4000", ana.page.evaluate("performance.now()"))
    ana.button("Stop recording").click()
    dialog = ana.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Stop recording").click()
    ana.button("Leave meeting").click()

    page = ana.page
    page.get_by_role("main").get_by_role("link", name="Recordings").click()
    page.get_by_role("link", name="Film").first.click()
    film = page.get_by_role("figure").filter(has_text="Camera of Ana")
    expect(film).to_be_visible(timeout=20_000)
    expect(page.get_by_text("verified")).to_be_visible()
    ana.button("Play").click()
    picture = film.locator("video")
    ana.until(PLAYS, picture.element_handle())

    page.locator("summary").filter(has_text="Download").click()
    seconds = 0.0
    for number, link in enumerate(page.get_by_role("link", name="Download Ana (camera)").all()):
        source = link.get_attribute("href")
        assert source
        times = frames_of(fetch(crowd.base + source, tmp_path / f"{number}.webm"))
        assert times[0] == 0
        seconds += times[-1] + 0.2  # five a second
    place = page.get_by_role("slider", name="Place in the recording")
    assert abs(seconds - float(place.get_attribute("max") or 0)) < 1.5
