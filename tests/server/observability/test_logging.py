import io
import json
import logging

import pytest
import structlog

from server.observability.logging import REDACTED, clean, configure, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


@pytest.fixture
def stream():
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield io.StringIO()
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_secrets_are_taken_out_by_name_and_by_look():
    event = {"event": f"got {JWT}", "token": "x", "Key": "y", "n": 1, "key": "rt_dev"}
    assert redact(None, "info", event) == {
        "event": f"got {REDACTED}", "token": REDACTED, "Key": "y", "n": 1, "key": REDACTED,
    }  # fmt: skip
    assert clean("key rt_abcdefghijklmnop1234 end") == f"key {REDACTED} end"
    assert clean("rt_dev") == "rt_dev"


def test_lines_are_json_with_level_logger_and_fields(stream: io.StringIO):
    configure(dev=False, stream=stream)
    structlog.get_logger("server.x").info("thing happened", meeting="m1", token=JWT)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["logger"]) == ("thing happened", "info", "server.x")
    assert (line["meeting"], line["token"]) == ("m1", REDACTED)
    assert line["timestamp"].endswith("Z")


def test_the_standard_librarys_lines_take_the_same_way(stream: io.StringIO):
    configure(dev=False, stream=stream)
    logging.getLogger("media.x").warning("odd %s", JWT, extra={"connection": "c1"})
    line = json.loads(stream.getvalue())
    assert line["event"] == f"odd {REDACTED}"
    assert line["connection"] == "c1"


def test_chatter_of_libraries_is_left_out(stream: io.StringIO):
    configure(dev=False, stream=stream)
    logging.getLogger("aioice.ice").info("check")
    assert stream.getvalue() == ""


def test_an_exception_is_one_line_of_json(stream: io.StringIO):
    configure(dev=False, stream=stream)
    structlog.get_logger("x").error("failed", exc_info=ValueError(f"bad {JWT}"))
    line = json.loads(stream.getvalue())
    assert "ValueError" in line["exception"]
    assert "c2lnbmF0dXJl" not in stream.getvalue()


def test_development_writes_for_people(stream: io.StringIO):
    configure(dev=True, stream=stream)
    structlog.get_logger("x").info("thing happened", meeting="m1")
    assert "thing happened" in stream.getvalue()
    assert "meeting=m1" in stream.getvalue()
