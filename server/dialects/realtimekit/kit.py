"""What the dialect's handlers share: services of the process and a few of their own."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from aiohttp import web

from media.tasks import TaskScope
from server.dialects.realtimekit.answers import no_session, not_found
from server.dialects.realtimekit.reading import Body, read_body
from server.records import ApiKey, Extra
from server.services.sessions import view_of
from server.services.views import SessionView
from signaling.errors import RefusalKind, Refused
from signaling.model import Meeting, SessionState

if TYPE_CHECKING:
    from multidict import MultiMapping

    from server.dialects.realtimekit.access import AppRef
    from server.dialects.realtimekit.links import Links
    from server.services.context import App
    from server.services.invitations import InvitationsService
    from server.services.presets import PresetsService
    from server.services.webhooks import WebhooksService

KIT: web.AppKey["Kit"] = web.AppKey("roomtone_realtimekit")


@dataclass(slots=True)
class Kit:
    """The dialect's parts.

    Attributes:
        webhooks: Set when the process starts.
        limits: Stops recordings that have a longest duration.
    """

    app: "App"
    invitations: "InvitationsService"
    presets: "PresetsService"
    links: "Links"
    limits: TaskScope
    webhooks: "WebhooksService" = field(init=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a known key for a known app.

    Attributes:
        account_id: As asked.
        ref: The app.
    """

    request: web.Request
    kit: Kit
    key: ApiKey
    account_id: str
    ref: "AppRef"

    @property
    def app(self) -> "App":
        """The process's parts."""
        return self.kit.app

    @property
    def query(self) -> "MultiMapping[str]":
        """What follows the question mark."""
        return self.request.query

    def part(self, name: str) -> str:
        """A part of the path, decoded."""
        return self.request.match_info[name]

    async def body(self) -> Body:
        """The JSON object that was sent, empty when nothing was."""
        return read_body(await self.request.read())

    # what handlers look up

    async def meeting(self, meeting_id: str | None = None) -> Meeting:
        """The meeting of the path, or with this id.

        Raises:
            KitError: 404, for another app's too.
        """
        wanted = self.part("meeting") if meeting_id is None else meeting_id
        found = await self.meeting_or_none(wanted)
        return found or not_found("meeting", wanted)

    async def meeting_or_none(self, meeting_id: str) -> Meeting | None:
        """The same; None when there is none."""
        try:
            found = await self.app.meetings.get(meeting_id)
        except Refused as refused:
            if refused.kind is RefusalKind.NOT_FOUND:
                return None
            raise
        return found if found.account == self.ref.account else None

    async def active(self, meeting_id: str | None = None) -> SessionView:
        """The session that is active in the meeting, with everybody who was in it.

        Raises:
            KitError: 404 to the letter.
        """
        wanted = self.part("meeting") if meeting_id is None else meeting_id
        meeting = await self.meeting_or_none(wanted)
        live = self.app.sessions.live(meeting.id) if meeting is not None else None
        if live is None or live.session.state not in (SessionState.LIVE, SessionState.KEEP_ALIVE):
            raise no_session(wanted)
        return await self.whole(live)

    async def whole(self, live: SessionView) -> SessionView:
        """A live session with those whom memory has forgotten, from storage."""
        await self.app.sessions.settle()
        stored = await self.app.storage.find_session(live.session.id)
        return live if stored is None else combined(view_of(stored), live)

    async def session(self) -> SessionView:
        """The session of the path.

        Raises:
            KitError: 404, for another app's too.
        """
        wanted = self.part("session")
        await self.app.sessions.settle()
        stored = await self.app.storage.find_session(wanted)
        found = live = self.app.tracker.session(wanted)
        if stored is not None:
            found = view_of(stored) if live is None else combined(view_of(stored), live)
        if found is None or found.account != self.ref.account:
            not_found("session", wanted)
        if found.session.state is SessionState.PENDING:
            not_found("session", wanted)
        return found

    async def beside(self, entity_id: str) -> Body:
        """What the dialect keeps beside an entity."""
        found = await self.app.storage.find_record(Extra, entity_id)
        return found.data if found is not None else {}

    async def keep(self, entity_id: str, data: Body) -> None:
        """Keep that."""
        await self.app.storage.save_record(Extra(entity_id, data, self.app.clock.utc()))


def combined(stored: SessionView, live: SessionView) -> SessionView:
    """A live session from both: storage knows people long gone, memory is ahead of a slow disk."""
    people = {one.participant.id: one for one in stored.participants}
    for one in live.participants:
        known = people.get(one.participant.id)
        links = {} if known is None else {link.id: link for link in known.connections}
        links |= {link.id: link for link in one.connections}
        people[one.participant.id] = replace(one, connections=tuple(links.values()))
    return replace(live, participants=tuple(people.values()))
