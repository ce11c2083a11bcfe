"""The words of the port are stored and told to other programs: they never change."""

from server.connectors.port import BotEnd, FailureCode


def test_reasons_are_the_words_of_the_contract():
    assert {one.value for one in BotEnd} == {
        "stopped",
        "meeting_ended",
        "removed",
        "everyone_left",
        "nobody_joined",
        "silence",
        "max_duration",
    }


def test_codes_are_shouted():
    assert all(code.value == code.name for code in FailureCode)
