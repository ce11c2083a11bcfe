"""Simulcast in SDP: the layers that an offer names and the answer that takes them.

RFC 8851 (`a=rid`) and RFC 8853 (`a=simulcast`), read from and written as lines, because the SDP
classes do not know them.
"""

import re
from collections.abc import Sequence

from aiortc import sdp
from typing_extensions import override

RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
MAX_LAYERS = 3  # what browsers send; more would only cost

_NAME = re.compile(r"[A-Za-z0-9_-]{1,16}")  # RFC 8852 section 3 has no length; RFC 8285 has 16


def layers(lines: Sequence[str]) -> tuple[str, ...]:
    """The layers that an m-section offers to send, in its order; empty without simulcast."""
    sent = {line.split()[0].partition(":")[2] for line in lines if _sends(line)}
    offered = next((line for line in lines if line.startswith("a=simulcast:")), "")
    words = offered.removeprefix("a=simulcast:").split()
    pairs = dict(zip(words[::2], words[1::2], strict=False))
    names: list[str] = []
    for stream in pairs.get("send", "").split(";"):
        name = stream.split(",")[0].lstrip("~")  # the first alternative; it may begin paused
        if name in sent and name not in names and _NAME.fullmatch(name):
            names.append(name)
    return tuple(names[:MAX_LAYERS]) if len(names) > 1 else ()


def _sends(line: str) -> bool:
    return line.startswith("a=rid:") and line.split()[1:2] == ["send"]


class SimulcastMedia(sdp.MediaDescription):
    """An m-section of the answer that receives layers."""

    received: tuple[str, ...] = ()

    @override
    def __str__(self) -> str:
        lines = [f"a=rid:{name} recv\r\n" for name in self.received]
        if lines:
            lines.append(f"a=simulcast:recv {';'.join(self.received)}\r\n")
        return super().__str__() + "".join(lines)
