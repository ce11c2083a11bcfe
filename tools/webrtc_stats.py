"""Make the list of W3C webrtc-stats members again: `python tools/webrtc_stats.py webrtc-stats.idl`.

The interface definition is the file `webrtc-stats.idl` of the npm package `@webref/idl`.
"""

import json
import re
import sys
from pathlib import Path

LIST = Path(__file__).parents[1] / "tests" / "contracts" / "webrtc_stats.json"
BASE = ["id", "timestamp", "type"]  # RTCStats, defined by webrtc itself
# Which dictionary an entry of a type is (RTCStatsType); they inherit from each other.
TYPES = {
    "candidate-pair": "RTCIceCandidatePairStats",
    "certificate": "RTCCertificateStats",
    "codec": "RTCCodecStats",
    "data-channel": "RTCDataChannelStats",
    "inbound-rtp": "RTCInboundRtpStreamStats",
    "local-candidate": "RTCIceCandidateStats",
    "media-playout": "RTCAudioPlayoutStats",
    "outbound-rtp": "RTCOutboundRtpStreamStats",
    "peer-connection": "RTCPeerConnectionStats",
    "remote-candidate": "RTCIceCandidateStats",
    "remote-inbound-rtp": "RTCRemoteInboundRtpStreamStats",
    "remote-outbound-rtp": "RTCRemoteOutboundRtpStreamStats",
    "transport": "RTCTransportStats",
}
SOURCES = ("RTCAudioSourceStats", "RTCVideoSourceStats")  # a `media-source` is either


def members(idl: str) -> dict[str, list[str]]:
    """The members of each type of entry, in alphabetical order."""
    own: dict[str, tuple[str, list[str]]] = {}
    for name, parent, body in re.findall(r"dictionary (\w+) : (\w+) \{(.*?)\};", idl, re.DOTALL):
        own[name] = parent, re.findall(r"(\w+)\s*(?:=[^;]*)?;", body)

    def whole(name: str) -> set[str]:
        parent, found = own.get(name, ("", BASE))
        return set(found) | (whole(parent) if parent else set())

    found = {kind: whole(name) for kind, name in TYPES.items()}
    found["media-source"] = set().union(*(whole(name) for name in SOURCES))
    return {kind: sorted(found[kind]) for kind in sorted(found)}


if __name__ == "__main__":
    listed = members(Path(sys.argv[1]).read_text())
    LIST.write_text(json.dumps(listed, indent=1) + "\n")
