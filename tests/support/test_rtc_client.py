"""The meeting client against a stand-in server of a few lines: its own bookkeeping is right."""

import json

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from support.rtc_client import MeetingClient, RefusedError, WhipClient
from support.rtc_peer import ToneTrack
from support.wait import until

PERSON = {"id": "p1", "name": "Ada", "tracks": []}
OTHER = {"id": "p2", "name": "Bob", "tracks": []}
WELCOME = {
    "type": "welcome",
    "you": PERSON,
    "connection": "c1",
    "resume": "secret",
    "participants": [OTHER],
}


class StandIn:
    """Welcomes everybody, answers with a tone, remembers what it was told."""

    def __init__(self):
        self.told = []
        self.sockets = []
        self.peers = []
        self.closed = []
        self.refuse = None
        self.deleted = []

    async def signaling(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._answer(socket, json.loads(frame.data))
        finally:  # the test server cancels a handler whose client is gone
            self.closed.append(socket)
        return socket

    async def whip(self, request):
        if self.refuse:
            return web.Response(status=403, text=self.refuse)
        self.told.append(dict(request.query) | {"auth": request.headers["Authorization"]})
        sdp = await self._negotiate(await request.text())
        headers = {"Location": "/v1/resource/7", "ETag": '"x"'}
        return web.Response(status=201, text=sdp, headers=headers)

    async def delete(self, request):
        self.deleted.append(request.path)
        return web.Response()

    async def _answer(self, socket, message):
        self.told.append(message)
        if message["type"] == "hello":
            if self.refuse:
                error = {"type": "error", "code": self.refuse, "message": "no", "fatal": True}
                await socket.send_json(error)
                await socket.close(code=4404)
                return
            await socket.send_json(WELCOME)
        elif message["type"] == "offer":
            sdp = await self._negotiate(message["sdp"])
            slots = [{"mid": "1", "kind": "audio", "participant": "p2"}]
            answer = {"type": "answer", "id": message["id"], "sdp": sdp, "slots": slots}
            await socket.send_json(answer)
        elif message["type"] == "bye":
            await socket.close()

    async def _negotiate(self, offer):
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.peers.append(peer)
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for slot in peer.getTransceivers()[1:2]:  # the microphone is the first
            slot.sender.replaceTrack(ToneTrack(700.0))
            slot.direction = "sendonly"
        await peer.setLocalDescription(await peer.createAnswer())
        return peer.localDescription.sdp

    async def stop(self):
        for peer in self.peers:
            await peer.close()


@pytest.fixture
async def stand_in(aiohttp_server):
    server = StandIn()
    application = web.Application()
    application.router.add_get("/v1/signaling", server.signaling)
    application.router.add_post("/v1/meetings/m1/whip", server.whip)
    application.router.add_post("/v1/meetings/m1/whep", server.whip)
    application.router.add_delete("/v1/resource/7", server.delete)
    running = await aiohttp_server(application)
    server.url = str(running.make_url("/"))
    yield server
    await server.stop()


async def test_client_joins_hears_and_leaves(stand_in):
    async with MeetingClient.join(stand_in.url, "m1", name="Ada", token="t", tone=440) as ada:
        assert (ada.participant_id, ada.connection_id, ada.resume_token) == ("p1", "c1", "secret")
        assert set(ada.roster) == {"p2"}
        await ada.hears(700.0)
        assert ada.slots["1"]["participant"] == "p2"
    kinds = [message["type"] for message in stand_in.told]
    assert kinds == ["hello", "offer", "bye"]
    hello, offer, _ = stand_in.told
    assert (hello["meeting"], hello["name"], hello["token"]) == ("m1", "Ada", "t")
    assert "resume" not in hello
    assert offer["tracks"] == [{"mid": "0", "source": "microphone"}]
    await until(lambda: stand_in.peers[0].connectionState == "closed", 5)


async def test_roster_follows_the_deltas(stand_in):
    async with MeetingClient.join(stand_in.url, "m1", connect=False) as ada:
        delta = {
            "type": "roster",
            "joined": [{"id": "p3", "name": "Cyd"}],
            "changed": [OTHER | {"name": "Rob"}, PERSON | {"name": "Eve"}],
            "left": [],
        }
        await stand_in.sockets[0].send_json(delta)
        await ada.wait(lambda client: "p3" in client.roster)
        assert ada.roster["p2"]["name"] == "Rob"
        assert ada.me["name"] == "Eve"
        gone = {"type": "roster", "joined": [], "changed": [], "left": [{"id": "p2"}]}
        await stand_in.sockets[0].send_json(gone)
        await ada.wait(lambda client: set(client.roster) == {"p3"})


async def test_refusal_carries_its_code(stand_in):
    stand_in.refuse = "meeting_not_found"
    client = MeetingClient.join(stand_in.url, "m1")
    with pytest.raises(RefusedError) as refused:
        await client.__aenter__()
    assert refused.value.code == "meeting_not_found"
    assert client.close_code == 4404


async def test_vanished_client_says_nothing(stand_in):
    async with MeetingClient.join(stand_in.url, "m1") as ada:
        await ada.vanish()
        await until(lambda: stand_in.closed, 5)
    assert len(stand_in.closed) == 1
    assert [message["type"] for message in stand_in.told] == ["hello", "offer"]
    assert stand_in.peers[0].connectionState == "connected"


async def test_silent_wait_fails_with_what_is_known(stand_in):
    async with MeetingClient.join(stand_in.url, "m1", connect=False) as ada:
        with pytest.raises(AssertionError, match="no chat"):
            await ada.wait_for("chat", within=0.05)


async def test_whip_client_publishes_and_deletes(stand_in):
    async with WhipClient.publish(stand_in.url, "m1", name="Cam", tone=500) as cam:
        assert (cam.status, cam.etag) == (201, '"x"')
        assert stand_in.told == [{"name": "Cam", "auth": "Bearer rt_dev"}]
        await until(lambda: stand_in.peers[0].connectionState == "connected", 5)
    assert stand_in.deleted == ["/v1/resource/7"]


async def test_whip_client_tells_a_refusal(stand_in):
    stand_in.refuse = "nope"
    with pytest.raises(RefusedError, match="nope"):
        async with WhipClient.publish(stand_in.url, "m1"):
            pass


async def test_vanished_publisher_does_not_delete(stand_in):
    async with WhipClient.publish(stand_in.url, "m1") as cam:
        await cam.vanish()
    assert stand_in.deleted == []


async def test_no_session_is_left_open(stand_in):
    client = MeetingClient.join(stand_in.url, "m1", connect=False)
    async with client:
        assert isinstance(client._http, aiohttp.ClientSession)
    assert client._http.closed
    await client.leave()
