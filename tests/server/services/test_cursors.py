import pytest

from server.services.cursors import decode_cursor, encode_cursor, page_of
from signaling.errors import Refused
from signaling.ids import new_id


def test_a_cursor_comes_back():
    last = new_id()
    assert decode_cursor(encode_cursor(last)) == last


def test_no_cursor_is_the_beginning():
    assert decode_cursor(None) is None
    assert decode_cursor("") is None


@pytest.mark.parametrize("cursor", ["x", "???", "é", "a" * 1000, encode_cursor("not an id")])
def test_other_texts_are_refused(cursor: str):
    with pytest.raises(Refused) as refused:
        decode_cursor(cursor)
    assert refused.value.code == "invalid_cursor"


def test_a_page_knows_whether_more_follows():
    ids = [new_id() for _ in range(3)]
    page = page_of(ids, 2, str)
    assert page.items == tuple(ids[:2])
    assert decode_cursor(page.next_cursor) == ids[1]
    assert page_of(ids, 3, str).next_cursor is None
    assert page_of([], 3, str).items == ()
    assert page_of(ids, 0, str).next_cursor is None
