"""The dialect's routes under `/api`: which function kind each serves, and the one error edge."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import TypeAlias

import structlog
from aiohttp import web

from server.auth.principal import Principal
from server.dialects.convex.context import Context
from server.dialects.convex.deployment import Deployment
from server.dialects.convex.errors import FunctionFailure, Rejection
from server.dialects.convex.functions import FunctionKind, call_function
from server.dialects.convex.identity import identify
from server.dialects.convex.names import FunctionName, read_path, read_segments
from server.dialects.convex.openapi import document
from server.dialects.convex.requests import (
    FunctionRequest,
    Identify,
    chosen_format,
    read_batch,
    read_get,
    read_post,
)
from server.dialects.convex.responses import (
    add_cors,
    failure,
    failure_text,
    preflight,
    rejected,
    request_id_of,
    results,
    success,
    success_text,
    timestamp,
    wrong_method,
)
from server.dialects.convex.sync import SyncEndpoint
from server.dialects.convex.timestamps import encode_ts
from server.dialects.convex.typed import api_text
from server.dialects.convex.values import Format, Value
from server.services.context import App
from server.services.throttle import Throttle

FAILURE_BURST, FAILURES_PER_SECOND = 60.0, 1.0
"""Refused credentials an address may show; Python's client tries again about five times a second
at first and every 15 s in the end, so an expired token alone never meets the limit for long."""

_VERSION = version("roomtone")
_RUN_PREFIX = "/api/run/"
_log = structlog.get_logger("server.dialects.convex")

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.Response]]


def add_routes(application: web.Application, app: App) -> None:
    """Mount the dialect at the root of an application, where its clients look for it."""
    deployment = Deployment(app)
    edge = ConvexRoutes(deployment)
    sync = SyncEndpoint(deployment)

    async def running(_: web.Application) -> AsyncIterator[None]:
        await deployment.start()
        yield
        await deployment.stop()

    application.cleanup_ctx.append(running)
    application.on_shutdown.append(sync.close_all)
    for path in ("/api/sync", "/api/{version}/sync"):
        application.router.add_get(path, sync.handle)
    table: Mapping[str, Mapping[str, Handler]] = {
        _RUN_PREFIX + "{identifier:.*}": {"POST": edge.run},
        "/api/query": {"POST": edge.query, "GET": edge.get_query},
        "/api/mutation": {"POST": edge.mutation},
        "/api/action": {"POST": edge.action},
        "/api/query_ts": {"POST": edge.query_ts},
        "/api/query_at_ts": {"POST": edge.query_at_ts},
        "/api/query_batch": {"POST": edge.query_batch},
        "/api/convex/api.ts": {"GET": _plain(api_text())},
        "/api/convex/openapi.json": {"GET": _document},
        "/api/{rest:.*}": {},
        "/version": {"GET": _plain(_VERSION)},
        "/instance_name": {"GET": _plain("roomtone")},
        "/instance_version": {"GET": _plain(_VERSION)},
    }
    for path, methods in table.items():
        application.router.add_route("*", path, edge.guarded(methods))


class ConvexRoutes:
    """The handlers.

    Args:
        deployment: The dialect's own state.
    """

    def __init__(self, deployment: Deployment) -> None:
        app = deployment.app
        self._deployment = deployment
        self._redact = app.settings.convex.redact_errors
        self._app = app
        self._refusals = Throttle(app.clock, burst=FAILURE_BURST, per_second=FAILURES_PER_SECOND)

    def guarded(self, methods: Mapping[str, Handler]) -> Handler:
        """One handler for a path: preflights, wrong methods, faults, and CORS on everything."""

        async def handle(request: web.Request) -> web.Response:
            response = await self._answer(request, methods)
            add_cors(request, response)
            return response

        return handle

    async def run(self, request: web.Request) -> web.Response:
        """`POST /api/run/{module}/{function}`: any kind of function, plain values."""
        call = await read_post(request, self._identify(request), with_path=False)
        name = read_segments(request.rel_url.raw_path.removeprefix(_RUN_PREFIX))
        return await self._call(request, call, name, default=Format.JSON)

    async def query(self, request: web.Request) -> web.Response:
        """`POST /api/query`."""
        return await self._post(request, FunctionKind.QUERY)

    async def mutation(self, request: web.Request) -> web.Response:
        """`POST /api/mutation`."""
        return await self._post(request, FunctionKind.MUTATION)

    async def action(self, request: web.Request) -> web.Response:
        """`POST /api/action`."""
        return await self._post(request, FunctionKind.ACTION)

    async def get_query(self, request: web.Request) -> web.Response:
        """`GET /api/query?path=&args=`."""
        call = await read_get(request, self._identify(request))
        return await self._call(request, call, read_path(call.path or ""), FunctionKind.QUERY)

    async def query_ts(self, _: web.Request) -> web.Response:
        """`POST /api/query_ts`: as of when a later query may ask; for everybody."""
        return timestamp(encode_ts(self._deployment.timestamps.latest))

    async def query_at_ts(self, request: web.Request) -> web.Response:
        """`POST /api/query_at_ts`: the latest state, which is never older than asked for."""
        call = await read_post(request, self._identify(request), with_path=True, at_timestamp=True)
        return await self._call(request, call, read_path(call.path or ""), FunctionKind.QUERY)

    async def query_batch(self, request: web.Request) -> web.Response:
        """`POST /api/query_batch`: several queries at once."""
        texts = []
        for call in await read_batch(request, self._identify(request)):
            name = read_path(call.path or "")
            try:
                value = await self._value(request, call, name, FunctionKind.QUERY)
            except FunctionFailure as failed:
                text = failure_text(
                    failed, request_id_of(request), chosen_format(call), redact=self._redact
                )
            else:
                text = success_text(value, chosen_format(call))
            texts.append(text)
        return results(texts)

    async def _post(self, request: web.Request, kind: FunctionKind) -> web.Response:
        call = await read_post(request, self._identify(request), with_path=True)
        return await self._call(request, call, read_path(call.path or ""), kind)

    async def _call(
        self,
        request: web.Request,
        call: FunctionRequest,
        name: FunctionName,
        kind: FunctionKind | None = None,
        default: Format | None = None,
    ) -> web.Response:
        try:
            value = await self._value(request, call, name, kind)
        except FunctionFailure as failed:
            form = chosen_format(call, default)
            return failure(failed, request_id_of(request), form, redact=self._redact)
        return success(value, chosen_format(call, default))

    async def _value(
        self,
        request: web.Request,
        call: FunctionRequest,
        name: FunctionName,
        kind: FunctionKind | None,
    ) -> Value:
        context = Context(self._deployment, call.principal, call.credential, request.remote)
        return await call_function(context, name, kind, call.arguments)

    async def _answer(self, request: web.Request, methods: Mapping[str, Handler]) -> web.Response:
        if request.method == "OPTIONS":
            return preflight()
        handler = methods.get(request.method)
        if handler is not None:
            return await _at_edge(handler, request)
        if methods:
            return wrong_method(frozenset(methods))
        return rejected(Rejection(404, "NotFound", f"There is no route {request.path}"))

    def _identify(self, request: web.Request) -> Identify:
        async def who(credential: str | None) -> Principal:
            try:
                return await identify(self._app.authenticator, credential, redact=self._redact)
            except Rejection as rejection:
                if rejection.status == 401 and not self._refusals.take(request.remote):
                    raise _too_many() from rejection  # a good one passes from here all the same
                raise

        return who


async def _document(_: web.Request) -> web.Response:
    return web.json_response(document(_VERSION))


def _plain(text: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text)

    return answer


def _too_many() -> Rejection:
    return Rejection(
        429,
        "TooManyRequests",
        "Too many credentials from this address were refused; wait a little.",
        {"Retry-After": str(math.ceil(1 / FAILURES_PER_SECOND))},
    )


async def _at_edge(handler: Handler, request: web.Request) -> web.Response:
    """Turn every rejection and every fault into this dialect's form; the only place that does."""
    try:
        return await handler(request)
    except Rejection as rejection:
        return rejected(rejection)
    except ConnectionError:
        raise  # the client is gone; there is nobody to answer
    except Exception:  # noqa: BLE001  (the edge: logged with its trace, answered without)
        _log.exception("convex request failed", path=request.path[:200])
        message = "Your request couldn't be completed. Try again later."
        return rejected(Rejection(500, "InternalServerError", message))
