"""The module's actions: what a room offers, a token for it, and advice about trouble."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from media.types import QualityLabel
from server.dialects.convex.access import require_meeting
from server.dialects.convex.context import Context
from server.dialects.convex.errors import convex_error
from server.dialects.convex.ids import Table, encode_id
from server.dialects.convex.mutations import session_name
from server.dialects.convex.peers import ClientReading, unknown_session
from server.dialects.convex.queries import meeting_of
from server.dialects.convex.values import Value
from server.services.meetings import MAX_PARTICIPANTS
from signaling.events import TransportFailed
from signaling.ids import new_id
from signaling.model import EndReason, Meeting, MeetingStatus, RecordPolicy, Role

LOW_BITRATE = 100_000.0
"""Bits per second below which even an excellent connection only is fair."""

_FAILURES = {
    "ice_failed": EndReason.ICE_FAILED,
    "connection_timeout": EndReason.CONNECT_TIMEOUT,
    "media_failed": EndReason.TRANSPORT_LOST,
    "signaling_failed": EndReason.PROTOCOL_ERROR,
}


async def initialize_room(context: Context, arguments: Mapping[str, Value]) -> Value:
    """What the meeting's room offers."""
    meeting = (await require_meeting(context, meeting_of(arguments))).meeting
    wanted = arguments.get("maxParticipants")
    limit = float(meeting.max_participants)
    if isinstance(wanted, float):
        limit = min(max(wanted, 1.0), float(MAX_PARTICIPANTS))
    room: dict[str, Value] = {
        "features": {
            "chat": True,
            "maxParticipants": limit,
            "recording": meeting.record is not RecordPolicy.OFF,
            "screenSharing": True,
            "transcription": False,
        },
        "provider": "webrtc",
        "roomId": meeting.id,
        "success": True,
    }
    servers = _ice_servers(context)
    return room | ({"iceServers": servers} if servers else {})


async def generate_access_token(context: Context, arguments: Mapping[str, Value]) -> Value:
    """A join token for the caller."""
    visit = await require_meeting(context, meeting_of(arguments))
    meeting, user = visit.meeting, visit.user
    if meeting.status is MeetingStatus.INACTIVE:
        raise convex_error("VALIDATION_ERROR", "Cannot generate token for inactive meeting", 400)
    role, name = await _role_and_name(context, meeting)
    if role is Role.OBSERVER:
        raise convex_error(
            "VALIDATION_ERROR",
            "Observers cannot generate participant tokens for active video participation",
            400,
        )
    shown = encode_id(Table.USERS, user)
    given = arguments.get("sessionId")
    participant = str(given) if given is not None else f"{shown}_{int(context.deployment.now_ms)}"
    app, host = context.app, role is Role.HOST
    token = app.signer.issue_join(
        meeting_id=meeting.id,
        name=name,
        role=role,
        participant_id=context.principal.participant_id or new_id(),
        ttl=app.settings.auth.join_ttl_seconds,
        user_id=context.principal.user_id,
        account=meeting.account,
    )
    return {
        "participantId": participant,
        "permissions": {
            "canKick": host,
            "canMute": host,
            "canRecord": host and meeting.record is not RecordPolicy.OFF,
            "canShare": True,
        },
        "provider": "webrtc",
        "roomId": meeting.id,
        "success": True,
        "token": token,
    }


async def handle_failure(context: Context, arguments: Mapping[str, Value]) -> Value:
    """The caller's connection has failed as its client says."""
    visit = await require_meeting(context, meeting_of(arguments))
    live = await context.deployment.peers.own(visit, session_name(arguments))
    if live is None:
        raise unknown_session()
    kind = str(arguments["errorType"])
    live.describe(
        {
            "errorType": kind,
            "errorDetails": str(arguments.get("errorDetails") or "")[:1024],
            "failedAt": context.deployment.now_ms,
        }
    )
    live.driver.post(TransportFailed(_FAILURES[kind]))
    return {"retryRecommended": kind == "ice_failed", "success": True}


async def monitor_quality(context: Context, arguments: Mapping[str, Value]) -> Value:
    """Judge what the caller's client measured, and keep it where the server has no figures."""
    visit = await require_meeting(context, meeting_of(arguments))
    live = await context.deployment.peers.own(visit, session_name(arguments))
    if live is None:
        raise unknown_session()
    stats = cast("Mapping[str, float]", arguments["stats"])
    advice = advise(stats)
    reading = ClientReading(stats["packetLoss"], stats["latency"], stats["jitter"])
    context.deployment.peers.judge(live, advice.quality, reading)
    return {
        "quality": advice.quality.value,
        "recommendations": advice.recommendations,
        "shouldFallback": advice.quality is QualityLabel.POOR,
    }


@dataclass(frozen=True, slots=True)
class Advice:
    """A judgement with what to do about it."""

    quality: QualityLabel
    recommendations: Sequence[str]


def advise(stats: Mapping[str, float]) -> Advice:
    """Judge by the published module's fixed thresholds (percent, ms, ms, bit/s)."""
    loss, latency, jitter = stats["packetLoss"], stats["latency"], stats["jitter"]
    if loss > 5 or latency > 300 or jitter > 50:
        quality = QualityLabel.POOR
        what = ["Turn the camera off.", "Move closer to the access point or use a cable."]
    elif loss > 2 or latency > 150 or jitter > 30:
        quality, what = QualityLabel.FAIR, ["Lower the video resolution."]
    elif loss > 0.5 or latency > 100:
        quality, what = QualityLabel.GOOD, ["Close programs that use the network."]
    else:
        quality, what = QualityLabel.EXCELLENT, []
    if stats["bitrate"] < LOW_BITRATE:
        if quality is QualityLabel.EXCELLENT:
            quality = QualityLabel.FAIR
        what = [*what, "Little is sent: check that microphone and camera work."]
    return Advice(quality, what)


async def _role_and_name(context: Context, meeting: Meeting) -> tuple[Role, str]:
    principal, meetings = context.principal, context.app.meetings
    sub = principal.sub or ""
    registration = await meetings.registration(meeting.id, sub)
    user = await context.app.users.by_sub(sub)
    known = (registration.name if registration else None) or principal.name
    name = known or (user.name if user is not None else None) or "Guest"
    if principal.role is not None:
        return principal.role, name
    if meeting.created_by == sub:
        return Role.HOST, name
    return (registration.role if registration else Role.PARTICIPANT), name


def _ice_servers(context: Context) -> list[Value]:
    servers: list[Value] = []
    for one in context.app.settings.rtc.ice_servers:
        server: dict[str, Value] = {"urls": list(one.urls)}
        if one.username is not None:
            server["username"] = one.username
        if one.credential is not None:
            server["credential"] = one.credential
        servers.append(server)
    return servers
