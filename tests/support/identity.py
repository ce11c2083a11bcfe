"""Identity providers for tests: keys, JWK sets and tokens, good and forged."""

import base64
import json

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

_ALGORITHMS = {
    "RS256": jwt.algorithms.RSAAlgorithm,
    "ES256": jwt.algorithms.ECAlgorithm,
    "EdDSA": jwt.algorithms.OKPAlgorithm,
}


class Identity:
    """One provider with one key."""

    def __init__(self, issuer: str, algorithm: str = "ES256", kid: str = "k1") -> None:
        self.issuer, self.algorithm, self.kid = issuer, algorithm, kid
        if algorithm == "RS256":
            self.private = rsa.generate_private_key(65537, 2048)
        elif algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
        else:
            self.private = ed25519.Ed25519PrivateKey.generate()

    def jwk(self, **members: object) -> dict[str, object]:
        public = _ALGORITHMS[self.algorithm].to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "alg": self.algorithm, "use": "sig", **members}

    def jwks(self) -> dict[str, object]:
        return {"keys": [self.jwk()]}

    def jwks_url(self) -> str:
        return "data:application/json;base64," + encoded(self.jwks())

    def token(self, headers: dict[str, object] | None = None, **claims: object) -> str:
        """A token; a claim or header that is None is left out."""
        full = {"iss": self.issuer, "sub": "user_01", **claims}
        header = {"kid": self.kid, **(headers or {})}
        return jwt.encode(
            {name: value for name, value in full.items() if value is not None},
            self.private,
            algorithm=self.algorithm,
            headers={name: value for name, value in header.items() if value is not None},
        )


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def unsigned(header: dict[str, object], claims: dict[str, object], signature: str = "") -> str:
    """A token put together by hand."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (header, claims)]
    return ".".join([part.rstrip(b"=").decode() for part in parts] + [signature])
