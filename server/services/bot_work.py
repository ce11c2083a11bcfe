"""What a bot is in a meeting for: its recording, its transcript, and what is left of them."""

import asyncio
from typing import Final

import structlog

from server.records import Bot, RecordingView, TranscriptSegment
from server.services.bot_journal import BotJournal
from server.services.products import ProductKind, ProductState
from server.services.recorded_transcripts import (
    RecordedTranscripts,
    TranscriptState,
    moved,
    within,
)
from server.services.recordings import FINISHED, RecordingsService
from server.services.sessions import SessionsService
from server.services.transcripts import TranscriptsService
from server.services.views import StoredFile
from server.storage.port import Storage
from signaling.errors import Refused
from signaling.model import CaptionState, RecordingState

FILES_SECONDS: Final = 10.0
"""How long a bot that left waits for its files to be whole before it is completed without sizes."""
MIX_SECONDS: Final = 60.0
"""How long a download waits for a mix that is being made."""
_TRANSCRIPTION: Final = {
    CaptionState.RUNNING: "active",
    CaptionState.UNAVAILABLE: "unavailable",
    CaptionState.UNSUPPORTED_LANGUAGE: "unsupported_language",
}

logger = structlog.get_logger(__name__)


class BotWork:
    """Recordings and transcripts of bots.

    Args:
        store: Where segments are.
        recordings: Record.
        transcripts: Caption live sessions.
        recorded: Transcribe recordings.
        sessions: Finds sessions.
    """

    def __init__(
        self,
        store: Storage,
        recordings: RecordingsService,
        transcripts: TranscriptsService,
        recorded: RecordedTranscripts,
        sessions: SessionsService,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._transcripts = transcripts
        self._recorded = recorded
        self._sessions = sessions

    async def bind(self, journal: BotJournal, session_id: str | None) -> bool:
        """The bot is in a session; True when captions are wanted."""
        bot = journal.bot
        if session_id is None or bot.joined_at is None:
            return False
        session = (await self._sessions.get(session_id)).session
        begun = session.started_at or session.created_at
        offset = (begun - bot.joined_at).total_seconds()
        await journal.change(
            session_id=session_id, session_offset=offset, meeting_id=session.meeting_id
        )
        return bot.transcribe

    async def caption(self, journal: BotJournal) -> None:
        """Begin captions of the session that the bot is in; the engine may have to be loaded."""
        bot = journal.bot
        try:
            notice = await self._transcripts.start(bot.meeting_id or "", bot.language, owner=bot.id)
        except Refused as refused:
            await journal.detail(transcription="unavailable")
            await journal.warn(refused.code, refused.message)
            return
        state = _TRANSCRIPTION.get(notice.state, "unavailable")
        await journal.detail(transcription=state)
        if state == "active":
            await journal.log("transcription", "transcription_started", "Transcription began")
        else:
            await journal.warn(f"transcription_{state}", notice.message or "No transcription.")

    async def recording_began(self, journal: BotJournal, recording_id: str, *, own: bool) -> None:
        """Somebody's media is being written."""
        await journal.change(recording_id=recording_id, own_recording=own)
        await journal.detail(recording="recording", audio="receiving")
        await journal.log("recording", "recording_started", "Recording began")

    @staticmethod
    async def never_in(journal: BotJournal, *, failed: bool) -> None:
        """The bot has ended and was never let in: nothing will come of it any more."""
        if journal.bot.details.get("transcription") == "pending":
            await journal.detail(transcription="failed" if failed else "completed")

    async def finish(self, journal: BotJournal, patience: float | None = FILES_SECONDS) -> None:
        """The bot is out: wait for the last words and for whole files.

        Args:
            journal: Of the bot.
            patience: Seconds; files that take longer leave the recording `finalizing`. None waits
                for as long as it takes.
        """
        bot = journal.bot
        if bot.session_id is not None and bot.transcribe:
            await self._transcripts.stop(bot.session_id, bot.id)
        if bot.details.get("transcription") in ("active", "pending"):
            await journal.detail(transcription="completed")
        if bot.recording_id is None:
            return  # nobody sent anything, or nothing may be recorded
        await journal.detail(recording="finalizing")
        if patience == 0 or (patience is not None and not bot.own_recording):
            return  # or it is somebody else's, who may record on for hours
        try:
            async with asyncio.timeout(patience):
                view = await self._recordings.finished(bot.recording_id)
        except TimeoutError:
            await journal.log("recording", "recording_slow", "Files are still being checked")
        except Refused as refused:  # somebody deleted it meanwhile
            await journal.detail(recording="failed")
            await journal.warn(refused.code, refused.message)
        else:
            await self._count(journal, view)

    async def _count(self, journal: BotJournal, view: RecordingView) -> None:
        """Note what was recorded, and have its mix made."""
        ready = view.state is RecordingState.READY
        await journal.detail(
            recording="completed" if ready else "failed",
            segments=len(view.files),
            files=len(view.files),
            bytes=sum(file.bytes for file in view.files),
        )
        if ready and view.files:
            _ = await self._recordings.make(view.id, ProductKind.MIX, "wav")

    async def mix(self, bot: Bot) -> StoredFile | None:
        """The recording of everybody as one WAV file; None while there is none."""
        if bot.recording_id is None:
            return None
        view = await self._recording(bot)
        if view is None or view.state not in FINISHED or not view.files:
            return None
        product = await self._recordings.make(view.id, ProductKind.MIX, "wav")
        if product.state is not ProductState.READY:
            try:
                async with asyncio.timeout(MIX_SECONDS):
                    await self._recordings.products.settled(product.id)
            except TimeoutError:
                return None
        try:
            return await self._recordings.file(view.id, product.id)
        except Refused:
            return None

    async def transcript(self, bot: Bot) -> list[TranscriptSegment]:
        """What was said while the bot was in, in seconds from its joining, by start and end."""
        if bot.session_id is None or not bot.transcribe:
            return []
        await self._sessions.settle()
        said = await self._store.list_segments(bot.session_id, recording_id=bot.transcript_of)
        heard = moved(said, bot.session_offset)
        if bot.transcript_of is None:
            heard = within(heard, bot.duration_seconds)
        return sorted(heard, key=lambda one: (one.start, one.end))

    async def transcribe_again(self, journal: BotJournal) -> None:
        """Make the transcript anew from the recording, in place of what there is.

        Raises:
            Refused: `recording_not_found`, `recording_not_ready`, `unsupported_language`.
        """
        bot = journal.bot
        view = await self._recordings.get(bot.recording_id or "")
        _ = await self._recorded.make(view, bot.language)
        await journal.detail(transcription="processing")

    async def transcribed_again(self, journal: BotJournal) -> None:
        """Wait for that, and show what came of it."""
        bot = journal.bot
        view = await self._recordings.get(bot.recording_id or "")
        try:
            await self._recorded.settled(view.id)
        except asyncio.CancelledError:
            await journal.detail(transcription="failed")  # the server stops: nobody goes on
            raise
        job = await self._recorded.job(view)
        if job.state is not TranscriptState.COMPLETED:
            await journal.detail(transcription="failed")
            return
        joined = bot.joined_at or view.started_at
        offset = (view.started_at - joined).total_seconds()
        await journal.change(transcribe=True, transcript_of=view.id, session_offset=offset)
        await journal.detail(transcription="completed")

    async def erase(self, bot: Bot, others: int) -> None:
        """Delete what the bot recorded and, where no other bot needs it, what was written down.

        Raises:
            Refused: `recording_not_ready` while its files are not whole.
        """
        if bot.recording_id is not None and (bot.own_recording or not others):
            await self._recorded.drop(bot.recording_id)
        view = await self._recording(bot) if bot.own_recording else None
        if view is not None:
            view = await self._recordings.finished(view.id)
            await self._recordings.delete(view.id, bot.created_by)
        if bot.session_id is not None and bot.transcribe and not others:
            _ = await self._transcripts.forget(bot.session_id)

    async def _recording(self, bot: Bot) -> RecordingView | None:
        try:
            return await self._recordings.get(bot.recording_id or "")
        except Refused:
            return None
