"""A load participant: real signaling, ICE, DTLS and SRTP, and nothing that encodes or decodes."""

import asyncio
import json
import struct
import time
from dataclasses import dataclass

import aiohttp
import aioice.ice
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket
from aiortc.sdp import SessionDescription, candidate_to_sdp

aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]  # noqa: ARG005

AUDIO_SLOTS = 3
_OPUS, _LEVEL, _MID = 111, 1, 4  # payload type and extension ids, as Chromium numbers them
_LONGEST_SILENT_PACKET = 12 + 20 + 3  # header, extensions, a DTX payload
_SPOKEN_LEVEL, _SILENT_LEVEL = 0x80 | 30, 127


@dataclass(slots=True)
class Incoming:
    """One stream as it arrives."""

    packets: int = 0
    highest: int = 0


class Participant:
    """Joins a meeting over the WebSocket and sends prepared packets when told to.

    Attributes:
        join_ms: From sending the offer until DTLS was connected.
        sent: RTP packets sent.
        received: RTP packets received and authenticated.
        heard: Those of them that carried speech.
    """

    def __init__(self, number: int) -> None:
        self.join_ms = 0.0
        self.sent = 0
        self.received = 0
        self.heard = 0
        self._ssrc = 0x1000_0000 + number
        self._sequence = number * 7 & 0x7FFF
        self._timestamp = number * 48_000
        self._streams: dict[int, Incoming] = {}
        self._dtls: RTCDtlsTransport | None = None
        self._ice: RTCIceTransport | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._drain: asyncio.Task[None] | None = None

    async def join(self, http: aiohttp.ClientSession, url: str, hello: dict[str, object]) -> None:
        """Say hello, offer, connect."""
        self._socket = await http.ws_connect(url)
        await self._socket.send_json({"type": "hello", "protocol": 1, **hello})
        await self._expect("welcome")
        gatherer = RTCIceGatherer(iceServers=[])
        await gatherer.gather()
        self._ice = RTCIceTransport(gatherer)
        self._ice._connection.ice_controlling = True
        certificate = RTCCertificate.generateCertificate()
        self._dtls = RTCDtlsTransport(self._ice, [certificate])
        self._dtls._set_role("client")
        self._dtls._handle_rtp_data = self._count
        offer = _offer(gatherer, certificate, self._ssrc)

        began = time.perf_counter()
        tracks = [{"mid": "0", "source": "microphone"}]
        await self._socket.send_json({"type": "offer", "id": 1, "sdp": offer, "tracks": tracks})
        answer = SessionDescription.parse((await self._expect("answer"))["sdp"]).media[0]
        for candidate in answer.ice_candidates:
            await self._ice.addRemoteCandidate(candidate)
        await self._ice.start(answer.ice)
        await self._dtls.start(answer.dtls)
        self.join_ms = (time.perf_counter() - began) * 1000
        if self._dtls.state != "connected":
            raise ConnectionError(f"DTLS is {self._dtls.state}")
        self._drain = asyncio.create_task(self._read())

    async def speak(self, payload: bytes) -> None:
        """Send 20 ms of speech."""
        await self._send(payload, _SPOKEN_LEVEL)

    async def be_silent(self, payload: bytes, milliseconds: int) -> None:
        """Send one packet that stands for a while of silence."""
        await self._send(payload, _SILENT_LEVEL)
        self._timestamp += (milliseconds - 20) * 48

    async def report(self) -> None:
        """Send a receiver report on every stream that arrives."""
        blocks = [
            RtcpReceiverInfo(
                ssrc=ssrc,
                fraction_lost=0,
                packets_lost=0,
                highest_sequence=stream.highest,
                jitter=0,
                lsr=0,
                dlsr=0,
            )
            for ssrc, stream in self._streams.items()
        ]
        if blocks and self._dtls is not None:
            await self._dtls._send_rtp(bytes(RtcpRrPacket(ssrc=self._ssrc, reports=blocks)))

    async def leave(self) -> None:
        """Say goodbye and close."""
        if self._drain is not None:
            self._drain.cancel()
            await asyncio.gather(self._drain, return_exceptions=True)
        if self._socket is not None:
            await self._socket.send_json({"type": "bye"})
            await self._socket.close()
        if self._dtls is not None:
            await self._dtls.stop()
        if self._ice is not None:
            await self._ice.stop()

    async def _send(self, payload: bytes, level: int) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + 960) & 0xFFFFFFFF
        header = struct.pack(
            "!BBHIIHHBBBBI",
            *(0x90, _OPUS, self._sequence, self._timestamp, self._ssrc),
            *(0xBEDE, 2, _LEVEL << 4, level, _MID << 4, ord("0"), 0),
        )
        await self._dtls._send_rtp(header + payload)
        self.sent += 1

    async def _count(self, packet: bytes, arrival_time_ms: int) -> None:
        del arrival_time_ms
        sequence, _, ssrc = struct.unpack_from("!HII", packet, 2)
        stream = self._streams.setdefault(ssrc, Incoming())
        stream.packets += 1
        stream.highest = sequence
        self.received += 1
        self.heard += len(packet) > _LONGEST_SILENT_PACKET

    async def _expect(self, kind: str) -> dict[str, str]:
        async for frame in self._socket:
            message = json.loads(frame.data)
            if message["type"] == kind:
                return message
            if message["type"] == "error":
                raise ConnectionError(f"{message['code']}: {message['message']}")
        raise ConnectionError(f"the server closed the socket before {kind}")

    async def _read(self) -> None:
        async for _ in self._socket:
            pass


def _offer(gatherer: RTCIceGatherer, certificate: RTCCertificate, ssrc: int) -> str:
    """One sending m-line and the slots, bundled."""
    ice = gatherer.getLocalParameters()
    fingerprint = certificate.getFingerprints()[0]
    transport = [
        f"a=ice-ufrag:{ice.usernameFragment}",
        f"a=ice-pwd:{ice.password}",
        f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}",
        "a=setup:actpass",
        *(f"a=candidate:{candidate_to_sdp(c)}" for c in gatherer.getLocalCandidates()),
    ]
    mids = [str(mid) for mid in range(AUDIO_SLOTS + 1)]
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {' '.join(mids)}"]
    for mid in mids:
        lines += [
            f"m=audio 9 UDP/TLS/RTP/SAVPF {_OPUS}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{mid}",
            "a=rtcp-mux",
            "a=sendonly" if mid == "0" else "a=recvonly",
            f"a=rtpmap:{_OPUS} opus/48000/2",
            f"a=fmtp:{_OPUS} minptime=10;useinbandfec=1;usedtx=1",
            f"a=extmap:{_LEVEL} urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            f"a=extmap:{_MID} urn:ietf:params:rtp-hdrext:sdes:mid",
            *([f"a=ssrc:{ssrc} cname:bench"] if mid == "0" else []),
            *transport,
        ]
    return "\r\n".join(lines) + "\r\n"
