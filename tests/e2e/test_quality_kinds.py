"""Rows of the impairment sweep for redundant sound and for pictures, by their own rules."""

import time
from collections.abc import Iterator
from itertools import compress
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect
from support.impaired import DOWN, UP
from support.netns import available
from support.quality_meeting import (
    CLEAN,
    MACHINE,
    REPORTS,
    SECONDS,
    Meeting,
    Options,
    expected,
    falls,
    open_meeting,
    rates,
    share,
)

from media.quality import model
from media.types import QualityLabel

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not available(),
        reason="network namespaces need Linux and root, so this test cannot run here",
    ),
]

RED = "63"  # Chromium's payload types
VP8 = "96"
STREAMS = {UP: "uplink/camera", DOWN: "downlink/video"}
FROZEN = 3.0  # seconds without a packet: too few to be taken for a lost connection


@pytest.fixture(scope="module")
def redundant(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Meeting]:
    """Ada and Bo, whose microphones repeat packets."""
    options = Options(redundancy=True)
    with open_meeting(playwright, tmp_path_factory.mktemp("red"), options) as opened:
        opened.join("Bo")
        yield opened


class Watched:
    """Ada's camera on its way up, and on its way down to Bo."""

    def __init__(self, meeting: Meeting, bo: Page) -> None:
        self.cable = meeting.cable
        self.bo = bo
        self._meeting = meeting

    def now(self, way: str) -> dict[str, Any]:
        """The stream; before it is known, without a label."""
        found = self._meeting.stream(STREAMS[way], ada=way == UP)
        return found or {"label": None, "reason": None, "picture": None}

    def series(self, way: str) -> dict[str, Any]:
        """The stream second by second."""
        return self._meeting.series(STREAMS[way], ada=way == UP)

    def trips(self, way: str) -> dict[str, Any]:
        """Round trips of whoever sends or receives it, second by second."""
        return self._meeting.series("connection", ada=way == UP)

    def becomes(self, way: str, label: str, reason: str | None, seconds: float) -> float:
        """Wait for the label of a picture that is shown; how many seconds it took."""
        begun = time.monotonic()
        while True:
            found = self.now(way)
            shown = found["picture"] is not None and found["picture"]["layer"] > 0
            if shown and (found["label"], found["reason"]) == (label, reason):
                return time.monotonic() - begun
            assert time.monotonic() < begun + seconds, f"wanted {label} by {reason}, is {found}"
            time.sleep(0.25)

    def freezes(self, since: int) -> tuple[int, float]:
        """Freezes of what Bo gets, and their seconds."""
        series = self.series(DOWN)
        new = [at >= since for at in series["at"]]
        return (
            sum(compress(series["freeze_count"], new)),
            sum(compress(series["freezes_duration"], new)),
        )


