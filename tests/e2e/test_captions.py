"""Somebody speaks, and everybody who wants to reads it."""

import re
import wave
from pathlib import Path

import numpy as np
from playwright.sync_api import Playwright, expect
from support.browser import launch, people
from support.server_process import ServerProcess
from support.speech import needs_espeak, script


@needs_espeak
def test_a_host_turns_captions_on_and_reads_what_is_said(
    playwright: Playwright, server: ServerProcess, tmp_path: Path, artefacts: Path
):
    voice = tmp_path / "voice.wav"
    sound = script((0.5, "the weather is nice today"), (3.5, "what time is it"))
    with wave.open(str(voice), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((sound * 32767).astype(np.int16).tobytes())
    url = f"http://localhost:{server.port}"
    with (
        launch(playwright, f"--use-file-for-fake-audio-capture={voice}") as browser,
        people(browser, url) as crowd,
    ):
        ana, bo = crowd.person(camera=False), crowd.person(camera=False)
        path = ana.start_meeting("Captions")
        ana.join("Ana")
        bo.join("Bo", path)
        bo.page.keyboard.press("t")
        expect(bo.page.get_by_text("A host can turn captions on.")).to_be_visible()
        ana.button("Captions").click()
        expect(bo.page.get_by_text("Captions are on.")).to_be_visible()
        bo.page.keyboard.press("t")
        for one in (ana, bo):
            lines = one.page.get_by_role("region", name="Captions")
            expect(lines).to_contain_text(re.compile("(Ana|Bo) \\w+"), timeout=30_000)
            expect(lines).to_have_attribute("aria-live", "polite")
        artefacts.mkdir(exist_ok=True)
        ana.page.screenshot(path=artefacts / "captions-light.png")
        bo.page.emulate_media(color_scheme="dark")
        bo.page.set_viewport_size({"width": 390, "height": 844})
        expect(bo.page.get_by_role("region", name="Captions")).to_contain_text(
            re.compile("(Ana|Bo) \\w+"), timeout=30_000
        )
        bo.page.screenshot(path=artefacts / "captions-dark-phone.png")
        ana.button("More").click()
        ana.page.screenshot(path=artefacts / "captions-menu.png")
        ana.page.get_by_role("button", name="Stop captions for all").click()
        expect(bo.page.get_by_role("region", name="Captions")).to_have_count(0)
