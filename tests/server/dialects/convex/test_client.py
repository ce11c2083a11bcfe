"""The Convex-Client header."""

import pytest

from server.dialects.convex.client import read_client
from server.dialects.convex.errors import Rejection
from server.dialects.convex.values import Format


@pytest.mark.parametrize(
    ("header", "form"),
    [
        (None, Format.JSON),
        ("npm-1.48.0", Format.JSON),
        ("npm-1.4.2", Format.JSON),
        ("npm-1.4.1", Format.ENCODED),
        ("actions-1.4.1", Format.ENCODED),
        ("actions-1.10.0", Format.JSON),
        ("python-0.5.0", Format.ENCODED),
        ("python-0.5.1", Format.JSON),
        ("python-0.8.1", Format.JSON),
        ("swift-0.0.1", Format.JSON),
        ("npm-next", Format.JSON),
        ("npm-0.0.0-alpha.0", None),
    ],
)
def test_a_client_has_its_default_format(header: str | None, form: Format | None):
    if form is None:
        with pytest.raises(Rejection):
            read_client(header)
    else:
        assert read_client(header).default_format is form


@pytest.mark.parametrize("header", ["", "npm", "npm 1.0.0"])
def test_a_malformed_header_is_refused(header: str):
    with pytest.raises(Rejection) as rejection:
        read_client(header)
    assert (rejection.value.status, rejection.value.code) == (400, "InvalidClientVersion")


def test_a_very_old_client_is_told_so():
    with pytest.raises(Rejection) as rejection:
        read_client("npm-0.19.1")
    assert (rejection.value.status, rejection.value.code) == (400, "ClientVersionUnsupported")
    assert set(rejection.value.headers) == {
        "x-convex-deprecation-state",
        "x-convex-deprecation-message",
    }
    assert read_client("npm-0.19.2").name == "npm"
