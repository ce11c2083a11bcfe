"""Join a meeting, send a tone, print who is there.

python join.py http://localhost:8080 MEETING [--name Ada] [--token TOKEN] [--seconds 10]
"""

import argparse
import asyncio
import json

import aiohttp
import av
import numpy as np
from aiortc import AudioStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription


class Tone(AudioStreamTrack):
    """440 Hz: aiortc's silent track paces it."""

    async def recv(self) -> av.AudioFrame:
        silence = await super().recv()  # 20 ms
        at = (silence.pts + np.arange(silence.samples)) / silence.sample_rate
        wave = (np.sin(2 * np.pi * 440 * at) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        for name in ("sample_rate", "pts", "time_base"):
            setattr(frame, name, getattr(silence, name))
        return frame


async def join(url: str, meeting: str, name: str, token: str | None, seconds: float) -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sender = peer.addTransceiver(Tone(), direction="sendonly")
    peer.addTransceiver("audio", direction="recvonly")  # a slot: the loudest speaker
    await peer.setLocalDescription(await peer.createOffer())
    hello = {"type": "hello", "protocol": 1, "meeting": meeting, "name": name, "token": token}
    offer = {"type": "offer", "id": 1, "sdp": peer.localDescription.sdp}
    offer["tracks"] = [{"mid": sender.mid, "source": "microphone"}]
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/v1/signaling") as socket:
        await socket.send_json({key: value for key, value in hello.items() if value})
        await socket.send_json(offer)
        try:
            async with asyncio.timeout(seconds):
                async for text in socket:
                    print(text.data[:100], flush=True)
                    message = json.loads(text.data)
                    if message["type"] == "answer":
                        answer = RTCSessionDescription(message["sdp"], "answer")
                        await peer.setRemoteDescription(answer)
        except TimeoutError:
            await socket.send_json({"type": "bye"})
    await peer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("meeting")
    parser.add_argument("--name", default="Ada")
    parser.add_argument("--token")
    parser.add_argument("--seconds", type=float, default=10)
    asyncio.run(join(**vars(parser.parse_args())))
