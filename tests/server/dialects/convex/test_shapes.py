"""Validators of the module, against the contract's words."""

import pytest

from server.dialects.convex import shapes
from server.dialects.convex.errors import FunctionFailure
from server.dialects.convex.functions import FUNCTIONS
from server.dialects.convex.shapes import takes

MEETING = "j57036kz7se10yhbkn0ky34edcd2ba8c"


def test_every_function_but_one_is_about_a_meeting():
    without = {
        name.function for name, one in FUNCTIONS.items() if "meetingId" not in one.arguments.fields
    }
    assert without == {"markSignalsProcessed"}


def test_a_nested_fault_names_its_path():
    arguments = takes(description=shapes.DESCRIPTION)
    with pytest.raises(FunctionFailure) as refused:
        arguments.read([{"meetingId": MEETING, "description": {"type": "offer"}}])
    assert refused.value.text == (
        "ArgumentValidationError: Object is missing the required field `sdp`. Consider wrapping "
        "the field validator in `v.optional(...)` if this is expected.\nPath: .description\n"
        'Object: {type: "offer"}\nValidator: v.object({sdp: v.string(), type: '
        'v.union(v.literal("offer"), v.literal("answer"), v.literal("pranswer"), '
        'v.literal("rollback"))})'
    )


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (shapes.METADATA, {"a": "x", "b": 1.0, "c": True}, {"a": None}),
        (shapes.CANDIDATE, {"candidate": ""}, {"candidate": "", "sdpMid": None}),
        (shapes.STATS, dict.fromkeys(("bitrate", "jitter", "latency", "packetLoss"), 1.0), {}),
        (shapes.PAGINATION, {"numItems": 20.0, "cursor": None, "id": 1.0}, {"numItems": 20.0}),
    ],
)
def test_shapes_take_what_clients_send(shape, good, bad):
    shape.check(good, "")
    with pytest.raises(FunctionFailure, match="ArgumentValidationError"):
        shape.check(bad, "")
