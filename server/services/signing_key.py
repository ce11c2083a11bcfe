"""The installation's RSA key: signs what is sent to other programs, who verify it by its half."""

import base64
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from server.errors import StartError

_BITS, _EXPONENT = 2048, 65537  # NIST SP 800-57 part 1: enough until 2030


class SigningKey:
    """Signs with RSASSA-PKCS1-v1_5 and SHA-256 (RFC 8017 section 8.2).

    Args:
        private: The key.
    """

    def __init__(self, private: rsa.RSAPrivateKey) -> None:
        self._private = private
        self.public_pem = (
            private.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )

    @classmethod
    def load_or_create(cls, path: Path) -> "SigningKey":
        """The key of this file, which is made (mode 0600) when it is missing. Blocks.

        Raises:
            StartError: The file is no such key, or cannot be read or written.
        """
        try:
            if not path.exists():
                _create(path)
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise StartError(f"cannot use {path}: {error.strerror}") from error
        except ValueError as error:
            raise StartError(f"{path} holds no key", "Delete it; a new one is made.") from error
        if not isinstance(private, rsa.RSAPrivateKey):
            raise StartError(f"{path} holds no RSA key", "Delete it; a new one is made.")
        return cls(private)

    def sign(self, body: bytes) -> str:
        """The signature over these bytes in base64."""
        signature = self._private.sign(body, padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_BITS)
    text = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
