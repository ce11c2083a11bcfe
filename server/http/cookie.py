"""The sign-in cookie: a credential sealed with the installation's secret, for one browser.

The cookie holds no readable key, and as the credential inside is checked again on each request,
revoking a key or letting a token expire ends the sign-in at once.
"""

import base64
import binascii
import os
from typing import Protocol

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from media.clock import Clock

COOKIE = "roomtone_session"
LIFE_SECONDS = 12 * 3600  # a working day; then people sign in again
_NONCE_BYTES = 12  # NIST SP 800-38D section 8.2.2: random 96-bit nonces
_STAMP_BYTES = 8


class KeySource(Protocol):
    """Where a key for one purpose comes from."""

    def derive(self, purpose: str) -> bytes:
        """32 bytes that only this installation knows, different for each purpose."""
        ...


class SealedCookies:
    """Seals and opens credentials.

    Args:
        keys: Gives the sealing key.
        clock: Tells when a cookie is too old.
    """

    def __init__(self, keys: KeySource, clock: Clock) -> None:
        self._cipher = AESGCM(keys.derive("sign-in cookie"))
        self._clock = clock

    def seal(self, credential: str) -> str:
        """The cookie's value."""
        expires = int(self._clock.utc().timestamp()) + LIFE_SECONDS
        nonce = os.urandom(_NONCE_BYTES)
        plain = expires.to_bytes(_STAMP_BYTES, "big") + credential.encode()
        sealed = nonce + self._cipher.encrypt(nonce, plain, COOKIE.encode())
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, value: str) -> str | None:
        """The credential; None when the cookie is forged, foreign or too old."""
        try:
            sealed = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
            plain = self._cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], COOKIE.encode()
            )
        except (binascii.Error, InvalidTag, ValueError):
            return None
        if int.from_bytes(plain[:_STAMP_BYTES], "big") < self._clock.utc().timestamp():
            return None
        return plain[_STAMP_BYTES:].decode()


def set_cookie(response: web.StreamResponse, value: str, *, secure: bool) -> None:
    """Sign a browser in."""
    response.set_cookie(
        COOKIE, value, max_age=LIFE_SECONDS, httponly=True, secure=secure, samesite="Lax", path="/"
    )


def drop_cookie(response: web.StreamResponse, *, secure: bool) -> None:
    """Sign a browser out."""
    response.set_cookie(
        COOKIE, "", max_age=0, httponly=True, secure=secure, samesite="Lax", path="/"
    )
