"""Settings of the control plane, handed down by the composition root."""

from dataclasses import dataclass, field

from signaling.ports import IceServer, RtcTimers


@dataclass(frozen=True, slots=True)
class SignalingSettings:
    """How meetings are run.

    Attributes:
        timers: Of connections and sessions.
        ice_servers: What clients are told to use.
        audio_slots: Receive-only audio m-lines that a page should offer.
        video_slots: The same for video.
        allowed_origins: Origins beside the server's own whose pages may connect.
        max_messages_per_second: Of one WebSocket; twice as many may come in a burst.
        hello_seconds: How long a WebSocket may be silent before its `hello`.
        heartbeat_seconds: Between two pings; a WebSocket silent for three of them is lost.
        outbox_messages: Messages that may wait for a slow reader before it is closed.
        waiting_seconds: How long somebody may wait at a meeting's door.
    """

    timers: RtcTimers = field(default_factory=RtcTimers)
    ice_servers: tuple[IceServer, ...] = ()
    audio_slots: int = 3
    video_slots: int = 9
    allowed_origins: tuple[str, ...] = ()
    max_messages_per_second: int = 50
    hello_seconds: float = 10.0
    heartbeat_seconds: float = 2.0
    outbox_messages: int = 256
    waiting_seconds: float = 1800.0
