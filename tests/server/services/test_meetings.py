import pytest
from support.domain import entries, meeting, occupied

from server.dialects.convex.ids import MeetingIds
from server.services.context import App
from server.services.views import CreateMeeting, PatchMeeting, TokenWish
from signaling.errors import Refused
from signaling.model import Access, MeetingStatus, RecordPolicy, Role


async def created(app: App, **wish: object):
    return await app.meetings.create(CreateMeeting(**wish), account="default", by=None)


async def code_of(awaitable) -> str:
    with pytest.raises(Refused) as refused:
        await awaitable
    return refused.value.code


async def test_a_meeting_takes_the_servers_defaults(app: App):
    made = await created(app)
    assert (made.title, made.status, made.access) == ("Meeting", MeetingStatus.ACTIVE, Access.LINK)
    assert (made.record, made.max_participants) == (RecordPolicy.MANUAL, 100)
    assert made.created_at == app.clock.utc()
    assert await app.meetings.get(made.id) == made


async def test_outside_development_a_link_does_not_suffice(running):
    async with running(dev=False) as app:
        assert (await created(app)).access is Access.TOKEN


async def test_a_meeting_is_found_by_every_form_of_its_id(app: App):
    made = await created(app, title=" Retro ")
    assert made.title == "Retro"
    assert await app.meetings.get(made.id.upper()) == made
    alias = app.meetings.aliases(made.id)
    assert alias == {"convex_id": MeetingIds().write(made.id)}
    assert await app.meetings.get(alias["convex_id"]) == made
    assert app.meetings.url(made.id) == f"http://localhost:8080/m/{made.id}"


@pytest.mark.parametrize(
    "name", ["", "nope", "../x", "01a1f919-8d0c-7305-9a89-1c6097e42d2e", "j57" * 11]
)
async def test_unknown_meetings_are_not_found(app: App, name: str):
    assert await code_of(app.meetings.get(name)) == "meeting_not_found"


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_impossible_limits_are_refused(app: App, limit: int):
    assert await code_of(created(app, max_participants=limit)) == "invalid_max_participants"
    made = await created(app)
    change = PatchMeeting(max_participants=limit)
    assert await code_of(app.meetings.patch(made.id, change)) == "invalid_max_participants"


async def test_a_change_touches_what_it_names(app: App):
    made = await created(app, title="Retro", max_participants=5)
    change = PatchMeeting(status=MeetingStatus.INACTIVE, record=RecordPolicy.OFF)
    new = await app.meetings.patch(made.id, change)
    assert (new.status, new.record) == (MeetingStatus.INACTIVE, RecordPolicy.OFF)
    assert (new.title, new.max_participants, new.access) == ("Retro", 5, Access.LINK)
    titled = await app.meetings.patch(made.id, PatchMeeting(title="Review", max_participants=6))
    assert (titled.title, titled.max_participants) == ("Review", 6)
    assert await app.meetings.patch(made.id, PatchMeeting()) == titled


async def test_pages_follow_each_other(app: App):
    made = [await created(app) for _ in range(5)]
    first = await app.meetings.page(account="default", limit=3)
    second = await app.meetings.page(account="default", limit=3, cursor=first.next_cursor)
    assert [*first.items, *second.items] == made[::-1]
    assert second.next_cursor is None
    assert await code_of(app.meetings.page(account="default", cursor="x")) == "invalid_cursor"


async def test_a_deleted_meeting_ends_for_those_in_it(app: App):
    made = await created(app)
    ended = []

    class Ender:
        async def end_meeting(self, meeting_id, by):
            ended.append(meeting_id)

    app.meetings.live = Ender()
    await app.meetings.delete(made.id)
    assert ended == [made.id]
    assert await code_of(app.meetings.delete(made.id)) == "meeting_not_found"


async def test_deleting_an_empty_meeting_is_fine(app: App):
    made = await created(app)
    await app.meetings.delete(made.id)
    assert await code_of(app.meetings.get(made.id)) == "meeting_not_found"


async def test_a_faulty_end_is_not_hidden(app: App):
    made = await created(app)

    class Ender:
        async def end_meeting(self, meeting_id, by):
            raise Refused("conflict", "other", "no")

    app.meetings.live = Ender()
    assert await code_of(app.meetings.delete(made.id)) == "other"


async def test_a_token_carries_meeting_name_role_and_an_hour(app: App):
    made = await created(app)
    issued = await app.meetings.issue_token(made.id, TokenWish("Ada", Role.HOST))
    claims = app.signer.read_join(issued.token)
    assert (claims.meeting_id, claims.name, claims.role) == (made.id, "Ada", Role.HOST)
    assert claims.participant_id == issued.participant_id
    assert issued.url == f"http://localhost:8080/m/{made.id}#t={issued.token}"
    assert (issued.expires_at - app.clock.utc()).total_seconds() == 3600


async def test_a_token_for_a_user_registers_at_once(app: App):
    made = await created(app)
    assert not await app.meetings.is_member(made.id, "user_01")
    _ = await app.meetings.issue_token(made.id, TokenWish("Ada", user_id="user_01"))
    assert await app.meetings.is_member(made.id, "user_01")
    assert await app.meetings.registered_name(made.id, "user_01") == "Ada"
    assert await app.meetings.registered_name(made.id, "user_02") is None
    assert (await app.users.by_sub("user_01")).name == "Ada"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (TokenWish(""), "name_required"),
        (TokenWish("x" * 81), "name_invalid"),
        (TokenWish("Ada", ttl=0), "invalid_ttl"),
        (TokenWish("Ada", ttl=10**9), "invalid_ttl"),
        (TokenWish("Ada", user_id=""), "invalid_user_id"),
        (TokenWish("Ada", user_id=" x"), "invalid_user_id"),
        (TokenWish("Ada", user_id="x" * 257), "invalid_user_id"),
    ],
)
async def test_impossible_tokens_are_refused(app: App, wish: TokenWish, code: str):
    made = await created(app)
    assert await code_of(app.meetings.issue_token(made.id, wish)) == code


async def test_who_is_in_the_meeting_belongs_to_it_before_it_is_stored(app: App):
    live, _, _, facts = occupied(meeting(), user_id="user_01")
    for entry in entries(live, facts):
        app.tracker.append(entry)
    assert await app.meetings.is_member(live.meeting_id, "user_01")


async def test_changes_are_told(app):
    heard: list[str] = []
    app.meetings.on_change(heard.append)
    made = await app.meetings.create(CreateMeeting(title="A"), account="default", by=None)
    assert heard == []
    await app.meetings.patch(made.id, PatchMeeting(title="B"))
    await app.meetings.issue_token(made.id, TokenWish(name="Ada"))
    await app.meetings.issue_token(made.id, TokenWish(name="Ada", user_id="ada"))
    await app.meetings.delete(made.id)
    assert heard == [made.id] * 3
