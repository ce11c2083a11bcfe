"""A recording: seen by everybody while it runs, heard and fetched afterwards."""

import urllib.request
from pathlib import Path

import numpy as np
from playwright.sync_api import Playwright, expect
from support.browser import People, Person, launch, people
from support.opus_tone import decode, main_frequency
from support.server_process import ServerProcess

RATE = 48_000
# The microphone gave all of the file: two seconds of silence, four of tone, some more silence.
HEARD_ALL = """async () => {
  let seconds = 0;
  for (const peer of window.peers) (await peer.getStats()).forEach((entry) => {
    if (entry.type === "media-source" && entry.kind === "audio")
      seconds = entry.totalSamplesDuration;
  });
  return seconds > 7.5;
}"""
PROCESSING = """() => {
  const sender = window.peers[0].getSenders().find((one) => one.track?.kind === "audio");
  const { echoCancellation, noiseSuppression, autoGainControl } = sender.track.getSettings();
  return [echoCancellation, noiseSuppression, autoGainControl];
}"""


def begin(host: Person) -> None:
    host.button("Start recording").click()
    expect(host.page.get_by_role("status", name="This meeting is being recorded")).to_be_visible()


def finish(host: Person) -> None:
    host.button("Stop recording").click()
    dialog = host.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Stop recording").click()
    expect(host.toast("The recording has stopped")).to_be_visible()


def fetch(page_url: str, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(
        page_url + path, headers={"Authorization": "Bearer rt_dev"} | headers
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.read(), dict(answer.headers)


def test_everybody_knows_and_everything_is_found(crowd: People):
    ana, bo = crowd.person(camera=False), crowd.person(camera=False)
    path = ana.start_meeting("Kept voices")
    ana.join("Ana")
    bo.join("Bo", path)
    bo.hears_something()
    begin(ana)
    mark = bo.page.get_by_role("status", name="This meeting is being recorded, started by Ana")
    expect(mark).to_be_visible()
    expect(bo.toast("Ana started recording")).to_be_visible()
    assert bo.page.title().startswith("REC")
    expect(bo.button("Start recording")).to_have_count(0)

    chi = crowd.person(camera=False)
    chi.open(path)
    expect(chi.page.get_by_text("This meeting is being recorded.")).to_be_visible()
    chi.join("Chi")
    expect(chi.page.get_by_role("status", name="started by Ana")).to_be_visible()

    ana.choose("Pause recording")
    expect(bo.page.get_by_role("status", name="is paused")).to_be_visible()
    ana.choose("Resume recording")
    expect(mark).to_be_visible()
    bo.hears_something()
    finish(ana)
    expect(mark).to_have_count(0)
    ana.button("Leave meeting").click()
    ana.page.get_by_role("main").get_by_role("link", name="Recordings").click()

    page = ana.page
    row = page.get_by_role("listitem").filter(has_text="Kept voices").first
    expect(row.get_by_text("ready", exact=True)).to_be_visible(timeout=20_000)
    row.get_by_role("link", name="Kept voices").click()
    expect(page.get_by_text("verified")).to_be_visible()
    lanes = page.locator(".deck-lanes").get_by_role("listitem")
    expect(lanes).to_have_count(3)
    for name in ("Ana", "Bo", "Chi"):
        expect(lanes.filter(has_text=name)).to_have_count(1)
    place = page.get_by_role("slider", name="Place in the recording")
    assert 2 < float(place.get_attribute("max") or 0) < 60
    ana.button("Play").click()
    ana.until("(place) => place.valueAsNumber > 0.5", place.element_handle())
    place.fill(place.get_attribute("max") or "")
    expect(ana.button("Play")).to_be_visible()

    page.locator("summary").filter(has_text="Download").click()
    source = page.get_by_role("link", name="Download Bo").first.get_attribute("href")
    assert source
    status, everything, _ = fetch(crowd.base, source)
    assert status == 200
    status, part, headers = fetch(crowd.base, source, Range="bytes=10-19")
    assert (status, part) == (206, everything[10:20])
    assert headers["Content-Range"] == f"bytes 10-19/{len(everything)}"

    ana.button("Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Kept voices")).to_have_count(0)


def tone_file(path: Path, *, hertz: float, seconds: float) -> None:
    """A WAV: two seconds of silence, the tone, two seconds of silence."""
    at = np.arange(int(seconds * RATE)) / RATE
    tone = (np.sin(2 * np.pi * hertz * at) * 12_000).astype("<i2")
    quiet = np.zeros(RATE * 2, "<i2")
    samples = np.concatenate([quiet, tone, quiet])
    head = b"RIFF" + (36 + samples.nbytes).to_bytes(4, "little") + b"WAVEfmt "
    form = b"".join(
        value.to_bytes(size, "little")
        for value, size in ((16, 4), (1, 2), (1, 2), (RATE, 4), (RATE * 2, 4), (2, 2), (16, 2))
    )
    path.write_bytes(
        head + form + b"data" + samples.nbytes.to_bytes(4, "little") + samples.tobytes()
    )


def heard(samples: np.ndarray) -> tuple[float, float]:
    """Where the tone begins and how long it is, in seconds."""
    window = RATE // 100
    blocks = samples[: len(samples) // window * window].reshape(-1, window)
    loud = np.flatnonzero(np.sqrt((blocks**2).mean(axis=1)) > 0.05)
    assert len(loud), "no tone in the recording"
    return loud[0] / 100, (loud[-1] - loud[0] + 1) / 100


def test_a_known_tone_comes_out_of_the_recording(
    playwright: Playwright, server: ServerProcess, tmp_path: Path
):
    wav = tmp_path / "tone.wav"
    tone_file(wav, hertz=997.0, seconds=4.0)
    # The file plays once, from the moment the microphone opens: after recording began.
    closed = "localStorage.setItem('roomtone.microphone.wanted', 'no');"
    with (
        launch(playwright, f"--use-file-for-fake-audio-capture={wav}%noloop") as browser,
        people(browser, f"http://localhost:{server.port}") as group,
    ):
        ana = group.person(script=closed, camera=False)
        path = ana.start_meeting("Tone")
        ana.join("Ana", f"{path}?processing=off")
        begin(ana)
        ana.button("Microphone").click()
        ana.until(HEARD_ALL, within=30)
        assert ana.page.evaluate(PROCESSING) == [False, False, False]
        finish(ana)
        ana.button("Leave meeting").click()
        ana.page.get_by_role("main").get_by_role("link", name="Recordings").click()
        ana.page.get_by_role("link", name="Tone", exact=True).first.click()
        ana.page.locator("summary").filter(has_text="Download").click(timeout=20_000)
        link = ana.page.get_by_role("link", name="Download Ana").first
        with ana.page.expect_download() as download:
            link.click()
        assert download.value.suggested_filename.endswith(".ogg")
        file = tmp_path / "track.ogg"
        download.value.save_as(file)
    samples = decode(file)
    start, seconds = heard(samples)
    middle = samples[int((start + 0.5) * RATE) : int((start + seconds - 0.5) * RATE)]
    assert abs(main_frequency(middle) - 997.0) < 2.0
    assert abs(seconds - 4.0) < 0.1
