"""Every page in light and dark, on a desktop and a phone: kept as pictures, checked by axe."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.browser import DESKTOP, PHONE, People, Person, failing_devices
from support.browser import look as look_at
from support.server_process import ServerProcess

LOOKS = [(scheme, device) for scheme in ("light", "dark") for device in ("desktop", "phone")]
Show = Callable[..., None]


@pytest.fixture(params=LOOKS, ids=["-".join(look) for look in LOOKS])
def look(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param


@pytest.fixture
def someone(crowd: People, look: tuple[str, str]) -> Callable[..., Person]:
    """Makes a person whose window looks as wanted."""
    scheme, device = look
    size = {"viewport": DESKTOP if device == "desktop" else PHONE}
    return lambda **more: crowd.person(
        color_scheme=scheme, has_touch=device == "phone", **size, **more
    )


@pytest.fixture
def show(artefacts: Path, look: tuple[str, str]) -> Show:
    """Keeps a picture of a page and fails when axe finds something in it, or in a part of it."""
    name = "-".join(look)

    def keep(person: Person, what: str, part: str | None = None) -> None:
        # Notices lie over the rest for some seconds; what is beneath is to be seen.
        while person.page.locator(".toast").count():
            person.button("Dismiss").last.click()
        look_at(person.page, artefacts, f"{what}-{name}", part)

    return keep


def test_pages_around_a_meeting(someone: Callable[..., Person], show: Show, server: ServerProcess):
    _, made = server.request("POST", "/v1/meetings", {"title": "Design review"})
    ana = someone()
    ana.open("/")
    expect(ana.page.get_by_text("Development mode")).to_be_visible()
    show(ana, "home")
    ana.open("/recordings")
    expect(ana.page.get_by_text("Loading")).to_have_count(0)
    show(ana, "recordings")
    ana.open(f"/m/{made['id']}")
    expect(ana.page.locator("video")).to_be_visible()
    ana.page.get_by_label("Your name").fill("Ana")
    show(ana, "join")
    ana.open("/m/01a1f901-b652-71d9-8f8c-6c49e8eff2d7")
    expect(ana.page.get_by_text("meeting_not_found")).to_be_visible()
    show(ana, "join-refused")
    broken = someone(script=failing_devices("NotReadableError"))
    broken.open(f"/m/{made['id']}")
    expect(broken.page.get_by_text("used by another program").first).to_be_visible()
    show(broken, "join-no-devices")


@pytest.mark.parametrize(
    "look",
    [LOOKS[0], pytest.param(LOOKS[3], marks=pytest.mark.long)],
    ids=["light-desktop", "dark-phone"],
)
def test_a_meeting_from_first_to_last(
    crowd: People, someone: Callable[..., Person], show: Show, look: tuple[str, str]
):
    # Meetings are dark unless a person chose otherwise.
    ana = someone(script=f"localStorage.setItem('roomtone.theme', '{look[0]}');")
    path = ana.start_meeting("Stand-up")
    ana.join("Ana Lindqvist")
    expect(ana.page.get_by_text("You are the only one here")).to_be_visible()
    ana.until("() => document.querySelector('.tile video')?.videoWidth > 0")
    show(ana, "meeting-alone")

    bo = crowd.person(camera=False)
    bo.join("Bo Larsen", path)
    chi = crowd.person()
    chi.join("Chi Nguyen", path)
    chi.button("Microphone").click()
    ana.sees_picture_of("Chi Nguyen")
    expect(ana.tile("Chi Nguyen").get_by_label("Microphone off")).to_be_visible()
    if look[1] == "phone":
        ana.choose("Start recording")
    else:
        ana.button("Start recording").click()
    expect(ana.page.get_by_role("status", name="This meeting is being recorded")).to_be_visible()
    show(ana, "meeting")

    bo.page.keyboard.press("c")
    for text in ("Here is the agenda", "Second part after the break"):
        bo.page.get_by_label("Message to everybody").fill(text)
        bo.page.keyboard.press("Enter")
    host = someone()
    host.open("/live")
    expect(host.page.get_by_role("link", name="Stand-up").first).to_be_visible()
    show(host, "live")
    host.page.get_by_role("link", name="Stand-up").first.click()
    expect(host.page.locator(".chart canvas")).to_have_count(6)
    show(host, "live-session")
    host.close()
    expect(ana.button("Chat, 2 new messages")).to_be_visible()
    ana.button("Chat, 2 new messages").click()
    show(ana, "meeting-chat")
    ana.page.keyboard.press("Escape")
    ana.button("People").click()
    show(ana, "meeting-people")
    ana.page.keyboard.press("Escape")
    ana.page.keyboard.press("n")
    expect(ana.page.get_by_text("Round trip").first).to_be_visible(timeout=15_000)
    show(ana, "meeting-network")
    ana.page.keyboard.press("Escape")
    ana.button("More").click()
    show(ana, "meeting-menu", part="#more-menu")  # it covers a part of the rest
    ana.page.keyboard.press("Escape")
    ana.page.keyboard.press("?")
    expect(ana.page.get_by_role("dialog")).to_be_visible()
    show(ana, "meeting-keys")
    ana.page.keyboard.press("Escape")

    ana.page.context.set_offline(True)
    ana.page.evaluate("window.sockets.at(-1).close()")
    expect(ana.page.get_by_text("Connection lost")).to_be_visible(timeout=15_000)
    show(ana, "meeting-reconnecting")
    ana.page.context.set_offline(False)
    expect(ana.toast("Connection restored")).to_be_visible(timeout=15_000)
    ana.choose("Stop recording")
    ana.page.get_by_role("dialog").get_by_role("button", name="Stop recording").click()
    expect(ana.page.get_by_role("status", name="This meeting is being recorded")).to_have_count(0)
    ana.button("Leave meeting").click()
    expect(ana.page.get_by_role("heading", name="You left the meeting")).to_be_visible()
    show(ana, "left")
    ana.page.get_by_role("main").get_by_role("link", name="Recordings").click()
    row = ana.page.get_by_role("listitem").filter(has_text="Bo Larsen").first
    expect(row.get_by_text("ready", exact=True)).to_be_visible(timeout=20_000)
    show(ana, "recordings-list")
