"""`roomtone token user`: user tokens of the local issuer; imports little, for it must be quick."""

from media.clock import SystemClock
from server.auth.issuer import ISSUER_FILE, LocalIssuer
from server.config import Settings


def user_token(settings: Settings, sub: str, name: str, ttl: int) -> str:
    """A user token of the local issuer; works beside a running server.

    Raises:
        StartError: The issuer's file cannot be used.
    """
    issuer = LocalIssuer.load_or_create(settings.storage.data / ISSUER_FILE, SystemClock())
    return issuer.issue(sub=sub, name=name, ttl=ttl)
