"""Bots, people and segments in the dialect's shapes. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from server.connectors.port import BotEnd
from server.dialects.buddy.ids import organization_id, session_id, transcript_id, user_id
from server.dialects.buddy.times import instant, instant_or_none
from server.records import Bot, BotLogEntry, BotPerson, TranscriptSegment
from server.services.bot_machine import BotStatus

Json = dict[str, object]
_EXTRAS: Final = ("visibility", "shared_department_ids", "voice_profile_id")


def analytics_platform(platform: str) -> str:
    """A platform's name in figures and in the list of active sessions."""
    return "meet" if platform == "google_meet" else platform


def session(bot: Bot, people: Sequence[BotPerson] = ()) -> Json:
    """A Session."""
    final = BotStatus(bot.status).final
    files, segments = bot.details.get("files"), bot.details.get("segments")
    mix = 1 if files and bot.details.get("recording") == "completed" else 0
    return {
        "session_id": session_id(bot.id),
        "organization_id": organization_id(bot.account),
        "user_id": user_id(bot.created_by),
        "meeting_link": bot.link,
        "platform": bot.platform,
        "bot_name": bot.name,
        "status": bot.status,
        "transcription_enabled": bot.transcribe,
        "transcription_language": bot.language,
        "debug_mode": bot.debug,
        "created_at": instant(bot.created_at),
        "updated_at": instant(bot.updated_at),
        "join_timestamp": instant_or_none(bot.joined_at),
        "leave_timestamp": instant_or_none(bot.left_at),
        "total_duration_seconds": bot.duration_seconds if final else None,
        "segment_count": segments,
        "audio_file_count": files + mix if isinstance(files, int) else None,
        "video_file_count": 0 if isinstance(files, int) else None,
        "total_size_bytes": bot.details.get("bytes"),
        "output_directory": f"recordings/{organization_id(bot.account)}/{session_id(bot.id)}",
        "error_message": bot.error_message,
        "error_code": bot.error_code,
        "metadata": _metadata(bot),
        "current_participants": {
            who.person_id: {"name": who.name, "joined_at": instant(who.joined_at)}
            for who in people
            if who.left_at is None
        },
        "participant_history": history(people),
        **_optional(bot),
    }


def _metadata(bot: Bot) -> Json:
    return {
        "substatus": bot.details.get("substatus"),
        "end_reason": bot.end_reason,
        "meeting_id": bot.meeting_id,
        "roomtone_session_id": bot.session_id,
        "warnings": bot.details.get("warnings", []),
    }


def _optional(bot: Bot) -> Json:
    found: Json = {
        "audio_status": bot.details.get("audio", "waiting"),
        "transcription_status": bot.details.get("transcription", "disabled"),
        "recording_status": bot.details.get("recording", "pending"),
        "transcription_source": "per_participant_tracks",
        "speaker_labels": bot.details.get("labels", {}),
        "voice_agent_enabled": False,
        "has_recording": bot.recording_id is not None,
        "is_post_fixed": bot.transcript_of is not None,
    }
    return found | {name: bot.request[name] for name in _EXTRAS if bot.request.get(name)}


def history(people: Iterable[BotPerson]) -> list[Json]:
    """Who came and went, in order."""
    events = [(who.joined_at, 0, who, "joined") for who in people]
    events += [(who.left_at, 1, who, "left") for who in people if who.left_at is not None]
    return [
        {"name": who.name, "event": what, "timestamp": instant(at), "participant_id": who.person_id}
        for at, _, who, what in sorted(events, key=lambda one: one[:2])
    ]


def active(bot: Bot, people: Sequence[BotPerson], now: datetime) -> Json:
    """An ActiveSessionSummary."""
    joined = bot.joined_at
    return {
        "session_id": session_id(bot.id),
        "meeting_link": bot.link,
        "platform": analytics_platform(bot.platform),
        "status": bot.status,
        "bot_name": bot.name,
        "join_timestamp": instant_or_none(joined),
        "current_participants": [who.name for who in people if who.left_at is None],
        "duration_so_far_seconds": None
        if joined is None
        else round((now - joined).total_seconds(), 1),
    }


def participants(bot: Bot, people: Sequence[BotPerson], now: datetime) -> Json:
    """A SessionParticipants."""
    minutes: dict[str, list[float]] = {}
    for who in people:
        stay = ((who.left_at or now) - who.joined_at).total_seconds() / 60
        minutes.setdefault(who.name, []).append(stay)
    timeline = history(people)
    peak, at, here = 0, None, 0
    for event in timeline:
        here += 1 if event["event"] == "joined" else -1
        if here > peak:
            peak, at = here, event["timestamp"]
    return {
        "session_id": session_id(bot.id),
        "current_participants": [who.name for who in people if who.left_at is None],
        "timeline": [{k: one[k] for k in ("name", "event", "timestamp")} for one in timeline],
        "participant_durations": [
            {"name": name, "total_minutes": round(sum(stays), 2), "join_count": len(stays)}
            for name, stays in minutes.items()
        ],
        "peak_participants": peak,
        "peak_timestamp": at,
    }


def log_message(entry: BotLogEntry) -> str:
    """A log message in the words that clients know."""
    if entry.type == "leaving":
        return entry.message.replace(f"({BotEnd.STOPPED})", "(end_session)")
    return entry.message


def log_entry(entry: BotLogEntry) -> Json:
    """An ActivityLogEntry."""
    return {
        "id": entry.id,
        "session_id": session_id(entry.bot_id),
        "event_type": entry.type,
        "event_category": entry.category,
        "message": log_message(entry),
        "details": dict(entry.details) or None,
        "severity": entry.level,
        "created_at": instant(entry.at),
    }


class Speakers:
    """Who speaks in a transcript: keys by first appearance, names told apart, labels.

    Args:
        segments: In order.
        labels: Names that somebody gave, by key.
    """

    def __init__(self, segments: Sequence[TranscriptSegment], labels: object) -> None:
        self._labels: Mapping[str, object] = labels if isinstance(labels, Mapping) else {}
        self._keys: dict[str, str] = {}
        self._names: dict[tuple[str, str], str] = {}
        owners: dict[str, list[str]] = {}
        for one in segments:
            self._keys.setdefault(one.participant_id, str(len(self._keys)))
            same = owners.setdefault(one.name, [])
            if one.participant_id not in same:
                same.append(one.participant_id)
            number = same.index(one.participant_id) + 1
            name = one.name if number == 1 else f"{one.name} ({number})"
            self._names[one.participant_id, one.name] = name

    def key(self, one: TranscriptSegment) -> str:
        """The speaker's key."""
        return self._keys[one.participant_id]

    def raw(self, one: TranscriptSegment) -> str:
        """The speaker's name at that time; two of one name are told apart."""
        return self._names[one.participant_id, one.name]

    def label(self, one: TranscriptSegment) -> str | None:
        """The name that somebody gave the speaker."""
        found = self._labels.get(self.key(one))
        return found if isinstance(found, str) else None

    def shown(self, one: TranscriptSegment) -> str:
        """What to show."""
        return self.label(one) or self.raw(one)


def segment(one: TranscriptSegment, speakers: Speakers) -> Json:
    """A TranscriptSegment."""
    return {
        "transcript_id": transcript_id(one.id),
        "text": one.text,
        "confidence": one.confidence,
        "start_time": one.start,
        "end_time": one.end,
        "speaker": speakers.raw(one),
        "speaker_display_name": speakers.shown(one),
        "language_code": one.language,
        "created_at": instant(one.created_at),
    }
