"""The local issuer: user tokens signed with an ES256 key that lives in the data directory.

It serves development mode and tests. The key file may be made by the server or by
`roomtone token user`, whichever comes first; both then use the same key.
"""

import json
import os
import secrets
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from media.clock import Clock
from server.errors import StartError

LOCAL_ISSUER = "https://roomtone.local/dev"
"""The `iss` of its tokens; a name, not an address: it stays when the port changes."""

ISSUER_FILE = Path("auth") / "issuer.json"
"""Where the key lives beneath the data directory."""

_ALGORITHM = "ES256"


class LocalIssuer:
    """Signs user tokens with a key of its own.

    Args:
        key: The private key as a JWK (RFC 7517) with `kid`.
        clock: Tells issue and expiry times.
    """

    def __init__(self, key: dict[str, str], clock: Clock) -> None:
        self._kid = key["kid"]
        self._private = jwt.PyJWK.from_dict(key, _ALGORITHM)
        self._public = {name: key[name] for name in ("kty", "crv", "x", "y", "kid", "alg", "use")}
        self._clock = clock

    @classmethod
    def load_or_create(cls, path: Path, clock: Clock) -> "LocalIssuer":
        """The issuer of this file, which is made (mode 0600) when it is missing.

        Two processes that make it at the same moment end up with one key. Blocks on the disk.

        Raises:
            StartError: The file is not a key, or cannot be read or written.
        """
        try:
            if not path.exists():
                _create(path)
            key = json.loads(path.read_text("utf-8"))
            return cls(key, clock)
        except OSError as error:
            raise StartError(f"cannot use {path}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
            raise StartError(
                f"{path} is not a key file of the local issuer",
                "Delete it: a new one is made, and tokens of the old one stop working.",
            ) from error

    def issue(self, sub: str, name: str | None = None, ttl: float = 3600.0) -> str:
        """A user token for this subject, good for `ttl` seconds."""
        now = int(self._clock.utc().timestamp())
        claims: dict[str, object] = {
            "iss": LOCAL_ISSUER,
            "sub": sub,
            "iat": now,
            "exp": now + int(ttl),
        }
        if name:
            claims["name"] = name
        return jwt.encode(claims, self._private, algorithm=_ALGORITHM, headers={"kid": self._kid})

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key as a JWK set (RFC 7517 section 5)."""
        return {"keys": [self._public]}


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = ec.generate_private_key(ec.SECP256R1())
    key = jwt.algorithms.ECAlgorithm.to_jwk(private, as_dict=True)
    key |= {"kid": f"local-{secrets.token_hex(8)}", "alg": _ALGORITHM, "use": "sig"}
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(key, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a rename, it fails when another process was faster
        except FileExistsError:
            return
    finally:
        draft.unlink()
