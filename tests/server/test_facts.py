from datetime import UTC, datetime, timedelta, timezone

from support.domain import NOW, entries, meeting, occupied

from media.types import QualityLabel
from server.facts import entry_view, fact_data, plain, utc_text


def test_times_are_rfc_3339_in_utc_with_milliseconds():
    at = datetime(2026, 11, 20, 12, 0, 0, 1999, tzinfo=timezone(timedelta(hours=2)))
    assert utc_text(at) == "2026-11-20T10:00:00.001Z"
    assert utc_text(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"


def test_plain_takes_words_lists_and_mappings():
    value = {"a": (QualityLabel.GOOD, None), "b": {"at": NOW}, "c": [1.5, True]}
    assert plain(value) == {
        "a": ["good", None],
        "b": {"at": "2026-11-20T09:00:00.123Z"},
        "c": [1.5, True],
    }


def test_a_fact_shows_whole_entities():
    _, person, _, facts = occupied(meeting())
    data = fact_data(facts[1])
    assert data == {"participant": plain(person)}


def test_a_log_entry_becomes_a_view():
    live, _, _, facts = occupied(meeting())
    view = entry_view(entries(live, facts)[1], 9)
    assert (view.position, view.sequence, view.type) == (9, 2, "participant.joined")
    assert (view.session_id, view.meeting_id, view.at) == (live.id, live.meeting_id, NOW)
