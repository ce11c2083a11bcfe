"""The parser: what is taken, what is refused, and with which code."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.types import TrackSource
from signaling.messages import (
    Chat,
    Hello,
    Message,
    MessageError,
    Mute,
    Offer,
    Ping,
    Publish,
    View,
    parse,
)


def offer(**members) -> str:
    return json.dumps({"type": "offer", "id": 1, "sdp": "v=0"} | members)


def track(mid: str, source: str) -> dict[str, str]:
    return {"mid": mid, "source": source}


def outcome(text: str) -> Message | MessageError:
    try:
        return parse(text)
    except MessageError as error:
        return error


class TestTaken:
    def test_unknown_members_are_ignored(self):
        assert parse('{"type":"ping","id":3,"colour":"red"}') == Ping(type="ping", id=3)

    def test_hello(self):
        message = parse('{"type":"hello","protocol":1,"meeting":"m","client":{"name":"x"}}')
        assert isinstance(message, Hello)
        assert (message.transport, message.token, message.client.name) == ("new", None, "x")

    def test_offer(self):
        message = parse(offer(tracks=[track("0", "microphone"), track("1", "camera")], muted=[]))
        assert isinstance(message, Offer)
        assert message.tracks[1].source is TrackSource.CAMERA
        assert message.muted == []

    def test_sizes_may_have_fractions(self):
        message = parse(
            json.dumps(
                {
                    "type": "view",
                    "tiles": [{"participant": "p", "source": "camera", "width": 1.5, "height": 2}],
                }
            )
        )
        assert isinstance(message, View)
        assert message.tiles[0].width == 1.5

    def test_mute_is_meant_when_nothing_else_is_said(self):
        message = parse('{"type":"mute","participant":"p","source":"camera"}')
        assert isinstance(message, Mute)
        assert message.muted is True

    def test_control_characters_are_taken_out_of_chat(self):
        message = parse(json.dumps({"type": "chat", "text": "a\x00b\tc\nd\x7f"}))
        assert message == Chat(type="chat", text="ab\tc\nd")

    def test_publish(self):
        message = parse('{"type":"publish","source":"screen-audio","muted":true}')
        assert isinstance(message, Publish)
        assert message.source is TrackSource.SCREEN_AUDIO


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "code", "in_reply_to", "number"),
        [
            ("", "bad_message", None, None),
            ("{", "bad_message", None, None),
            ("[" * 100_000, "bad_message", None, None),
            ("[]", "bad_message", None, None),
            ("3", "bad_message", None, None),
            ("null", "bad_message", None, None),
            ("{}", "bad_message", None, None),
            ('{"type":"chat","text":"\\ud800"}', "bad_message", None, None),
            ('{"type":"nonsense"}', "unknown_message", None, None),
            ('{"type":7}', "unknown_message", None, None),
            ('{"type":"hello","protocol":2,"meeting":"m"}', "protocol_unsupported", "hello", None),
            (offer(sdp=""), "invalid_sdp", "offer", 1),
            (offer(sdp=7), "invalid_sdp", "offer", 1),
            (offer(sdp="x" * 65537), "invalid_sdp", "offer", 1),
            (offer(id=-1), "invalid_field", "offer", None),
            (offer(id="1"), "invalid_field", "offer", None),
            (offer(id=True), "invalid_field", "offer", None),
            (offer(tracks=[track("0", "eyes")]), "invalid_field", "offer", 1),
            (
                offer(tracks=[track("0", "camera"), track("0", "screen")]),
                "invalid_field",
                "offer",
                1,
            ),
            (
                offer(tracks=[track("0", "camera"), track("1", "camera")]),
                "invalid_field",
                "offer",
                1,
            ),
            ('{"type":"chat","text":""}', "invalid_field", "chat", None),
            ('{"type":"chat","text":" \\n "}', "invalid_field", "chat", None),
            (json.dumps({"type": "chat", "text": "x" * 2001}), "invalid_field", "chat", None),
            ('{"type":"publish","source":"camera","muted":1}', "invalid_field", "publish", None),
            ('{"type":"candidate","candidate":7}', "invalid_field", "candidate", None),
            (
                json.dumps({"type": "stats", "stats": [{}] * 201}),
                "invalid_field",
                "stats",
                None,
            ),
        ],
    )
    def test_with_its_code(self, text, code, in_reply_to, number):
        with pytest.raises(MessageError) as caught:
            parse(text)
        error = caught.value
        assert (error.code, error.in_reply_to, error.number) == (code, in_reply_to, number)

    def test_the_answer_never_echoes_what_was_sent(self):
        with pytest.raises(MessageError) as caught:
            parse('{"type":"publish","source":"<secret>","muted":true}')
        assert "secret" not in caught.value.message

    @given(
        st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)
    )
    def test_nothing_else_is_ever_raised(self, text):
        assert isinstance(outcome(text), Message | MessageError)

    @given(
        st.dictionaries(
            st.sampled_from(
                ["type", "id", "sdp", "tracks", "meeting", "protocol", "text", "stats"]
            ),
            st.sampled_from(
                ["hello", "offer", "chat", "stats", "ping", 1, None, [], {}, True, 0.5]
            ),
        )
    )
    def test_nor_by_objects_that_look_right(self, members):
        assert isinstance(outcome(json.dumps(members)), Message | MessageError)
