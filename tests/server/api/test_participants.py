import pytest
from support.webserver import KEY, Web

from media.types import TrackSource
from signaling.replies import Muted


async def problem(answer) -> tuple[int, str]:
    return answer.status, (await answer.json())["code"]


async def test_kicked_participant_has_left(web: Web) -> None:
    made = await web.meeting()
    live = await web.join(made["id"])
    answer = await web.client.post(f"/v1/participants/{live.participant_id}/kick", headers=KEY)
    assert (answer.status, await answer.read()) == (204, b"")
    session = web.app.sessions.live(made["id"])
    assert session is not None
    (who,) = session.participants
    assert (who.participant.state, who.participant.reason) == ("left", "kicked")
    assert who.connections[0].reason == "kicked"


@pytest.mark.parametrize(
    ("kind", "source"), [("audio", TrackSource.MICROPHONE), ("video", TrackSource.CAMERA)]
)
async def test_muted_by_kind_and_released_again(web: Web, kind: str, source: TrackSource) -> None:
    made = await web.meeting()
    live = await web.join(made["id"])
    path = f"/v1/participants/{live.participant_id}/mute"
    assert (await web.client.post(path, json={"kind": kind}, headers=KEY)).status == 204
    assert web.engine.muted[live.id, source] is True
    await web.client.post(path, json={"kind": kind, "muted": False}, headers=KEY)
    told = [one for one in web.inboxes[live.id].messages if isinstance(one, Muted)]
    assert [one.muted for one in told if one.source is source] == [True, False]
    assert web.engine.muted[live.id, source] is True  # until its owner unmutes it


@pytest.mark.parametrize("body", [{}, {"kind": "smell"}, {"kind": "audio", "muted": "yes"}])
async def test_mute_refuses_what_it_cannot_read(web: Web, body) -> None:
    live = await web.join((await web.meeting())["id"])
    answer = await web.client.post(
        f"/v1/participants/{live.participant_id}/mute", json=body, headers=KEY
    )
    assert await problem(answer) == (422, "invalid_request")


@pytest.mark.parametrize("action", ["kick", "mute"])
class TestRights:
    body = {"kind": "audio"}  # noqa: RUF012

    async def test_stranger_is_not_found(self, web: Web, action: str) -> None:
        answer = await web.client.post(
            f"/v1/participants/nobody/{action}", json=self.body, headers=KEY
        )
        assert await problem(answer) == (404, "participant_not_found")

    async def test_guest_may_not(self, web: Web, action: str) -> None:
        made = await web.meeting()
        live = await web.join(made["id"])
        answer = await web.client.post(
            f"/v1/participants/{live.participant_id}/{action}",
            json=self.body,
            headers=await web.token(made["id"]),
        )
        assert await problem(answer) == (403, "forbidden")

    async def test_host_of_another_meeting_sees_nobody(self, web: Web, action: str) -> None:
        made, other = await web.meeting(), await web.meeting()
        live = await web.join(made["id"])
        answer = await web.client.post(
            f"/v1/participants/{live.participant_id}/{action}",
            json=self.body,
            headers=await web.token(other["id"], role="host"),
        )
        assert await problem(answer) == (404, "participant_not_found")

    async def test_host_may(self, web: Web, action: str) -> None:
        made = await web.meeting()
        live = await web.join(made["id"])
        answer = await web.client.post(
            f"/v1/participants/{live.participant_id}/{action}",
            json=self.body,
            headers=await web.token(made["id"], role="host"),
        )
        assert answer.status == 204
