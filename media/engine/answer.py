"""The answer to an offer: what is accepted, in SDP and as plain facts for the plane.

RFC 8829 (JSEP) with BUNDLE (RFC 9143) and rtcp-mux required. We answer only, never offer, and are
passive in DTLS, so that the SRTP profile is our choice.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiortc import sdp
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceCandidate, RTCIceParameters
from aiortc.rtcrtpparameters import (
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpParameters,
)

from media.engine import simulcast
from media.engine.codecs import choose, playable, red_of, repair_of, with_arrivals
from media.errors import NegotiationError
from media.plane.port import SlotSpec, TrackSpec
from media.plane.rewrite import MASK32
from media.types import MediaKind, TrackSource

MAX_BYTES = 64 * 1024
MAX_LINES = 2000
MAX_MEDIA = 128

_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
_LAYERED = ("video/vp8", "video/h264")
_MID_TAG = re.compile(r"[A-Za-z0-9_.+~-]{1,32}")  # RFC 8843 says token; this much of it
_DEFAULT_SOURCES: Mapping[str, tuple[TrackSource, ...]] = {
    "audio": (TrackSource.MICROPHONE, TrackSource.SCREEN_AUDIO),
    "video": (TrackSource.CAMERA, TrackSource.SCREEN),
}
# What the SDP parser raises for text that is not SDP: it checks by unpacking and asserting.
_PARSE_ERRORS = (
    ValueError,
    AssertionError,
    LookupError,
    StopIteration,
    AttributeError,
    TypeError,
)


@dataclass(frozen=True, slots=True)
class Remote:
    """The peer's side of the transport.

    Attributes:
        username: ICE user name fragment.
        password: ICE password.
        lite: The peer is ICE lite.
        fingerprints: Of its DTLS certificate.
        candidates: Its candidates of component 1 over UDP, without mDNS names.
    """

    username: str
    password: str
    lite: bool
    fingerprints: tuple[RTCDtlsFingerprint, ...]
    candidates: tuple[RTCIceCandidate, ...]


@dataclass(frozen=True, slots=True)
class Local:
    """Our side of the transport.

    Attributes:
        ice: Our fragment and password.
        candidates: Complete.
        fingerprint: Of our certificate.
        session: Numeric SDP session id.
        version: Counts the answers.
    """

    ice: RTCIceParameters
    candidates: Sequence[RTCIceCandidate]
    fingerprint: RTCDtlsFingerprint
    session: int
    version: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What a connection may do.

    Attributes:
        publish: Send.
        subscribe: Receive.
        transport_feedback: Be told when each packet of its video came.
    """

    publish: bool
    subscribe: bool
    transport_feedback: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What was decided for one accepted m-line."""

    offered: sdp.MediaDescription
    direction: str
    codecs: tuple[RTCRtpCodecParameters, ...]  # retransmission formats included
    track: TrackSpec | None
    slot: SlotSpec | None


@dataclass(frozen=True, slots=True)
class Extensions:
    """Ids of header extensions that tell streams apart, 0 when not negotiated (RFC 8285).

    Attributes:
        mid: The m-line (RFC 9143).
        rid: The layer (RFC 8852).
        repaired_rid: The layer that a retransmission belongs to.
        transport: The sequence number across all streams, of published video.
    """

    mid: int = 0
    rid: int = 0
    repaired_rid: int = 0
    transport: int = 0


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What an offer came to."""

    lines: tuple[Line | sdp.MediaDescription, ...]  # a bare description was rejected
    remote: Remote
    extensions: Extensions

    @property
    def tracks(self) -> tuple[TrackSpec, ...]:
        """What the peer publishes."""
        lines = (line for line in self.lines if isinstance(line, Line))
        return tuple(line.track for line in lines if line.track is not None)

    @property
    def slots(self) -> tuple[SlotSpec, ...]:
        """What the peer receives, in m-line order."""
        lines = (line for line in self.lines if isinstance(line, Line))
        return tuple(line.slot for line in lines if line.slot is not None)


