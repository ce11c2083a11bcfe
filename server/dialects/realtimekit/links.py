"""Links that work without a credential until they expire: signed with the installation's key."""

import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import quote

from media.clock import Clock

LIFE = timedelta(days=7)
PREFIX = "/downloads/"


class Links:
    """Makes and checks them.

    Args:
        key: Signs.
        clock: Tells when a link has expired.
    """

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def path(self, kind: str, entity_id: str, name: str, expires: datetime) -> str:
        """Where to download something until then.

        Args:
            kind: What sort of thing.
            entity_id: Which one.
            name: File name to save it under; part of what is signed.
            expires: Until when.
        """
        until = int(expires.timestamp())
        signature = self._signature(kind, entity_id, name, until)
        quoted = quote(name, safe="")
        return f"{PREFIX}{kind}/{entity_id}/{quoted}?expires={until}&signature={signature}"

    def good(self, kind: str, entity_id: str, name: str, until: str, signature: str) -> bool:
        """Whether a link was made here and has not expired."""
        if not until.isascii() or not until.isdigit() or len(until) > 12:
            return False
        wanted = self._signature(kind, entity_id, name, int(until))
        if not hmac.compare_digest(wanted.encode(), signature.encode()):
            return False
        return int(until) > self._clock.utc().timestamp()

    def _signature(self, kind: str, entity_id: str, name: str, until: int) -> str:
        text = "\n".join((kind, entity_id, name, str(until)))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
