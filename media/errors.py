"""Errors of the media ring.

MediaError
    NegotiationError   an offer that cannot be answered; `code` is stable and reaches the client
    RecordingError     a recording that cannot start or go on; `code` is stable
"""


class MediaError(Exception):
    """Root of everything the media ring raises on purpose."""


class NegotiationError(MediaError):
    """An offer cannot be answered.

    Args:
        code: Stable machine-readable code, for example `invalid_sdp` or `no_common_codec`.
        message: One sentence for a person.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RecordingError(MediaError):
    """A recording cannot start or go on.

    Args:
        code: Stable machine-readable code, for example `disk_full` or `directory_not_writable`.
        message: One sentence for a person.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
