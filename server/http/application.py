"""The web application's frame: state, middleware, routes of the registry, docs, web app."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import TypeAlias

from aiohttp import web

from server.http import sse
from server.http.assets import WebApp, find_web_app
from server.http.auth import (
    COOKIES,
    FAILURE_BURST,
    FAILURES_PER_SECOND,
    THROTTLE,
)
from server.http.call import APP
from server.http.cookie import SealedCookies
from server.http.docs import ApiDocs
from server.http.middleware import add_headers, guard, map_errors, observe
from server.http.openapi import document
from server.http.registry import Registry
from server.services.context import App
from server.services.throttle import Throttle

_EVERYTHING_ELSE = r"/{path:(?!(?:v1|api)/).*}"
"""Not below the APIs, where the router itself tells a wrong path from a wrong method."""

Mount: TypeAlias = Callable[[web.Application, App], None]


def assemble(app: App, native: Registry, mounts: Sequence[Mount] = ()) -> web.Application:
    """Build the web application.

    Args:
        app: The process's parts.
        native: Documented routes.
        mounts: What adds other routes: signaling, WHIP, dialects.
    """
    application = web.Application(
        middlewares=[observe, map_errors, guard],
        client_max_size=app.settings.http.max_body_bytes,
    )
    application[APP] = app
    application[COOKIES] = SealedCookies(app.signer, app.clock)
    application[THROTTLE] = Throttle(app.clock, burst=FAILURE_BURST, per_second=FAILURES_PER_SECOND)
    application[sse.STREAMS] = set()
    application.on_response_prepare.append(add_headers)
    application.on_shutdown.append(sse.close_streams)
    native.mount(application)
    ApiDocs(lambda: document(native.routes, version=version("roomtone"))).mount(application)
    for mount in mounts:
        mount(application, app)
    web_app = WebApp(find_web_app).serve
    application.router.add_get("/s/{token}", web_app)  # named, so that no log tells a token
    application.router.add_get(_EVERYTHING_ELSE, web_app)
    return application
