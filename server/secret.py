"""The secret that signs join tokens: from the settings, or in development from a file."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from server.config import Settings
from server.errors import ConfigError, StartError

SECRET_FILE = Path("auth") / "secret"
SECRET_BYTES = 32


def make_secret() -> str:
    """A new secret, as text for `auth.secret`."""
    return secrets.token_urlsafe(SECRET_BYTES)


def signing_secret(settings: Settings) -> bytes:
    """The secret in force. Blocks on the disk in development mode.

    Raises:
        ConfigError: Outside development mode none is set.
        StartError: The development secret cannot be kept.
    """
    require_secret(settings)
    if settings.auth.secret is not None:
        return settings.auth.secret.get_secret_value().encode()
    return kept_secret(settings.storage.data / SECRET_FILE)


def require_secret(settings: Settings) -> None:
    """Refuse settings without a secret outside development mode.

    Raises:
        ConfigError: With how to make one.
    """
    if settings.auth.secret is None and not settings.dev:
        raise ConfigError(
            "auth.secret is not set, and outside development mode there is no default",
            "Make one with `roomtone secret create` and set ROOMTONE_AUTH__SECRET, "
            "or start with --dev.",
        )


def kept_secret(path: Path) -> bytes:
    """The secret of this file, which is made (mode 0600) when it is missing.

    Two processes that make it at the same moment end up with one.

    Raises:
        StartError: It cannot be read or written.
    """
    try:
        if not path.exists():
            _create(path)
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"cannot use {path}: {error}") from error
    if len(text) < SECRET_BYTES:
        raise StartError(f"{path} holds no secret", "Delete it; a new one is made.")
    return text.encode()


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(fd, "w") as file:
            file.write(make_secret() + "\n")
        with suppress(FileExistsError):  # somebody was faster: his counts
            os.link(fresh, path)
    finally:
        fresh.unlink()
