"""Queries: pages and pending signals; rows themselves are in test_functions."""

import pytest


async def people(whole, count: int):
    meeting = await whole.meeting(*(f"user{number}" for number in range(count)))
    for number in range(count):
        await whole.member(f"user{number}").call(
            "createWebRTCSession", meetingId=meeting, sessionId=f"tab{number}"
        )
    return meeting, whole.member("user0")


async def page(member, meeting: str, **options):
    options = {"numItems": 2, "cursor": None} | options
    return await member.call(
        "getActiveSessionsPaginated", meetingId=meeting, paginationOpts=options
    )


class TestPages:
    async def test_every_row_comes_once_in_order_of_creation(self, whole):
        meeting, member = await people(whole, 5)
        seen, cursor, done = [], None, False
        while not done:
            answer = await page(member, meeting, cursor=cursor)
            seen += [row["sessionId"] for row in answer["page"]]
            cursor, done = answer["continueCursor"], answer["isDone"]
        assert seen == [f"tab{number}" for number in range(5)]

    async def test_a_cursor_survives_the_row_that_it_names(self, whole):
        meeting, member = await people(whole, 4)
        first = await page(member, meeting)
        await whole.member("user1").call("closeSession", meetingId=meeting, sessionId="tab1")
        rest = await page(member, meeting, cursor=first["continueCursor"])
        assert [row["sessionId"] for row in rest["page"]] == ["tab2", "tab3"]
        assert rest["isDone"]

    async def test_a_page_with_both_ends_keeps_them(self, whole):
        meeting, member = await people(whole, 4)
        first = await page(member, meeting)
        again = await page(member, meeting, numItems=1, endCursor=first["continueCursor"])
        assert again["page"] == first["page"]
        assert again["continueCursor"] == first["continueCursor"]
        assert not again["isDone"]

    @pytest.mark.parametrize("cursor", ["nonsense", "W10=", "WzFd", "\u00e9"])
    async def test_a_cursor_of_somewhere_else_begins_again(self, whole, cursor):
        meeting, member = await people(whole, 1)
        answer = await page(member, meeting, cursor=cursor)
        assert len(answer["page"]) == 1

    async def test_an_empty_meeting_is_one_page(self, whole):
        meeting, member = await whole.meeting("ada"), whole.member("ada")
        answer = await page(member, meeting)
        assert (answer["page"], answer["isDone"]) == ([], True)
        after = await page(member, meeting, cursor=answer["continueCursor"])
        assert (after["page"], after["isDone"]) == ([], True)


class TestPendingSignals:
    async def test_filters(self, whole):
        meeting = await whole.meeting("ada", "bob")
        ada, bob = whole.member("ada"), whole.member("bob")
        target = await bob.user_id()
        for session in ("one", "two"):
            await ada.call(
                "exchangeICECandidate",
                meetingId=meeting,
                sessionId=session,
                candidate={"candidate": session},
                targetUserId=target,
            )
        first, second = await bob.call("getPendingSignals", meetingId=meeting)
        assert first["_id"] < second["_id"]
        named = await bob.call("getPendingSignals", meetingId=meeting, sessionId="two")
        later = await bob.call("getPendingSignals", meetingId=meeting, lastSignalId=first["_id"])
        assert named == later == [second]
        assert await ada.call("getPendingSignals", meetingId=meeting) == []
