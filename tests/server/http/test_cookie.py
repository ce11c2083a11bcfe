import pytest
from aiohttp import web
from support.clock import FakeClock

from server.auth.tokens import TokenSigner
from server.http.cookie import LIFE_SECONDS, SealedCookies, drop_cookie, set_cookie

SECRET = b"a secret of at least thirty-two bytes"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cookies(clock: FakeClock) -> SealedCookies:
    return SealedCookies(TokenSigner(SECRET, clock), clock)


def test_opens_what_it_sealed(cookies: SealedCookies) -> None:
    assert cookies.open(cookies.seal("rt_secret")) == "rt_secret"


def test_hides_the_credential(cookies: SealedCookies) -> None:
    first, second = cookies.seal("rt_secret"), cookies.seal("rt_secret")
    assert first != second
    assert "rt_secret" not in first


def test_lasts_a_working_day(cookies: SealedCookies, clock: FakeClock) -> None:
    sealed = cookies.seal("rt_secret")
    clock.advance(LIFE_SECONDS)
    assert cookies.open(sealed) == "rt_secret"
    clock.advance(1)
    assert cookies.open(sealed) is None


def test_of_another_installation_does_not_open(cookies: SealedCookies, clock: FakeClock) -> None:
    other = SealedCookies(TokenSigner(SECRET + b"!", clock), clock)
    assert cookies.open(other.seal("rt_secret")) is None


def test_forged_in_any_byte_does_not_open(cookies: SealedCookies) -> None:
    sealed = cookies.seal("rt_secret")
    for at in range(len(sealed) - 1):
        forged = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
        assert cookies.open(forged) is None


@pytest.mark.parametrize("text", ["", "x", "AAAA", "=", "é", "a" * 5000, "rt_dev"])
def test_nonsense_does_not_open(cookies: SealedCookies, text: str) -> None:
    assert cookies.open(text) is None


@pytest.mark.parametrize("secure", [True, False])
def test_is_out_of_reach_for_scripts_and_other_sites(secure: bool) -> None:
    response = web.Response()
    set_cookie(response, "v", secure=secure)
    text = response.cookies.output()
    assert "HttpOnly" in text
    assert "SameSite=Lax" in text
    assert ("Secure" in text) is secure
    drop_cookie(response, secure=secure)
    assert "Max-Age=0" in response.cookies.output()
