import pytest

from server.services.context import App
from server.services.views import CreateMeeting, PatchMeeting, TokenWish
from signaling.errors import Refused
from signaling.model import Access, Meeting, MeetingStatus, Role
from signaling.ports import JoinRequest

FAR = "203.0.113.5"


async def created(app: App, access: Access = Access.LINK, by: str | None = None) -> Meeting:
    return await app.meetings.create(CreateMeeting(access=access), account="default", by=by)


async def code_of(awaitable) -> str:
    with pytest.raises(Refused) as refused:
        await awaitable
    return refused.value.code


def ask(of: Meeting, token: str | None = None, name: str | None = None, **more) -> JoinRequest:
    return JoinRequest(of.id, token, name, **more)


class TestByLink:
    async def test_whoever_has_the_link_joins_by_name(self, app: App):
        of = await created(app)
        admitted = await app.gate.admit(ask(of, name="  Ada "))
        assert (admitted.meeting, admitted.name, admitted.role) == (of, "Ada", Role.PARTICIPANT)
        assert admitted.user_id is None
        assert admitted.participant_id is None

    async def test_a_name_is_needed(self, app: App):
        of = await created(app)
        assert await code_of(app.gate.admit(ask(of))) == "name_required"
        assert await code_of(app.gate.admit(ask(of, name="x" * 99))) == "name_invalid"

    async def test_a_link_does_not_open_a_meeting_by_invitation(self, app: App):
        of = await created(app, Access.TOKEN)
        assert await code_of(app.gate.admit(ask(of, name="Ada"))) == "token_required"

    async def test_unknown_and_closed_meetings_admit_nobody(self, app: App):
        of = await created(app)
        assert await code_of(app.gate.admit(JoinRequest("x", None, "Ada"))) == "meeting_not_found"
        _ = await app.meetings.patch(of.id, PatchMeeting(status=MeetingStatus.INACTIVE))
        assert await code_of(app.gate.admit(ask(of, name="Ada"))) == "meeting_inactive"


class TestByJoinToken:
    async def test_it_brings_name_role_user_and_participant(self, app: App):
        of = await created(app, Access.TOKEN)
        wish = TokenWish("Ada", Role.HOST, user_id="user_01")
        issued = await app.meetings.issue_token(of.id, wish)
        admitted = await app.gate.admit(ask(of, issued.token, "Mallory"))
        assert (admitted.name, admitted.role, admitted.user_id) == ("Ada", Role.HOST, "user_01")
        assert admitted.participant_id == issued.participant_id

    async def test_a_guest_may_choose_another_name(self, app: App):
        of = await created(app)
        issued = await app.meetings.issue_token(of.id, TokenWish("Ada"))
        assert (await app.gate.admit(ask(of, issued.token, "Ada L."))).name == "Ada L."
        assert (await app.gate.admit(ask(of, issued.token))).name == "Ada"

    async def test_it_opens_its_own_meeting_only(self, app: App):
        one, two = await created(app), await created(app)
        issued = await app.meetings.issue_token(one.id, TokenWish("Ada"))
        code = await code_of(app.gate.admit(ask(two, issued.token)))
        assert code == "token_for_another_meeting"

    async def test_an_expired_or_forged_one_is_refused(self, app: App):
        of = await created(app)
        issued = await app.meetings.issue_token(of.id, TokenWish("Ada", ttl=10))
        assert await code_of(app.gate.admit(ask(of, issued.token[:-4] + "AAAA"))) == "token_invalid"
        assert await code_of(app.gate.admit(ask(of, "rubbish"))) == "token_invalid"
        app.clock.advance(100)
        assert await code_of(app.gate.admit(ask(of, issued.token))) == "token_expired"


class TestByUserToken:
    def token(self, app: App, sub: str = "user_01", name: str | None = "Ada") -> str:
        return app.issuer.issue(sub=sub, name=name, ttl=600)

    async def test_a_signed_in_user_joins_an_open_meeting(self, app: App):
        of = await created(app)
        admitted = await app.gate.admit(ask(of, self.token(app)))
        assert (admitted.name, admitted.user_id) == ("Ada", "user_01")
        assert admitted.role is Role.PARTICIPANT
        assert (await app.users.by_sub("user_01")).name == "Ada"

    async def test_the_creator_is_host(self, app: App):
        of = await created(app, Access.TOKEN, by="user_01")
        assert (await app.gate.admit(ask(of, self.token(app)))).role is Role.HOST

    async def test_by_invitation_only_the_registered_come_in(self, app: App):
        of = await created(app, Access.TOKEN)
        code = await code_of(app.gate.admit(ask(of, self.token(app))))
        assert code == "token_for_another_meeting"
        wish = TokenWish("Ada of the list", Role.OBSERVER, user_id="user_01")
        _ = await app.meetings.issue_token(of.id, wish)
        admitted = await app.gate.admit(ask(of, self.token(app)))
        assert (admitted.name, admitted.role) == ("Ada of the list", Role.OBSERVER)


