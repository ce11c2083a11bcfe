from pathlib import Path

import pytest
from support.clock import FakeClock
from support.domain import NOW, meeting, open_storage

from media.types import TrackSource
from server.auth.tokens import TokenSigner
from server.records import Preset
from server.services.invitations import (
    UNNAMED,
    Grant,
    InvitationsService,
    invited_name,
    permissions_data,
    permissions_of,
)
from signaling.errors import Refused
from signaling.model import Permissions, Role, Waits

PRESET = Preset("p", "default", "speaker", {}, NOW, NOW)
QUIET = Permissions(sources=frozenset({TrackSource.CAMERA}))


class Live:
    def __init__(self) -> None:
        self.permitted: list[tuple[str, Permissions]] = []

    def permit(self, invitation_id: str, permissions: Permissions) -> int:
        self.permitted.append((invitation_id, permissions))
        return 1


def test_permissions_survive_storage():
    for role in Role:
        assert permissions_of(permissions_data(Permissions.of(role))) == Permissions.of(role)
    asks = Permissions(admit=True, waits=Waits.UNTIL_HOST)
    assert permissions_of(permissions_data(asks)) == asks
    assert permissions_of({"waits": "for ever"}).waits is Waits.NO
    nothing = Permissions(sources=frozenset(), chat=False)
    assert permissions_of({}) == permissions_of({"sources": "all"}) == nothing


async def test_an_invitation_lives_until_it_is_withdrawn(tmp_path: Path):
    storage, live, clock = await open_storage(tmp_path), Live(), FakeClock()
    signer = TokenSigner(b"s" * 32, clock)
    service = InvitationsService(storage, signer, live, clock)
    where = meeting()
    await storage.insert_meeting(where)
    grant = Grant(PRESET, Role.PARTICIPANT, Permissions())
    made = await service.create(where, grant, user_id="u", name=None, picture=None)
    assert invited_name(made) == UNNAMED
    claims = signer.read_join(service.token(made, {"more": "x"}))
    assert (claims.invitation_id, claims.participant_id, claims.user_id) == (made.id, made.id, "u")
    assert await service.find(where.id, made.id) == await service.by_id(made.id) == made
    assert await service.find("another", made.id) is None
    assert await service.of_meeting(where.id) == [made]
    assert await storage.is_member(where.id, "u")

    named = await service.change(made, name="  Ada\n")
    assert (invited_name(named), live.permitted) == ("Ada", [])
    quiet = await service.change(named, grant=Grant(PRESET, Role.PARTICIPANT, QUIET))
    assert live.permitted == [(made.id, QUIET)]
    assert permissions_of(quiet.permissions) == QUIET
    assert await service.with_preset("p") == [quiet]

    await service.withdraw(quiet)
    assert await service.by_id(made.id) is None
    assert not await storage.is_member(where.id, "u")
    with pytest.raises(Refused):
        await service.withdraw(quiet)
    await storage.stop()
