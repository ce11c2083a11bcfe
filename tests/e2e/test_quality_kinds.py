"""Rows of the impairment sweep for redundant sound and for pictures, by their own rules."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Playwright
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

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not available(),
        reason="network namespaces need Linux and root, so this test cannot run here",
    ),
]

RED = "63"  # Chromium's payload types
VP8 = "96"
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


@pytest.fixture(scope="module")
def seen(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    """Ada and Bo with their cameras on."""
    options = Options(camera=True)
    with open_meeting(playwright, tmp_path_factory.mktemp("video"), options) as opened:
        opened.join("Bo")
        yield opened


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


def picture(meeting: Meeting, way: str) -> dict[str, Any]:
    found = meeting.stream({UP: "uplink/camera", DOWN: "downlink/video"}[way])
    assert found is not None
    return found


@pytest.mark.timeout(150)
@pytest.mark.parametrize("way", [UP, DOWN])
@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        # Sent again in time: nothing is missing.
        ({"even_loss": 0.06}, ("excellent", None)),
        # Sent again too late: pictures ride over less than sound, which is fair here.
        ({"even_loss": 0.06, "delay": 0.3}, ("poor", "loss")),
        ({"delay": 0.6}, ("fair", "delay")),
    ],
)
def test_pictures_are_judged_after_retransmission(
    seen: Meeting, link: dict[str, float], wanted: tuple[str, str | None], way: str, record_property
):
    seen.cable.impair(up=CLEAN, down=CLEAN)
    settles(seen, way, ("excellent", None), 60)
    seen.cable.impair(**{way: link})
    began, begun = time.time(), time.monotonic()
    took = settles(seen, way, wanted, SECONDS)
    time.sleep(max(0.0, begun + SECONDS - time.monotonic()))
    logs, now = seen.cable.log(), picture(seen, way)
    truth = logs[way]["streams"][VP8]
    series = seen.series("uplink/camera" if way == UP else "downlink/video")
    ours, _ = share(series, began)
    rate = rates(way, truth, series, time.monotonic() - begun)
    lost = 100 * truth["lost"] / truth["seen"]
    shown = now["picture"]
    keep(record_property, took=took, loss=(lost, ours), rate=rate, picture=shown)
    keep(record_property, label=(now["label"], now["reason"]))
    assert (now["label"], now["reason"]) == wanted
    assert shown["layer"] > 0
    assert shown["frame_height"] > 0
    if wanted[1] == "loss":
        assert ours == pytest.approx(lost, rel=0.1, abs=0.5)
    else:
        assert ours < 1


@pytest.mark.timeout(150)
def test_pictures_that_stand_still_are_counted_and_shown(seen: Meeting, record_property):
    seen.cable.impair(up=CLEAN, down=CLEAN)
    settles(seen, DOWN, ("excellent", None), 60)
    began = int(time.time())
    seen.cable.impair(down={"down": True})
    time.sleep(FROZEN)
    seen.cable.impair(down=CLEAN)
    end = time.monotonic() + 15
    while not (found := froze(seen, began))[0]:
        assert time.monotonic() < end
        time.sleep(0.5)
    keep(record_property, freezes=found)
    assert found[1] == pytest.approx(FROZEN, abs=2)
    seen.page.keyboard.press("n")
    panel = seen.page.get_by_role("complementary", name="Your network")
    panel.get_by_text("Pictures stood still").wait_for(timeout=10_000)
    seen.page.keyboard.press("n")


def froze(meeting: Meeting, since: int) -> tuple[int, float]:
    """Freezes of what Ada gets, and their seconds."""
    series = meeting.series("downlink/video")
    new = [at >= since for at in series["at"]]
    counts = [count for count, told in zip(series["freeze_count"], new, strict=True) if told]
    lengths = [length for length, told in zip(series["freezes_duration"], new, strict=True) if told]
    return sum(counts), sum(lengths)


def settles(meeting: Meeting, way: str, wanted: tuple[str, str | None], seconds: float) -> float:
    """Wait for the label of Ada's picture; how many seconds it took."""
    begun = time.monotonic()
    while True:
        name = {UP: "uplink/camera", DOWN: "downlink/video"}[way]
        found = meeting.stream(name) or {"label": None, "reason": None}
        if (found["label"], found["reason"]) == wanted:
            return time.monotonic() - begun
        assert time.monotonic() < begun + seconds, f"wanted {wanted}, is {found}"
        time.sleep(0.25)


def keep(record_property: Any, **figures: object) -> None:
    for name, value in figures.items():
        record_property(name, value)
