"""Everything that is served over HTTP, put together: native API, signaling, dialects, web app."""

from aiohttp import web

from server.api.routes import native_routes
from server.api.signaling import add_signaling
from server.dialects.mounts import MOUNTS
from server.http.application import assemble
from server.services.context import App


def create_application(app: App) -> web.Application:
    """The web application of this process."""
    return assemble(app, native_routes(), [add_signaling, *MOUNTS])
