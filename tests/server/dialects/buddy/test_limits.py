"""So many requests a minute for each key or user, told in headers."""

import pytest
from support.clock import FakeClock

from server.auth.principal import Principal, PrincipalKind
from server.dialects.buddy import limits
from server.dialects.buddy.limits import RequestLimit

ONE = Principal(PrincipalKind.API_KEY, key_id="k1")
OTHER = Principal(PrincipalKind.USER, sub="u1")


def test_a_minute_begins_with_the_first_request():
    clock = FakeClock()
    limit = RequestLimit(clock, 2)
    assert limit.take(ONE) == (
        True,
        {
            "x-ratelimit-limit-requests": "2",
            "x-ratelimit-remaining-requests": "1",
            "x-ratelimit-reset-requests": "60",
        },
    )
    assert limit.take(ONE)[0]
    clock.advance(59)
    allowed, told = limit.take(ONE)
    assert not allowed
    assert (told["x-ratelimit-remaining-requests"], told["x-ratelimit-reset-requests"]) == (
        "0",
        "1",
    )
    assert limit.take(OTHER)[0]
    clock.advance(1)
    assert limit.take(ONE)[0]


def test_the_longest_unseen_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "REMEMBERED", 1)
    limit = RequestLimit(FakeClock(), 1)
    assert limit.take(ONE)[0]
    assert limit.take(OTHER)[0]
    assert limit.take(ONE)[0]
