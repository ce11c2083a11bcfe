"""The test client is proved against plain aiortc before anything is proved by it."""

from contextlib import asynccontextmanager

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
from support.rtc_peer import Peer, ToneTrack
from support.wait import until


@asynccontextmanager
async def answered(peer, tone):
    """A plain aiortc peer that answers the offer and fills its first slot with a tone."""
    other = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sink = MediaBlackhole()
    other.on("track", sink.addTrack)
    await other.setRemoteDescription(RTCSessionDescription(await peer.offer(), "offer"))
    other.addTrack(ToneTrack(tone))
    await other.setLocalDescription(await other.createAnswer())
    await sink.start()
    await peer.accept(other.localDescription.sdp)
    try:
        yield other
    finally:
        await peer.close()
        await sink.stop()
        await other.close()


async def test_ear_tells_the_tone_that_it_hears():
    peer = Peer(audio_slots=1)
    async with answered(peer, 880.0):
        await peer.connected()
        ear = await peer.hears(880.0)
        assert not ear.hears(440.0)
        assert 0.1 < ear.level < 0.5


async def test_offer_names_what_it_sends():
    peer = Peer(microphone=ToneTrack(), audio_slots=2, video_slots=1)
    offer = await peer.offer()
    assert [track["source"] for track in peer.tracks] == ["microphone"]
    assert offer.count("a=recvonly") == 3
    assert offer.count("a=sendonly") == 1
    assert "127.0.0.1" in offer
    await peer.close()


async def test_cut_network_passes_nothing_until_it_is_mended():
    peer = Peer(audio_slots=1)
    async with answered(peer, 600.0) as other:
        await peer.hears(600.0)
        peer.cut()
        peer.cut()
        received, sent = _counts(peer.pc).packetsReceived, _counts(other).packetsSent
        await until(lambda: _counts(other).packetsSent > sent + 20, 5)
        assert _counts(peer.pc).packetsReceived <= received + 1  # one may wait in the queue
        peer.restore()
        peer.restore()
        await until(lambda: _counts(peer.pc).packetsReceived > received + 20, 5)


def _counts(pc):
    return next(iter(pc.getTransceivers()[0].receiver.transport._get_stats().values()))
