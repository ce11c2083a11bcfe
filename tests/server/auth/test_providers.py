"""Which provider a token belongs to."""

import pytest

from server.auth.errors import AuthCode, TokenRefused
from server.auth.jwks import StaticKeys
from server.auth.providers import (
    Provider,
    ProviderKind,
    TrustedProvider,
    choose_provider,
    configured_providers,
    normal_issuer,
)
from server.config import IssuerSettings
from server.errors import ConfigError

JWKS = "https://id.test/jwks"
NO_KEYS = StaticKeys({"keys": []})


def provider(audience: str | None = None, kind: ProviderKind = ProviderKind.JWT) -> Provider:
    return Provider("https://id.test", ("RS256",), JWKS, audience, kind)


class TestAccepts:
    @pytest.mark.parametrize("issuer", ["https://id.test", "https://id.test/", "id.test"])
    def test_forms_of_one_issuer(self, issuer: str):
        assert provider().accepts(issuer, None)

    @pytest.mark.parametrize(
        "issuer", ["https://id.test.evil", "http://id.test", "https://id.test/x", "ID.test"]
    )
    def test_no_other_issuer(self, issuer: str):
        assert not provider().accepts(issuer, None)

    @pytest.mark.parametrize(
        ("kind", "audience", "accepted"),
        [
            (ProviderKind.JWT, "app", True),
            (ProviderKind.JWT, ["other", "app"], True),
            (ProviderKind.JWT, ["other"], False),
            (ProviderKind.JWT, "application", False),
            (ProviderKind.JWT, None, False),
            (ProviderKind.OIDC, "app", True),
            (ProviderKind.OIDC, ["app"], True),
            (ProviderKind.OIDC, ["app", "other"], False),
        ],
    )
    def test_the_audience_it_asks_for(self, kind: ProviderKind, audience: object, accepted: bool):
        assert provider("app", kind).accepts("https://id.test", audience) is accepted


class TestProvider:
    @pytest.mark.parametrize("algorithms", [("HS256",), ("none",), ("RS256", "HS256"), ()])
    def test_refuses_algorithms_that_could_be_forged(self, algorithms: tuple[str, ...]):
        with pytest.raises(ConfigError, match="algorithms"):
            Provider("https://id.test", algorithms, JWKS)

    def test_refuses_the_servers_own_name(self):
        with pytest.raises(ConfigError, match="own name"):
            Provider("roomtone", ("RS256",), JWKS)

    def test_needs_keys_unless_they_are_discovered(self):
        with pytest.raises(ConfigError, match="jwks"):
            Provider("https://id.test", ("RS256",))
        assert Provider("https://id.test", ("RS256",), kind=ProviderKind.OIDC).jwks is None


def test_settings_become_providers():
    entry = IssuerSettings(issuer="https://id.test", jwks=JWKS, audience="app")
    assert configured_providers([entry], None) == [
        Provider("https://id.test", ("RS256", "ES256"), JWKS, "app")
    ]


def test_a_workos_client_becomes_two_providers():
    by_audience, by_client = configured_providers([], "client_01")
    assert by_client.accepts("https://api.workos.com/user_management/client_01", None)
    assert by_audience.accepts("https://api.workos.com", "client_01")
    assert not by_audience.accepts("https://api.workos.com", None)
    assert by_client.jwks == "https://api.workos.com/sso/jwks/client_01"


class TestChooseProvider:
    def test_the_first_that_fits(self):
        narrow = TrustedProvider(provider("app"), NO_KEYS)
        wide = TrustedProvider(provider(), NO_KEYS)
        assert choose_provider([narrow, wide], {"iss": "id.test", "aud": "app"}) is narrow
        assert choose_provider([narrow, wide], {"iss": "id.test"}) is wide

    @pytest.mark.parametrize("claims", [{}, {"iss": 7}, {"iss": ""}])
    def test_needs_an_issuer(self, claims: dict[str, object]):
        with pytest.raises(TokenRefused) as refused:
            choose_provider([], claims)
        assert refused.value.reason is AuthCode.ISSUER_MISSING

    def test_refuses_strangers(self):
        with pytest.raises(TokenRefused) as refused:
            choose_provider([TrustedProvider(provider(), NO_KEYS)], {"iss": "https://evil.test"})
        assert refused.value.reason is AuthCode.ISSUER_UNKNOWN


def test_issuers_are_compared_with_scheme_and_without_slash():
    assert normal_issuer("id.test//") == "https://id.test"
    assert normal_issuer("http://id.test") == "http://id.test"
