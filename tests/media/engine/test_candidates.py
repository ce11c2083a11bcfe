import pytest

from media.engine.candidates import parse_candidate
from media.errors import NegotiationError

HOST = "candidate:842163049 1 udp 1677729535 192.0.2.7 40123 typ srflx raddr 0.0.0.0 rport 0"


@pytest.mark.parametrize("text", [HOST, "a=" + HOST, f" {HOST}\r\n"])
def test_reads_what_browsers_send(text):
    candidate = parse_candidate(text)
    assert (candidate.ip, candidate.port, candidate.type) == ("192.0.2.7", 40123, "srflx")


@pytest.mark.parametrize("text", ["", "  ", "a="])
def test_empty_text_is_the_end(text):
    assert parse_candidate(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "candidate:",
        "candidate:1 1 udp x 192.0.2.7 9 typ host",
        "candidate:" + "1 " * 600,
    ],
)
def test_refuses_the_rest(text):
    with pytest.raises(NegotiationError) as caught:
        parse_candidate(text)
    assert caught.value.code == "invalid_candidate"
