"""Errors of functions."""

import pytest

from server.dialects.convex.errors import (
    convex_error,
    invalid_arguments,
    refusal,
    thrown_error,
)
from signaling.errors import RefusalKind, Refused


def test_a_convex_error_reads_as_javascript_writes_it():
    failure = convex_error("FORBIDDEN", 'No "ü"', 403, metadata={"b": 1.5, "a": None})
    assert failure.text == (
        'Uncaught ConvexError: {"code":"FORBIDDEN","message":"No \\"ü\\"",'
        '"metadata":{"a":null,"b":1.5},"statusCode":403}'
    )
    assert failure.data == {
        "code": "FORBIDDEN",
        "message": 'No "ü"',
        "metadata": {"b": 1.5, "a": None},
        "statusCode": 403.0,
    }


def test_other_errors_have_no_data():
    assert (thrown_error("Oh.").text, thrown_error("Oh.").data) == ("Uncaught Error: Oh.", None)
    assert invalid_arguments("Oh.").text == "ArgumentValidationError: Oh."


@pytest.mark.parametrize("kind", RefusalKind)
def test_every_refusal_of_a_service_has_a_code_and_a_status(kind):
    failure = refusal(Refused(kind, "word", "A sentence."))
    assert failure.data["reason"] == "word"
    assert failure.data["message"] == "A sentence."
    assert 400 <= failure.data["statusCode"] < 600
