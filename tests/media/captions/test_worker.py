import io
import json

from media.captions.worker import pack, serve, unpack


def answers(*messages: bytes) -> list[dict]:
    target = io.StringIO()
    serve(io.BytesIO(b"".join(messages)), target)
    return [json.loads(line) for line in target.getvalue().splitlines()]


def test_messages_come_back_as_they_were():
    source = io.BytesIO(pack({"language": "en"}, b"\x01\x02") + b"\x00")
    assert unpack(source) == ({"language": "en", "bytes": 2}, b"\x01\x02")
    assert unpack(source) is None


def test_an_engine_answers_every_utterance():
    said = answers(pack({"name": "null"}), pack({"language": "en", "hints": []}, b"\x00" * 10))
    assert said[0] == {"ready": True}
    assert said[1]["result"]["text"] == ""


def test_what_cannot_run_says_why_and_what_to_do():
    (said,) = answers(pack({"name": "faster-whisper"}))
    assert "model" in said["unavailable"]
    assert "transcription.model_path" in said["hint"]


def test_a_failed_utterance_is_an_error_not_the_end():
    spec = pack({"name": "openai-http", "url": "http://127.0.0.1:9"})
    once = pack({"language": "en", "hints": None}, b"\x00" * 10)
    assert ["error" in one for one in answers(spec, once, once)] == [False, True, True]


def test_nothing_asked_nothing_said():
    assert answers() == []
