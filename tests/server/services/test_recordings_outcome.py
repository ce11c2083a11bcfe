from support.domain import meeting, recording, session

from server.services.recordings_outcome import faults_of, not_ready, not_started, notice_of
from signaling.errors import RefusalKind


def test_faults_of_time_do_not_count_against_files():
    wrong = {"file": "a", "code": "hash", "detail": "d"}
    late = {"file": "b", "code": "alignment", "detail": "d"}
    assert faults_of({"faults": [wrong, late]}) == [wrong]
    assert faults_of({}) == []


def test_a_full_disk_has_its_own_refusal():
    assert not_started("disk_full").kind is RefusalKind.STORAGE_FULL
    assert not_started("write_error").code == "recording_failed"


def test_a_notice_tells_what_people_need():
    view = recording(session(meeting()), started_by="ada")
    notice = notice_of(view)
    assert (notice.id, notice.state, notice.started_by) == (view.id, view.state, "ada")
    assert not_ready(view).data["recording_id"] == view.id
