from urllib.parse import parse_qs, unquote, urlsplit

from support.clock import FakeClock

from server.dialects.realtimekit.links import LIFE, PREFIX, Links


def parts(path: str) -> tuple[str, str, str, str, str]:
    split = urlsplit(path)
    kind, entity, name = split.path.removeprefix(PREFIX).split("/")
    query = parse_qs(split.query)
    return kind, entity, unquote(name), query["expires"][0], query["signature"][0]


def test_a_link_is_good_until_it_expires_and_as_it_was_made():
    clock = FakeClock()
    links = Links(b"k" * 32, clock)
    made = parts(links.path("chat", "s1", "a b.csv", clock.utc() + LIFE))
    assert links.good(*made)
    kind, entity, name, until, signature = made
    assert not links.good("track", entity, name, until, signature)
    assert not links.good(kind, "s2", name, until, signature)
    assert not links.good(kind, entity, name, str(int(until) + 1), signature)
    assert not links.good(kind, entity, name, "soon", signature)
    assert not links.good(kind, entity, name, until, "é")
    assert not Links(b"other" * 8, clock).good(*made)
    clock.advance(LIFE.total_seconds() + 1)
    assert not links.good(*made)
