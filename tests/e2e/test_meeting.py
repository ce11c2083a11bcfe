"""People meet: they see and hear each other, and every button does what it says."""

import re
from pathlib import Path

from playwright.sync_api import expect
from support.browser import PHONE, People, launch, look, people
from support.server_process import ServerProcess


def test_two_people_see_and_hear_each_other_and_a_third_joins(crowd: People):
    ana, bo, chi = crowd.person(), crowd.person(), crowd.person()
    path = ana.start_meeting("Stand-up")
    assert "#" not in ana.page.url, "the host's token stays out of a link that is shared"
    ana.join("Ana")
    expect(ana.page.get_by_text("You are the only one here")).to_be_visible()
    bo.join("Bo", path)
    for one, other in ((ana, "Bo"), (bo, "Ana")):
        one.sees_picture_of(other)
        one.hears_something()
    expect(ana.page.get_by_text("You are the only one here")).to_have_count(0)

    before = sum(entry["packetsReceived"] for entry in bo.stats("inbound-rtp"))
    lost = sum(entry["packetsLost"] for entry in bo.stats("inbound-rtp"))
    chi.join("Chi", path)
    for one, others in ((chi, ("Ana", "Bo")), (ana, ("Bo", "Chi")), (bo, ("Ana", "Chi"))):
        for other in others:
            one.sees_picture_of(other)
        one.hears_something()
    # For the two nothing was negotiated again, and nothing was lost.
    for one in (ana, bo):
        assert one.page.evaluate("[window.peers.length, window.sockets.length]") == [1, 1]
    assert sum(entry["packetsReceived"] for entry in bo.stats("inbound-rtp")) > before
    assert sum(entry["packetsLost"] for entry in bo.stats("inbound-rtp")) == lost
    assert ana.errors + bo.errors + chi.errors == []


def test_muting_silences_and_says_so(crowd: People):
    ana, bo = crowd.person(camera=False), crowd.person(camera=False)
    path = ana.start_meeting("Mute")
    ana.join("Ana")
    bo.join("Bo", path)
    bo.hears_something()
    ana.button("Microphone").click()
    expect(ana.button("Microphone")).to_have_attribute("aria-pressed", "false")
    expect(bo.tile("Ana").get_by_label("Microphone off")).to_be_visible()
    bo.hears_nothing()
    assert ana.page.title().startswith("(muted)")
    ana.page.keyboard.press("m")
    expect(bo.tile("Ana").get_by_label("Microphone off")).to_have_count(0)
    bo.hears_something()


def test_a_camera_goes_off_and_comes_back(crowd: People):
    ana, bo = crowd.person(), crowd.person()
    path = ana.start_meeting("Camera")
    ana.join("Ana")
    bo.join("Bo", path)
    bo.sees_picture_of("Ana")
    ana.button("Camera").click()
    expect(bo.tile("Ana").locator("video")).to_have_count(0)
    expect(bo.tile("Ana").get_by_text("A", exact=True)).to_be_visible()
    ana.button("Camera").click()
    bo.sees_picture_of("Ana")


def test_devices_are_changed_during_a_call(crowd: People):
    ana, bo = crowd.person(), crowd.person(camera=False)
    path = ana.start_meeting("Devices")
    ana.join("Ana")
    bo.join("Bo", path)
    bo.hears_something()
    ana.choose("Microphone and camera")
    dialog = ana.page.get_by_role("dialog", name="Microphone and camera")
    choice = dialog.get_by_role("combobox", name="Microphone")
    expect(choice).to_be_enabled()
    names = choice.locator("option").all_text_contents()
    assert len(names) > 1, names
    choice.select_option(names[-1])
    expect(choice.locator("option:checked")).to_have_text(names[-1])
    dialog.get_by_role("button", name="Close").click()
    bo.hears_something()
    assert bo.page.evaluate("window.peers.length") == 1


def test_a_host_mutes_releases_and_removes(crowd: People):
    ana, bo = crowd.person(camera=False), crowd.person(camera=False)
    path = ana.start_meeting("Host")
    ana.join("Ana")
    bo.join("Bo", path)
    expect(bo.tile("Ana")).to_be_visible()
    bo.button("People").click()
    expect(bo.page.get_by_role("button", name="Remove Ana")).to_have_count(0)

    ana.button("People").click()
    ana.button("Mute Bo").click()
    expect(bo.toast("Ana muted you")).to_be_visible()
    expect(bo.button("Microphone")).to_have_attribute("aria-pressed", "false")
    bo.button("Microphone").click()
    expect(bo.toast("A host muted you")).to_be_visible()
    expect(bo.button("Microphone")).to_have_attribute("aria-pressed", "false")
    ana.button("Let Bo unmute").click()
    expect(bo.toast("Ana lets you unmute")).to_be_visible()
    bo.button("Microphone").click()
    expect(bo.button("Microphone")).to_have_attribute("aria-pressed", "true")
    expect(ana.tile("Bo").get_by_label("Microphone off")).to_have_count(0)

    ana.button("Remove Bo").click()
    ana.button("Remove").click()
    expect(bo.page.get_by_role("heading", name="A host removed you")).to_be_visible()
    expect(bo.button("Rejoin")).to_have_count(0)
    expect(ana.tile("Bo")).to_have_count(0)


