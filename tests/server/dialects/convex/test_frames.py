"""Frames: what clients send, verbatim from the contract, and what they are sent."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.dialects.convex.frames import (
    Add,
    Authenticate,
    Connect,
    Event,
    FrameError,
    ModifyQuerySet,
    Request,
    Version,
    read_frame,
    write_auth_error,
    write_done,
    write_failed,
    write_fatal_error,
    write_not_done,
    write_removed,
    write_transition,
    write_updated,
)

PATH = "meetings/webrtc/index:getActiveSessions"


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        (
            (
                '{"connectionCount":0,"lastCloseReason":null,"clientTs":1795167110192,'
                '"type":"Connect","sessionId":"1e54"}'
            ),
            Connect("1e54", 1795167110192.0, None),
        ),
        (
            (
                '{"type":"Connect","sessionId":"f8","connectionCount":1,"lastCloseReason":"x",'
                '"clientTs":0,"maxObservedTimestamp":"exFXn/q26Rg="}'
            ),
            Connect("f8", 0.0, "exFXn/q26Rg="),
        ),
        (
            '{"type":"Authenticate","baseVersion":0,"tokenType":"User","value":"jwt"}',
            Authenticate(0, "User", "jwt"),
        ),
        (
            '{"type":"Authenticate","baseVersion":2,"tokenType":"None"}',
            Authenticate(2, "None", None),
        ),
        (
            '{"modifications":[{"args":[{"meetingId":"j57"}],"type":"Add","queryId":0,'
            '"udfPath":"' + PATH + '","journal":null},{"type":"Remove","queryId":4}],'
            '"type":"ModifyQuerySet","baseVersion":0,"newVersion":1}',
            ModifyQuerySet(0, 1, (Add(0, PATH, [{"meetingId": "j57"}]),), (4,)),
        ),
        (
            '{"type":"Mutation","requestId":3,"udfPath":"a:b","args":[{}]}',
            Request(3, "a:b", [{}], action=False),
        ),
        (
            '{"type":"Action","requestId":3,"udfPath":"a:b","args":[{}]}',
            Request(3, "a:b", [{}], action=True),
        ),
        ('{"type":"Event","eventType":"ClientConnect","event":{}}', Event()),
    ],
)
def test_every_kind_is_read(text, frame):
    assert read_frame(text) == frame


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        '{"type":"Ping"}',
        '{"type":7}',
        '{"type":"Connect"}',
        '{"type":"Authenticate","baseVersion":0,"tokenType":"User"}',
        '{"type":"Authenticate","baseVersion":-1,"tokenType":"None"}',
        '{"type":"Authenticate","baseVersion":0,"tokenType":"Magic","value":""}',
        '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1}',
        '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[1]}',
        '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":0.5,"modifications":[]}',
        (
            '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,'
            '"modifications":[{"type":"Swap","queryId":1}]}'
        ),
        '{"type":"Mutation","requestId":4294967296,"udfPath":"a:b","args":[{}]}',
        '{"type":"Mutation","requestId":1,"udfPath":"a:b","args":{}}',
        '{"type":"Mutation","requestId":1,"udfPath":"a:b","args":[{"$x":1}]}',
    ],
)
def test_what_breaks_the_protocol(text):
    with pytest.raises(FrameError, match="Received Invalid JSON on websocket: "):
        read_frame(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "queryId", "args", "udfPath", "modifications", "baseVersion", "x"]
                ),
                inner
                | st.sampled_from(["Connect", "Authenticate", "ModifyQuerySet", "Mutation", "Add"]),
                max_size=6,
            )
        ),
        max_leaves=12,
    )
)
def test_anything_is_a_frame_or_a_protocol_error(wire):
    with contextlib.suppress(FrameError):
        assert read_frame(json.dumps(wire)) is not None


def test_a_transition():
    text = write_transition(
        Version(),
        Version(1, 2, "xwrk/vi26Rg="),
        [write_updated(0, "[]"), write_removed(3)],
        284,
        1795167109907754032,
    )
    assert json.loads(text) == {
        "type": "Transition",
        "startVersion": {"querySet": 0, "identity": 0, "ts": "AAAAAAAAAAA="},
        "endVersion": {"querySet": 1, "identity": 2, "ts": "xwrk/vi26Rg="},
        "modifications": [
            {"type": "QueryUpdated", "queryId": 0, "value": [], "logLines": [], "journal": None},
            {"type": "QueryRemoved", "queryId": 3},
        ],
        "clientClockSkew": 284,
        "serverTs": 1795167109907754032,
    }
    assert (
        json.loads(write_transition(Version(), Version(), [], None, 1))["clientClockSkew"] is None
    )


def test_failures_carry_data_only_when_there_is_some():
    assert json.loads(write_failed(1, "no", None)) == {
        "type": "QueryFailed",
        "queryId": 1,
        "errorMessage": "no",
        "logLines": [],
        "journal": None,
    }
    assert json.loads(write_failed(1, "no", {"code": "X"}))["errorData"] == {"code": "X"}


def test_responses():
    mutation, action = Request(1, "a:b", [], action=False), Request(2, "a:b", [], action=True)
    assert json.loads(write_done(mutation, 1.0, "ts")) == {
        "type": "MutationResponse",
        "requestId": 1,
        "success": True,
        "result": 1.0,
        "ts": "ts",
        "logLines": [],
    }
    assert json.loads(write_done(action, None, "")) == {
        "type": "ActionResponse",
        "requestId": 2,
        "success": True,
        "result": None,
        "logLines": [],
    }
    assert json.loads(write_not_done(mutation, "no", {"code": "X"})) == {
        "type": "MutationResponse",
        "requestId": 1,
        "success": False,
        "result": "no",
        "ts": None,
        "logLines": [],
        "errorData": {"code": "X"},
    }
    assert "ts" not in json.loads(write_not_done(action, "no", None))


def test_errors():
    assert json.loads(write_auth_error("no", 3, attempted=True)) == {
        "type": "AuthError",
        "error": "no",
        "baseVersion": 3,
        "authUpdateAttempted": True,
    }
    assert json.loads(write_fatal_error("no")) == {"type": "FatalError", "error": "no"}
