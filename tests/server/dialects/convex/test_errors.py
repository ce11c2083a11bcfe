"""Errors of functions."""

from server.dialects.convex.errors import convex_error, invalid_arguments, thrown_error


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
