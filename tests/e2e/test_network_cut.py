"""A real Chromium loses its network: what another one sees, and what happens when it is back."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from support import netns
from support.netns import SERVER_ADDRESS, Cable, available
from support.server_process import ServerProcess

PORT = 8080
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream=fps=5",
    "--use-fake-ui-for-media-stream",
    f"--unsafely-treat-insecure-origin-as-secure=http://{SERVER_ADDRESS}:{PORT}",
]
TIMERS = {"rtc.disconnected_seconds": 1, "rtc.disconnected_idle_seconds": 1}
GRACE = 8  # seconds; long enough to look at `disconnected` on a busy machine

pytestmark = pytest.mark.skipif(
    not available(), reason="network namespaces need Linux and root, so this test cannot run here"
)


class Host:
    """The server in its namespace, and requests made from there."""

    def __init__(self, cable: Cable, folder: Path) -> None:
        self._cable = cable
        self._server = ServerProcess(
            folder / "data",
            port=PORT,
            settings=TIMERS
            | {
                "rtc.failed_seconds": GRACE,
                "http.host": "0.0.0.0",
                "rtc.bind": ["0.0.0.0"],
                "rtc.advertise": ["127.0.0.1", SERVER_ADDRESS],
            },
            prefix=("ip", "netns", "exec", cable.server),
        )

    def start(self) -> None:
        self._server.launch()
        end = time.monotonic() + 30
        while "ready in" not in self._server.output:
            assert time.monotonic() < end, self._server.output
            time.sleep(0.1)

    def stop(self) -> None:
        self._server.stop()

    def request(self, method: str, path: str, body: object = None) -> Any:
        """A native request, made inside the server's namespace."""
        return netns.request(self._cable.server, PORT, method, path, body)


@pytest.fixture
def cable() -> Iterator[Cable]:
    with Cable() as made:
        yield made


@pytest.fixture
def host(cable: Cable, tmp_path: Path) -> Iterator[Host]:
    made = Host(cable, tmp_path)
    made.start()
    yield made
    made.stop()


def launch(playwright: Playwright, cable: Cable, namespace: str, folder: Path) -> Browser:
    script = cable.program(namespace, CHROMIUM, folder)
    return playwright.chromium.launch(executable_path=str(script), args=FLAGS)


def join(browser: Browser, address: str, meeting: str, name: str) -> Page:
    page = browser.new_page()
    page.goto(f"http://{address}:{PORT}/m/{meeting}")
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page.get_by_role("button", name="Leave")).to_be_visible(timeout=20_000)
    return page


def connections(host: Host, meeting: str, name: str) -> list[tuple[str, str | None]]:
    """State and reason of each connection of a person, oldest first."""
    session = host.request("GET", f"/v1/meetings/{meeting}/session")
    return [
        (connection["state"], connection["reason"])
        for person in session["participants"]
        if person["name"] == name
        for connection in person["connections"]
    ]


def eventually(host: Host, meeting: str, name: str, wanted: list[tuple[str, str | None]]) -> None:
    """Wait until a person's connections are as wanted."""
    end = time.monotonic() + GRACE + 30
    while (found := connections(host, meeting, name)) != wanted:
        assert time.monotonic() < end, f"{name} has {found}, wanted {wanted}"
        time.sleep(0.1)


def test_a_cut_is_seen_mends_and_at_last_fails(
    cable: Cable, host: Host, playwright: Playwright, tmp_path: Path
):
    meeting = host.request("POST", "/v1/meetings", {"title": "cable"})["id"]
    with (
        launch(playwright, cable, cable.server, tmp_path) as near,
        launch(playwright, cable, cable.client, tmp_path) as far,
    ):
        ada = join(near, "127.0.0.1", meeting, "Ada")
        bo = join(far, SERVER_ADDRESS, meeting, "Bo")
        eventually(host, meeting, "Bo", [("connected", None)])

        cable.cut()
        eventually(host, meeting, "Bo", [("disconnected", "no_packets")])
        expect(ada.get_by_text("Reconnecting").first).to_be_visible()
        cable.restore()
        expect(ada.get_by_text("Reconnecting")).to_have_count(0, timeout=30_000)
        states = connections(host, meeting, "Bo")
        assert states[-1] == ("connected", None)
        assert all(state == "closed" for state, _ in states[:-1])

        cable.cut()
        lost = [*[("closed", reason) for _, reason in states[:-1]], ("failed", "transport_lost")]
        eventually(host, meeting, "Bo", lost)
        expect(bo.get_by_text("Reconnecting").or_(bo.get_by_role("button", name="Rejoin")).first
               ).to_be_visible(timeout=30_000)  # fmt: skip
        session = host.request("GET", f"/v1/meetings/{meeting}/session")
        assert [p["name"] for p in session["participants"] if p["state"] == "present"] == ["Ada"]
