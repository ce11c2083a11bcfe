"""The dialect's routes and its one error edge."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

import structlog
from aiohttp import web

from server.dialects.buddy import analytics, sessions, streams, transcripts
from server.dialects.buddy.call import Call, identify
from server.dialects.buddy.errors import BuddyError, envelope, from_refusal, missing
from server.dialects.buddy.ids import session_id
from server.dialects.buddy.limits import RequestLimit
from server.http.call import request_id_of
from server.http.problem import Problem
from server.services.context import App
from server.services.throttle import Throttle
from signaling.errors import Refused

PREFIX: Final = "/v1/meeting-buddy"
API_VERSION: Final = "1"
FAILURE_BURST, FAILURES_PER_SECOND = 60.0, 1.0
_LIMIT = web.RequestKey("buddy_limit", Mapping[str, str])
_SESSION = "/sessions/{session}"
_RECORDINGS = _SESSION + "/recording"

Handler: TypeAlias = Callable[[Call], Awaitable[web.StreamResponse]]
Endpoint: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

TABLE: Final[Mapping[str, Mapping[str, Handler]]] = {
    "/sessions": {"GET": sessions.listing, "POST": sessions.create},
    _SESSION: {"GET": sessions.get, "DELETE": sessions.stop},
    _SESSION + "/stop": {"POST": sessions.stop},
    _SESSION + "/permanent": {"DELETE": sessions.erase},
    _SESSION + "/transcripts": {"GET": transcripts.listing},
    _SESSION + "/transcripts/export": {"GET": transcripts.export},
    _SESSION + "/stream": {"GET": streams.status},
    _SESSION + "/transcripts/stream": {"GET": streams.transcript},
    _SESSION + "/logs/stream": {"GET": streams.log},
    _SESSION + "/participants": {"GET": sessions.participants},
    _RECORDINGS + "/download": {"GET": transcripts.download},
    _SESSION + "/speakers": {"GET": transcripts.speakers},
    _SESSION + "/speaker-labels": {"PUT": sessions.put_labels},
    _SESSION + "/retry-transcription": {"POST": sessions.transcribe_again},
    _SESSION + "/activity-log": {"GET": sessions.log},
    "/analytics/active": {"GET": sessions.active},
    "/analytics/summary": {"GET": analytics.summary},
    "/analytics/trends": {"GET": analytics.trends},
    "/analytics/platform-breakdown": {"GET": analytics.platforms},
    "/analytics/status-breakdown": {"GET": analytics.statuses},
    "/analytics/duration-distribution": {"GET": analytics.durations},
    "/analytics/failure-analysis": {"GET": analytics.failures},
    "/analytics/participants": {"GET": analytics.people},
    "/analytics/transcription-stats": {"GET": analytics.transcription},
    "/analytics/speaker-stats": {"GET": analytics.speakers},
    "/analytics/session-speaker-breakdown/{session}": {"GET": analytics.breakdown},
}
"""Every call, by path and method."""

_log = structlog.get_logger("server.dialects.buddy")


def add_routes(application: web.Application, app: App) -> None:
    """Mount the dialect."""
    edge = Edge(app)
    for path, methods in TABLE.items():
        application.router.add_route("*", PREFIX + path, edge.guarded(methods))
    application.router.add_route("*", PREFIX + "{rest:(?:/.*)?}", edge.guarded({}))


class Edge:
    """Between HTTP and the handlers.

    Args:
        app: The process's parts.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._refusals = Throttle(app.clock, burst=FAILURE_BURST, per_second=FAILURES_PER_SECOND)
        self._limit = RequestLimit(app.clock, app.settings.bots.requests_per_minute)

    def guarded(self, methods: Mapping[str, Handler]) -> Endpoint:
        """One endpoint for a path: authentication, the method, errors."""

        async def endpoint(request: web.Request) -> web.StreamResponse:
            response = await self._answered(request, methods)
            if not response.prepared:
                response.headers["freddy-api-version"] = API_VERSION
                response.headers.update(request.get(_LIMIT, {}))
                response.headers.setdefault("Cache-Control", "no-store")
            return response

        return endpoint

    async def _answered(
        self, request: web.Request, methods: Mapping[str, Handler]
    ) -> web.StreamResponse:
        """Turn every refusal and every fault into the envelope; the only place that does."""
        try:
            return await self._handled(request, methods)
        except BuddyError as error:
            found = error
        except Refused as refused:
            bot = refused.data.get("bot_id")
            found = from_refusal(refused, session_id(bot) if isinstance(bot, str) else None)
        except Problem as problem:
            found = BuddyError(problem.status, problem.code.upper(), problem.detail)
        except web.HTTPException as error:
            found = BuddyError(error.status, "VALIDATION_ERROR", error.reason)
        except ConnectionError:
            raise  # the client is gone; there is nobody to answer
        except Exception:  # noqa: BLE001  (the edge: logged with its trace)
            _log.exception("request failed", path=request.path[:200])
            creating = request.method == "POST" and request.path == PREFIX + "/sessions"
            found = _broken(creating=creating)
        return envelope(found, request_id_of(request), self._app.clock.utc())

    async def _handled(
        self, request: web.Request, methods: Mapping[str, Handler]
    ) -> web.StreamResponse:
        if not self._refusals.allows(request.remote):
            text = "Too many requests"
            raise BuddyError(429, "RATE_LIMIT_EXCEEDED", text, headers={"Retry-After": "1"})
        try:
            principal = await identify(self._app, request.headers)
        except BuddyError:
            _ = self._refusals.take(request.remote)
            raise
        within, told = self._limit.take(principal)
        request[_LIMIT] = told
        if not within:
            pause = {"Retry-After": told["x-ratelimit-reset-requests"]}
            raise BuddyError(429, "RATE_LIMIT_EXCEEDED", "Too many requests", headers=pause)
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            if not methods:
                raise missing()
            allowed = {"Allow": ", ".join(methods)}
            raise BuddyError(405, "METHOD_NOT_ALLOWED", "Not with this method.", headers=allowed)
        await self._app.bots.ledger.settled()  # figures are added up where bots are stored
        return await handler(Call(request, self._app, principal))


def _broken(*, creating: bool) -> BuddyError:
    if creating:
        return BuddyError(500, "SESSION_START_FAILED", "Failed to start bot session")
    return BuddyError(500, "INTERNAL_ERROR", "Something went wrong here; the log has the trace id.")
