"""The offer of a scripted participant, and what is needed of the answer."""

from aiortc.sdp import SessionDescription

from bench.member import LEVEL, MID, OPUS, RID, VP8, Layer
from bench.transport import Remote, Transport

_RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
_AUDIO = (
    f"a=rtpmap:{OPUS} opus/48000/2",
    f"a=fmtp:{OPUS} minptime=10;useinbandfec=1;usedtx=1",
    f"a=extmap:{LEVEL} urn:ietf:params:rtp-hdrext:ssrc-audio-level",
)
_VIDEO = (
    f"a=rtpmap:{VP8} VP8/90000",
    *(f"a=rtcp-fb:{VP8} {each}" for each in ("nack", "nack pli", "ccm fir", "goog-remb")),
)


def write(
    transport: Transport,
    first: int,
    *,
    audio_slots: int,
    video_slots: int = 0,
    layers: tuple[Layer, ...] = (),
    direction: str = "sendonly",
) -> tuple[str, str]:
    """An offer with a microphone, slots and perhaps a camera; and the camera's mid.

    Args:
        transport: Describes itself.
        first: SSRC of the microphone; those of the camera follow.
        audio_slots: Receiving m-lines of audio.
        video_slots: Receiving m-lines of video.
        layers: Of the camera.
        direction: Of the microphone's m-line.
    """
    plan = [("audio", direction)]
    plan += [("audio", "recvonly")] * audio_slots + [("video", "recvonly")] * video_slots
    camera = str(len(plan)) if layers else ""
    plan += [("video", "sendonly")] if layers else []
    mids = " ".join(str(mid) for mid in range(len(plan)))
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}"]
    for mid, (kind, way) in enumerate(plan):
        lines += [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {OPUS if kind == 'audio' else VP8}",
            "c=IN IP4 0.0.0.0",
            *(f"a=mid:{mid}", "a=rtcp-mux", f"a={way}"),
            *(_AUDIO if kind == "audio" else _VIDEO),
            f"a=extmap:{MID} urn:ietf:params:rtp-hdrext:sdes:mid",
            *([f"a=ssrc:{first} cname:bench"] if mid == 0 else []),
            *(_camera(first + 1, layers) if str(mid) == camera else []),
            *transport.describe(),
        ]
    return "\r\n".join(lines) + "\r\n", camera


def _camera(ssrc: int, layers: tuple[Layer, ...]) -> list[str]:
    if len(layers) == 1:
        return [f"a=ssrc:{ssrc} cname:bench"]
    names = [layer.rid for layer in layers]
    return [
        f"a=extmap:{RID} {_RID_URI}",
        *(f"a=rid:{name} send" for name in names),
        f"a=simulcast:send {';'.join(names)}",
    ]


def read(answer: str, address: str) -> Remote:
    """Where the answer wants media; its candidate at `address` if it has one."""
    media = SessionDescription.parse(answer).media[0]
    candidates = [each for each in media.ice_candidates if each.component == 1]
    chosen = next((each for each in candidates if each.ip == address), candidates[0])
    return Remote(media.ice.usernameFragment, media.ice.password, chosen.ip, chosen.port)