@pytest.fixture(scope="module")
def seen(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Ada has her camera on, Bo watches."""
    options = Options(camera=True)
    with open_meeting(playwright, tmp_path_factory.mktemp("video"), options) as opened:
        yield Watched(opened, opened.join("Bo"))


@pytest.mark.timeout(150)
@pytest.mark.parametrize("way", [UP, DOWN])
@pytest.mark.parametrize(("percent", "after"), [(2, 1), (6, 5), (12, 7)])
def test_redundant_sound_rides_over_twice_the_loss(
    redundant: Meeting, percent: int, after: int, way: str, record_property
):
    redundant.cable.impair(up=CLEAN, down=CLEAN)
    redundant.becomes("excellent", None, 40)
    redundant.cable.impair(**{way: {"even_loss": percent / 100}})
    began, begun = time.time(), time.monotonic()
    wait = after + (REPORTS if way == UP else 2 * REPORTS) + MACHINE
    took = falls(redundant, expected(percent, 0, 0, model.BPL_OPUS_RED), wait)
    time.sleep(max(0.0, begun + SECONDS - time.monotonic()))
    logs, now = redundant.cable.log(), redundant.now()
    truth = logs[way]["streams"][RED]
    series = redundant.series("uplink/microphone" if way == UP else "downlink/audio")
    ours, packet = share(series, began)
    loss = (100 * truth["lost"] / truth["seen"], ours)
    trip = 1000 * max(redundant.series("connection")["round_trip_time"][-5:])
    keep(record_property, took=took, loss=loss, label=(now["label"], now["reason"]))
    assert loss[1] == pytest.approx(loss[0], rel=0.1, abs=packet)
    jitter = 1000 * max(series["jitter"][-5:])
    measured = expected(loss[1], trip, jitter, model.BPL_OPUS_RED)
    assert (now["label"], now["reason"]) in {
        expected(loss[0], 0, 0, model.BPL_OPUS_RED),
        measured,
    }


@pytest.mark.timeout(150)
def test_pictures_that_stand_still_are_counted_and_shown(seen: Watched, record_property):
    seen.cable.impair(up=CLEAN, down=CLEAN)
    seen.becomes(DOWN, "excellent", None, 60)
    began = int(time.time())
    seen.cable.impair(down={"down": True})
    time.sleep(FROZEN)
    seen.cable.impair(down=CLEAN)
    end = time.monotonic() + 20
    # A busy machine makes short ones of its own, which may be told a report earlier.
    while (found := seen.freezes(began))[1] < FROZEN - 2:
        assert time.monotonic() < end, (found, seen.now(DOWN))
        time.sleep(0.5)
    keep(record_property, freezes=found)
    assert found[1] == pytest.approx(FROZEN, abs=2)
    seen.bo.keyboard.press("n")
    expect(seen.bo.get_by_text("Pictures stood still", exact=True)).to_be_visible(timeout=15_000)
    expect(seen.bo.locator(".chart canvas")).to_have_count(6, timeout=15_000)
    seen.bo.keyboard.press("n")


@pytest.mark.timeout(150)
@pytest.mark.parametrize("way", [UP, DOWN])
@pytest.mark.parametrize(
    ("link", "label", "reason"),
    [
        # Sent again in time: next to nothing is missing.
        ({"even_loss": 0.06}, "excellent", None),
        # Sent again too late: pictures ride over less loss than sound, which would be fair.
        ({"even_loss": 0.06, "delay": 0.25}, "poor", "loss"),
        ({"delay": 0.6}, "fair", "delay"),
    ],
)
def test_pictures_are_judged_after_retransmission(
    seen: Watched,
    link: dict[str, float],
    label: str,
    reason: str | None,
    way: str,
    record_property,
):
    seen.cable.impair(up=CLEAN, down=CLEAN)
    seen.becomes(way, "excellent", None, 60)
    seen.cable.impair(**{way: link})
    began, begun = time.time(), time.monotonic()
    took = seen.becomes(way, label, reason, SECONDS)
    time.sleep(max(0.0, begun + SECONDS - time.monotonic()))
    logs, now, series = seen.cable.log(), seen.now(way), seen.series(way)
    truth = logs[way]["streams"][VP8]
    ours, _ = share(series, began)
    lost = 100 * truth["lost"] / truth["seen"]
    keep(record_property, took=took, loss=(lost, ours), picture=now["picture"])
    keep(record_property, rate=rates(way, truth, series, time.monotonic() - begun))
    connection = seen.trips(way)
    whole = connection["round_trip_time"]
    rtt = (logs[UP]["trip_ms"] + logs[DOWN]["trip_ms"], 1000 * median(whole[-10:]))
    keep(record_property, label=(now["label"], now["reason"]), jitter=now["jitter"], rtt=rtt)
    truths = {(label, reason)}
    if reason != "loss":
        # A busy machine sends some again too late, answers late, and makes pictures at uneven
        # distances: the model on what was measured, now and in the worst second.
        new = [at > began for at in connection["at"]]
        trips = (max(whole[-5:]), max(filter(None, compress(whole, new))))
        shakes = (
            now["jitter"],
            max(compress(series["jitter"], [at > began for at in series["at"]])),
        )
        truths |= {
            expected(ours, 1000 * trip, 1000 * jitter, model.BPL_VIDEO)
            for trip, jitter in zip(trips, shakes, strict=True)
        }
    ranks = [model.RANK[QualityLabel(one)] for one, _ in truths]  # a label climbs step by step
    assert min(ranks) <= model.RANK[QualityLabel(now["label"])] <= max(ranks)
    assert now["reason"] in {why for _, why in truths}
    if reason == "delay":
        assert rtt[1] == pytest.approx(rtt[0], rel=0.1)
    assert now["picture"]["frame_height"] > 0
    if reason == "loss":
        assert ours == pytest.approx(lost, rel=0.1, abs=0.5)
    else:
        assert ours <= lost / 2


def keep(record_property: Any, **figures: object) -> None:
    for name, value in figures.items():
        record_property(name, value)
