"""Sends what happens in meetings to the webhooks that want it, in order."""

import asyncio
import json
from typing import TYPE_CHECKING

import structlog

from server.dialects.realtimekit.access import DEFAULT_APP_NAME
from server.dialects.realtimekit.answers import time_text
from server.dialects.realtimekit.exports import messages_of
from server.dialects.realtimekit.links import LIFE, Links
from server.dialects.realtimekit.meetings import title_of
from server.dialects.realtimekit.payloads import (
    EVENT_NAMES,
    chat_payload,
    meeting_object,
    payload,
    recording_payload,
    spoken_payload,
)
from server.dialects.realtimekit.reading import Body
from server.dialects.realtimekit.recording_documents import STATUSES, document, expiry_of
from server.dialects.realtimekit.transcripts import link
from server.dialects.realtimekit.watch import Happening, Watch, What
from server.records import Extra, Webhook, Workspace
from server.services.context import App
from signaling.errors import Refused
from signaling.model import Meeting, RecordPolicy

if TYPE_CHECKING:
    from server.services.webhooks import WebhooksService
    from signaling.log import LogEntry

WAITING = 10_000
"""Happenings that may wait while the database is slow."""
_REMEMBERED = 1000

logger = structlog.get_logger("server.dialects.realtimekit")


class Notifier:
    """Follows the session log.

    Args:
        app: The process's parts.
        webhooks: Where to send.
        links: Makes download links.
    """

    def __init__(self, app: App, webhooks: "WebhooksService", links: Links) -> None:
        self._app = app
        self._webhooks = webhooks
        self._links = links
        self._watch = Watch()
        self._waiting: asyncio.Queue[Happening] = asyncio.Queue(WAITING)
        self._statuses: dict[str, str] = {}

    async def recall(self) -> None:
        """Go on with what a crash left open; the facts of its end are still to come."""
        for stored in await self._app.storage.unfinished_sessions():
            said = await messages_of(self._app, stored.session.id)
            self._watch.recall(
                stored.session, stored.participants, stored.connections, chats=len(said)
            )

    def take(self, entry: "LogEntry") -> None:
        """A fact, on the event loop."""
        for happening in self._watch.fold(entry):
            try:
                self._waiting.put_nowait(happening)
            except asyncio.QueueFull:
                logger.error("webhook event lost", what=happening.what.value)  # noqa: TRY400

    async def run(self) -> None:
        """Send for ever."""
        while True:
            happening = await self._waiting.get()
            try:
                await self._tell(happening)
            except Exception:
                logger.exception("webhook event failed", what=happening.what.value)
            finally:
                self._waiting.task_done()

    async def settle(self) -> None:
        """Wait until everything taken so far is on its way."""
        await self._waiting.join()

    async def _tell(self, happening: Happening) -> None:
        meeting = await self._meeting(happening.meeting_id)
        name = EVENT_NAMES[happening.what]
        if meeting is None or not self._is_news(happening):
            return
        for webhook in await self._webhooks.of_account(meeting.account):
            if webhook.enabled and name in webhook.events:
                body = await self._body(happening, meeting, webhook)
                if body is not None:
                    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
                    _ = await self._webhooks.send(webhook, name, happening.session_id, text)

    async def _meeting(self, meeting_id: str) -> Meeting | None:
        try:
            return await self._app.meetings.get(meeting_id)
        except Refused:
            return None  # deleted meanwhile

    def _is_news(self, happening: Happening) -> bool:
        """Two states of a recording may be one status here: it is told once."""
        notice = happening.recording
        if notice is None:
            return True
        status = STATUSES[notice.state]
        if self._statuses.get(notice.id) == status:
            return False
        self._statuses.pop(notice.id, None)
        self._statuses[notice.id] = status
        if len(self._statuses) > _REMEMBERED:
            del self._statuses[next(iter(self._statuses))]
        return True

    async def _body(self, happening: Happening, meeting: Meeting, webhook: Webhook) -> Body | None:
        by = await self._organization(webhook)
        extra = await self._extra(meeting.id)
        title = title_of(meeting, extra)
        if happening.what is What.RECORDING:
            return await self._recording(happening, meeting, title, by)
        if happening.what is What.CHAT:
            session = happening.session
            if session is None:
                return None
            return chat_payload(meeting, session, title, by, self._chat_link(session.id))
        if happening.what in (What.TRANSCRIPT, What.SUMMARY):
            about = meeting_object(meeting, happening.session, title, by)
            return await self._spoken(happening, extra, about)
        return payload(happening, meeting, title, by)

    async def _spoken(self, happening: Happening, extra: Body, about: Body) -> Body | None:
        """A transcript whenever there is one, a summary where the meeting wants it."""
        what, transcripts = happening.what, self._app.transcripts
        await transcripts.stop_all(happening.session_id)  # what is still being understood counts
        if not await transcripts.of_session(happening.session_id):
            return None
        if what is What.SUMMARY and not extra.get("summarize_on_end"):
            return None
        name = "transcript.csv" if what is What.TRANSCRIPT else "summary.txt"
        url, expiry = link(self._app, self._links, what.value, happening.session_id, name)
        return spoken_payload(what, about, url, expiry)

    async def _organization(self, webhook: Webhook) -> Body:
        own = await self._app.storage.find_record(Workspace, webhook.account)
        name = own.name if own is not None else DEFAULT_APP_NAME
        return {"id": webhook.label, "name": name}

    async def _extra(self, entity_id: str) -> Body:
        found = await self._app.storage.find_record(Extra, entity_id)
        return found.data if found is not None else {}

    def _chat_link(self, session_id: str) -> Body:
        expires = self._app.clock.utc() + LIFE
        path = self._links.path("chat", session_id, "chat.csv", expires)
        return {
            "chatDownloadUrl": self._app.meetings.public_url.rstrip("/") + path,
            "chatDownloadUrlExpiry": time_text(expires),
        }

    async def _recording(
        self, happening: Happening, meeting: Meeting, title: str, by: Body
    ) -> Body | None:
        notice = happening.recording
        if notice is None:
            return None
        try:
            view = await self._app.recordings.get(notice.id)
        except Refused:
            return None
        extra = await self._extra(view.id)
        base, expires = self._app.meetings.public_url.rstrip("/"), expiry_of(view)

        def link(kind: str, entity: str, name: str) -> str:
            assert expires is not None  # noqa: S101  (only finished recordings have links)
            return base + self._links.path(kind, entity, name, expires)

        on_start = (
            meeting.record is RecordPolicy.ALWAYS
            and "by_api" not in extra
            and view.started_by is None
        )
        shown = document(view, extra, on_start=on_start, link=link, now=self._app.clock.utc())
        shown = {**shown, "status": STATUSES[notice.state]}
        about = meeting_object(meeting, happening.session, title, by)
        about = {**about, "sessionId": view.session_id}
        return recording_payload(shown, about, meeting.id, str(by["id"]))
