"""Which codecs are forwarded and how they are answered.

VP8 comes first because every browser both sends and shows it; the others are passed whole.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from aiortc.rtcrtpparameters import ParametersDict, RTCRtcpFeedback, RTCRtpCodecParameters

# RFC 7587 section 7: in-band FEC against loss, DTX so that silence costs nothing.
_OPUS: ParametersDict = {"minptime": 10, "useinbandfec": 1, "usedtx": 1}
_VIDEO_FEEDBACK = {("nack", None), ("nack", "pli"), ("ccm", "fir"), ("goog-remb", None)}
_H264_BASELINE = "42e0"  # constrained baseline: what all browsers decode


def playable(kind: str, offered: Sequence[RTCRtpCodecParameters]) -> list[RTCRtpCodecParameters]:
    """The offered codecs that can be forwarded, at most one a type, best first, as answered."""
    result: list[RTCRtpCodecParameters] = []
    for mime, (accepts, preferred) in _CODECS[kind].items():
        fitting = [
            codec
            for codec in offered
            if codec.mimeType.lower() == mime and codec.payloadType is not None and accepts(codec)
        ]
        if fitting:
            best = next((codec for codec in fitting if preferred(codec)), fitting[0])
            result.append(_answered(best))
    return result


def choose(kind: str, offered: Sequence[RTCRtpCodecParameters]) -> RTCRtpCodecParameters | None:
    """The codec to publish with, None when none can be forwarded."""
    fitting = playable(kind, offered)
    return fitting[0] if fitting else None


def repair_of(
    codec: RTCRtpCodecParameters, offered: Sequence[RTCRtpCodecParameters]
) -> RTCRtpCodecParameters | None:
    """The retransmission format offered for a codec (RFC 4588 section 8.6), if any."""
    for each in offered:
        apt = str(each.parameters.get("apt", ""))
        if each.mimeType.lower().endswith("/rtx") and apt == str(codec.payloadType):
            return dataclasses.replace(each, rtcpFeedback=[])
    return None


def red_of(
    codec: RTCRtpCodecParameters, offered: Sequence[RTCRtpCodecParameters]
) -> RTCRtpCodecParameters | None:
    """The redundant format (RFC 2198) offered around a codec alone, if any."""
    for each in offered:
        blocks = {block for text in each.parameters for block in str(text).split("/")}
        same = each.clockRate == codec.clockRate and each.payloadType is not None
        if each.mimeType.lower() == "audio/red" and same and blocks == {str(codec.payloadType)}:
            return dataclasses.replace(each, rtcpFeedback=[])
    return None


def with_arrivals(
    codec: RTCRtpCodecParameters, offered: Sequence[RTCRtpCodecParameters]
) -> RTCRtpCodecParameters:
    """The answer to who sends with it: transport-wide feedback too, where it is offered."""
    wanted = RTCRtcpFeedback("transport-cc")
    original = next(each for each in offered if each.payloadType == codec.payloadType)
    if wanted not in original.rtcpFeedback:
        return codec
    return dataclasses.replace(codec, rtcpFeedback=[*codec.rtcpFeedback, wanted])


def _answered(codec: RTCRtpCodecParameters) -> RTCRtpCodecParameters:
    if codec.mimeType.lower() == "audio/opus":
        return dataclasses.replace(codec, rtcpFeedback=[], parameters=dict(_OPUS))
    feedback = [
        each for each in codec.rtcpFeedback if (each.type, each.parameter) in _VIDEO_FEEDBACK
    ]
    return dataclasses.replace(codec, rtcpFeedback=feedback)


def _any(_: RTCRtpCodecParameters) -> bool:
    return True


def _opus(codec: RTCRtpCodecParameters) -> bool:
    return codec.clockRate == 48000


def _h264(codec: RTCRtpCodecParameters) -> bool:
    return str(codec.parameters.get("packetization-mode", "0")) == "1"


def _h264_baseline(codec: RTCRtpCodecParameters) -> bool:
    profile = str(codec.parameters.get("profile-level-id", ""))
    return profile.lower().startswith(_H264_BASELINE)


def _vp9(codec: RTCRtpCodecParameters) -> bool:
    return str(codec.parameters.get("profile-id", "0")) == "0"


_Test = Callable[[RTCRtpCodecParameters], bool]
_CODECS: Mapping[str, Mapping[str, tuple[_Test, _Test]]] = {
    "audio": {"audio/opus": (_opus, _any)},
    "video": {
        "video/vp8": (_any, _any),
        "video/h264": (_h264, _h264_baseline),
        "video/vp9": (_vp9, _any),
        "video/av1": (_any, _any),
    },
}