def negotiate(
    offer: str, policy: Policy, sources: Mapping[str, TrackSource], ssrc_of: Callable[[str], int]
) -> Negotiated:
    """Decide about every m-line of an offer.

    Args:
        offer: SDP text.
        policy: What the connection may do.
        sources: What the m-lines carry by mid; those not named are taken by order.
        ssrc_of: Our fixed SSRC for a mid.

    Raises:
        NegotiationError: `invalid_sdp`, `bundle_required`, `no_common_codec`, `invalid_source`.
    """
    description, groups = _parse(offer)
    bundled = {
        str(item)
        for group in description.group
        if group.semantic == "BUNDLE"
        for item in group.items
    }
    lines: list[Line | sdp.MediaDescription] = []
    used: set[TrackSource] = set()
    for index, media in enumerate(description.media):
        bundle_only = "a=bundle-only" in groups[index]
        if media.kind not in ("audio", "video") or (media.port == 0 and not bundle_only):
            lines.append(media)
            continue
        if media.rtp.muxId not in bundled or not media.rtcp_mux:
            raise NegotiationError(
                "bundle_required", "Every m-line must be in the BUNDLE group and use rtcp-mux."
            )
        layers = simulcast.layers(groups[index])
        lines.append(_decide(media, layers, policy, sources, ssrc_of, used) or media)
    accepted = [line for line in lines if isinstance(line, Line)]
    if not accepted:
        raise NegotiationError("no_common_codec", "Nothing in the offer can be accepted.")
    return Negotiated(tuple(lines), _remote(accepted), _extensions(accepted))


def write(negotiated: Negotiated, local: Local) -> str:
    """The answer in SDP, candidates included."""
    out = sdp.SessionDescription()
    out.origin = f"- {local.session} {local.version} IN IP4 0.0.0.0"
    out.msid_semantic.append(sdp.GroupDescription("WMS", ["*"]))
    bundle = sdp.GroupDescription("BUNDLE", [])
    out.group.append(bundle)
    for line in negotiated.lines:
        if not isinstance(line, Line):
            out.media.append(_rejected(line))
            continue
        written = _accepted(line, local)
        if not bundle.items:  # the others share the first one's transport
            written.ice_candidates = list(local.candidates)
            written.ice_candidates_complete = True
        bundle.items.append(line.offered.rtp.muxId)
        out.media.append(written)
    return str(out)


def usable(candidate: RTCIceCandidate) -> bool:
    """Whether a candidate is worth checking: UDP, RTP's component, an address and not a name."""
    return (
        candidate.protocol.lower() == "udp"
        and candidate.component == 1
        and not candidate.ip.lower().endswith(".local")
        and 0 < candidate.port < 65536
        and candidate.type in ("host", "srflx", "relay")
    )


def _parse(offer: str) -> tuple[sdp.SessionDescription, list[list[str]]]:
    if len(offer) > MAX_BYTES or offer.count("\n") > MAX_LINES:
        raise NegotiationError("invalid_sdp", "The offer is too long.")
    if not offer.startswith("v="):
        raise NegotiationError("invalid_sdp", "The offer is not SDP.")
    try:
        _, groups = sdp.grouplines(offer)
        if len(groups) > MAX_MEDIA:
            raise NegotiationError("invalid_sdp", "The offer has too many m-lines.")
        description = sdp.SessionDescription.parse(offer)
    except _PARSE_ERRORS as error:
        raise NegotiationError("invalid_sdp", "The offer cannot be read.") from error
    if not description.media:
        raise NegotiationError("invalid_sdp", "The offer has no m-line.")
    mids = [media.rtp.muxId for media in description.media]
    if len(set(mids)) != len(mids) or not all(_MID_TAG.fullmatch(mid) for mid in mids):
        raise NegotiationError("invalid_sdp", "Every m-line needs a mid of its own.")
    return description, groups


def _decide(
    media: sdp.MediaDescription,
    layers: tuple[str, ...],
    policy: Policy,
    sources: Mapping[str, TrackSource],
    ssrc_of: Callable[[str], int],
    used: set[TrackSource],
) -> Line | None:
    """The decision about an audio or video m-line; None rejects it."""
    offered = media.direction or "sendrecv"
    sends = offered in ("sendrecv", "sendonly") and policy.publish
    receives = offered in ("sendrecv", "recvonly") and policy.subscribe
    best = choose(media.kind, media.rtp.codecs)
    if best is None:
        if media.kind == "audio":
            raise NegotiationError("no_common_codec", "The offer has no Opus audio.")
        return None
    source = _source(media, sources, used) if sends else None
    red = red_of(best, media.rtp.codecs) if media.kind == "audio" else None
    preferred = red is not None and _before(red, best, media)
    track = None
    if source is not None:
        track = _track(media, layers, source, best, red if preferred else None)
    # Who sends uses the first codec of the answer, so a line that publishes gets just one.
    codecs = (best,) if track is not None else tuple(playable(media.kind, media.rtp.codecs))
    told = policy.transport_feedback and media.kind == "video" and not receives
    if told and track is not None:
        codecs = (with_arrivals(best, media.rtp.codecs),)
    repairs = {
        _payload_type(codec): repair
        for codec in codecs
        if (repair := repair_of(codec, media.rtp.codecs)) is not None
    }
    slot = _slot(media, codecs, repairs, red, ssrc_of) if receives else None
    if red is not None and preferred:
        codecs = (red, *codecs)
    elif red is not None and track is None:
        codecs = (*codecs, red)
    direction = {
        (True, True): "sendrecv",
        (True, False): "recvonly",
        (False, True): "sendonly",
        (False, False): "inactive",
    }[(track is not None, slot is not None)]
    return Line(media, direction, (*codecs, *repairs.values()), track, slot)


