"""What somebody sees, in the words of simulcast; pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """The largest picture of a stream of video, as it is forwarded.

    Attributes:
        rid: Name of its layer (RFC 8851), empty when the source sends one stream.
        layer: Its place among the source's layers, 1 for the smallest; 0 when none is shown.
        width: Pixels, 0 until a key frame told.
        height: Pixels, 0 until a key frame told.
        limit: `bandwidth` when the link does not take the layer that the tile wants, else None.
    """

    rid: str = ""
    layer: int = 0
    width: int = 0
    height: int = 0
    limit: str | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """Greater for larger pictures; where no size is known the layer tells."""
        return self.height, self.layer
