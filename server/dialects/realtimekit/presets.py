"""Presets: create, list, read, replace, update, delete; and what they come to in our words."""

from collections.abc import Mapping

from aiohttp import web

from media.types import TrackSource
from server.dialects.realtimekit.answers import bad, not_found, success, time_text
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.preset_documents import PARTS, complete
from server.dialects.realtimekit.reading import (
    Body,
    matches,
    needed_text,
    object_of,
    read_paging,
    text_of,
)
from server.records import Preset
from server.services.invitations import Grant
from signaling.model import Permissions, Role, Waits

_SOURCES: Mapping[str, tuple[TrackSource, ...]] = {
    "audio": (TrackSource.MICROPHONE,),
    "video": (TrackSource.CAMERA,),
    "screenshare": (TrackSource.SCREEN, TrackSource.SCREEN_AUDIO),
}

_WAITS: Mapping[str, Waits] = {
    "SKIP": Waits.NO,
    "ON_PRIVILEGED_USER_ENTRY": Waits.UNTIL_HOST,
    "SKIP_ON_ACCEPT": Waits.UNTIL_ADMITTED,
}


def grant_of(preset: Preset) -> Grant:
    """A preset in the server's own words; `CAN_REQUEST` is not yet allowed."""
    whole = complete(preset.document)
    given = _dict(whole["permissions"])
    media = _dict(given["media"])
    sources = frozenset(
        source
        for kind, mine in _SOURCES.items()
        if _dict(media[kind])["can_produce"] == "ALLOWED"
        for source in mine
    )
    chat = _dict(_dict(given["chat"])["public"])
    kick = bool(given["kick_participant"])
    mute = bool(given["disable_participant_audio"] or given["disable_participant_video"])
    permissions = Permissions(
        sources=sources,
        chat=bool(chat["can_send"] and chat["text"]),
        mute=mute,
        kick=kick,
        record=bool(given["can_record"]),
        end=kick,
        admit=bool(given["accept_waiting_requests"]),
        waits=_WAITS.get(str(given["waiting_room_type"]), Waits.NO),
    )
    role = Role.HOST if kick else Role.PARTICIPANT if sources else Role.OBSERVER
    return Grant(preset, role, permissions)


def document(preset: Preset) -> Body:
    """A preset as the dialect shows it, with every member."""
    return {
        "id": preset.id,
        "name": preset.name,
        "created_at": time_text(preset.created_at),
        "updated_at": time_text(preset.updated_at),
        **complete(preset.document),
    }


async def create(call: Call) -> web.Response:
    """`POST /presets`."""
    body = await call.body()
    name = needed_text(body, "name")
    made = await call.kit.presets.create(call.ref.account, name, complete(_parts(body)))
    return success(document(made))


async def listing(call: Call) -> web.Response:
    """`GET /presets`."""
    found = [
        preset
        for preset in await call.kit.presets.all(call.ref.account)
        if matches(call.query, preset.name)
    ]
    page, offsets = read_paging(call.query).cut(found)
    shown = ("id", "name", "created_at", "updated_at")
    rows = [{name: document(preset)[name] for name in shown} for preset in page]
    return success(rows, paging=offsets)


async def get(call: Call) -> web.Response:
    """`GET /presets/{preset}`."""
    return success(document(await _preset(call)))


async def replace(call: Call) -> web.Response:
    """`PUT /presets/{preset}`."""
    preset, body = await _preset(call), await call.body()
    name = needed_text(body, "name")
    return success(document(await _change(call, preset, name, complete(_parts(body)))))


async def update(call: Call) -> web.Response:
    """`PATCH /presets/{preset}`: merged into what is there."""
    preset, body = await _preset(call), await call.body()
    name = text_of(body, "name") or preset.name
    merged = complete(_parts(body), complete(preset.document))
    return success(document(await _change(call, preset, name, merged)))


async def delete(call: Call) -> web.Response:
    """`DELETE /presets/{preset}`."""
    preset = await _preset(call)
    if await call.kit.invitations.with_preset(preset.id):
        raise bad("the preset is in use by participants")
    await call.kit.presets.delete(preset)
    return success(document(preset))


async def _preset(call: Call) -> Preset:
    wanted = call.part("preset")
    return await call.kit.presets.find(call.ref.account, wanted) or not_found("preset", wanted)


async def _change(call: Call, old: Preset, name: str, whole: Mapping[str, object]) -> Preset:
    """Change a preset; everybody who has it gets what it grants now."""
    changed = await call.kit.presets.change(old, name, whole)
    grant = grant_of(changed)
    for invitation in await call.kit.invitations.with_preset(changed.id):
        _ = await call.kit.invitations.change(invitation, grant=grant)
    return changed


def _parts(body: Body) -> Body:
    """The parts of a document in a body."""
    return {part: value for part in PARTS if (value := object_of(body, part)) is not None}


def _dict(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
