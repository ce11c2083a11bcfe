"""Every reason for which a bot goes by itself, in seconds of a clock that is only a number."""

from server.config import BotsSettings
from server.connectors.port import BotEnd
from server.services.bot_timers import BotTimers
from server.services.bots import limits_of


def made() -> BotTimers:
    return BotTimers(limits_of(BotsSettings()))


def test_without_a_lobby_nothing_ends_before_it_is_in():
    assert made().next() is None


def test_the_waiting_room_counts_from_the_first_knock():
    timers = made()
    timers.waits_in_lobby(10)
    timers.waits_in_lobby(500)
    assert timers.next() == (910, None)
    timers.admitted(600)
    assert timers.next() == (1200, BotEnd.NOBODY_JOINED)


def test_it_leaves_a_minute_after_the_last_one():
    timers = made()
    timers.admitted(0)
    timers.person_joined()
    timers.sound(5, sounding=True)
    assert timers.next() == (14_400, BotEnd.MAX_DURATION)
    timers.person_joined()
    timers.person_left(100)
    assert timers.next() == (14_400, BotEnd.MAX_DURATION)
    timers.person_left(200)
    timers.person_left(210)
    assert timers.next() == (270, BotEnd.EVERYONE_LEFT)


def test_silence_counts_only_once_it_is_armed_and_ends_with_a_word():
    timers = made()
    timers.admitted(0)
    timers.person_joined()
    assert timers.next() == (1800, BotEnd.SILENCE)
    timers.sound(1900, sounding=True)
    assert timers.next() == (14_400, BotEnd.MAX_DURATION)
    timers.sound(2000, sounding=False)
    assert timers.next() == (2600, BotEnd.SILENCE)
