import pytest

from media.engine.simulcast import SimulcastMedia, layers


def section(simulcast, *rids):
    return ["m=video 9 X 96", *(f"a=rid:{rid}" for rid in rids), f"a=simulcast:{simulcast}"]


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (section("send q;h;f", "q send", "h send", "f send"), ("q", "h", "f")),
        (section("recv x send ~q;h,b", "q send", "h send pt=96"), ("q", "h")),
        (section("send a;b;c;d", "a send", "b send", "c send", "d send"), ("a", "b", "c")),
        (section("send a;b", "a send", "b recv"), ()),
        (section("send a", "a send"), ()),
        (section("send a;a", "a send"), ()),
        (section("recv a;b", "a recv", "b recv"), ()),
        (section("send", "a send"), ()),
        (section("send a!;b", "a! send", "b send"), ()),
        (["m=video 9 X 96", "a=rid:", "a=rid:a send"], ()),
    ],
)
def test_layers_are_read(lines, names):
    assert layers(lines) == names


def test_layers_are_answered():
    media = SimulcastMedia("video", 9, "UDP/TLS/RTP/SAVPF", [])
    media.ice = type("Ice", (), {"usernameFragment": None, "password": None})()
    assert "rid" not in str(media)
    media.received = ("q", "h")
    assert str(media).endswith("a=rid:q recv\r\na=rid:h recv\r\na=simulcast:recv q;h\r\n")
