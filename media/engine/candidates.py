"""Trickled candidates (RFC 8838) in the words of the wire."""

from aiortc.rtcicetransport import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from media.errors import NegotiationError

MAX_LENGTH = 1024


def parse_candidate(text: str) -> RTCIceCandidate | None:
    """Read a candidate-attribute (RFC 8839 section 5.1), with or without `a=`; None for the end.

    Raises:
        NegotiationError: `invalid_candidate`.
    """
    value = text.strip().removeprefix("a=")
    if not value:
        return None
    if len(value) > MAX_LENGTH or not value.startswith("candidate:"):
        raise NegotiationError("invalid_candidate", "This is not a candidate-attribute.")
    try:
        return candidate_from_sdp(value.removeprefix("candidate:"))
    except (ValueError, AssertionError, LookupError) as error:
        raise NegotiationError("invalid_candidate", "The candidate cannot be read.") from error
