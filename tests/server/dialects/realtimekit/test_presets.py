from support.domain import NOW

from media.types import TrackSource
from server.dialects.realtimekit.preset_documents import STANDARD
from server.dialects.realtimekit.presets import grant_of
from server.records import Preset
from server.services.invitations import Grant
from signaling.model import Permissions, Role, Waits


def grant(name: str) -> Grant:
    return grant_of(Preset("p", "a", name, STANDARD[name], NOW, NOW))


def test_standard_presets_come_to_roles_and_rights():
    host = grant("group_call_host")
    assert host.role is Role.HOST
    assert host.permissions == Permissions.of(Role.HOST)
    assert grant("group_call_participant").permissions == Permissions.of(Role.PARTICIPANT)
    guest = grant("group_call_guest").permissions
    assert guest.sources == {TrackSource.MICROPHONE, TrackSource.CAMERA}
    viewer = grant("webinar_viewer")
    assert (viewer.role, viewer.permissions.sources) == (Role.OBSERVER, frozenset())
    assert viewer.permissions.chat


def test_waiting_rooms_come_to_what_is_waited_for():
    found = {}
    for word in ("SKIP", "ON_PRIVILEGED_USER_ENTRY", "SKIP_ON_ACCEPT", "SOMETHING"):
        given = {"permissions": {"waiting_room_type": word}}
        found[word] = grant_of(Preset("p", "a", "n", given, NOW, NOW)).permissions.waits
    assert list(found.values()) == [
        Waits.NO, Waits.UNTIL_HOST, Waits.UNTIL_ADMITTED, Waits.NO,
    ]  # fmt: skip
    assert grant("group_call_guest").permissions.waits is Waits.UNTIL_ADMITTED
    assert grant("group_call_host").permissions.admit
    assert not grant("group_call_participant").permissions.admit


async def test_a_changed_preset_counts_at_once_for_people_inside(kit):
    made = await kit.data("POST", "/presets", {"name": "mine"})
    meeting = await kit.meeting()
    ada = await kit.invite(meeting, "ada", "mine")
    live = await kit.join(meeting, ada["token"])
    silent = {"permissions": {"media": {"audio": {"can_produce": "NOT_ALLOWED"}}}}
    changed = await kit.data("PATCH", f"/presets/{made['id']}", silent)
    assert changed["permissions"]["media"]["video"] == {"can_produce": "ALLOWED"}
    assert kit.web.engine.muted[live.id, TrackSource.MICROPHONE]
    assert not kit.web.engine.muted[live.id, TrackSource.CAMERA]
    assert not live.session.member(live.participant_id).permissions.kick
    await kit.data("PATCH", f"/presets/{made['id']}", {"permissions": {"kick_participant": True}})
    assert live.session.member(live.participant_id).permissions.kick
    fresh = await kit.data("PUT", f"/presets/{made['id']}", {"name": "other"})
    assert fresh["permissions"]["media"]["audio"] == {"can_produce": "ALLOWED"}
    assert not kit.web.engine.muted[live.id, TrackSource.MICROPHONE]


async def test_presets_are_listed_and_deleted_unless_used(kit):
    made = await kit.data("POST", "/presets", {"name": "mine"})
    (found,) = await kit.data("GET", "/presets?search=MIN")
    assert set(found) == {"id", "name", "created_at", "updated_at"}
    ada = await kit.invite(meeting := await kit.meeting(), "ada", "mine")
    assert (await kit.refused("DELETE", f"/presets/{made['id']}"))[0] == 400
    await kit.data("DELETE", f"/meetings/{meeting}/participants/{ada['id']}")
    assert (await kit.data("DELETE", f"/presets/{made['id']}"))["id"] == made["id"]
    assert (await kit.refused("GET", f"/presets/{made['id']}"))[0] == 404
    assert (await kit.refused("POST", "/presets", {}))[0] == 400
