"""Admission: who may join which meeting, under which name, with which rights."""

import dataclasses

from media.clock import Clock
from server.auth.authenticate import Authenticator
from server.auth.errors import AuthCode, AuthRefused, TokenRefused
from server.auth.principal import Principal, PrincipalKind
from server.auth.tokens import ResumeClaims, TokenSigner
from server.records import Invitation
from server.services.invitations import invited_name, permissions_of
from server.services.meetings import MeetingsService
from server.services.text import display_name
from server.services.throttle import Throttle
from server.services.tracker import Tracker
from server.services.users import UsersService
from server.storage.port import IntegrationStore
from signaling.errors import RefusalKind, Refused
from signaling.model import Access, Meeting, MeetingStatus, Role
from signaling.ports import Admission, JoinRequest

RESUME_SECONDS = 12 * 3600.0
"""A resume token outlives a working day and a restart, not a leak."""
JOIN_BURST, JOINS_PER_SECOND = 60, 5
FAILURE_BURST, FAILURES_PER_SECOND = 10, 0.2


class Admissions:
    """The `signaling.ports.Gate` of this server.

    Args:
        meetings: Finds them.
        users: Learns who came.
        authenticator: Reads join tokens, user tokens and API keys.
        signer: Makes and reads resume tokens.
        tracker: Says when storage is too far behind.
        clock: Fills the rate limits.
        invitations: Where they are kept; None where nobody invites.

    Attributes:
        draining: Nobody is admitted any more.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (what it works with)
        self,
        meetings: MeetingsService,
        users: UsersService,
        authenticator: Authenticator,
        signer: TokenSigner,
        tracker: Tracker,
        clock: Clock,
        invitations: IntegrationStore | None = None,
    ) -> None:
        self._invitations = invitations
        self._meetings = meetings
        self._users = users
        self._authenticator = authenticator
        self._signer = signer
        self._tracker = tracker
        self._joins = Throttle(clock, burst=JOIN_BURST, per_second=JOINS_PER_SECOND)
        self._failures = Throttle(clock, burst=FAILURE_BURST, per_second=FAILURES_PER_SECOND)
        self.draining = False

    async def admit(self, request: JoinRequest) -> Admission:
        """Decide about a join request.

        Raises:
            Refused: `server_draining`, `rate_limited`, `meeting_not_found`, `meeting_inactive`,
                `token_required`, `token_invalid`, `token_expired`, `token_for_another_meeting`,
                `name_required`, `name_invalid`.
        """
        self._may_try(request.address)
        try:
            admission = await self._decide(request)
        except Refused as refused:
            if refused.kind in (RefusalKind.UNAUTHENTICATED, RefusalKind.NOT_FOUND):
                _ = self._failures.take(request.address)
            raise
        self._tracker.note_meeting(admission.meeting)
        if admission.user_id is not None:
            _ = await self._users.ensure(admission.user_id, admission.name)
        return admission

    async def renew(self, admission: Admission) -> Admission:
        """The same admission as meeting and invitation stand now, for somebody who waited.

        Raises:
            Refused: `meeting_not_found`, `meeting_inactive`, `token_invalid`.
        """
        meeting = await self._meetings.get(admission.meeting.id)
        if meeting.status is MeetingStatus.INACTIVE:
            raise Refused(RefusalKind.GONE, "meeting_inactive", "This meeting is closed.")
        now = dataclasses.replace(admission, meeting=meeting)
        return await self._invited(now, admission.invitation_id)

    def resume_token(self, admission: Admission, *, session_id: str, participant_id: str) -> str:
        """A token that lets the same participant come back without a join token."""
        return self._signer.issue_resume(
            meeting_id=admission.meeting.id,
            session_id=session_id,
            participant_id=participant_id,
            name=admission.name,
            role=admission.role,
            user_id=admission.user_id,
            invitation_id=admission.invitation_id,
            ttl=RESUME_SECONDS,
        )

    def _may_try(self, address: str | None) -> None:
        if self.draining:
            raise Refused(
                RefusalKind.UNAVAILABLE, "server_draining", "The server is stopping; try again."
            )
        if self._tracker.overloaded:
            raise Refused(
                RefusalKind.UNAVAILABLE, "server_draining", "The server cannot store what happens."
            )
        if not self._failures.allows(address) or not self._joins.take(address):
            raise Refused(
                RefusalKind.TOO_MANY, "rate_limited", "Too many tries; wait a few seconds."
            )

    async def _decide(self, request: JoinRequest) -> Admission:
        resumed = self._resume(request)
        meeting = await self._meetings.get(request.meeting)
        if resumed is not None and resumed.meeting_id != meeting.id:
            resumed = None
        if meeting.status is MeetingStatus.INACTIVE:
            raise Refused(RefusalKind.GONE, "meeting_inactive", "This meeting is closed.")
        if resumed is not None:
            back = Admission(
                meeting=meeting,
                name=resumed.name,
                role=resumed.role,
                user_id=resumed.user_id,
                participant_id=resumed.participant_id,
                resumed_session_id=resumed.session_id,
            )
            return await self._invited(back, resumed.invitation_id)
        principal = await self._principal(request.token)
        match principal.kind:
            case PrincipalKind.JOIN:
                admission = _by_join_token(meeting, principal, request)
                return await self._invited(admission, principal.invitation_id)
            case PrincipalKind.USER:
                return await self._by_user_token(meeting, principal, request)
            case PrincipalKind.API_KEY:
                return _by_api_key(meeting, principal, request)
            case PrincipalKind.ANONYMOUS:
                return _by_link(meeting, request)

    async def _invited(self, admission: Admission, invitation_id: str | None) -> Admission:
        """The same with what the invitation grants now; a deleted one lets nobody in."""
        if invitation_id is None:
            return admission
        found = None
        if self._invitations is not None:
            found = await self._invitations.find_record(Invitation, invitation_id)
        if found is None or found.meeting_id != admission.meeting.id:
            raise Refused(
                RefusalKind.UNAUTHENTICATED, "token_invalid", "This invitation was withdrawn."
            )
        return dataclasses.replace(
            admission,
            name=display_name(invited_name(found)),
            role=found.role,
            user_id=found.user_id,
            invitation_id=found.id,
            permissions=permissions_of(found.permissions),
        )

    def _resume(self, request: JoinRequest) -> ResumeClaims | None:
        """What a good resume token says; a bad one counts only when there is nothing else."""
        if request.resume is None:
            return None
        try:
            return self._signer.read_resume(request.resume)
        except TokenRefused as refused:
            if request.token is None and request.name is None:
                raise _token_refusal(refused) from refused
            return None

    async def _principal(self, token: str | None) -> Principal:
        try:
            return await self._authenticator.identify(token)
        except AuthRefused as refused:
            raise _token_refusal(refused) from refused

    async def _by_user_token(
        self, meeting: Meeting, principal: Principal, request: JoinRequest
    ) -> Admission:
        sub = principal.sub or ""
        registration = await self._meetings.registration(meeting.id, sub)
        creator = meeting.created_by == sub
        if meeting.access is Access.TOKEN and registration is None and not creator:
            raise Refused(
                RefusalKind.FORBIDDEN,
                "token_for_another_meeting",
                "You are not registered for this meeting.",
            )
        role = registration.role if registration else Role.PARTICIPANT
        known = registration.name if registration else principal.name
        return Admission(
            meeting=meeting,
            name=display_name(request.name or known),
            role=Role.HOST if creator else role,
            user_id=sub,
        )


def _by_join_token(meeting: Meeting, principal: Principal, request: JoinRequest) -> Admission:
    if principal.meeting_id != meeting.id:
        raise Refused(
            RefusalKind.FORBIDDEN,
            "token_for_another_meeting",
            "This token is for another meeting.",
        )
    guest = principal.user_id is None
    return Admission(
        meeting=meeting,
        name=display_name((request.name if guest else None) or principal.name),
        role=principal.role or Role.PARTICIPANT,
        user_id=principal.user_id,
        participant_id=principal.participant_id,
    )


def _by_api_key(meeting: Meeting, principal: Principal, request: JoinRequest) -> Admission:
    if principal.account != meeting.account:
        raise Refused(RefusalKind.NOT_FOUND, "meeting_not_found", "There is no such meeting.")
    return Admission(
        meeting=meeting,
        name=display_name(request.name),
        role=Role.HOST,
        user_id=request.user_id,
    )


def _by_link(meeting: Meeting, request: JoinRequest) -> Admission:
    if meeting.access is not Access.LINK:
        raise Refused(
            RefusalKind.UNAUTHENTICATED,
            "token_required",
            "This meeting is by invitation: open the link that you were sent.",
        )
    return Admission(
        meeting=meeting,
        name=display_name(request.name),
        role=Role.PARTICIPANT,
        user_id=None,
    )


def _token_refusal(refused: AuthRefused) -> Refused:
    """The same refusal in the words of the signaling protocol."""
    if refused.kind is RefusalKind.UNAVAILABLE:
        return refused
    expired = refused.reason is AuthCode.TOKEN_EXPIRED
    code = "token_expired" if expired else "token_invalid"
    return Refused(RefusalKind.UNAUTHENTICATED, code, refused.message)
