from types import SimpleNamespace

import pytest

from server.api.policy import (
    HOST,
    NOTHING,
    OWNER,
    READER,
    Rights,
    actor,
    demand,
    member_of,
    rights,
    sees,
)
from server.auth.principal import ANONYMOUS, Principal, PrincipalKind
from server.http.problem import Problem
from signaling.model import Role

KEY = Principal(PrincipalKind.API_KEY, key_id="k")
FOREIGN_KEY = Principal(PrincipalKind.API_KEY, account="other")
USER = Principal(PrincipalKind.USER, sub="u")
HOST_TOKEN = Principal(
    PrincipalKind.JOIN, sub="p", meeting_id="m", participant_id="p", role=Role.HOST
)
GUEST_TOKEN = Principal(PrincipalKind.JOIN, sub="p", meeting_id="m", role=Role.PARTICIPANT)
FOREIGN_TOKEN = Principal(PrincipalKind.JOIN, sub="p", meeting_id="x", role=Role.HOST)


class Meetings:
    """Knows one member, registered with a role or not at all."""

    def __init__(self, *, member: bool, role: Role | None) -> None:
        self._member, self._role = member, role

    async def is_member(self, _meeting: str, _sub: str) -> bool:
        return self._member

    async def registration(self, _meeting: str, _sub: str):
        return None if self._role is None else SimpleNamespace(role=self._role)


async def allowed(
    who: Principal, *, creator: str | None = None, member: bool = False, role: Role | None = None
) -> Rights:
    app = SimpleNamespace(meetings=Meetings(member=member, role=role))
    call = SimpleNamespace(principal=who, app=app)
    return await rights(call, "m", account="default", creator=creator)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (KEY, OWNER), (FOREIGN_KEY, NOTHING), (USER, NOTHING), (HOST_TOKEN, HOST),
        (GUEST_TOKEN, READER), (FOREIGN_TOKEN, NOTHING), (ANONYMOUS, NOTHING),
    ],
)  # fmt: skip
async def test_each_credential_has_its_rights(who: Principal, expected: Rights) -> None:
    assert await allowed(who) == expected


async def test_user_owns_what_he_created_and_belongs_where_he_is_a_member() -> None:
    assert await allowed(USER, creator="u") == OWNER
    assert await allowed(USER, creator="v", member=True) == READER
    assert await allowed(USER, member=True, role=Role.PARTICIPANT) == READER
    assert await allowed(USER, member=True, role=Role.HOST) == HOST


@pytest.mark.parametrize("need", ["moderate", "own"])
def test_missing_right_is_refused(need: str) -> None:
    demand(OWNER, need)
    with pytest.raises(Problem) as refusal:
        demand(READER, need)
    assert (refusal.value.status, refusal.value.code) == (403, "forbidden")


def test_lists_are_limited_to_a_users_own() -> None:
    assert (member_of(KEY), member_of(USER)) == (None, "u")
    for who in (HOST_TOKEN, ANONYMOUS):
        with pytest.raises(Problem):
            member_of(who)


def test_deeds_are_noted_under_the_closest_name() -> None:
    assert (actor(KEY), actor(USER), actor(HOST_TOKEN)) == ("k", "u", "p")


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        (KEY, True),
        (FOREIGN_KEY, False),
        (USER, True),
        (Principal(PrincipalKind.USER, sub="another"), False),
        (Principal(PrincipalKind.USER, sub="u", account="other"), False),
    ],
)
def test_a_key_sees_the_bots_of_its_account_and_a_user_its_own(who: Principal, seen: bool):
    bot = SimpleNamespace(account=KEY.account, created_by="u")
    assert sees(who, bot) is seen
