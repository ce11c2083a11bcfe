import base64
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from server.errors import StartError
from server.services.signing_key import SigningKey


def test_the_key_stays_and_its_half_verifies(tmp_path: Path):
    path = tmp_path / "auth" / "key.pem"
    key = SigningKey.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    again = SigningKey.load_or_create(path)
    assert again.public_pem == key.public_pem
    public = serialization.load_pem_public_key(again.public_pem.encode())
    signature = base64.b64decode(key.sign(b"body"))
    public.verify(signature, b"body", padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"body ", padding.PKCS1v15(), hashes.SHA256())


def test_other_files_are_refused_with_a_hint(tmp_path: Path):
    path = tmp_path / "key.pem"
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    for text in (b"nothing", other):
        path.write_bytes(text)
        with pytest.raises(StartError, match="holds no"):
            SigningKey.load_or_create(path)
    with pytest.raises(StartError, match="cannot use"):
        SigningKey.load_or_create(tmp_path)
