"""Names of functions."""

import pytest

from server.dialects.convex.errors import Rejection
from server.dialects.convex.names import FunctionName, read_path, read_segments

INDEX = FunctionName("meetings/webrtc/index", "getActiveSessions")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("meetings/webrtc/index:getActiveSessions", INDEX),
        ("meetings/webrtc/index.js:getActiveSessions", INDEX),
        ("messages", FunctionName("messages", "default")),
    ],
)
def test_a_path(path: str, name: FunctionName):
    assert read_path(path) == name


@pytest.mark.parametrize(
    "raw",
    [
        "meetings/webrtc/index/getActiveSessions",
        "meetings/webrtc/index.js/getActiveSessions",
        "meetings/webrtc/index/getActive%53essions",
        "/meetings//webrtc/index/getActiveSessions/",
    ],
)
def test_an_address(raw: str):
    assert read_segments(raw) == INDEX


@pytest.mark.parametrize("raw", ["", "x", "/x/"])
def test_an_address_needs_two_parts(raw: str):
    with pytest.raises(Rejection) as rejection:
        read_segments(raw)
    assert (rejection.value.status, rejection.value.code) == (400, "MissingIdentifier")


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (
            "a:b-c",
            (
                "Identifier b-c has invalid character '-': Identifiers can only contain "
                "alphanumeric characters or underscores"
            ),
        ),
        (
            "a b:c",
            (
                "Path component a b has invalid character ' ': Path components can only contain "
                "alphanumeric characters, underscores, or periods"
            ),
        ),
        (
            "a/:c",
            (
                "Path component is empty: Path components can only contain "
                "alphanumeric characters, underscores, or periods"
            ),
        ),
        (
            "a:",
            (
                "Identifier is empty: Identifiers can only contain "
                "alphanumeric characters or underscores"
            ),
        ),
    ],
)
def test_an_illegal_name_is_refused_in_exact_words(path: str, problem: str):
    with pytest.raises(Rejection) as rejection:
        read_path(path)
    assert rejection.value.code == "BadConvexFunctionIdentifier"
    assert rejection.value.message == (
        f"{path} is not a valid path to a Convex function. {problem}"
    )


def test_an_encoded_slash_is_not_a_separator():
    with pytest.raises(Rejection, match="invalid character '/'"):
        read_segments("meetings%2Fwebrtc/index/f")


def test_forms_of_a_name():
    assert str(INDEX) == "meetings/webrtc/index:getActiveSessions"
    assert INDEX.with_suffix == "meetings/webrtc/index.js:getActiveSessions"
