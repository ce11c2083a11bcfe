"""The id codec, against ids of the contract and a real one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.dialects.convex.ids import (
    DocumentId,
    DocumentIdError,
    MeetingIds,
    Table,
    decode_id,
    encode_id,
    parse_id,
    plain_uuid,
)
from signaling.ids import new_id

VECTORS = [
    (Table.MEETINGS, "019a7f3e-5c10-7a2b-9d41-3f0c8e6b1a25", "j57036kz7se10yhbkn0ky34edcd2ba8c"),
    (
        Table.WEBRTC_SESSIONS,
        "019a7f41-0b77-7c3e-8f52-6a1d94c0e7b3",
        "j97036kz845qez1yhx96m7cmr3kv7ka2",
    ),
    (Table.USERS, "019a7e00-1122-7000-8abc-def012345678", "jd7036ky008j4w00haydxw0j6hb7hhc0"),
    (
        Table.WEBRTC_SIGNALS,
        "019a7f41-0c80-7d10-b2aa-0f9e8d7c6b5a",
        "jh7036kz84680z8gpan0z7mdfhnnmbfb",
    ),
]
MEETING = VECTORS[0]


@pytest.mark.parametrize(("table", "uuid", "text"), VECTORS)
def test_vectors(table: Table, uuid: str, text: str):
    assert encode_id(table, uuid) == text
    assert decode_id(text) == DocumentId(table, uuid)


def test_an_id_of_a_real_deployment():
    assert decode_id("j57cbywe1te7fvzf26g0x3ftsd7vagd2").table == 10001


@given(st.integers(0, 2**32 - 1), st.uuids())
def test_every_pair_has_one_text(table: int, uuid):
    text = encode_id(table, str(uuid))
    assert 31 <= len(text) <= 37
    assert decode_id(text) == DocumentId(table, str(uuid))


def test_the_order_of_texts_is_the_order_of_creation():
    uuids = [new_id() for _ in range(100)]
    texts = [encode_id(Table.MEETINGS, uuid) for uuid in uuids]
    assert texts == sorted(texts)


@pytest.mark.parametrize("position", range(32))
def test_one_changed_character_is_noticed(position: int):
    text = MEETING[2]
    other = "1" if text[position] != "1" else "2"
    with pytest.raises(DocumentIdError):
        decode_id(text[:position] + other + text[position + 1 :])


@pytest.mark.parametrize("length", range(32))
def test_a_cut_id_is_refused(length: int):
    with pytest.raises(DocumentIdError):
        decode_id(MEETING[2][:length])


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        MEETING[2].upper(),
        MEETING[2] + "0",
        MEETING[2].replace("0", "o"),
        "z" * 37,
        "ü" * 32,
    ],
)
def test_other_texts_are_refused(text: str):
    with pytest.raises(DocumentIdError):
        decode_id(text)


@given(st.text(alphabet="0123456789abcdefghjkmnpqrstvwxyz", min_size=31, max_size=37))
def test_what_decodes_encodes_to_itself(text: str):
    try:
        decoded = decode_id(text)
    except DocumentIdError:
        return
    assert encode_id(decoded.table, decoded.uuid) == text


class TestParseId:
    def test_takes_both_forms(self):
        _, uuid, text = MEETING
        assert parse_id(text, Table.MEETINGS) == uuid
        assert parse_id(uuid, Table.MEETINGS) == uuid
        assert parse_id(uuid.upper(), Table.MEETINGS) == uuid

    @pytest.mark.parametrize("text", ["", "abc", VECTORS[1][2], "x" * 36, "ü" * 36])
    def test_takes_nothing_else(self, text: str):
        assert parse_id(text, Table.MEETINGS) is None


@pytest.mark.parametrize(
    "text",
    [
        "019a7f3e5c107a2b9d413f0c8e6b1a25",
        "{019a7f3e-5c10-7a2b-9d41-3f0c8e6b1}",
        "019a7f3e-5c10-7a2b-9d41-3f0c8e6b1a2g",
        "019a7f3e5c107a2b9d413f0c8e6b1a25----",
    ],
)
def test_a_uuid_has_one_form(text: str):
    assert plain_uuid(text) is None


def test_services_read_and_write_meeting_ids():
    _, uuid, text = MEETING
    ids = MeetingIds()
    assert (ids.member, ids.write(uuid)) == ("convex_id", text)
    assert [ids.read(form) for form in (text, VECTORS[1][2], "abc")] == [uuid, None, None]


def test_tables_have_words():
    assert [table.word for table in Table] == [
        "meetings",
        "webrtcSessions",
        "users",
        "webrtcSignals",
    ]
