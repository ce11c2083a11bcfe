from server.dialects.convex.ids import MeetingIds
from server.services.ids import parse_meeting_id
from signaling.ids import new_id


def test_canonical_ids_are_taken_in_any_case():
    known = new_id()
    assert parse_meeting_id(f" {known.upper()} ") == known


def test_foreign_forms_are_tried_in_turn():
    known, form = new_id(), MeetingIds()
    assert parse_meeting_id(form.write(known), [form]) == known
    assert parse_meeting_id(form.write(known)) is None


def test_anything_else_is_no_id():
    assert parse_meeting_id("../etc", [MeetingIds()]) is None
