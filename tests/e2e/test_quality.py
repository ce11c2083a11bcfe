"""A real Chromium over a network that loses packets: label, reason and figures are the truth.

Sound in Opus with in-band FEC; redundant sound and pictures have rows of their own.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from statistics import median

import pytest
from playwright.sync_api import Playwright, expect
from support.impaired import DOWN, UP
from support.netns import available
from support.quality_meeting import (
    CLEAN,
    MACHINE,
    OPUS,
    REPORTS,
    SECONDS,
    Meeting,
    expected,
    falls,
    highest,
    open_meeting,
    rates,
    share,
)

pytestmark = pytest.mark.skipif(
    not available(), reason="network namespaces need Linux and root, so this test cannot run here"
)


@pytest.fixture
def meeting(playwright: Playwright, tmp_path: Path) -> Iterator[Meeting]:
    with open_meeting(playwright, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def pair(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    """Ada speaks, Bo listens, both behind the bad network."""
    with open_meeting(playwright, tmp_path_factory.mktemp("pair")) as opened:
        opened.join("Bo")
        yield opened


def measured(meeting: Meeting, seconds: float) -> tuple[float, float]:
    """Loss in percent over some time: the router's truth and our own figure."""
    before = meeting.microphone()
    meeting.cable.impair()  # the log begins anew
    time.sleep(seconds)
    truth = meeting.cable.log()[UP]["streams"][OPUS]
    after = meeting.microphone()
    ours = 100 * (after[1] - before[1]) / (after[0] - before[0])
    return 100 * truth["lost"] / truth["seen"], ours


@pytest.mark.timeout(150)
def test_speaker_who_breaks_up_is_told_and_judged_by_the_truth(meeting: Meeting):
    meeting.becomes("excellent", None)
    meeting.cable.impair(up={"loss": 0.12})
    meeting.becomes("poor", "loss")
    now = meeting.now()
    assert now is not None
    assert now["worst"] == {"direction": "uplink", "source": "microphone"}
    expect(meeting.page.get_by_text("Others hear you break up")).to_be_visible(timeout=5_000)
    meeting.page.keyboard.press("n")
    truth, ours = measured(meeting, 10)
    assert ours == pytest.approx(truth, rel=0.1)
    expect(meeting.page.locator(".chart canvas")).to_have_count(4, timeout=10_000)
    meeting.cable.impair(up={"loss": 0.0})
    meeting.becomes("excellent", None)
    expect(meeting.page.get_by_text("Others hear you break up")).to_have_count(0)


@dataclass(frozen=True)
class Row:
    """What one direction of the link is given, and what the model makes of it.

    Attributes:
        link: Settings of the router.
        after: Seconds after which the step table of the design has the label.
    """

    link: dict[str, float]
    after: float

    @property
    def figures(self) -> tuple[float, float, float]:
        """Loss in percent, round trip and jitter in milliseconds."""
        delay = 1000 * self.link.get("delay", 0.0)
        return 100 * self.link.get("even_loss", 0.0), delay, delay if self.shaky else 0.0

    @property
    def steady(self) -> bool:
        """Whether the round trip is that of the network."""
        return "delay" in self.link and not self.shaky

    @property
    def shaky(self) -> bool:
        return "overtaking" in self.link


ROWS = {
    "clean": Row({}, 0),
    "2 % loss": Row({"even_loss": 0.02}, 1),
    "6 % loss": Row({"even_loss": 0.06}, 7),
    "12 % loss": Row({"even_loss": 0.12}, 6),
    "200 ms": Row({"delay": 0.2}, 1),
    "600 ms": Row({"delay": 0.6}, 3),
    # One packet in so many overtakes all that are on their way (see `support.impaired.Way`).
    "80 ms jitter": Row({"delay": 0.08, "overtaking": 6}, 3),
    "200 ms jitter": Row({"delay": 0.2, "overtaking": 12}, 3),
}
MACHINE_MS = 100  # of round trip that a busy machine adds


@pytest.mark.long
@pytest.mark.timeout(150)
@pytest.mark.parametrize("way", [UP, DOWN])
@pytest.mark.parametrize("name", ROWS)
def test_label_reason_and_figures_are_the_truth(
    pair: Meeting, name: str, way: str, record_property
):
    row = ROWS[name]
    pair.cable.impair(up=CLEAN, down=CLEAN)
    pair.becomes("excellent", None, 40)
    pair.cable.impair(**{way: row.link})
    began, begun = time.time(), time.monotonic()
    wait = row.after + (REPORTS if way == UP else 2 * REPORTS) + MACHINE
    took = falls(pair, expected(*row.figures), wait)
    time.sleep(max(0.0, begun + SECONDS - time.monotonic()))
    logs, now = pair.cable.log(), pair.now()
    series = pair.series("uplink/microphone" if way == UP else "downlink/audio")
    connection = pair.series("connection")
    whole = connection["round_trip_time"]
    assert now is not None
    truth = logs[way]["streams"][OPUS]
    ours, packet = share(series, began)
    loss = (100 * truth["lost"] / truth["seen"], ours)
    rtt = (logs[UP]["trip_ms"] + logs[DOWN]["trip_ms"], 1000 * median(whole[-10:]))
    jitter = (highest(truth["jitter_ms"]), 1000 * highest(series["jitter"]))
    rate = rates(way, truth, series, time.monotonic() - begun)
    figures = {"took": took, "loss": loss, "rtt": rtt, "jitter": jitter, "rate": rate}
    for figure, value in {**figures, "label": (now["label"], now["reason"])}.items():
        record_property(figure, value)
    assert rate[1] == pytest.approx(rate[0], rel=0.1)
    assert loss[1] == pytest.approx(loss[0], rel=0.1, abs=packet)
    # Where the network has no delay only the machine's own is measured, and packets that straggle
    # are no round trip.
    assert rtt[1] == pytest.approx(rtt[0], rel=0.1, abs=0 if row.steady else MACHINE_MS)
    if row.shaky:
        assert jitter[1] == pytest.approx(jitter[0], rel=0.1)
    # A busy machine's own round trips come on top of the link's: the model on what was measured,
    # now and in the worst second, whose label is kept while the rating is near its upward edge.
    new = [at > began for at in connection["at"]]
    trips = (max(whole[-5:]), max(filter(None, compress(whole, new))))
    truths = {expected(loss[1], 1000 * trip, jitter[1]) for trip in trips}
    truths.add(expected(loss[0], rtt[0], jitter[0]))
    assert (now["label"], now["reason"]) in truths
    if now["reason"] in {"loss", "jitter"}:
        assert now["worst"]["direction"] == {UP: "uplink", DOWN: "downlink"}[way]
