"""What every live Session shares: the rings beside it, the clock and the settings."""

from collections.abc import Callable
from dataclasses import dataclass, field

from media.clock import Clock
from media.tasks import OnError, TaskScope
from signaling.doors import Doors
from signaling.driver import Schedule
from signaling.log import SessionLog
from signaling.ports import CaptionControl, Gate, MediaEngine, RecordingControl, SessionWatcher
from signaling.recent import RecentIds
from signaling.settings import SignalingSettings

# Kicked people that the process remembers; resume tokens live for hours, not for ever.
KICKED_KEPT = 16384


@dataclass(slots=True)
class Context:
    """Collaborators of the control plane.

    Attributes:
        doors: Who waits at which meeting's door.
        scope: Owns every task of the control plane.
        on_error: Hears of bugs, by name.
        recordings: Set by the composition root; None where nothing is recorded.
        kicked: Participant ids that may not come back.
        watcher: Set by the composition root; None where nobody acts on turns of a session.
        captions: Set by the composition root; None where there are none.
        sound: Told, by meeting, when somebody begins to speak and when nobody does any more.
    """

    engine: MediaEngine
    gate: Gate
    log: SessionLog
    clock: Clock
    schedule: Schedule
    scope: TaskScope
    on_error: OnError
    settings: SignalingSettings
    doors: Doors
    recordings: RecordingControl | None = None
    watcher: SessionWatcher | None = None
    captions: CaptionControl | None = None
    sound: list[Callable[[str, bool], None]] = field(default_factory=list)
    kicked: RecentIds = field(default_factory=lambda: RecentIds(KICKED_KEPT))
