"""Links to recordings for people without an account: they expire, can be revoked, and are logged.

A link holds 128 random bits, of which only the hash is kept. Its page gets addresses of files that
are signed for an hour, so that a media element can ask for ranges without headers; every request
is checked against the link itself, so a revoked one ends at once.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from media.clock import Clock
from server.records import RecordingView, Share, ShareAccess, ShareUsage
from server.services.cursors import decode_cursor, page_of
from server.services.views import Page
from server.storage.port import IntegrationStore
from signaling.errors import RefusalKind, Refused
from signaling.ids import is_id, new_id

TOKEN_BYTES = 16
SIGNED_SECONDS = 3600
_LONGEST_RANGE = 100


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """Who asks for a file, and which bytes, for the log."""

    address: str | None
    bytes_range: str | None = None


class Recordings(Protocol):
    """What links lead to."""

    async def get(self, recording_id: str) -> RecordingView:
        """One recording.

        Raises:
            Refused: `recording_not_found`.
        """
        ...


class Shares:
    """Makes, checks and logs links.

    Args:
        store: Where they are kept.
        recordings: What they lead to.
        key: Signs addresses of files.
        clock: The process's clock.
    """

    def __init__(
        self, store: IntegrationStore, recordings: Recordings, key: bytes, clock: Clock
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._key = key
        self._clock = clock

    async def create(
        self,
        recording_id: str,
        by: str | None,
        *,
        seconds: int,
        allow_download: bool,
        signed_in: bool = False,
        label: str | None = None,
    ) -> tuple[Share, str]:
        """A new link and its token, which cannot be shown again.

        Raises:
            Refused: `recording_not_found`.
        """
        view = await self._recordings.get(recording_id)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = self._clock.utc()
        share = Share(
            id=new_id(),
            recording_id=view.id,
            token_hash=_hash(token),
            created_at=now,
            created_by=by,
            expires_at=now + timedelta(seconds=seconds),
            allow_download=allow_download,
            label=label,
            signed_in=signed_in,
        )
        await self._store.save_record(share)
        return share, token

    async def of(self, recording_id: str) -> list[Share]:
        """Every link to a recording, oldest first, dead ones included."""
        return await self._store.list_records(Share, recording_id=recording_id)

    async def usage(self, recording_id: str) -> dict[str, ShareUsage]:
        """How much each link to a recording was used; links never used are absent."""
        return await self._store.share_usage(recording_id)

    async def find(self, recording_id: str, share_id: str) -> Share:
        """One link of a recording.

        Raises:
            Refused: `share_not_found`.
        """
        found = await self._store.find_record(Share, share_id) if is_id(share_id) else None
        if found is None or found.recording_id != recording_id:
            raise _not_found()
        return found

    async def revoke(self, recording_id: str, share_id: str) -> None:
        """Let a link lead nowhere from now on; idempotent.

        Raises:
            Refused: `share_not_found`.
        """
        found = await self.find(recording_id, share_id)
        if found.revoked_at is None:
            await self._store.save_record(replace(found, revoked_at=self._clock.utc()))

    async def accesses(
        self, share_id: str, cursor: str | None = None, limit: int = 50
    ) -> Page[ShareAccess]:
        """Uses of a link, newest first.

        Raises:
            Refused: `invalid_cursor`.
        """
        before = decode_cursor(cursor)
        found = await self._store.page_records(
            ShareAccess, share_id=share_id, before=before, most=limit + 1
        )
        return page_of(found, limit, lambda use: use.id)

    async def open(
        self,
        token: str,
        address: str | None,
        part: str | None = None,
        *,
        allowed: Callable[[RecordingView], Awaitable[None]] | None = None,
    ) -> tuple[Share, RecordingView]:
        """What a link leads to; logged as a use of its page, or of a part of it.

        Args:
            token: The link's.
            address: Who asks.
            part: Which part; None for the page.
            allowed: Raises unless the asking person is signed in; of links for those alone.

        Raises:
            Refused: `share_not_found`, `share_gone`, `recording_not_found`.
        """
        found = await self._store.list_records(Share, token_hash=_hash(token))
        if not found:
            raise _not_found()
        share = self._alive(found[0])
        view = await self._recordings.get(share.recording_id)
        if share.signed_in and allowed is not None:
            await allowed(view)
        await self._log(share, address, part, None)
        return share, view

    def sign(self, share: Share, file_id: str) -> str:
        """The path and query under which a file is served for an hour, or until the link ends."""
        ends = self._clock.utc() + timedelta(seconds=SIGNED_SECONDS)
        expires = int(min(ends, share.expires_at).timestamp())
        signature = self._mac(share.id, file_id, expires)
        return f"/v1/media/{share.id}/{file_id}?exp={expires}&sig={signature}"

    async def admit(
        self, share_id: str, file_id: str, *, expires: int, signature: str, request: MediaRequest
    ) -> Share:
        """Check a signed address; logged.

        Raises:
            Refused: `share_not_found`, `signature_invalid`, `signature_expired`, `share_gone`.
        """
        if not hmac.compare_digest(self._mac(share_id, file_id, expires), signature):
            raise Refused(
                RefusalKind.FORBIDDEN, "signature_invalid", "This address was not signed here."
            )
        if expires <= self._clock.utc().timestamp():
            raise Refused(
                RefusalKind.GONE, "signature_expired", "This address is old; load the page again."
            )
        share = await self._store.find_record(Share, share_id)
        if share is None:
            raise _not_found()
        share = self._alive(share)
        await self._log(share, request.address, file_id, request.bytes_range)
        return share

    def _alive(self, share: Share) -> Share:
        ended, why = share.revoked_at, "revoked"
        if ended is None and share.expires_at <= self._clock.utc():
            ended, why = share.expires_at, "expired"
        if ended is not None:
            raise Refused(
                RefusalKind.GONE,
                "share_gone",
                "This link is no longer good.",
                {"ended_at": ended.isoformat(), "why": why},
            )
        return share

    async def _log(
        self, share: Share, address: str | None, file_id: str | None, bytes_range: str | None
    ) -> None:
        shown = bytes_range[:_LONGEST_RANGE] if bytes_range else None
        now = self._clock.utc()
        await self._store.save_record(ShareAccess(new_id(), share.id, now, address, file_id, shown))

    def _mac(self, share_id: str, file_id: str, expires: int) -> str:
        text = f"{share_id}/{file_id}/{expires}".encode()
        return hmac.new(self._key, text, "sha256").hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _not_found() -> Refused:
    return Refused(RefusalKind.NOT_FOUND, "share_not_found", "There is no such link.")
