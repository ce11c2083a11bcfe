"""An engine on loopback and the aiortc people in it."""

import asyncio

from support.rtc_peer import Peer, PictureTrack, ToneTrack

from media.clock import SystemClock
from media.engine.engine import Engine
from media.types import ConnectionSpec, RtcSettings, TrackSource

FOR_THE_PEER = ("tone", "microphone", "camera", "connect", "audio_slots", "video_slots")
LOOPBACK = RtcSettings(0, ("127.0.0.1",), ("127.0.0.1",))


class Listener:
    """Remembers what it is told, per connection or room."""

    def __init__(self):
        self.up, self.closed, self.failed, self.lost = {}, [], {}, []
        self.tracks, self.slots, self.quality, self.speakers = {}, {}, {}, []
        self.pictures = {}

    def transport_up(self, name, info):
        self.up[name] = info

    def transport_closed(self, name):
        self.closed.append(name)

    def transport_failed(self, name, reason):
        self.failed[name] = reason

    def transport_lost(self, name):
        self.lost.append(name)

    def tracks_changed(self, name, tracks):
        self.tracks[name] = tracks

    def slots_changed(self, name, slots):
        self.slots[name] = slots

    def quality_changed(self, name, reading):
        self.quality[name] = reading

    def picture_changed(self, name, picture):
        self.pictures[name] = picture

    def speakers_changed(self, room, people):
        self.speakers.append(people)


class Hall:
    """An engine and the people in it."""

    def __init__(self, settings=LOOPBACK, make=Engine):
        self.errors = []
        self.told = Listener()
        self.engine = make(settings, SystemClock(), lambda *error: self.errors.append(error))
        self.peers = {}

    async def join(self, name, *, room="r", **facts):
        told = {key: facts.pop(key) for key in tuple(facts) if key not in FOR_THE_PEER}
        spec = ConnectionSpec(name, room, f"p-{name}", name.title(), **told)
        return await self.join_as(name, spec, **facts)

    async def join_as(
        self, name, spec, *, tone=None, microphone=None, camera=False, connect=True, **slots
    ):
        peer = Peer(
            microphone=microphone if tone is None else ToneTrack(tone),
            camera=PictureTrack() if camera else None,
            **slots,
        )
        self.peers[name] = peer
        self.engine.open(spec, self.told)
        await self.negotiate(name)
        if connect:
            await peer.connected()
        return peer

    async def negotiate(self, name):
        peer = self.peers[name]
        offer = await peer.offer()
        sources = {each["mid"]: TrackSource(each["source"]) for each in peer.tracks}
        answer = await self.engine.answer(name, offer, sources)
        await peer.accept(answer.sdp)
        return answer

    async def close(self):
        await self.engine.stop()
        await asyncio.gather(*(peer.close() for peer in self.peers.values()))
