"""What looks at a page mean, one after the other, on a clock of the test's own."""

import pytest

from server.connectors.links import Platform
from server.connectors.look import Look
from server.connectors.port import (
    Admitted,
    BotEnd,
    Denied,
    Ended,
    Failed,
    FailureCode,
    Lobby,
    PersonJoined,
    PersonLeft,
    PersonRenamed,
)
from server.connectors.recipe import Do, Mark, Recipe, Sign, Sound, Step
from server.connectors.visit import GONE_LOOKS, STEP_SECONDS, Visit, VisitLimits

RECIPE = Recipe(
    name="test",
    platform=Platform.ZOOM,
    version="1",
    verified="here",
    sound=Sound.MIXED,
    signs={},
    steps=(Step(Do.NAME, Mark("input")), Step(Do.CLICK, Mark("button"), times=2)),
)


def visit() -> Visit:
    return Visit(RECIPE, VisitLimits(join=60, media_lost=30), 0.0)


def look(*signs: Sign, peers: tuple[str, ...] = ("connected",), **people: str) -> Look:
    return Look(signs=frozenset(signs), peers=peers, people=people)


def inside(**people: str) -> Visit:
    made = visit()
    _ = made.see(look(Sign.INSIDE, **people), 1.0)
    return made


def test_a_bot_waits_and_is_let_in():
    made = visit()
    assert made.see(look(Sign.LOBBY), 1.0).events == (Lobby(),)
    assert made.see(look(Sign.LOBBY), 500.0) == made.see(look(Sign.LOBBY), 501.0)
    seen = made.see(look(Sign.INSIDE, a="Ann"), 502.0)
    assert seen.events == (Admitted(), PersonJoined("a", "Ann"))
    assert made.inside


def test_people_come_are_renamed_and_go_only_when_they_stay_away():
    made = inside(a="Ann", b="Ben")
    seen = made.see(look(Sign.INSIDE, a="Anna", b="Ben"), 2.0)
    assert seen.events == (PersonRenamed("a", "Anna"),)
    for at in range(GONE_LOOKS - 1):
        assert made.see(look(Sign.INSIDE, a="Anna"), 3.0 + at).events == ()
    assert made.see(look(Sign.INSIDE, a="Anna"), 9.0).events == (PersonLeft("b"),)
    assert made.see(look(Sign.INSIDE, a="Anna"), 9.5).events == ()


def test_somebody_who_is_seen_again_has_not_left():
    made = inside(a="Ann")
    for at in range(3 * GONE_LOOKS):
        people = {"a": "Ann"} if at % 3 == 0 else {}
        assert made.see(look(Sign.INSIDE, **people), 2.0 + at).events == ()


@pytest.mark.parametrize(
    ("sign", "code"),
    [
        (Sign.ENDED, FailureCode.MEETING_NOT_FOUND),
        (Sign.NOT_FOUND, FailureCode.MEETING_NOT_FOUND),
        (Sign.LOGIN, FailureCode.LOGIN_REQUIRED),
        (Sign.CAPTCHA, FailureCode.BLOCKED_BY_CAPTCHA),
    ],
)
def test_a_page_that_does_not_let_in_says_why(sign: Sign, code: FailureCode):
    end = visit().see(look(sign), 1.0).end
    assert isinstance(end, Failed)
    assert (end.code, end.transient) == (code, False)
    if sign is Sign.NOT_FOUND:
        assert end.message == "Zoom knows no such meeting."


@pytest.mark.parametrize("sign", [Sign.DENIED, Sign.REMOVED])
def test_a_bot_that_is_refused_at_the_door_is_denied(sign: Sign):
    made = visit()
    _ = made.see(look(Sign.LOBBY), 1.0)
    assert isinstance(made.see(look(sign), 2.0).end, Denied)


def test_inside_only_removal_and_end_count():
    for sign in (Sign.LOGIN, Sign.CAPTCHA, Sign.NOT_FOUND, Sign.DENIED, Sign.LOBBY):
        assert inside().see(look(Sign.INSIDE, sign), 2.0).end is None
    assert inside().see(look(Sign.INSIDE, Sign.REMOVED), 2.0).end == Ended(BotEnd.REMOVED)
    assert inside().see(look(Sign.ENDED), 2.0).end == Ended(BotEnd.MEETING_ENDED)


def test_a_page_that_shows_nothing_is_given_up_and_tried_again():
    made = visit()
    assert made.see(look(), 59.9).end is None
    end = made.see(look(), 60.0).end
    assert isinstance(end, Failed)
    assert (end.code, end.transient) == (FailureCode.JOIN_FAILED, True)


def test_a_connection_that_stays_away_ends_the_visit():
    made = inside(a="Ann")
    lost = look(Sign.INSIDE, peers=("failed", "new"), a="Ann")
    assert made.see(lost, 30.9).end is None
    end = made.see(lost, 31.0).end
    assert isinstance(end, Failed)
    assert end.code is FailureCode.MEDIA_TIMEOUT


def test_a_connection_that_comes_back_counts_anew():
    made = inside(a="Ann")
    lost, back = look(Sign.INSIDE, peers=(), a="Ann"), look(Sign.INSIDE, a="Ann")
    assert made.see(lost, 25.0).end is None
    assert made.see(back, 30.0).end is None
    assert made.see(lost, 59.0).end is None


def test_an_empty_meeting_needs_no_connection_until_somebody_comes():
    made = visit()
    alone = look(Sign.INSIDE, peers=())
    assert made.see(alone, 1.0).end is None
    assert made.see(alone, 500.0).end is None
    there = look(Sign.INSIDE, peers=(), a="Ann")
    assert made.see(there, 501.0).end is None
    assert made.see(there, 531.0).end is not None


def test_a_page_that_stops_showing_the_meeting_ends_the_visit():
    made = inside()
    assert made.see(look(), 30.0).end is None
    end = made.see(look(), 31.0).end
    assert isinstance(end, Failed)
    assert end.code is FailureCode.MEDIA_TIMEOUT


def test_steps_are_taken_so_often_and_not_at_once_again():
    made = visit()
    can = Look(steps=(0, 1, 7, -1))
    assert made.see(can, 1.0).steps == (0, 1)
    assert made.see(can, 1.5).steps == ()
    assert made.see(can, 1.0 + STEP_SECONDS).steps == (1,)
    assert made.see(can, 20.0).steps == ()
