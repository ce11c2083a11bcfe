"""A link becomes narrow and wide again: pictures follow, and the sound does not suffer."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright
from support.browser import FLAGS, Person, people
from support.netns import SERVER_ADDRESS, Cable, available
from support.server_process import ServerProcess

PORT = 8080
CHROMIUM = "/usr/bin/chromium"
DEVICES = ["--use-fake-device-for-media-stream=fps=15", "--use-fake-ui-for-media-stream"]

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not available(), reason="network namespaces need Linux and root"),
]


def limit(cable: Cable, kilobits: int | None) -> None:
    """Let the client receive so much and no more."""
    _limit(cable.server, cable.near, kilobits, "300ms")


def limit_sending(cable: Cable, kilobits: int | None) -> None:
    """Let the client send so much and no more; a deep queue delays long before it loses."""
    _limit(cable.client, cable.far, kilobits, "5s")


def _limit(namespace: str, device: str, kilobits: int | None, latency: str) -> None:
    tc = ["ip", "netns", "exec", namespace, "tc", "qdisc"]
    subprocess.run([*tc, "del", "dev", device, "root"], check=False, capture_output=True)
    if kilobits is not None:
        queue = ["tbf", "rate", f"{kilobits}kbit", "burst", "8kb", "latency", latency]
        subprocess.run([*tc, "add", "dev", device, "root", *queue], check=True)


@pytest.fixture
def meeting(playwright: Playwright, tmp_path: Path) -> Iterator[tuple[Cable, Person, Person]]:
    """Ana beside the server, Bo at the other end of the cable."""
    settings = {
        "http.host": "0.0.0.0",
        "rtc.bind": ["0.0.0.0"],
        "rtc.transport_feedback": True,
        "rtc.advertise": ["127.0.0.1", SERVER_ADDRESS],
    }
    with Cable() as cable:
        prefix = ("ip", "netns", "exec", cable.server)
        server = ServerProcess(tmp_path / "data", port=PORT, settings=settings, prefix=prefix)
        server.launch()
        try:
            end = time.monotonic() + 30
            while "ready in" not in server.output:
                assert time.monotonic() < end, server.output
                time.sleep(0.1)
            base = f"http://{SERVER_ADDRESS}:{PORT}"
            flags = [*FLAGS, *DEVICES, f"--unsafely-treat-insecure-origin-as-secure={base}"]
            with (
                playwright.chromium.launch(
                    executable_path=cable.program(cable.server, CHROMIUM, tmp_path), args=flags
                ) as near,
                playwright.chromium.launch(
                    executable_path=cable.program(cable.client, CHROMIUM, tmp_path), args=flags
                ) as far,
                people(near, base) as here,
                people(far, base) as there,
            ):
                ana, bo = here.person(), there.person()
                path = ana.start_meeting("Narrow")
                ana.join("Ana")
                bo.join("Bo", path)
                bo.sees_picture_of("Ana")
                yield cable, ana, bo
        finally:
            server.kill()


def sizes(person: Person) -> list[int]:
    return [
        entry["frameHeight"]
        for entry in person.stats("inbound-rtp")
        if entry["kind"] == "video" and entry.get("frameHeight")
    ]


def until(condition: Callable[[], bool], within: float, what: str) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"not within {within} s: {what}"
        time.sleep(0.5)


def sound(person: Person) -> tuple[int, int]:
    """Samples made up for lack of packets, and all samples."""
    audio = [one for one in person.stats("inbound-rtp") if one["kind"] == "audio"]
    return sum(one.get("concealedSamples", 0) for one in audio), sum(
        one.get("totalSamplesReceived", 0) for one in audio
    )


def test_picture_follows_the_link_and_comes_back(meeting: tuple[Cable, Person, Person]) -> None:
    cable, _, bo = meeting
    until(lambda: max(sizes(bo), default=0) >= 540, 30, "a large picture at first")
    limit(cable, 450)
    until(lambda: max(sizes(bo)) <= 180, 30, "a small picture on a narrow link")
    hidden, heard = sound(bo)
    time.sleep(10)
    now_hidden, now_heard = sound(bo)
    share = (now_hidden - hidden) / max(1, now_heard - heard)
    limit(cable, None)
    until(lambda: max(sizes(bo)) >= 540, 90, "a large picture again")
    assert share < 0.1
    assert bo.errors == []


def sending(person: Person) -> tuple[float, float]:
    """What the browser thinks that it may send, in bits a second, and the trip in seconds."""
    pairs = [one for one in person.stats("candidate-pair") if one.get("nominated")]
    return (
        max((one.get("availableOutgoingBitrate", 0) for one in pairs), default=0),
        max((one.get("currentRoundTripTime", 0) for one in pairs), default=0),
    )


def test_sender_slows_down_where_packets_only_come_late(
    meeting: tuple[Cable, Person, Person],
) -> None:
    cable, _, bo = meeting
    until(lambda: sending(bo)[0] > 1_000_000, 60, "a fast sender at first")
    limit_sending(cable, 500)
    until(lambda: 0 < sending(bo)[0] < 600_000, 30, "a sender that has noticed")
    until(lambda: sending(bo)[1] < 0.5, 30, "a queue that has become short")
    assert bo.errors == []
