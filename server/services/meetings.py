"""Meetings: durable rooms, their links and who is registered for them."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from media.clock import Clock
from server.auth.tokens import TokenSigner
from server.config import Settings
from server.services.cursors import decode_cursor, page_of
from server.services.ids import ForeignIds, parse_meeting_id
from server.services.known import Known
from server.services.text import display_name, meeting_title
from server.services.tracker import Tracker
from server.services.users import UsersService
from server.services.views import (
    CreateMeeting,
    IssuedToken,
    Page,
    PatchMeeting,
    Registration,
    TokenWish,
)
from server.storage.port import MeetingQuery, MeetingStore
from signaling.errors import RefusalKind, Refused
from signaling.ids import new_id
from signaling.model import (
    Access,
    CaptionPolicy,
    Meeting,
    MeetingStatus,
    RecordPolicy,
    WaitingRoom,
)

DEFAULT_TITLE = "Meeting"
MAX_PARTICIPANTS = 1000
MIN_TTL, MAX_TTL = 1, 31_536_000  # one second to a year
MAX_USER_ID = 256
KEPT = 1000  # a join asks for its meeting four times


class MeetingEnder(Protocol):
    """Ends what is live in a meeting."""

    async def end_meeting(self, meeting_id: str, by: str | None) -> None:
        """End the meeting's session for everybody; Refused `no_active_session`."""


