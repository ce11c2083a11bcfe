"""Where messages for one client go; what stands behind it is the endpoint's business."""

from typing import Protocol

from signaling.replies import Reply


class Outbox(Protocol):
    """A bounded way to one client. Calls never block and never raise.

    An outbox whose client reads too slowly closes itself; nobody else notices.
    """

    def send(self, message: Reply) -> None:
        """Queue a message; dropped when the way is closed."""

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued; idempotent.

        Args:
            code: WebSocket close code.
            reason: Stable word.
        """


class ClosedOutbox:
    """Leads nowhere."""

    def send(self, message: Reply) -> None:
        """Drop the message."""

    def close(self, code: int, reason: str) -> None:
        """Nothing is open."""