def test_leaving_and_coming_back_is_the_same_person(crowd: People):
    ana, bo = crowd.person(camera=False), crowd.person()
    path = ana.start_meeting("Leave")
    ana.join("Ana")
    bo.join("Bo", path)
    expect(ana.tile("Bo")).to_be_visible()
    bo.button("Leave meeting").click()
    expect(bo.page.get_by_role("heading", name="You left the meeting")).to_be_visible()
    expect(ana.toast("Bo left")).to_be_visible()
    expect(ana.tile("Bo")).to_have_count(0)
    bo.button("Rejoin").click()
    expect(ana.tile("Bo")).to_be_visible()
    ana.sees_picture_of("Bo")


def test_a_closed_tab_is_seen_at_once(crowd: People):
    ana, bo = crowd.person(camera=False), crowd.person(camera=False)
    path = ana.start_meeting("Closed")
    ana.join("Ana")
    bo.join("Bo", path)
    expect(ana.tile("Bo")).to_be_visible()
    bo.page.close(run_before_unload=True)
    expect(ana.tile("Bo")).to_have_count(0, timeout=2_000)


def test_a_killed_tab_is_seen_soon(crowd: People, playwright):
    ana = crowd.person(camera=False)
    path = ana.start_meeting("Killed")
    ana.join("Ana")
    other = launch(playwright)
    with people(other, crowd.base) as group:
        bo = group.person(camera=False)
        bo.join("Bo", path)
        expect(ana.tile("Bo")).to_be_visible()
        other.close()
    expect(ana.tile("Bo")).to_have_count(0, timeout=5_000)


def test_chat_reaches_everybody_and_counts_what_is_unread(crowd: People):
    ana, bo = crowd.person(camera=False), crowd.person(camera=False)
    path = ana.start_meeting("Chat")
    ana.join("Ana")
    bo.join("Bo", path)
    ana.page.keyboard.press("c")
    ana.page.get_by_label("Message to everybody").fill("Here is <b>the</b> agenda")
    ana.page.keyboard.press("Enter")
    expect(bo.button("Chat, 1 new message")).to_be_visible()
    bo.button("Chat, 1 new message").click()
    expect(bo.page.get_by_role("log").get_by_text("Here is <b>the</b> agenda")).to_be_visible()
    bo.page.get_by_label("Message to everybody").fill("m")
    bo.button("Send").click()
    expect(ana.page.get_by_role("log").get_by_text("m", exact=True)).to_be_visible()
    # Letters that are typed are not shortcuts.
    expect(bo.button("Microphone")).to_have_attribute("aria-pressed", "true")
    chi = crowd.person(camera=False)
    chi.join("Chi", path)
    chi.button("Chat").click()
    expect(chi.page.get_by_role("log").get_by_role("listitem")).to_have_count(2)


def test_a_lost_socket_is_not_noticed_by_others(crowd: People):
    ana, bo = crowd.person(camera=False), crowd.person()
    path = ana.start_meeting("Socket")
    ana.join("Ana")
    bo.join("Bo", path)
    ana.sees_picture_of("Bo")
    bo.page.evaluate("window.sockets[0].close()")
    bo.until("() => window.sockets.length === 2")
    expect(bo.toast("Connection restored")).to_be_visible()
    assert bo.page.evaluate("window.peers.length") == 1
    bo.hears_something()
    ana.hears_something()
    expect(ana.toast("Bo left")).to_have_count(0)
    ana.button("Microphone").click()
    expect(bo.tile("Ana").get_by_label("Microphone off")).to_be_visible()


def test_a_broken_peer_connection_is_replaced(crowd: People):
    ana, bo = crowd.person(), crowd.person()
    path = ana.start_meeting("Replace")
    ana.join("Ana")
    bo.join("Bo", path)
    ana.sees_picture_of("Bo")
    bo.page.evaluate(
        """() => {
          const [peer] = window.peers;
          Object.defineProperty(peer, "connectionState", { value: "failed" });
          peer.onconnectionstatechange();
        }"""
    )
    bo.until("() => window.peers.length === 2")
    expect(bo.toast("Connection restored")).to_be_visible()
    ana.sees_picture_of("Bo")
    bo.sees_picture_of("Ana")
    bo.hears_something()
    expect(ana.tile("Bo")).to_have_count(1)


