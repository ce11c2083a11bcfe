"""Captions of live sessions: started by hosts, the API, the meeting's policy and bots; kept."""

import asyncio
import dataclasses
from collections.abc import Callable

import structlog

from media.captions.port import Caption, Captioners, CaptionSpec, RunningCaptions
from media.captions.speech import TranscriberUnavailableError, understands
from media.clock import Clock
from media.errors import MediaError
from server.config import TranscriptionSettings
from server.records import TranscriptSegment
from server.services.meetings import MeetingsService
from server.services.sessions import SessionsService
from server.storage.port import TranscriptStore
from signaling.errors import RefusalKind, Refused
from signaling.model import (
    CaptionLine,
    CaptionPolicy,
    CaptionsNotice,
    CaptionState,
    CaptionWord,
    Meeting,
    Session,
)

logger = structlog.get_logger(__name__)

POLICY = "policy"
"""In whose name captions run that the meeting's setting starts."""


@dataclasses.dataclass(slots=True)
class _Live:
    """Captions of one session.

    Attributes:
        owners: Who wants them; they end when nobody does.
        changing: Lets one transition happen at a time.
    """

    notice: CaptionsNotice
    running: RunningCaptions | None = None
    owners: set[str] = dataclasses.field(default_factory=set)
    changing: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)


