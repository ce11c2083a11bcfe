"""The pages for those who look after meetings: what is going on, and how somebody is connected."""

from pathlib import Path

from playwright.sync_api import expect
from support.browser import DESKTOP, PHONE, People, look


def test_a_host_finds_somebody_in_the_live_view_and_removes_them(crowd: People, artefacts: Path):
    ana = crowd.person()
    path = ana.start_meeting("Watched")
    ana.join("Ana")
    bo = crowd.person()
    bo.join("Bo", path)
    host = crowd.person()
    host.open("/live")
    host.page.get_by_label("Search sessions and people").fill("watched")
    expect(host.page.get_by_text("2 people")).to_be_visible()
    host.page.set_viewport_size(PHONE)
    look(host.page, artefacts, "live-light-phone")
    host.page.set_viewport_size(DESKTOP)
    host.page.get_by_role("link", name="Watched").click()
    expect(host.page.get_by_role("heading", name="Watched")).to_be_visible()
    host.button("Bo").click()
    expect(host.page.get_by_role("region", name="Bo")).to_be_visible()
    expect(host.page.locator(".chart canvas")).to_have_count(6)
    expect(host.page.get_by_text("connected", exact=True)).to_be_visible()
    host.button("Show as a table").click()
    expect(host.page.get_by_role("columnheader", name="Jitter, ms")).to_be_visible()
    host.button("Remove").click()
    host.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(bo.page.get_by_role("heading", name="A host removed you")).to_be_visible()
    expect(host.page.get_by_text("Left. These are the last measurements.")).to_be_visible()
