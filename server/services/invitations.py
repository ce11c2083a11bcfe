"""Invitations: people registered for a meeting by another program, with rights and tokens."""

import dataclasses
from collections.abc import Mapping
from typing import Protocol

from media.clock import Clock
from media.types import TrackSource
from server.auth.tokens import TokenSigner
from server.records import Invitation, Preset
from server.services.text import MAX_NAME, tidy
from server.storage.port import IntegrationStore
from signaling.errors import RefusalKind, Refused
from signaling.ids import new_id
from signaling.model import Meeting, Permissions, Role, Waits

TOKEN_SECONDS = 100 * 24 * 3600
"""A token of an invitation lasts a hundred days: its holder cannot ask for another."""
UNNAMED = "Guest"


class Permits(Protocol):
    """Changes what people who are inside may do (`signaling.hub.LiveSessions`)."""

    def permit(self, invitation_id: str, permissions: Permissions) -> int:
        """For everybody who came by this invitation; how many."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Grant:
    """What a preset comes to in the server's own words."""

    preset: Preset
    role: Role
    permissions: Permissions


class InvitationsService:
    """Makes, changes and withdraws invitations.

    Args:
        store: Where they are kept.
        signer: Signs their tokens.
        live: Applies changes to people inside.
        clock: Tells creation times.
    """

    def __init__(
        self, store: IntegrationStore, signer: TokenSigner, live: Permits, clock: Clock
    ) -> None:
        self._store = store
        self._signer = signer
        self._live = live
        self._clock = clock

    async def create(
        self,
        meeting: Meeting,
        grant: Grant,
        *,
        user_id: str,
        name: str | None,
        picture: str | None,
    ) -> Invitation:
        """Invite somebody; the same user may be invited more than once."""
        now = self._clock.utc()
        invitation = Invitation(
            id=new_id(),
            meeting_id=meeting.id,
            account=meeting.account,
            user_id=user_id,
            name=name,
            picture=picture,
            preset_id=grant.preset.id,
            preset_name=grant.preset.name,
            role=grant.role,
            permissions=permissions_data(grant.permissions),
            created_at=now,
            updated_at=now,
        )
        await self._store.save_record(invitation)
        return invitation

    async def of_meeting(self, meeting_id: str) -> list[Invitation]:
        """All of a meeting, oldest first."""
        return await self._store.list_records(Invitation, meeting_id=meeting_id)

    async def find(self, meeting_id: str, invitation_id: str) -> Invitation | None:
        """One of a meeting."""
        found = await self._store.find_record(Invitation, invitation_id)
        return found if found is not None and found.meeting_id == meeting_id else None

    async def by_id(self, invitation_id: str) -> Invitation | None:
        """One of any meeting."""
        return await self._store.find_record(Invitation, invitation_id)

    async def with_preset(self, preset_id: str) -> list[Invitation]:
        """All that a preset stands behind."""
        return await self._store.list_records(Invitation, preset_id=preset_id)

    async def change(
        self,
        old: Invitation,
        *,
        name: str | None = None,
        picture: str | None = None,
        grant: Grant | None = None,
    ) -> Invitation:
        """Change name, picture or rights; rights count at once for people inside."""
        new = dataclasses.replace(
            old,
            name=old.name if name is None else name,
            picture=old.picture if picture is None else picture,
            updated_at=self._clock.utc(),
        )
        if grant is not None:
            new = dataclasses.replace(
                new,
                preset_id=grant.preset.id,
                preset_name=grant.preset.name,
                role=grant.role,
                permissions=permissions_data(grant.permissions),
            )
        await self._store.save_record(new)
        if grant is not None:
            _ = self._live.permit(new.id, grant.permissions)
        return new

    async def withdraw(self, invitation: Invitation) -> None:
        """Void every token of it; whoever is inside stays."""
        if not await self._store.delete_record(Invitation, invitation.id):
            raise Refused(RefusalKind.NOT_FOUND, "invitation_not_found", "It is gone already.")

    def token(
        self,
        invitation: Invitation,
        more: Mapping[str, object] | None = None,
        seconds: float = TOKEN_SECONDS,
    ) -> str:
        """A token that lets the invited person join; earlier ones stay good."""
        return self._signer.issue_join(
            meeting_id=invitation.meeting_id,
            name=invited_name(invitation),
            role=invitation.role,
            participant_id=invitation.id,
            ttl=seconds,
            user_id=invitation.user_id,
            account=invitation.account,
            invitation_id=invitation.id,
            more=more,
        )


def invited_name(invitation: Invitation) -> str:
    """The name that others see."""
    return tidy(invitation.name or "")[:MAX_NAME].strip() or UNNAMED


def permissions_data(permissions: Permissions) -> dict[str, object]:
    """Permissions as JSON-ready data."""
    return {
        "sources": sorted(source.value for source in permissions.sources),
        "chat": permissions.chat,
        "mute": permissions.mute,
        "kick": permissions.kick,
        "record": permissions.record,
        "end": permissions.end,
        "admit": permissions.admit,
        "waits": permissions.waits.value,
    }


def permissions_of(data: Mapping[str, object]) -> Permissions:
    """Permissions from that data; what is missing is not granted."""
    named = data.get("sources")
    words = named if isinstance(named, list) else []
    return Permissions(
        sources=frozenset(source for source in TrackSource if source.value in words),
        chat=bool(data.get("chat")),
        mute=bool(data.get("mute")),
        kick=bool(data.get("kick")),
        record=bool(data.get("record")),
        end=bool(data.get("end")),
        admit=bool(data.get("admit", data.get("end"))),  # stored before doors were watched
        waits=_waits(data.get("waits")),
    )


def _waits(word: object) -> Waits:
    return Waits(word) if isinstance(word, str) and word in set(Waits) else Waits.NO
