"""Errors of the process itself; refusals of requests are `signaling.errors.Refused`.

ServerError
    ConfigError     a setting is missing, unknown or out of range; names it and says what to do
    StartError      something outside hinders the start (port taken, data directory not writable)
"""


class ServerError(Exception):
    """Root of everything the rim raises on purpose.

    Args:
        message: One sentence: what is wrong.
        hint: One sentence: what to do about it.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(ServerError):
    """A setting is missing, unknown or out of range."""


class StartError(ServerError):
    """Something outside hinders the start."""