class TestByApiKey:
    async def test_a_program_joins_under_a_name_and_for_a_user(self, app: App):
        of = await created(app, Access.TOKEN)
        admitted = await app.gate.admit(ask(of, "rt_dev", "Bot", user_id="user_09"))
        assert (admitted.name, admitted.role) == ("Bot", Role.HOST)
        assert admitted.user_id == "user_09"
        assert await code_of(app.gate.admit(ask(of, "rt_dev"))) == "name_required"
        assert await code_of(app.gate.admit(ask(of, "rt_wrong", "Bot"))) == "token_invalid"

    async def test_another_accounts_meeting_is_not_found(self, app: App):
        of = await app.meetings.create(CreateMeeting(), account="acme", by=None)
        code = await code_of(app.gate.admit(ask(of, "rt_dev", "Bot")))
        assert code == "meeting_not_found"

    async def test_only_keys_may_speak_for_a_user(self, app: App):
        of = await created(app)
        admitted = await app.gate.admit(ask(of, name="Mallory", user_id="user_01"))
        assert admitted.user_id is None


class TestResume:
    async def test_the_same_participant_comes_back(self, app: App):
        of = await created(app, Access.TOKEN)
        issued = await app.meetings.issue_token(
            of.id, TokenWish("Ada", Role.HOST, user_id="user_01")
        )
        first = await app.gate.admit(ask(of, issued.token))
        token = app.gate.resume_token(first, session_id="s", participant_id="p")
        again = await app.gate.admit(ask(of, resume=token))
        assert (again.participant_id, again.resumed_session_id) == ("p", "s")
        assert (again.name, again.role, again.user_id) == ("Ada", Role.HOST, "user_01")

    async def test_one_of_another_meeting_counts_for_nothing(self, app: App):
        one, two = await created(app), await created(app)
        first = await app.gate.admit(ask(one, name="Ada"))
        token = app.gate.resume_token(first, session_id="s", participant_id="p")
        admitted = await app.gate.admit(ask(two, name="Eve", resume=token))
        assert (admitted.name, admitted.participant_id) == ("Eve", None)

    async def test_a_bad_one_is_refused_when_there_is_nothing_else(self, app: App):
        of = await created(app)
        assert await code_of(app.gate.admit(ask(of, resume="x"))) == "token_invalid"
        assert (await app.gate.admit(ask(of, name="Ada", resume="x"))).name == "Ada"

    async def test_a_closed_meeting_stays_closed(self, app: App):
        of = await created(app)
        first = await app.gate.admit(ask(of, name="Ada"))
        token = app.gate.resume_token(first, session_id="s", participant_id="p")
        _ = await app.meetings.patch(of.id, PatchMeeting(status=MeetingStatus.INACTIVE))
        assert await code_of(app.gate.admit(ask(of, resume=token))) == "meeting_inactive"


class TestRenewing:
    async def test_somebody_who_waited_comes_in_as_the_meeting_stands_now(self, app: App):
        of = await created(app)
        first = await app.gate.admit(ask(of, name="Ada"))
        _ = await app.meetings.patch(of.id, PatchMeeting(title="Renamed"))
        again = await app.gate.renew(first)
        assert (again.name, again.meeting.title) == ("Ada", "Renamed")
        _ = await app.meetings.patch(of.id, PatchMeeting(status=MeetingStatus.INACTIVE))
        assert await code_of(app.gate.renew(first)) == "meeting_inactive"


class TestLimits:
    async def test_guessing_from_one_address_ends(self, app: App):
        of = await created(app)
        codes = [await code_of(app.gate.admit(ask(of, "guess", address=FAR))) for _ in range(12)]
        assert codes == ["token_invalid"] * 10 + ["rate_limited"] * 2
        assert (await app.gate.admit(ask(of, name="Ada", address="203.0.113.6"))).name == "Ada"
        app.clock.advance(10)
        assert (await app.gate.admit(ask(of, name="Ada", address=FAR))).name == "Ada"

    async def test_a_stopping_server_admits_nobody(self, app: App):
        of = await created(app)
        app.gate.draining = True
        assert await code_of(app.gate.admit(ask(of, name="Ada"))) == "server_draining"

    async def test_a_server_that_cannot_store_admits_nobody(self, app: App, monkeypatch):
        of = await created(app)
        monkeypatch.setattr("server.services.tracker.BACKLOG_FULL", 0)
        assert await code_of(app.gate.admit(ask(of, name="Ada"))) == "server_draining"
