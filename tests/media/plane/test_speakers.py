from media.plane.speakers import HOLD_NS, IDLE_NS, SPEAKING_NS, Speakers

MS = 1_000_000
LOUD, SOFT = 20, 80


def talk(speakers, key, level, at_ns, packets=60):
    """A stretch of speech; returns the time after it."""
    for _ in range(packets):
        speakers.voice(key, level, at_ns)
        at_ns += 20 * MS
    return at_ns


def test_everybody_keeps_a_place_while_there_are_enough():
    speakers = Speakers(2)
    assert speakers.voice("a", LOUD, 0)
    assert speakers.voice("b", LOUD, 0)
    assert speakers.voice("c", LOUD, 0)
    assert not speakers.voice("a", LOUD, 1)
    assert (speakers.primary, speakers.reserve) == (["a", "b"], "c")


def test_one_more_waits_until_somebody_falls_silent():
    speakers = Speakers(1)
    at = talk(speakers, "a", 40, 0)
    talk(speakers, "b", 40, 0)
    at = talk(speakers, "c", 40, at - 100 * MS, packets=5)
    assert (speakers.primary, speakers.reserve) == (["a"], "b")
    at += IDLE_NS
    speakers.voice("b", 40, at)
    assert (speakers.primary, speakers.reserve) == (["b"], "a")
    assert speakers.voice("c", 40, at + 1)
    assert (speakers.primary, speakers.reserve) == (["b"], "c")


def test_clearly_louder_takes_the_place_of_the_quietest_after_its_hold():
    speakers = Speakers(2)
    talk(speakers, "a", 70, 0)
    talk(speakers, "b", SOFT, 0)
    talk(speakers, "c", SOFT, 0, packets=58)
    talk(speakers, "d", LOUD, 0, packets=40)
    assert "d" not in speakers.primary  # too early: the holders keep their places for a second
    assert speakers.reserve == "d"
    talk(speakers, "a", 70, HOLD_NS)
    talk(speakers, "b", SOFT, HOLD_NS)
    assert speakers.voice("d", LOUD, HOLD_NS + 1190 * MS)
    assert sorted(speakers.primary) == ["a", "d"]
    assert speakers.reserve == "b"


def test_newcomer_pushes_the_loser_into_the_reserve_and_the_reserve_out():
    speakers = Speakers(1)
    talk(speakers, "a", SOFT, 0)
    talk(speakers, "b", SOFT, 0)
    talk(speakers, "c", LOUD, HOLD_NS, packets=15)
    assert (speakers.primary, speakers.reserve) == (["c"], "a")
    speakers.voice("b", SOFT, HOLD_NS + 300 * MS)
    assert (speakers.primary, speakers.reserve) == (["c"], "a")


def test_a_little_louder_takes_nothing():
    speakers = Speakers(1)
    for at in range(0, 4000, 20):
        speakers.voice("a", 40, at * MS)
        speakers.voice("b", 40, at * MS)
        speakers.voice("c", 38, at * MS)
    assert (speakers.primary, speakers.reserve) == (["a"], "b")


def test_challenger_may_take_the_reserve_alone():
    speakers = Speakers(1)
    for at in range(0, 400, 20):
        speakers.voice("a", LOUD, at * MS)
        speakers.voice("b", SOFT, at * MS)
        speakers.voice("c", LOUD, at * MS)
    assert (speakers.primary, speakers.reserve) == (["a"], "c")


def test_reserve_moves_up_when_a_place_is_free():
    speakers = Speakers(1)
    speakers.voice("a", LOUD, 0)
    speakers.voice("b", LOUD, 0)
    assert speakers.drop("a")
    assert speakers.primary == []
    assert speakers.voice("b", LOUD, 1)
    assert (speakers.primary, speakers.reserve) == (["b"], None)


def test_dropping_somebody_without_a_place_changes_nothing():
    speakers = Speakers(1)
    for key in "abc":
        speakers.voice(key, LOUD, 0)
    assert not speakers.drop("c")
    assert not speakers.drop("stranger")
    assert speakers.drop("b")


def test_speaking_is_loud_and_recent_with_the_loudest_first():
    speakers = Speakers(3)
    talk(speakers, "soft", SOFT, 0)
    talk(speakers, "a", 50, 0)
    at = talk(speakers, "b", LOUD, 0)
    assert speakers.speaking(at) == ("b", "a")
    assert speakers.speaking(at + SPEAKING_NS) == ()


def test_leader_is_followed_only_by_somebody_clearly_louder():
    speakers = Speakers(3)
    at = talk(speakers, "a", 40, 0)
    assert speakers.speaking(at) == ("a",)
    talk(speakers, "b", 37, at - 1200 * MS)
    assert speakers.speaking(at) == ("a", "b")
    talk(speakers, "b", LOUD, at - 1200 * MS)
    assert speakers.speaking(at) == ("b", "a")
    speakers.drop("b")
    assert speakers.speaking(at) == ("a",)
