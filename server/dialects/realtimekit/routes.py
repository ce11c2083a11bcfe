"""The dialect's routes with and without `/client/v4`, its one error edge, and its life."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, TypeAlias

import structlog
from aiohttp import web

from media.tasks import TaskScope
from server.dialects.realtimekit import (
    active,
    analytics,
    apps,
    exports,
    livestreams,
    meetings,
    participants,
    presets,
    recordings,
    reports,
    sessions,
    transcripts,
    webhooks,
)
from server.dialects.realtimekit.access import check_account, find_app, identify
from server.dialects.realtimekit.answers import KitError, failure, success
from server.dialects.realtimekit.downloads import download
from server.dialects.realtimekit.kit import Call, Kit
from server.dialects.realtimekit.links import PREFIX, Links
from server.dialects.realtimekit.notifier import Notifier
from server.dialects.realtimekit.preset_documents import STANDARD
from server.http.post import Poster
from server.http.problem import STATUS_OF_KIND
from server.records import ApiKey
from server.services.context import App
from server.services.invitations import InvitationsService
from server.services.presets import PresetsService
from server.services.signing_key import SigningKey
from server.services.throttle import Throttle
from server.services.webhooks import HeaderNames, WebhooksService
from signaling.errors import Refused

PREFIXES: Final = ("/client/v4", "")
KEY_FILE: Final = "auth/webhooks.pem"
HEADERS: Final = HeaderNames(
    signature=("rtk-signature", "dyte-signature"),
    delivery=("rtk-uuid", "dyte-uuid"),
    webhook=("rtk-webhook-id", "dyte-webhook-id"),
)
FAILURE_BURST, FAILURES_PER_SECOND = 60.0, 1.0
_BASE = "/accounts/{account}/realtime/kit"
_MEETING = "/meetings/{meeting}"
_PARTICIPANT = _MEETING + "/participants/{participant}"
_ACTIVE = _MEETING + "/active-session"
_SESSION = "/sessions/{session}"
_CORS_HEADERS = "authorization, content-type, x-auth-key, x-auth-email"
_CORS_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"

Handler: TypeAlias = Callable[[Call], Awaitable[web.Response]]
Endpoint: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

TABLE: Final[Mapping[str, Mapping[str, Handler]]] = {
    "/meetings": {"GET": meetings.listing, "POST": meetings.create},
    _MEETING: {"GET": meetings.get, "PUT": meetings.replace, "PATCH": meetings.update},
    _MEETING + "/participants": {"GET": participants.listing, "POST": participants.add},
    _PARTICIPANT: {
        "GET": participants.get,
        "PATCH": participants.edit,
        "DELETE": participants.delete,
    },
    _PARTICIPANT + "/token": {"POST": participants.refresh},
    _ACTIVE: {"GET": active.get},
    _ACTIVE + "/kick": {"POST": active.kick},
    _ACTIVE + "/kick-all": {"POST": active.kick_all},
    _ACTIVE + "/poll": {"POST": active.create_poll},
    _ACTIVE + "/mute": {"POST": active.mute},
    _ACTIVE + "/mute-all": {"POST": active.mute_all},
    _MEETING + "/active-livestream": {"GET": livestreams.missing_active},
    _MEETING + "/active-livestream/stop": {"POST": livestreams.missing_active},
    _MEETING + "/livestreams": {"POST": livestreams.refuse},
    "/sessions": {"GET": sessions.listing},
    "/sessions/peer-report/{peer}": {"GET": reports.get},
    _SESSION: {"GET": sessions.get},
    _SESSION + "/participants": {"GET": sessions.participants},
    _SESSION + "/participants/{participant}": {"GET": sessions.participant},
    _SESSION + "/chat": {"GET": exports.chat},
    _SESSION + "/transcript": {"GET": transcripts.transcript},
    _SESSION + "/summary": {"GET": transcripts.get_summary, "POST": transcripts.make_summary},
    "/recordings": {"GET": recordings.listing, "POST": recordings.start},
    "/recordings/track": {"POST": recordings.start_track},
    "/recordings/active-recording/{meeting}": {"GET": recordings.active},
    "/recordings/{recording}": {"GET": recordings.get, "PUT": recordings.command},
    "/presets": {"GET": presets.listing, "POST": presets.create},
    "/presets/{preset}": {
        "GET": presets.get,
        "PUT": presets.replace,
        "PATCH": presets.update,
        "DELETE": presets.delete,
    },
    "/webhooks": {"GET": webhooks.listing, "POST": webhooks.create},
    "/webhooks/all": {"GET": webhooks.names},
    "/webhooks/{webhook}": {
        "GET": webhooks.get,
        "PUT": webhooks.replace,
        "PATCH": webhooks.edit,
        "DELETE": webhooks.delete,
    },
    "/analytics/daywise": {"GET": analytics.daywise},
    "/analytics/livestreams/overall": {"GET": livestreams.overall},
    "/analytics/livestreams/daywise": {"GET": livestreams.daywise},
    "/livestreams": {"GET": livestreams.listing, "POST": livestreams.refuse},
    "/livestreams/sessions/{livestream}": {"GET": livestreams.missing_session},
    "/livestreams/{livestream}": {"GET": livestreams.missing},
    "/livestreams/{livestream}/active-livestream-session": {"GET": livestreams.missing},
    "/livestreams/{livestream}/reset-stream-key": {"POST": livestreams.missing},
    "/livestreams/{livestream}/enable": {"PUT": livestreams.missing},
    "/livestreams/{livestream}/disable": {"PUT": livestreams.missing},
}
"""Every call below an app, by path and method."""

_log = structlog.get_logger("server.dialects.realtimekit")


def add_routes(application: web.Application, app: App) -> None:
    """Mount the dialect; its background work lives as long as the application."""
    kit = Kit(
        app=app,
        invitations=InvitationsService(app.storage, app.signer, app.live, app.clock),
        presets=PresetsService(app.storage, STANDARD, app.clock),
        links=Links(app.signer.derive("download links"), app.clock),
        limits=TaskScope(_report),
    )
    edge = Edge(kit)
    for prefix in PREFIXES:
        base = prefix + _BASE
        application.router.add_route("*", base + "/apps", edge.apps)
        for path, methods in TABLE.items():
            application.router.add_route("*", base + "/{app}" + path, edge.guarded(methods))
        application.router.add_route("*", base + "{rest:.*}", edge.guarded({}))
    application.router.add_route("*", "/client/{rest:.*}", edge.guarded({}))
    application.router.add_get("/.well-known/webhooks.json", edge.public_key)
    application.router.add_get(PREFIX + "{kind}/{entity}/{name}", edge.download)
    application.cleanup_ctx.append(edge.life)


def _report(task: str, error: BaseException) -> None:
    _log.error("background task failed", task=task, exc_info=error)


class Edge:
    """Between HTTP and the handlers.

    Args:
        kit: The dialect's parts.
    """

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._refusals = Throttle(
            kit.app.clock, burst=FAILURE_BURST, per_second=FAILURES_PER_SECOND
        )

    async def life(self, _application: web.Application) -> AsyncIterator[None]:
        """Start what runs in the background, and stop it in the end."""
        app, poster, scope = self._kit.app, Poster(), TaskScope(_report)
        key = await _signing_key(app)
        self._kit.webhooks = WebhooksService(
            store=app.storage,
            key=key,
            post=poster,
            names=HEADERS,
            clock=app.clock,
            on_error=_report,
        )
        await self._kit.webhooks.start()
        notifier = Notifier(app, self._kit.webhooks, self._kit.links)
        await notifier.recall()
        _ = scope.spawn(notifier.run(), name="webhook events")
        unfollow = app.tracker.on_change(notifier.take)
        yield
        unfollow()
        await notifier.settle()
        await scope.close()
        await self._kit.limits.close()
        await self._kit.webhooks.stop()
        await poster.close()

    async def apps(self, request: web.Request) -> web.StreamResponse:
        """`/apps`, the one path without an app."""
        account = request.match_info["account"]

        async def answer() -> web.Response:
            key = await self._key(request)
            check_account(key, account)
            handler = {"GET": apps.listing, "POST": apps.create}.get(request.method)
            if handler is None:
                raise KitError(405, "Method not allowed", {"Allow": "GET, POST"})
            return await handler(self._kit, request, key, account)

        return await self._answered(request, answer)

    def guarded(self, methods: Mapping[str, Handler]) -> Endpoint:
        """One endpoint for a path: authentication, the app, the method, errors."""

        async def endpoint(request: web.Request) -> web.StreamResponse:
            async def answer() -> web.Response:
                if not methods:
                    raise KitError(404, "Not found")
                call = await self._call(request)
                handler = methods.get(request.method)
                if handler is None:
                    raise KitError(405, "Method not allowed", {"Allow": ", ".join(methods)})
                return await handler(call)

            return await self._answered(request, answer)

        return endpoint

    async def public_key(self, _request: web.Request) -> web.Response:
        """`GET /.well-known/webhooks.json`: by which receivers verify."""
        response = success({"publicKey": self._kit.webhooks.public_pem}, message="")
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    async def download(self, request: web.Request) -> web.StreamResponse:
        """A signed link."""

        async def answer() -> web.StreamResponse:
            return await download(self._kit, request)

        response = await self._answered(request, answer)
        if not response.prepared:
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    async def _call(self, request: web.Request) -> Call:
        key, account = await self._key(request), request.match_info["account"]
        app, dev = self._kit.app, self._kit.app.settings.dev
        ref = await find_app(app.storage, key, account, request.match_info["app"], dev=dev)
        return Call(request, self._kit, key, account, ref)

    async def _key(self, request: web.Request) -> ApiKey:
        if not self._refusals.allows(request.remote):
            raise KitError(429, "Too many requests", {"Retry-After": "1"})
        try:
            return await identify(self._kit.app.keys, request.headers)
        except KitError:
            _ = self._refusals.take(request.remote)
            raise

    async def _answered(
        self, request: web.Request, answer: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Turn every refusal and every fault into the dialect's form; the only place that does."""
        response: web.StreamResponse
        if request.method == "OPTIONS":
            response = web.Response(status=204, headers={"Allow": _CORS_METHODS})
        else:
            try:
                response = await answer()
            except KitError as error:
                response = failure(error)
            except Refused as refused:
                response = failure(KitError(STATUS_OF_KIND[refused.kind], refused.message))
            except web.HTTPException as error:
                response = failure(KitError(error.status, error.reason))
            except ConnectionError:
                raise  # the client is gone; there is nobody to answer
            except Exception:  # noqa: BLE001  (the edge: logged with its trace)
                _log.exception("request failed", path=request.path[:200])
                response = failure(KitError(500, "Something went wrong here"))
        self._add_cors(request, response)
        return response

    def _add_cors(self, request: web.Request, response: web.StreamResponse) -> None:
        """Only for pages of the origins that the operator lists: the API token is a secret."""
        allowed = self._kit.app.settings.http.allowed_origins
        if not allowed or response.prepared:
            return
        response.headers["Vary"] = "Origin"
        origin = request.headers.get("Origin")
        if origin in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Methods"] = _CORS_METHODS
            response.headers["Access-Control-Allow-Headers"] = _CORS_HEADERS


async def _signing_key(app: App) -> SigningKey:
    path = app.settings.storage.data / KEY_FILE
    return await asyncio.to_thread(SigningKey.load_or_create, path)
