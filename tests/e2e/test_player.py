"""A recording is heard: lanes, words, files to keep; every state of its page, looked at by axe."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect
from support.browser import DESKTOP, PHONE, People, Person, look, people
from support.library import Kept, keep
from support.server_process import ServerProcess

LOOKS = [("light", DESKTOP), ("dark", PHONE)]
# The voices of the player are no elements of the page: kept where a test finds them.
VOICES = """
window.voices = [];
const Made = window.Audio;
window.Audio = function () { const made = new Made(); window.voices.push(made); return made; };
"""
Show = Callable[[Person, str], None]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Kept]]:
    data = tmp_path_factory.mktemp("library") / "data"
    kept = keep(data)
    with ServerProcess(data) as server:
        yield server, kept


@pytest.fixture
def kept(library: tuple[ServerProcess, Kept]) -> Kept:
    return library[1]


@pytest.fixture
def readers(browser: Browser, library: tuple[ServerProcess, Kept]) -> Iterator[People]:
    with people(browser, f"http://localhost:{library[0].port}") as made:
        yield made


@pytest.fixture(params=LOOKS, ids=["light-desktop", "dark-phone"])
def reader(readers: People, request: pytest.FixtureRequest) -> Person:
    scheme, size = request.param
    return readers.person(color_scheme=scheme, viewport=size)


@pytest.fixture
def show(artefacts: Path, request: pytest.FixtureRequest) -> Show:
    """Keeps a picture, and fails when axe finds something or the page scrolls sideways."""
    name = request.node.callspec.id
    return lambda person, what: look(person.page, artefacts, f"{what}-{name}")


def place(person: Person) -> float:
    slider = person.page.get_by_role("slider", name="Place in the recording")
    return float(slider.input_value())


def test_voices_are_heard_together_and_apart(readers: People, kept: Kept, tmp_path: Path):
    ana = readers.person(script=VOICES)
    page = ana.page
    ana.open("/recordings")
    page.get_by_role("link", name="Design review").click()
    lanes = page.locator(".deck-lanes").get_by_role("listitem")
    expect(lanes).to_have_count(2)
    expect(page.get_by_text("0.8 s missing: packets were lost")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("2.0 s missing: was reconnecting")).to_be_visible()

    page.get_by_role("button", name="Go to 0:10").click()
    assert place(ana) == pytest.approx(10.2, abs=0.1)
    page.get_by_role("button", name="0:07", exact=True).click()
    assert place(ana) == pytest.approx(8.0, abs=0.1)
    said = page.locator(".script-list").get_by_role("listitem")
    page.get_by_label("Search the transcript").fill("BO LARSEN")
    expect(said).to_have_count(1)
    page.get_by_label("Search the transcript").fill("")
    expect(said).to_have_count(3)
    page.get_by_text("agenda").click()
    assert place(ana) == pytest.approx(4.1 + 3.8 / 6 * 3, abs=0.2)
    page.keyboard.press("Space")
    expect(page.locator("li[aria-current] .word-here")).to_be_visible()
    heard = "() => window.voices.filter((one) => !one.paused && one.volume > 0).length"
    ana.until(f"() => ({heard})() === 2 && window.voices.every((one) => one.error === null)")
    spread = """() => {
      const [ana, bo] = window.voices.filter((one) => !one.paused);
      return Math.abs(ana.currentTime - bo.currentTime - 4);
    }"""
    ana.until(f"() => ({spread})() < 0.15")
    ana.button("Only Bo Larsen").click()
    ana.until(f"() => ({heard})() === 1")
    ana.button("Mute Bo Larsen").click()
    ana.until(f"() => ({heard})() === 0")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("n")
    assert place(ana) == pytest.approx(3.7, abs=0.2)

    page.locator("summary").filter(has_text="Download").click()
    page.get_by_role("button", name="Make Everybody mixed (M4A)").click()
    link = page.get_by_role("link", name="Download Everybody mixed (M4A)")
    expect(link).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "mix.m4a"
    with page.expect_download() as download:
        page.get_by_role("link", name="srt").click()
    download.value.save_as(tmp_path / "said.srt")
    assert "Ana Lindqvist: Let us look" in (tmp_path / "said.srt").read_text()
    assert ana.errors == []


def altered(**members: object) -> Callable[[Route], None]:
    """Answers as the server does, with some members of the recording changed."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json=response.json() | members)

    return answer