class MeetingsService:
    """Makes, reads, changes and deletes meetings.

    Args:
        store: Where they are kept.
        tracker: Knows who is in them now.
        users: Learns whom tokens are made for.
        signer: Signs join tokens.
        settings: Defaults.
        clock: Tells creation times.
        foreign: Other ways to write meeting ids.

    Attributes:
        live: Ends sessions; set by the composition root, which builds it later.
        public_url: Base of the links; the lifecycle corrects it when the port was chosen late.
    """

    live: MeetingEnder

    def __init__(  # noqa: PLR0913, PLR0917  (what it works with)
        self,
        store: MeetingStore,
        tracker: Tracker,
        users: UsersService,
        signer: TokenSigner,
        settings: Settings,
        clock: Clock,
        foreign: Sequence[ForeignIds] = (),
    ) -> None:
        self._store = store
        self._tracker = tracker
        self._users = users
        self._signer = signer
        self._settings = settings
        self._clock = clock
        self._foreign = tuple(foreign)
        self.public_url = settings.public_url
        self._watchers: list[Callable[[str], None]] = []
        self._known: Known[Meeting | None] = Known(KEPT)

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Call back with the id of every meeting that changed, was deleted or got a member."""
        self._watchers.append(callback)

    def _changed(self, meeting_id: str) -> None:
        self._known.forget(meeting_id)
        for watcher in self._watchers:
            watcher(meeting_id)

    def url(self, meeting_id: str) -> str:
        """The meeting's link."""
        return f"{self.public_url}/m/{meeting_id}"

    def aliases(self, meeting_id: str) -> Mapping[str, str]:
        """The meeting's id in foreign forms, by the member names that the API gives them."""
        return {form.member: form.write(meeting_id) for form in self._foreign}

    async def create(self, wish: CreateMeeting, *, account: str, by: str | None) -> Meeting:
        """Make a meeting.

        Raises:
            Refused: `invalid_title`, `invalid_max_participants`.
        """
        limit = wish.max_participants
        meeting = Meeting(
            id=new_id(),
            title=meeting_title(wish.title, DEFAULT_TITLE),
            status=MeetingStatus.ACTIVE,
            access=wish.access or (Access.LINK if self._settings.dev else Access.TOKEN),
            record=wish.record or RecordPolicy.MANUAL,
            max_participants=_people(
                self._settings.media.max_participants if limit is None else limit
            ),
            created_at=self._clock.utc(),
            created_by=by,
            account=account,
            keep_alive_seconds=wish.keep_alive_seconds,
            captions=wish.captions or CaptionPolicy.ON,
            waiting_room=wish.waiting_room or WaitingRoom.OFF,
        )
        await self._store.insert_meeting(meeting)
        self._known.forget(meeting.id)
        return meeting

    async def get(self, meeting: str) -> Meeting:
        """A meeting by its id in any form that the server accepts.

        Raises:
            Refused: `meeting_not_found`.
        """
        meeting_id = parse_meeting_id(meeting, self._foreign)
        found = await self._find(meeting_id) if meeting_id else None
        if found is None:
            raise _not_found()
        self._tracker.note_meeting(found)
        return found

    async def _find(self, meeting_id: str) -> Meeting | None:
        return await self._known.get(meeting_id, lambda: self._store.find_meeting(meeting_id))

    async def page(
        self,
        *,
        account: str,
        cursor: str | None = None,
        limit: int = 50,
        status: MeetingStatus | None = None,
        member: str | None = None,
    ) -> Page[Meeting]:
        """Meetings, newest first; with `member` those that this `sub` belongs to.

        Raises:
            Refused: `invalid_cursor`.
        """
        query = MeetingQuery(account, limit + 1, decode_cursor(cursor), status, member)
        return page_of(await self._store.list_meetings(query), limit, lambda item: item.id)

    async def patch(self, meeting: str, change: PatchMeeting) -> Meeting:
        """Change a meeting; people who are in it stay.

        Raises:
            Refused: `meeting_not_found`, `invalid_title`, `invalid_max_participants`.
        """
        old = await self.get(meeting)
        limit = change.max_participants
        new = dataclasses.replace(
            old,
            title=old.title if change.title is None else meeting_title(change.title, old.title),
            status=change.status or old.status,
            access=change.access or old.access,
            record=change.record or old.record,
            captions=change.captions or old.captions,
            waiting_room=change.waiting_room or old.waiting_room,
            max_participants=old.max_participants if limit is None else _people(limit),
            keep_alive_seconds=change.keep_alive_seconds or old.keep_alive_seconds,
        )
        if new != old and not await self._store.update_meeting(new):
            raise _not_found()
        self._changed(new.id)
        return new

    async def delete(self, meeting: str) -> None:
        """End a live session, then delete the meeting; its recordings stay.

        Raises:
            Refused: `meeting_not_found`.
        """
        found = await self.get(meeting)
        if not await self._store.delete_meeting(found.id, self._clock.utc()):
            raise _not_found()
        self._changed(found.id)
        try:
            await self.live.end_meeting(found.id, None)
        except Refused as refused:
            if refused.code != "no_active_session":
                raise

    async def issue_token(self, meeting: str, wish: TokenWish) -> IssuedToken:
        """A join token; with a user id the user is registered for the meeting at once.

        Raises:
            Refused: `meeting_not_found`, `name_required`, `name_invalid`, `invalid_ttl`,
                `invalid_user_id`.
        """
        found = await self.get(meeting)
        name = display_name(wish.name)
        ttl = self._settings.auth.join_ttl_seconds if wish.ttl is None else wish.ttl
        if not MIN_TTL <= ttl <= MAX_TTL:
            raise Refused(
                RefusalKind.INVALID, "invalid_ttl", f"ttl is {MIN_TTL} to {MAX_TTL} seconds."
            )
        participant_id = new_id()
        if wish.user_id is not None:
            await self.register(found.id, wish, name, participant_id)
        token = self._signer.issue_join(
            meeting_id=found.id,
            name=name,
            role=wish.role,
            participant_id=participant_id,
            ttl=ttl,
            user_id=wish.user_id,
            account=found.account,
        )
        return IssuedToken(
            token=token,
            url=f"{self.url(found.id)}#t={token}",
            participant_id=participant_id,
            expires_at=self._clock.utc() + timedelta(seconds=ttl),
        )

    async def register(
        self, meeting_id: str, wish: TokenWish, name: str, participant_id: str
    ) -> Registration:
        """Let a user belong to the meeting before joining.

        Raises:
            Refused: `invalid_user_id`.
        """
        sub = (wish.user_id or "").strip()
        if not sub or len(sub) > MAX_USER_ID or sub != wish.user_id:
            raise Refused(
                RefusalKind.INVALID,
                "invalid_user_id",
                f"user_id is 1 to {MAX_USER_ID} characters without blanks around them.",
            )
        _ = await self._users.ensure(sub, name)
        registration = await self._store.register(
            Registration(meeting_id, sub, name, wish.role, participant_id, self._clock.utc())
        )
        self._changed(meeting_id)
        return registration

    async def is_member(self, meeting_id: str, sub: str) -> bool:
        """Whether the user made the meeting, is registered for it, or is or was in it."""
        if self._tracker.was_here(meeting_id, sub):
            return True
        return await self._store.is_member(meeting_id, sub)

    async def registration(self, meeting_id: str, sub: str) -> Registration | None:
        """How the user is registered for the meeting."""
        return await self._store.find_registration(meeting_id, sub)

    async def registered_name(self, meeting_id: str, sub: str) -> str | None:
        """The name under which the user is registered for the meeting."""
        found = await self._store.find_registration(meeting_id, sub)
        return found.name if found else None


def _people(limit: int) -> int:
    if not 1 <= limit <= MAX_PARTICIPANTS:
        raise Refused(
            RefusalKind.INVALID,
            "invalid_max_participants",
            f"max_participants is 1 to {MAX_PARTICIPANTS}.",
        )
    return limit


def _not_found() -> Refused:
    return Refused(RefusalKind.NOT_FOUND, "meeting_not_found", "There is no such meeting.")
