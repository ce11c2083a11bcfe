"""Every end and every refusal has its code."""

from signaling.codes import CLOSE_CODES, GOODBYE_CODES, GOODBYE_TEXTS, REJOIN
from signaling.model import EndReason

ENDS = set(EndReason) - {EndReason.NO_PACKETS}  # which is a reason for disconnected alone


def test_every_end_has_a_code_and_words():
    assert set(GOODBYE_CODES) == ENDS
    assert set(GOODBYE_TEXTS) == ENDS


def test_codes_are_ones_that_an_application_may_send():
    for code in (*CLOSE_CODES.values(), *GOODBYE_CODES.values()):
        assert code in (1000, 1001, 1011) or 4000 <= code < 5000


def test_who_was_sent_away_is_not_asked_to_rejoin():
    assert not REJOIN & {EndReason.KICKED, EndReason.REPLACED, EndReason.MEETING_ENDED}