def test_every_state_of_the_page(reader: Person, kept: Kept, show: Show):
    page, path = reader.page, f"/recordings/{kept.recording_id}"
    api = f"**/v1{path}"
    reader.open(f"{path}?t=5s")
    expect(page.get_by_text("0.8 s missing")).to_be_visible(timeout=20_000)
    page.locator("summary").filter(has_text="Download").click()
    show(reader, "player")
    page.route(api, altered(state="recording", files=[]))
    reader.open(path)
    expect(page.get_by_text("The recording is still running")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
    page.route(api, altered(state="processing", files=[]))
    reader.open(path)
    expect(page.get_by_text("The recording is being finished")).to_be_visible()
    show(reader, "player-processing")
    page.unroute_all(behavior="ignoreErrors")
    expect(page.locator(".deck-lanes").get_by_role("listitem")).to_have_count(2)
    page.route(api, lambda route: route.abort())
    reader.open(path)
    expect(page.get_by_text("The recording could not be loaded")).to_be_visible()
    expect(page.get_by_text("Trying again.")).to_be_visible()
    show(reader, "player-offline")
    page.unroute_all(behavior="ignoreErrors")
    page.route(api, lambda route: route.fulfill(status=403, json={"code": "forbidden"}))
    reader.open(path)
    expect(page.get_by_text("You may not see recordings")).to_be_visible()
    show(reader, "player-denied")
    page.unroute_all(behavior="ignoreErrors")
    reader.open(f"/recordings/{kept.failed_id}")
    expect(page.get_by_text("The recording failed")).to_be_visible()
    expect(reader.button("Share")).to_have_count(0)
    show(reader, "player-failed")
    reader.open("/recordings/01a1f901-b652-71d9-8f8c-6c49e8eff2d7")
    expect(page.get_by_text("There is no such recording")).to_be_visible()
    show(reader, "player-missing")


def test_a_link_plays_for_anybody_until_it_is_withdrawn(
    reader: Person, readers: People, kept: Kept, show: Show
):
    page = reader.page
    reader.open(f"/recordings/{kept.recording_id}")
    reader.button("Share").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What it is for").fill("for Chi")
    dialog.get_by_label("Good for").select_option(label="1 hour")
    dialog.get_by_role("button", name="Make a link").click()
    link = dialog.get_by_label("New link").input_value()
    assert "/s/" in link

    chi = readers.person(color_scheme="light", viewport=DESKTOP)
    chi.open("/s/" + link.rpartition("/s/")[2])
    expect(chi.page.get_by_role("heading", name="Design review")).to_be_visible()
    expect(chi.page.get_by_text("0.8 s missing")).to_be_visible(timeout=20_000)
    expect(chi.page.get_by_text("Let us look at the second part")).to_be_visible()
    expect(chi.page.get_by_role("link", name="Recordings")).to_have_count(0)
    expect(chi.button("Delete")).to_have_count(0)
    chi.button("Play").click()
    slider = chi.page.get_by_role("slider", name="Place in the recording")
    chi.until("(place) => place.valueAsNumber > 0.5", slider.element_handle())
    show(chi, "shared")

    reader.page.reload()
    reader.button("Share").click()
    row = dialog.get_by_role("listitem").filter(has_text="for Chi").first
    expect(row.get_by_text("opened once")).to_be_visible()
    row.get_by_role("button", name="Who used for Chi").click()
    expect(row.get_by_text("bytes=").first).to_be_visible()
    show(reader, "share-dialog")
    row.get_by_role("button", name="Withdraw for Chi").click()
    expect(row.get_by_text("withdrawn")).to_be_visible()
    chi.page.reload()
    expect(chi.page.get_by_text("This link was withdrawn")).to_be_visible()
    show(chi, "shared-withdrawn")


def test_an_owner_changes_a_name(reader: Person, kept: Kept, show: Show):
    page = reader.page
    reader.open(f"/recordings/{kept.recording_id}")
    reader.button("Bo Larsen, change the name").click()
    field = page.get_by_label("New name of Bo Larsen")
    show(reader, "player-rename")
    field.fill("Bo L.")
    field.press("Enter")
    expect(reader.button("Bo L., change the name")).to_be_visible()
    expect(page.locator(".transcript, main").get_by_text("Bo L.").first).to_be_visible()
    reader.button("Bo L., change the name").click()
    page.get_by_label("New name of Bo L.").fill("Bo Larsen")
    page.get_by_label("New name of Bo L.").press("Enter")
    expect(reader.button("Bo Larsen, change the name")).to_be_visible()


def test_the_list_is_searched_and_deleted_from(reader: Person, show: Show):
    page = reader.page
    reader.open("/recordings")
    rows = page.locator(".recordings").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    expect(page.get_by_text("Deleted after 30 days.")).to_be_visible()
    show(reader, "recordings-filters")
    page.get_by_label("Search recordings").fill("bo lar")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Design review")
    expect(rows.get_by_role("link", name="transcript")).to_be_visible()
    rows.get_by_role("checkbox").check()
    kept: list[str] = []
    page.on("download", lambda file: kept.append(file.suggested_filename))
    tracks = 3  # of two people; one came back
    with page.expect_event("download", lambda _: len(kept) == tracks):
        reader.button("Download 1").click()
    assert all(name.endswith(".ogg") for name in kept)
    show(reader, "recordings-chosen")
    rows.get_by_role("checkbox").uncheck()
    page.get_by_label("Meeting").select_option(label="Design review")
    expect(rows).to_have_count(1)
    page.get_by_label("To", exact=True).fill("2026-11-01")
    expect(page.get_by_text("No recording matches")).to_be_visible()
    show(reader, "recordings-no-match")
    reader.button("Show all").click()
    expect(rows.filter(has_text="Design review")).to_have_count(1)
    expect(page.get_by_label("To", exact=True)).to_have_value("")
    page.get_by_label("State").select_option(label="failed")
    expect(rows.filter(has_text="Design review")).to_have_count(0)
    failed = rows.count()
    rows.get_by_role("checkbox").first.check()
    reader.button("Delete 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(failed - 1)
    assert failed > 1, "the other look is to find some too"