def _slot(
    media: sdp.MediaDescription,
    codecs: Sequence[RTCRtpCodecParameters],
    repairs: Mapping[int, RTCRtpCodecParameters],
    red: RTCRtpCodecParameters | None,
    ssrc_of: Callable[[str], int],
) -> SlotSpec:
    mid = media.rtp.muxId
    return SlotSpec(
        mid,
        MediaKind(media.kind),
        ssrc_of(mid),
        {codec.mimeType.lower(): _payload_type(codec) for codec in reversed(codecs)},
        {apt: _payload_type(codec) for apt, codec in repairs.items()},
        ssrc_of(f"{mid} rtx") if repairs else 0,  # no mid has a space
        _extension(media, _SEND_TIME) if media.kind == "video" else 0,
        0 if red is None else _payload_type(red),
    )


def _before(
    red: RTCRtpCodecParameters, codec: RTCRtpCodecParameters, media: sdp.MediaDescription
) -> bool:
    """Whether the peer would rather send redundant audio (RFC 3264 section 6.1: order counts)."""
    order = list(media.fmt)
    return order.index(red.payloadType) < order.index(codec.payloadType)


def _source(
    media: sdp.MediaDescription, sources: Mapping[str, TrackSource], used: set[TrackSource]
) -> TrackSource | None:
    """What a sending m-line captures; None when all sources of its kind are taken."""
    named = sources.get(media.rtp.muxId)
    if named is not None and named.kind.value != media.kind:
        raise NegotiationError(
            "invalid_source", f"An m-line of kind {media.kind} cannot carry {named.value}."
        )
    reserved = used if named is not None else used | set(sources.values())
    wanted = (named,) if named is not None else _DEFAULT_SOURCES[media.kind]
    source = next((each for each in wanted if each not in reserved), None)
    if source is not None:
        used.add(source)
    return source


def _track(
    media: sdp.MediaDescription,
    layers: tuple[str, ...],
    source: TrackSource,
    codec: RTCRtpCodecParameters,
    red: RTCRtpCodecParameters | None,
) -> TrackSpec:
    level = _extension(media, _LEVEL) if media.kind == "audio" else 0
    repair = repair_of(codec, media.rtp.codecs)
    ssrc = media.ssrc[0].ssrc & MASK32 if media.ssrc else None
    return TrackSpec(
        mid=media.rtp.muxId,
        source=source,
        codec=codec.mimeType,
        payload_type=_payload_type(codec),
        clock_rate=codec.clockRate,
        ssrc=ssrc,
        level_extension=level,
        repair_type=0 if repair is None else _payload_type(repair),
        repair_ssrc=_repair_ssrc(media, ssrc),
        layers=layers if _layered(media, codec) else (),
        red_type=0 if red is None else _payload_type(red),
    )


def _layered(media: sdp.MediaDescription, codec: RTCRtpCodecParameters) -> bool:
    """Whether layers can be told apart and changed at key frames."""
    return bool(_extension(media, simulcast.RID)) and codec.mimeType.lower() in _LAYERED


def _repair_ssrc(media: sdp.MediaDescription, ssrc: int | None) -> int | None:
    """The stream that repeats `ssrc` (RFC 5576 section 4.2 with RFC 4588)."""
    for group in media.ssrc_group:
        if group.semantic == "FID" and len(group.items) == 2 and group.items[0] == ssrc:
            return int(group.items[1]) & MASK32
    return None


def _payload_type(codec: RTCRtpCodecParameters) -> int:
    return (codec.payloadType or 0) & 0x7F