def test_a_host_ends_the_meeting_for_all(crowd: People):
    ana, bo = crowd.person(camera=False), crowd.person(camera=False)
    path = ana.start_meeting("End")
    ana.join("Ana")
    bo.join("Bo", path)
    expect(bo.tile("Ana")).to_be_visible()
    ana.choose("End for all")
    ana.page.get_by_role("dialog").get_by_role("button", name="End for all").click()
    for one in (ana, bo):
        expect(one.page.get_by_role("heading", name="The meeting has ended")).to_be_visible()


def test_a_screen_is_shared_large(crowd: People, playwright):
    bo = crowd.person(camera=False)
    with (
        launch(playwright, "--auto-select-desktop-capture-source=Entire screen") as other,
        people(other, crowd.base) as group,
    ):
        ana = group.person()
        path = ana.start_meeting("Screen")
        ana.join("Ana")
        bo.join("Bo", path)
        bo.sees_picture_of("Ana")
        ana.button("Share screen").click()
        expect(ana.page.get_by_text("You are sharing your screen.")).to_be_visible()
        bo.sees_picture_of("Screen of Ana")
        large = bo.tile("Screen of Ana").bounding_box()
        small = bo.tile("Ana").bounding_box()
        assert large
        assert small
        assert large["width"] > 2 * small["width"]
        ana.button("Stop sharing").click()
        expect(bo.tile("Screen of Ana")).to_have_count(0)
        bo.sees_picture_of("Ana")
        ana.button("Share screen").click()
        bo.sees_picture_of("Screen of Ana")


def test_a_whole_call_by_keyboard(crowd: People):
    ana = crowd.person()
    page = ana.page
    ana.open("/")
    page.get_by_label("Name of the meeting").focus()
    page.keyboard.type("Keys")
    page.keyboard.press("Enter")
    page.wait_for_url("**/m/*")
    page.get_by_label("Your name").focus()
    page.keyboard.type("Ana")
    page.keyboard.press("Enter")
    expect(ana.button("Leave meeting")).to_be_visible()
    page.keyboard.press("p")
    panel = page.get_by_role("complementary", name="People")
    expect(panel.get_by_role("heading", name="People")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.keyboard.press("v")
    expect(ana.button("Camera")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("m")
    expect(ana.button("Microphone")).to_have_attribute("aria-pressed", "false")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.down(" ")
    expect(ana.button("Microphone")).to_have_attribute("aria-pressed", "true")
    page.keyboard.up(" ")
    expect(ana.button("Microphone")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    ana.button("Leave meeting").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("You left"))).to_be_visible()


def test_guests_ask_and_a_host_admits_or_refuses(
    crowd: People, server: ServerProcess, artefacts: Path
):
    _, made = server.request("POST", "/v1/meetings", {"title": "Board", "waiting_room": "on"})
    path = f"/m/{made['id']}"
    wish = {"name": "Ana", "role": "host"}
    _, token = server.request("POST", f"/v1/meetings/{made['id']}/tokens", wish)
    ana = crowd.person(camera=False)
    bo = crowd.person(camera=False, viewport=PHONE)
    chi = crowd.person(camera=False, color_scheme="dark")
    ana.join("Ana", f"{path}#t={token['token']}")
    for guest, name in ((bo, "Bo"), (chi, "Chi")):
        guest.open(path)
        guest.page.get_by_label("Your name").fill(name)
        guest.button("Ask to join").click()
        expect(guest.page.get_by_role("heading", name="Asking to join")).to_be_visible()
        assert guest.page.evaluate("window.peers.length") == 0
    look(bo.page, artefacts, "waiting-light-phone")
    look(chi.page, artefacts, "waiting-dark-desktop")

    expect(ana.page.get_by_text("2 people ask to join")).to_be_visible()
    look(ana.page, artefacts, "door-banner")
    ana.button("Show").click()
    look(ana.page, artefacts, "door-list")
    ana.button("Admit Bo").click()
    expect(ana.tile("Bo")).to_be_visible()
    bo.hears_something()
    expect(bo.page.get_by_text("asks to join")).to_have_count(0)
    ana.button("Refuse Chi").click()
    expect(chi.page.get_by_role("heading", name="A host did not let you in")).to_be_visible()
    look(chi.page, artefacts, "refused-dark-desktop")
    expect(ana.page.get_by_role("region", name="Waiting to join")).to_have_count(0)
    status, live = server.request("GET", f"/v1/sessions?meeting={made['id']}")
    assert (status, len(live["items"])) == (200, 1)
    people = live["items"][0]["participants"]
    assert sorted(one["name"] for one in people) == ["Ana", "Bo"]
    assert ana.errors + bo.errors + chi.errors == []
