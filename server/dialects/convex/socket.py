"""One client of the sync protocol: its frames in order, its queries kept up to date."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Awaitable
from dataclasses import replace
from typing import Final

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from media.tasks import TaskScope
from server.auth.principal import ANONYMOUS, Principal, PrincipalKind
from server.dialects.convex.answers import Answer, answer
from server.dialects.convex.context import Context
from server.dialects.convex.deployment import Deployment
from server.dialects.convex.errors import FunctionFailure, Rejection
from server.dialects.convex.frames import (
    PING,
    Authenticate,
    Connect,
    Event,
    Frame,
    FrameError,
    ModifyQuerySet,
    Request,
    Version,
    read_frame,
    write_auth_error,
    write_done,
    write_failed,
    write_fatal_error,
    write_not_done,
    write_removed,
    write_transition,
    write_updated,
)
from server.dialects.convex.functions import FunctionKind, call_function
from server.dialects.convex.identity import expiry_of, identify
from server.dialects.convex.ledger import Done
from server.dialects.convex.names import read_path
from server.dialects.convex.querysets import QuerySet, Subscription
from server.dialects.convex.responses import error_message
from server.dialects.convex.timestamps import decode_ts, encode_ts, wall_ns
from server.dialects.convex.values import Format, Value, write_value
from server.services.throttle import Throttle

BEAT_SECONDS: Final = 5.0
"""Between ping frames; clients on the Rust library give up after 30 s without any frame."""

PING_SECONDS: Final = 14.0
"""Browsers do not see ping frames: they are promised a message every 15 s."""

SILENT_SECONDS: Final = 120.0
GREETING_SECONDS: Final = 30.0
SEND_SECONDS: Final = 30.0
COALESCE_SECONDS: Final = 0.05
"""Between two updates for changes; a burst of them becomes one."""

KEY_CHECK_SECONDS: Final = 30.0
MAX_WAITING: Final = 64
MAX_ACTIONS: Final = 8
TARPIT_SECONDS: Final = 3.0
MAX_AHEAD_NS: Final = 365 * 24 * 3600 * 1_000_000_000
EXPIRED: Final = "Convex token identity expired"

_log = structlog.get_logger("server.dialects.convex")


class _Over(Exception):  # noqa: N818  (an end, not a fault)
    """This socket is done; it has been closed."""


class SyncSocket:
    """One socket.

    Args:
        deployment: The dialect's own state.
        socket: Already upgraded.
        address: Where the client is.
        refusals: Counts bad credentials by address.
        rust: The client is built on the Rust library: Python, Swift, Kotlin.
    """

    def __init__(
        self,
        deployment: Deployment,
        socket: web.WebSocketResponse,
        address: str | None,
        refusals: Throttle,
        *,
        rust: bool = False,
    ) -> None:
        self._deployment = deployment
        self._clock = deployment.app.clock
        self._redact = deployment.app.settings.convex.redact_errors
        self._socket = socket
        self._address = address
        self._refusals = refusals
        self._rust = rust
        self._wake = asyncio.Event()
        self._queries = QuerySet(deployment.topics, self._wake.set)
        self._sending = asyncio.Lock()
        self._scope = TaskScope(self._failed)
        self._mutations: asyncio.Queue[Request] = asyncio.Queue(MAX_WAITING)
        self._mutating: asyncio.Task[None] | None = None
        self._actions = asyncio.Semaphore(MAX_ACTIONS)
        self._client: str | None = None
        self._skew: int | None = None
        self._floor = 0
        self._version = Version()
        self._sent_ts = 0
        self._identity = 0
        self._principal = self._lasting = ANONYMOUS
        self._credential: str | None = None
        self._expires: float | None = None
        self._key_checked = 0.0
        self._owed = False
        self._opened_at = self._heard_at = self._said_at = self._clock.monotonic()

    async def run(self) -> None:
        """Serve the client until either side closes."""
        updates = self._scope.spawn(self._update_forever(), name="sync updates")
        try:
            while True:
                message = await self._socket.receive()
                self._heard_at = self._clock.monotonic()
                if message.type is WSMsgType.TEXT:
                    await self._take(message.data)
                elif message.type is WSMsgType.PING:
                    await self._socket.pong(message.data)
                elif message.type is WSMsgType.BINARY:
                    await self._fatal("Received Invalid JSON on websocket: binary frame")
                elif message.type is not WSMsgType.PONG:
                    return
        except (_Over, ConnectionError):
            return
        except Exception as error:  # noqa: BLE001  (the edge: logged; the client comes back)
            await self._broke("sync frames", error)
        finally:
            updates.cancel()
            self._queries.close()
            await self._scope.close()

    async def close(self, code: int, reason: str) -> None:
        """Close from our side; idempotent."""
        with contextlib.suppress(ConnectionError):
            _ = await self._socket.close(code=code, message=reason.encode())

    # frames

    async def _take(self, text: str) -> None:
        try:
            frame = read_frame(text)
            await self._act(frame)
        except FrameError as error:
            await self._fatal(str(error))

    async def _act(self, frame: Frame) -> None:
        if isinstance(frame, Connect):
            self._connect(frame)
            return
        if self._client is None:
            raise FrameError("Received Invalid JSON on websocket: Connect comes first")
        match frame:
            case Authenticate():
                await self._authenticate(frame)
            case ModifyQuerySet():
                self._queries.modify(frame)
                self._wake.set()
            case Request(action=True):
                _ = await self._actions.acquire()
                _ = self._scope.spawn(self._run_action(frame), name="sync action")
            case Request():
                await self._mutations.put(frame)
                if self._mutating is None:
                    self._mutating = self._scope.spawn(self._mutate_forever(), name="mutations")
            case Event():
                return

    def _connect(self, frame: Connect) -> None:
        if self._client is not None:
            raise FrameError("Received Invalid JSON on websocket: Connect comes once")
        self._client = frame.session_id[:64]
        now = wall_ns(self._clock)
        if 0 < frame.client_ts < 1e15:
            self._skew = int(frame.client_ts) - now // 1_000_000
        if frame.max_observed is not None:
            with contextlib.suppress(ValueError):
                seen = decode_ts(frame.max_observed)
                self._floor = seen if seen < now + MAX_AHEAD_NS else 0

    async def _authenticate(self, frame: Authenticate) -> None:
        if frame.base_version != self._identity:
            raise FrameError(
                f"Base version {frame.base_version} passed up doesn't match the current version "
                f"{self._identity}"
            )
        principal = await self._verify(frame)
        before, self._lasting = self._lasting, _lasting(principal)
        self._principal = principal
        self._credential = frame.value
        self._expires = expiry_of(frame.value)
        self._key_checked = self._clock.monotonic()
        self._identity += 1
        if before != self._lasting:
            self._queries.invalidate()
        self._wake.set()

    async def _verify(self, frame: Authenticate) -> Principal:
        if frame.token_type == "Admin":  # noqa: S105  (a word of the wire)
            await self._refuse("Invalid admin key", attempted=True)
        try:
            authenticator = self._deployment.app.authenticator
            return await identify(authenticator, frame.value, redact=self._redact)
        except Rejection as rejection:
            if rejection.status == 503:
                await self.close(WSCloseCode.TRY_AGAIN_LATER, rejection.code)
                raise _Over from rejection
            if not self._refusals.take(self._address):
                await asyncio.sleep(TARPIT_SECONDS)  # some clients try again for ever
            await self._refuse(rejection.message, attempted=True)
            raise  # not reached

    async def _refuse(self, message: str, *, attempted: bool) -> None:
        """Say that the identity is not accepted, and close."""
        await self._send(write_auth_error(message, self._identity, attempted=attempted))
        await self.close(WSCloseCode.OK, "AuthError")
        raise _Over

    async def _fatal(self, message: str) -> None:
        await self._send(write_fatal_error(message))
        await self.close(WSCloseCode.OK, "FatalError")
        raise _Over

    # queries

    async def _update_forever(self) -> None:
        try:
            while True:
                try:
                    async with asyncio.timeout(BEAT_SECONDS):
                        _ = await self._wake.wait()
                except TimeoutError:
                    await self._beat()
                    continue
                self._wake.clear()
                await self._update()
        except (_Over, ConnectionError):
            return
        except Exception as error:  # noqa: BLE001  (the edge: logged; the client comes back)
            await self._broke("sync updates", error)

    async def _beat(self) -> None:
        now = self._clock.monotonic()
        greeting_missing = self._client is None and now - self._opened_at > GREETING_SECONDS
        if greeting_missing or now - self._heard_at > SILENT_SECONDS:
            await self.close(WSCloseCode.GOING_AWAY, "InactiveClient")
            raise _Over
        if now - self._said_at >= PING_SECONDS - BEAT_SECONDS:
            await self._send(PING)
        else:
            await self._socket.ping()

    async def _update(self) -> None:
        """Run what is stale and tell what is new, in one step of versions."""
        identity, query_set = self._identity, self._queries.version
        owed, self._owed = self._owed, False
        advanced = (query_set, identity) != (self._version.query_set, self._version.identity)
        if not (advanced or owed or self._queries.any_stale):
            return
        await self._check_identity()
        latest = self._deployment.timestamps.latest
        ts = max(latest, self._floor, self._sent_ts)
        changes = [write_removed(query_id) for query_id in self._queries.take_removed()]
        for query in self._queries.stale():
            change = await self._refresh(query)
            if change is not None:
                changes.append(change)
        if not (advanced or owed or changes):
            return
        end = Version(query_set, identity, encode_ts(ts))
        text = write_transition(self._version, end, changes, self._skew, wall_ns(self._clock))
        self._version, self._sent_ts = end, ts
        await self._send(text)
        if not (advanced or owed):
            await asyncio.sleep(COALESCE_SECONDS)

    async def _refresh(self, query: Subscription) -> str | None:
        """Run a query; None when its result is the one that the client has."""
        query.stale = False
        before = self._deployment.topics.changes
        given = await self._answer(query)
        self._queries.ran(query, given.reads)
        if self._deployment.topics.changes != before:
            query.stale = True  # something changed before it was watched
            self._wake.set()
        if not (self._queries.keeps(query) and query.is_news(given.digest)):
            return None
        if given.failed:
            return write_failed(query.query_id, self._message(given.text), given.data)
        return write_updated(query.query_id, given.text)

    async def _answer(self, query: Subscription) -> Answer:
        """What a query comes to; the same for everybody with the same rights, so found once."""
        answers, changes = self._deployment.answers, self._deployment.topics.changes
        key = (self._lasting, query.path, query.key)
        known = answers.get(key)
        if known is not None:
            return known
        context = self._context()
        try:
            name = read_path(query.path)
            value = await call_function(context, name, FunctionKind.QUERY, query.arguments)
            given = answer(write_value(value, Format.ENCODED), context.reads)
        except (FunctionFailure, Rejection) as fault:
            told, data = _told(fault)
            given = answer(told, context.reads, failed=True, data=data)
        except Exception as error:  # noqa: BLE001  (the edge: logged, told without)
            self._failed("sync query", error)
            given = answer(_FAULT, context.reads, failed=True)
        answers.keep(key, given, changes)
        return given

    async def _check_identity(self) -> None:
        """Turn away whoever is no longer accepted."""
        if self._expires is not None and self._clock.utc().timestamp() >= self._expires:
            await self._refuse(EXPIRED, attempted=False)
        now = self._clock.monotonic()
        is_key = self._principal.kind is PrincipalKind.API_KEY
        if is_key and now - self._key_checked > KEY_CHECK_SECONDS:
            self._key_checked = now
            try:
                _ = await identify(self._deployment.app.authenticator, self._credential)
            except Rejection as rejection:
                await self._refuse(rejection.message, attempted=False)

    # mutations and actions

    async def _mutate_forever(self) -> None:
        try:
            while True:
                request = await self._mutations.get()
                await self._check_identity()
                await self._mutate(request)
        except (_Over, ConnectionError):
            return
        except Exception as error:  # noqa: BLE001  (the edge: logged; the client comes back)
            await self._broke("mutations", error)

    async def _mutate(self, request: Request) -> None:
        context = self._context()
        key = (_identity_key(self._principal), self._client or "", request.request_id)

        async def perform() -> Done:
            name = read_path(request.path)
            value = await call_function(context, name, FunctionKind.MUTATION, request.arguments)
            return Done(value, self._deployment.timestamps.latest)

        # it ends even when the socket does not: its client asks again on the next one
        task = self._deployment.scope.spawn(
            _outcome(self._deployment.ledger.once(key, perform)), name="mutation"
        )
        done = await asyncio.shield(task)
        if isinstance(done, Done):
            ts = max(done.timestamp, self._floor)
            await self._send(write_done(request, done.value, encode_ts(ts)))
            self._owed = True
            self._wake.set()
            return
        # the Rust library leaves a ConvexError waiting for a Transition, as if it were a success
        waits = self._rust and isinstance(done, FunctionFailure) and done.data is not None
        latest = max(self._deployment.timestamps.latest, self._floor)
        told = self._not_done(request, done, encode_ts(latest) if waits else None)
        await self._send(told)
        if waits:
            self._owed = True
            self._wake.set()

    async def _run_action(self, request: Request) -> None:
        try:
            await self._check_identity()
            name = read_path(request.path)
            value = await call_function(
                self._context(), name, FunctionKind.ACTION, request.arguments
            )
        except (_Over, ConnectionError):
            return
        except Exception as fault:  # noqa: BLE001  (the edge: told to the client, logged)
            text = self._not_done(request, fault)
        else:
            text = write_done(request, value, "")
        finally:
            self._actions.release()
        with contextlib.suppress(_Over, ConnectionError):
            await self._send(text)

    def _not_done(self, request: Request, fault: Exception, ts: str | None = None) -> str:
        if not isinstance(fault, FunctionFailure | Rejection):
            self._failed("sync call", fault)
            return write_not_done(request, self._message(_FAULT), None)
        told, data = _told(fault)
        return write_not_done(request, self._message(told), data, ts)

    # parts

    def _context(self) -> Context:
        return Context(self._deployment, self._principal, self._credential, self._address)

    def _message(self, text: str) -> str:
        return error_message(text, secrets.token_hex(8), redact=self._redact)

    async def _send(self, text: str) -> None:
        """Send, waiting while the client does not read; one that never reads is dropped."""
        try:
            async with asyncio.timeout(SEND_SECONDS), self._sending:
                await self._socket.send_str(text)
        except TimeoutError:
            await self.close(WSCloseCode.GOING_AWAY, "SlowClient")
            raise _Over from None
        self._said_at = self._clock.monotonic()

    async def _broke(self, name: str, error: BaseException) -> None:
        self._failed(name, error)
        await self.close(WSCloseCode.INTERNAL_ERROR, "InternalServerError")

    @staticmethod
    def _failed(name: str, error: BaseException) -> None:
        _log.error("convex sync failed", task=name, exc_info=error)


_FAULT = "Your request couldn't be completed. Try again later."


async def _outcome(work: Awaitable[Done]) -> Done | Exception:
    """What came of a mutation: nobody may be there any more to catch an exception."""
    try:
        return await work
    except Exception as fault:  # noqa: BLE001  (handed to whoever waits)
        return fault


def _told(fault: FunctionFailure | Rejection) -> tuple[str, Value]:
    if isinstance(fault, Rejection):
        return fault.message, None
    return fault.text, fault.data


def _lasting(principal: Principal) -> Principal:
    """The principal without what differs from token to token of one person."""
    return replace(principal, claims={})


def _identity_key(principal: Principal) -> str:
    parts = (principal.kind, principal.account, principal.sub, principal.key_id)
    return json.dumps([str(part) for part in parts])
