"""What a route's handler is given: the request, the process's parts, and who asks."""

from dataclasses import dataclass

from aiohttp import web

from server.auth.principal import Principal
from server.services.context import App

APP = web.AppKey("roomtone_app", App)
REQUEST_ID = web.RequestKey("roomtone_request_id", str)


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to a handler.

    Attributes:
        principal: Who asks; anonymous when nothing was shown.
        request_id: Names the request in headers, problems and logs.
    """

    request: web.Request
    app: App
    principal: Principal
    request_id: str


def request_id_of(request: web.BaseRequest) -> str:
    """The id that the outermost middleware gave the request."""
    return request.get(REQUEST_ID, "") or ""