def _extension(media: sdp.MediaDescription, uri: str) -> int:
    """Id of an extension that fits the one-byte form (RFC 8285 section 4.2), 0 when not offered."""
    for extension in media.rtp.headerExtensions:
        if extension.uri == uri and 1 <= extension.id <= 14:
            return extension.id
    return 0


def _extensions(lines: Sequence[Line]) -> Extensions:
    """BUNDLE gives an extension one id in all m-lines (RFC 8843 section 15.2)."""

    def found(uri: str) -> int:
        return next((each for line in lines if (each := _extension(line.offered, uri))), 0)

    return Extensions(
        found(_MID),
        found(simulcast.RID),
        found(simulcast.REPAIRED_RID),
        next((each for line in lines if (each := _transport_extension(line))), 0),
    )


def _transport_extension(line: Line) -> int:
    """Id of the transport-wide sequence number, 0 where it is not for us.

    Who is told of our packets that way stops to tell what its link takes (REMB); so only m-lines
    that receive nothing have it.
    """
    told = any(feedback.type == "transport-cc" for feedback in line.codecs[0].rtcpFeedback)
    return _extension(line.offered, _TRANSPORT_CC) if told else 0


def _remote(lines: Sequence[Line]) -> Remote:
    first = lines[0].offered
    ice = first.ice or RTCIceParameters()
    username, password = ice.usernameFragment, ice.password
    if not username or not password or len(username) > 256 or not 22 <= len(password) <= 256:
        raise NegotiationError("invalid_sdp", "The offer has no usable ICE credentials.")
    if first.dtls is None or not first.dtls.fingerprints:
        raise NegotiationError("invalid_sdp", "The offer has no DTLS fingerprint or setup.")
    if first.dtls.role == "server":
        raise NegotiationError("invalid_sdp", "The offer must be setup:actpass or setup:active.")
    candidates = [each for line in lines for each in line.offered.ice_candidates if usable(each)]
    return Remote(
        username,
        password,
        ice.iceLite,
        tuple(first.dtls.fingerprints[:8]),
        tuple(candidates[:64]),
    )


def _rejected(offered: sdp.MediaDescription) -> sdp.MediaDescription:
    """RFC 3264 section 6: port 0; such a line stays out of the BUNDLE group."""
    line = sdp.MediaDescription(offered.kind, 0, offered.profile, offered.fmt)
    line.host = "0.0.0.0"  # noqa: S104 - SDP's placeholder, nothing listens there
    line.direction = "inactive"
    line.rtp = RTCRtpParameters(muxId=offered.rtp.muxId)
    line.ice = RTCIceParameters()
    return line


def _accepted(line: Line, local: Local) -> sdp.MediaDescription:
    offered, mid = line.offered, line.offered.rtp.muxId
    codecs = list(line.codecs)
    written = simulcast.SimulcastMedia(
        offered.kind, 9, offered.profile, [codec.payloadType for codec in codecs]
    )
    written.host = written.rtcp_host = "0.0.0.0"  # noqa: S104 - SDP's placeholder
    written.rtcp_port = 9
    written.rtcp_mux = True
    written.direction = line.direction
    uris: tuple[str, ...] = (_MID,)
    if line.track is not None:
        uris = (_MID, _LEVEL, _SEND_TIME)
    elif line.slot is not None and line.slot.send_time_extension:
        uris = (_MID, _SEND_TIME)
    if _transport_extension(line):
        uris = (*uris, _TRANSPORT_CC)
    if line.track is not None and line.track.layers:
        written.received = line.track.layers
        uris = (*uris, simulcast.RID, simulcast.REPAIRED_RID)
    extensions = [
        RTCRtpHeaderExtensionParameters(id=found, uri=uri)
        for uri in uris
        if (found := _extension(offered, uri))
    ]
    written.rtp = RTCRtpParameters(codecs=codecs, headerExtensions=extensions, muxId=mid)
    if line.slot is not None:
        ssrcs = [line.slot.ssrc]
        if line.slot.repair_ssrc:
            ssrcs.append(line.slot.repair_ssrc)
            written.ssrc_group = [sdp.GroupDescription("FID", list(ssrcs))]
        written.ssrc = [sdp.SsrcDescription(ssrc=ssrc, cname="roomtone") for ssrc in ssrcs]
        written.msid = f"slot-{mid} slot-{mid}"
    written.ice = local.ice
    written.dtls = RTCDtlsParameters(fingerprints=[local.fingerprint], role="server")
    return written
