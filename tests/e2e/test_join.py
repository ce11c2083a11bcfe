"""The join page: every reason that keeps a person out, or without a device, is explained."""

import re

import pytest
from playwright.sync_api import expect
from support.browser import People, failing_devices
from support.server_process import ServerProcess

UNKNOWN = "/m/01a1f901-b652-71d9-8f8c-6c49e8eff2d7"


def make_meeting(server: ServerProcess, **wish: object) -> str:
    status, made = server.request("POST", "/v1/meetings", {"title": "Door", **wish})
    assert status == 201
    return made["id"]


@pytest.mark.parametrize(
    ("error", "message", "only", "text"),
    [
        ("NotAllowedError", "Permission denied", "audio", "does not allow the microphone"),
        ("NotAllowedError", "Permission denied", "video", "does not allow the camera"),
        ("NotAllowedError", "Permission denied by system", "audio", "The system does not allow"),
        ("NotReadableError", "", "audio", "used by another program"),
        ("NotFoundError", "", "video", "No camera was found"),
    ],
)
def test_a_device_that_fails_is_explained_and_the_other_works(
    crowd: People, server: ServerProcess, error: str, message: str, only: str, text: str
):
    # The fake devices are always allowed, which would make every refusal the system's.
    unasked = "navigator.permissions.query = async () => { throw new TypeError('unknown'); };"
    ana = crowd.person(script=unasked + failing_devices(error, message, only))
    ana.open(f"/m/{make_meeting(server)}")
    expect(ana.page.get_by_text(text)).to_be_visible()
    other = "Camera" if only == "audio" else "Microphone"
    works = ana.page.get_by_role("button", name=other, exact=True)
    expect(works).to_have_attribute("aria-pressed", "true")
    ana.join("Ana")


def test_a_device_allowed_later_starts_without_a_reload(crowd: People, server: ServerProcess):
    script = failing_devices("NotReadableError", only="audio")
    ana = crowd.person(script=f"const real = navigator.mediaDevices.getUserMedia;{script}")
    ana.open(f"/m/{make_meeting(server)}")
    expect(ana.page.get_by_text("used by another program")).to_be_visible()
    ana.page.evaluate("() => { delete navigator.mediaDevices.getUserMedia; }")
    ana.button("Try again").click()
    expect(ana.button("Microphone")).to_have_attribute("aria-pressed", "true")
    expect(ana.page.get_by_text("used by another program")).to_have_count(0)


def test_an_insecure_page_says_so_and_lets_people_listen(crowd: People, server: ServerProcess):
    meeting = make_meeting(server)
    bo = crowd.person()
    bo.join("Bo", f"/m/{meeting}")
    gone = "Object.defineProperty(Navigator.prototype, 'mediaDevices', { value: undefined });"
    ana = crowd.person(script=gone)
    ana.open(f"/m/{meeting}")
    expect(ana.page.get_by_text(re.compile("microphone only over https"))).to_be_visible()
    ana.page.get_by_label("Your name").fill("Ana")
    ana.button("Join without microphone or camera").click()
    expect(bo.tile("Ana").get_by_label("Microphone off")).to_be_visible()
    ana.sees_picture_of("Bo")
    ana.hears_something()


def test_who_is_inside_is_told_before_joining(crowd: People, server: ServerProcess):
    path = f"/m/{make_meeting(server)}"
    ana = crowd.person()
    ana.open(path)
    expect(ana.page.get_by_text("Nobody is in the meeting yet.")).to_be_visible()
    bo = crowd.person()
    bo.join("Bo", path)
    expect(ana.page.get_by_text("In the meeting: Bo")).to_be_visible()


def test_a_name_is_remembered_on_this_device(crowd: People, server: ServerProcess):
    path = f"/m/{make_meeting(server)}"
    ana = crowd.person()
    ana.open(path)
    expect(ana.button("Join")).to_be_disabled()
    ana.join("Ana")
    ana.open(path)
    expect(ana.page.get_by_label("Your name")).to_have_value("Ana")
    ana.open("/")
    expect(ana.page.get_by_role("link", name="Door")).to_be_visible()


def test_a_full_meeting_says_so_and_opens_when_somebody_leaves(
    crowd: People, server: ServerProcess
):
    path = f"/m/{make_meeting(server, max_participants=1)}"
    bo = crowd.person()
    bo.join("Bo", path)
    ana = crowd.person()
    ana.open(path)
    expect(ana.page.get_by_text("This meeting is full.")).to_be_visible()
    expect(ana.button("Join")).to_be_disabled()
    bo.button("Leave meeting").click()
    expect(ana.page.get_by_text("This meeting is full.")).to_have_count(0)


def test_a_closed_meeting_says_so(crowd: People, server: ServerProcess):
    meeting = make_meeting(server)
    assert server.request("PATCH", f"/v1/meetings/{meeting}", {"status": "INACTIVE"})[0] == 200
    ana = crowd.person()
    ana.open(f"/m/{meeting}")
    expect(ana.page.get_by_text("This meeting is closed.")).to_be_visible()


def test_a_meeting_that_is_not_there_says_so_with_a_code(crowd: People):
    ana = crowd.person()
    ana.open(UNKNOWN)
    expect(ana.page.get_by_text("There is no such meeting.")).to_be_visible()
    expect(ana.page.get_by_text("meeting_not_found")).to_be_visible()


def test_an_invitation_is_needed_and_must_be_good(crowd: People, server: ServerProcess):
    meeting = make_meeting(server, access="token")
    ana = crowd.person()
    ana.open(f"/m/{meeting}")
    expect(ana.page.get_by_text("This meeting needs an invitation.")).to_be_visible()
    bad = crowd.person()
    bad.open(f"/m/{meeting}#t=not.a.token")
    expect(bad.page.get_by_text("This invitation is damaged.")).to_be_visible()
    wish = {"name": "Zoë", "role": "observer"}
    status, issued = server.request("POST", f"/v1/meetings/{meeting}/tokens", wish)
    assert status == 201
    zoe = crowd.person()
    zoe.open(f"/m/{meeting}#t={issued['token']}")
    expect(zoe.page.get_by_label("Your name")).to_have_value("Zoë")
    assert "#" not in zoe.page.url
    zoe.button("Join").click()
    expect(zoe.button("Leave meeting")).to_be_visible()
    expect(zoe.button("Microphone")).to_have_count(0)


def test_a_lost_server_is_told_and_found_again(crowd: People, server: ServerProcess):
    path = f"/m/{make_meeting(server)}"
    ana = crowd.person()
    ana.open(path)
    expect(ana.page.get_by_text("Nobody is in the meeting yet.")).to_be_visible()
    ana.page.context.set_offline(True)
    expect(ana.page.get_by_text("The server does not answer.")).to_be_visible()
    ana.page.context.set_offline(False)
    expect(ana.page.get_by_text("Nobody is in the meeting yet.")).to_be_visible()
