"""Whose voice a track carries, in each of the ways that pages receive sound."""

from server.connectors.attribution import AGREED, QUIET, Attribution, Voice
from server.connectors.look import HeardTrack, Look
from server.connectors.recipe import Sound

PEOPLE = {"a": "Ann", "b": "Ben"}


def look(*tracks: HeardTrack, lit: str = "", owners: dict[str, str] | None = None) -> Look:
    return Look(tracks=tracks, people=PEOPLE, lit=frozenset(lit), owners=owners or {})


def names(voices: tuple[Voice, ...]) -> dict[str | None, str]:
    return {one.track: one.name for one in voices}


def test_a_mixed_track_is_everybodys():
    seen = Attribution(Sound.MIXED, "Zoom meeting").see(look(HeardTrack("1"), HeardTrack("2")))
    assert names(seen) == {"1": "Zoom meeting", "2": "Zoom meeting (2)"}
    assert {one.person for one in seen} == {None}


def test_a_page_that_says_whose_a_track_is_is_believed_and_others_are_left_out():
    owned = Attribution(Sound.OWNED, "")
    seen = owned.see(look(HeardTrack("1"), HeardTrack("2"), owners={"1": "a", "2": "stranger"}))
    assert seen == (Voice("person:a", "a", "Ann", "1"),)
    moved = owned.see(look(HeardTrack("1"), owners={"1": "b"}))
    assert moved == (Voice("person:b", "b", "Ben", "1"),)


def test_two_tracks_of_one_person_are_two_voices():
    seen = Attribution(Sound.OWNED, "").see(
        look(HeardTrack("1"), HeardTrack("2"), owners={"1": "a", "2": "a"})
    )
    assert [one.key for one in seen] == ["person:a", "person:a:2"]


def test_a_lit_tile_names_a_voice_once_that_holds():
    pool = Attribution(Sound.POOL, "")
    one = look(HeardTrack("1", sounding=True), HeardTrack("2"), lit="a")
    assert names(pool.see(one)) == {"1": "Speaker 1", "2": "Speaker 2"}
    for _ in range(AGREED - 1):
        seen = names(pool.see(one))
    assert seen == {"1": "Ann", "2": "Speaker 2"}


def test_nobody_is_named_while_two_speak():
    pool = Attribution(Sound.POOL, "")
    both = look(HeardTrack("1", sounding=True), HeardTrack("2", sounding=True), lit="a")
    two_lit = look(HeardTrack("1", sounding=True), lit="ab")
    for _ in range(3 * AGREED):
        assert set(names(pool.see(both)).values()) == {"Speaker 1", "Speaker 2"}
        assert names(pool.see(two_lit)) == {"1": "Speaker 1"}


def test_a_name_is_given_up_when_another_tile_is_lit_or_the_track_was_silent():
    pool = Attribution(Sound.POOL, "")
    loud = HeardTrack("1", sounding=True)
    for _ in range(AGREED):
        seen = names(pool.see(look(loud, lit="a")))
    assert seen == {"1": "Ann"}
    assert names(pool.see(look(loud, lit="b"))) == {"1": "Speaker 1"}
    for _ in range(AGREED):
        seen = names(pool.see(look(loud, lit="b")))
    assert seen == {"1": "Ben"}
    for _ in range(QUIET):
        seen = names(pool.see(look(HeardTrack("1"))))
    assert seen == {"1": "Speaker 1"}


def test_a_contributing_source_is_known_again_on_another_track():
    pool = Attribution(Sound.POOL, "")
    for _ in range(AGREED):
        seen = names(pool.see(look(HeardTrack("1", sounding=True, source=7), lit="a")))
    assert seen == {"1": "Ann"}
    again = look(HeardTrack("1", sounding=True, source=9), HeardTrack("2", source=7))
    assert names(pool.see(again)) == {"1": "Speaker 1", "2": "Ann"}


def test_somebody_who_left_is_named_no_more():
    pool = Attribution(Sound.POOL, "")
    loud = HeardTrack("1", sounding=True)
    for _ in range(AGREED):
        _ = pool.see(look(loud, lit="a"))
    gone = Look(tracks=(loud,), people={"b": "Ben"})
    assert names(pool.see(gone)) == {"1": "Speaker 1"}
