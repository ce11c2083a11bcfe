"""Pages around a meeting: home, recordings, sign-in, and what is not there."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from support.browser import People, people
from support.server_process import ServerProcess


@pytest.fixture(scope="module")
def closed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server outside development mode."""
    data = tmp_path_factory.mktemp("closed") / "data"
    settings = {"auth.secret": "0123456789abcdef0123456789abcdef", "http.host": "127.0.0.1"}
    with ServerProcess(data, settings=settings, dev=False) as made:
        yield made


def create_key(server: ServerProcess) -> str:
    command = [
        str(Path(sys.executable).with_name("roomtone")),
        *("key", "create", "--name", "tests", "--data", str(server.data)),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return next(word for word in done.stdout.split() if word.startswith("rt_"))


def test_a_pasted_link_leads_to_its_meeting(crowd: People, server: ServerProcess):
    _, made = server.request("POST", "/v1/meetings", {"title": "Pasted"})
    ana = crowd.person()
    ana.open("/")
    ana.page.get_by_label("Link of the meeting").fill("not a link")
    ana.button("Join").click()
    expect(ana.page.get_by_text("This is not the link of a meeting.")).to_be_visible()
    ana.page.get_by_label("Link of the meeting").fill(made["url"])
    ana.button("Join").click()
    expect(ana.page.get_by_role("heading", name="Join “Pasted”")).to_be_visible()


def test_development_mode_is_told(crowd: People):
    ana = crowd.person()
    ana.open("/")
    expect(ana.page.get_by_text("Development mode: no sign-in")).to_be_visible()
    expect(ana.page.get_by_text("rt_dev")).to_be_visible()


def test_the_theme_is_switched_and_kept(crowd: People):
    ana = crowd.person(color_scheme="light")
    ana.open("/")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = ana.page.evaluate(ground)
    ana.button("Theme: as the system").click()
    ana.button("Theme: light").click()
    expect(ana.button("Theme: dark")).to_be_visible()
    dark = ana.page.evaluate(ground)
    assert dark != light
    ana.page.reload()
    expect(ana.button("Theme: dark")).to_be_visible()
    assert ana.page.evaluate(ground) == dark


def test_an_address_without_a_page_says_so(crowd: People):
    ana = crowd.person()
    ana.open("/m/")
    expect(ana.page.get_by_role("heading", name="Not found")).to_be_visible()


def test_outside_development_mode_meetings_and_recordings_need_a_sign_in(
    browser: Browser, closed_server: ServerProcess
):
    with people(browser, closed_server.base_url) as crowd:
        ana = crowd.person()
        ana.open("/recordings")
        expect(ana.page.get_by_role("heading", name="You may not see recordings")).to_be_visible()
        ana.page.get_by_role("main").get_by_role("link", name="Sign in").click()
        expect(ana.page.get_by_label("Name of the meeting")).to_have_count(0)
        secret = ana.page.get_by_label("API key or user token")
        secret.fill("rt_wrong")
        ana.button("Sign in").click()
        expect(ana.page.get_by_role("alert")).to_be_visible()
        secret.fill(create_key(closed_server))
        ana.button("Sign in").click()
        expect(ana.page.get_by_label("Name of the meeting")).to_be_visible()
        path = ana.start_meeting("Signed in")
        ana.join("Ana")
        ana.open("/recordings")
        expect(ana.page.get_by_role("heading", name="No recordings yet")).to_be_visible()
        ana.page.context.set_offline(True)
        ana.page.get_by_role("link", name="Start a meeting").click()
        ana.page.get_by_role("link", name="Recordings").click()
        expect(ana.page.get_by_text("The server does not answer.")).to_be_visible()
        ana.page.context.set_offline(False)
        expect(ana.page.get_by_role("heading", name="No recordings yet")).to_be_visible()
        guest = crowd.person(camera=False)
        guest.open(path)
        expect(guest.page.get_by_role("heading", name="Join “Signed in”")).to_be_visible()
        ana.open("/")
        ana.page.get_by_label("Anyone with the link may join").uncheck()
        ana.button("Start").click()
        ana.page.wait_for_url("**/m/*")
        guest.page.goto(ana.page.url)
        expect(guest.page.get_by_text("This meeting needs an invitation.")).to_be_visible()
        ana.open("/")
        ana.button("Sign out").click()
        expect(secret).to_be_visible()
