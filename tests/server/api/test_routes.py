import pytest

from server.api.routes import native_routes
from server.http.registry import Credential

OPEN = {
    "/healthz", "/readyz", "/metrics", "/version", "/v1/client-config",
    "/v1/quality-model", "/.well-known/jwks.json",
    "/v1/sign-in", "/v1/sign-out", "/.well-known/security.txt",
    # the link is the right
    "/v1/shares/{token}", "/v1/shares/{token}/transcript", "/v1/media/{share_id}/{file_id}",
}  # fmt: skip
ROUTES = native_routes().routes


def test_only_these_routes_read_no_credential() -> None:
    assert {one.path for one in ROUTES if one.credential is Credential.NOT_READ} == OPEN


def test_no_route_is_declared_twice() -> None:
    declared = [(one.method, one.path) for one in ROUTES]
    assert len(declared) == len(set(declared))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_says_what_it_answers(route) -> None:
    assert route.summary
    assert route.answer is not None or route.contents or route.status in (200, 204)
