"""Ids are UUIDv7 text."""

from uuid import UUID

from signaling.ids import is_id, new_id


def test_ids_grow():
    made = [new_id() for _ in range(1000)]
    assert made == sorted(set(made))
    assert UUID(made[0]).version == 7


def test_only_canonical_text_is_an_id():
    one = new_id()
    assert is_id(one)
    assert not any(map(is_id, [one.upper(), one.replace("-", ""), f"{{{one}}}", "", "../x"]))