class TranscriptsService:
    """Runs captions and reads what was said.

    Satisfies `signaling.ports.CaptionControl`, `signaling.ports.SessionWatcher` and
    `media.captions.port.CaptionListener`.

    Args:
        store: Where segments are.
        captioners: Where captions are made, beside the engine.
        meetings: Tells whether a meeting may have captions.
        sessions: Finds sessions, live and past.
        clock: The process's clock.
        settings: Engine and language.

    Attributes:
        announce: Tells people in the session how captions stand; set by the composition root.
        say: Tells them, and the log, what was said; set by the composition root.
        deferred: Utterances left to the recording, by session.
    """

    announce: Callable[[str, CaptionsNotice], None]
    say: Callable[[str, CaptionLine], None]

    def __init__(
        self,
        *,
        store: TranscriptStore,
        captioners: Captioners,
        meetings: MeetingsService,
        sessions: SessionsService,
        clock: Clock,
        settings: TranscriptionSettings,
    ) -> None:
        self._store = store
        self._captioners = captioners
        self._meetings = meetings
        self._sessions = sessions
        self._clock = clock
        self._settings = settings
        self._live: dict[str, _Live] = {}
        self._hearers: list[Callable[[str, CaptionLine], None]] = []
        self.deferred: dict[str, int] = {}

    @property
    def captioners(self) -> Captioners:
        """Where captions are made."""
        return self._captioners

    @property
    def running(self) -> int:
        """Sessions with captions now."""
        return sum(1 for one in self._live.values() if one.running is not None)

    def state(self, session_id: str) -> CaptionsNotice | None:
        """How a session's captions stand; None when nobody wanted any."""
        one = self._live.get(session_id)
        return None if one is None else one.notice

    async def start(
        self, meeting_id: str, language: str | None = None, *, owner: str
    ) -> CaptionsNotice:
        """Start captions of a meeting's live session, or share those that run.

        An engine that cannot run, or does not know the language, is no refusal unless
        `transcription.required` is set: the notice says so, and everything else goes on.

        Args:
            meeting_id: Which meeting.
            language: BCP 47; None takes `transcription.language`. Captions that run keep theirs.
            owner: Who wants them, such as a bot's id; they end when no owner is left.

        Raises:
            Refused: `meeting_not_found`, `captions_off`, `no_active_session`, and
                `transcription_unavailable` where the engine is required.
        """
        meeting = await self._meetings.get(meeting_id)
        if meeting.captions is CaptionPolicy.OFF:
            raise Refused(
                RefusalKind.FORBIDDEN, "captions_off", "This meeting is not to be captioned."
            )
        view = self._sessions.live(meeting.id)
        if view is None or view.session.started_at is None:
            raise Refused(RefusalKind.CONFLICT, "no_active_session", "Nobody is in this meeting.")
        return await self._start(view.session, language or self._settings.language, owner)

    async def _start(self, session: Session, language: str, owner: str) -> CaptionsNotice:
        stopped = CaptionsNotice(CaptionState.STOPPED, language, self._settings.engine)
        one = self._live.setdefault(session.id, _Live(stopped))
        async with one.changing:
            if one.running is None:
                one.notice = await self._begin(session, language, one)
                self.announce(session.id, one.notice)
            if one.running is not None:
                one.owners.add(owner)
            return one.notice

    async def _begin(self, session: Session, language: str, one: _Live) -> CaptionsNotice:
        engine = self._settings.engine
        if not understands(engine, language):
            text = f"The speech engine {engine} does not understand {language}."
            logger.warning("language not understood", session=session.id, language=language)
            return self._without(CaptionState.UNSUPPORTED_LANGUAGE, language, text)
        spec = CaptionSpec(session.id, self._zero_ns(session), language)
        try:
            one.running = await self._captioners.caption(spec, self)
        except MediaError as error:
            hint = error.hint if isinstance(error, TranscriberUnavailableError) else ""
            logger.error("captions unavailable", reason=str(error), hint=hint)  # noqa: TRY400
            return self._without(CaptionState.UNAVAILABLE, language, f"{error}. {hint}".strip())
        return CaptionsNotice(CaptionState.RUNNING, language, engine)

    def _without(self, state: CaptionState, language: str, text: str) -> CaptionsNotice:
        if self._settings.required:
            raise Refused(RefusalKind.UNAVAILABLE, "transcription_unavailable", text)
        return CaptionsNotice(state, language, self._settings.engine, text)

    def _zero_ns(self, session: Session) -> int:
        """The session's start on the monotonic clock."""
        assert session.started_at is not None  # noqa: S101  (checked before)
        ago = self._clock.utc() - session.started_at
        return self._clock.monotonic_ns() - round(ago.total_seconds() * 1e9)

    async def stop(self, session_id: str, owner: str) -> None:
        """Somebody wants captions no longer; the last one ends them. Idempotent."""
        one = self._live.get(session_id)
        if one is None:
            return
        async with one.changing:
            one.owners.discard(owner)
            if not one.owners:
                await self._end(session_id, one)

    async def stop_all(self, session_id: str) -> None:
        """End captions, whoever wants them; when it returns what was said is told."""
        one = self._live.get(session_id)
        if one is None:
            return
        async with one.changing:
            one.owners.clear()
            await self._end(session_id, one)

    async def _end(self, session_id: str, one: _Live) -> None:
        running, one.running = one.running, None
        if running is None:
            return
        await running.stop()
        one.notice = dataclasses.replace(one.notice, state=CaptionState.STOPPED)
        self.announce(session_id, one.notice)

    async def session_started(self, meeting: Meeting, session_id: str) -> None:
        """Start captions when the meeting wants them always."""
        if meeting.captions is not CaptionPolicy.AUTO:
            return
        try:
            _ = await self.start(meeting.id, owner=POLICY)
        except Refused as refused:
            logger.error(  # noqa: TRY400  (the code says it all)
                "captions not started", session=session_id, code=refused.code
            )

    async def session_ended(self, meeting_id: str, session_id: str) -> None:
        """End captions with the session."""
        del meeting_id
        await self.stop_all(session_id)
        _ = self._live.pop(session_id, None)

    async def close(self) -> None:
        """End the engines."""
        for session_id in list(self._live):
            await self.stop_all(session_id)
        await self._captioners.close()

    # what captioners report

    def caption_made(self, room_id: str, caption: Caption) -> None:
        """Somebody said something."""
        line = line_of(caption)
        self.say(room_id, line)
        for hearer in tuple(self._hearers):
            hearer(room_id, line)

    def on_line(self, callback: Callable[[str, CaptionLine], None]) -> None:
        """Call back with a session's id on every line of captions, unfinished ones too."""
        self._hearers.append(callback)

    def caption_deferred(self, room_id: str, caption_id: str, start: float, end: float) -> None:
        """Something was said and there was no engine for it."""
        del caption_id
        self.deferred[room_id] = self.deferred.get(room_id, 0) + 1
        logger.warning("utterance left to the recording", session=room_id, start=start, end=end)

    # reading

    async def of_session(self, session_id: str) -> list[TranscriptSegment]:
        """What was said in a session so far, on its clock."""
        await self._sessions.settle()
        return await self._store.list_segments(session_id)

    async def forget(self, session_id: str) -> int:
        """Delete everything that was said in a session: segments, and the facts that told them."""
        await self._sessions.settle()
        return await self._store.delete_segments(session_id)


def line_of(caption: Caption) -> CaptionLine:
    """A caption in the words of the model."""
    return CaptionLine(
        id=caption.id,
        participant_id=caption.participant_id,
        connection_id=caption.connection_id,
        name=caption.name,
        start=caption.start,
        end=caption.end,
        text=caption.text,
        language=caption.language,
        engine=caption.engine,
        words=tuple(
            CaptionWord(word.text, word.start, word.end, word.confidence) for word in caption.words
        ),
        confidence=caption.confidence,
        final=caption.final,
    )
