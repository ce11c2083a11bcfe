import subprocess
import sys
from pathlib import Path

import jwt

from media.clock import SystemClock
from server.auth.issuer import ISSUER_FILE, LocalIssuer
from server.commands.user_token import user_token
from server.config import Settings


def test_a_token_is_signed_by_the_issuer_that_the_server_uses(tmp_path: Path):
    settings = Settings.model_validate({"storage": {"data": tmp_path}})
    token = user_token(settings, "user_01", "Ada", 60)
    issuer = LocalIssuer.load_or_create(tmp_path / ISSUER_FILE, SystemClock())
    key = jwt.PyJWK.from_dict(issuer.jwks()["keys"][0])
    claims = jwt.decode(token, key, algorithms=["ES256"])
    assert (claims["sub"], claims["name"]) == ("user_01", "Ada")
    assert claims["exp"] - claims["iat"] == 60


def test_it_imports_nothing_slow():
    code = "import server.cli, server.commands.user_token, server.configfiles, sys\n"
    code += "print(*sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    slow = {"aiohttp", "aiortc", "alembic", "av", "numpy", "sqlalchemy", "structlog"}
    assert slow.isdisjoint(output.stdout.split())
