"""The route registry: one declaration validates a request, answers it and documents it.

A handler takes a `Call`, its path parameters by name and, if it wants them, `query` and `body`
models; it returns a model, an `Answer` with headers, a response of its own, or None.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias, TypeVar, get_type_hints

from aiohttp import web
from pydantic import BaseModel

from server.auth.principal import ANONYMOUS, Principal, PrincipalKind
from server.http.auth import identify
from server.http.binding import read_body, read_query
from server.http.call import APP, Call, request_id_of
from server.http.problem import Problem
from signaling.ids import new_id

Handler: TypeAlias = Callable[..., Awaitable[object]]
H = TypeVar("H", bound=Handler)

_PARAMETER = re.compile(r"\{(\w+)\}")
_LONGEST_ID = 128


class Credential(Enum):
    """What a route wants to see."""

    NOT_READ = auto()
    OPTIONAL = auto()
    REQUIRED = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """A model with response headers, or with a status other than the route's."""

    body: BaseModel | None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """A request header that a route reads, for the documentation."""

    name: str
    description: str
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """An answer that is not a JSON model, for the documentation."""

    description: str
    media_type: str | None = None
    schema: Mapping[str, object] = field(default_factory=dict)
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method on one path.

    Attributes:
        status: Of a successful answer.
        answer: Its JSON model; None when there is no body or `contents` tells.
        contents: Answers of another kind by status.
        problems: Codes that the route itself can refuse with, by status.
        body_required: Whether an empty body is an error.
        takes: Media type of a request body that is not JSON.
        elsewhere: Somebody else serves it; here it is documented.
    """

    method: str
    path: str
    handler: Handler
    tag: str
    credential: Credential = Credential.REQUIRED
    status: int = 200
    answer: type[BaseModel] | None = None
    contents: Mapping[int, Content] = field(default_factory=dict)
    problems: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    headers: tuple[Header, ...] = ()
    body: type[BaseModel] | None = None
    body_required: bool = False
    query: type[BaseModel] | None = None
    takes: str | None = None
    elsewhere: bool = False

    @property
    def operation(self) -> str:
        """The operation id: the handler's name; a documented HEAD says so."""
        prefix = "head_" if self.method == "HEAD" else ""
        return prefix + self.handler.__name__

    @property
    def parameters(self) -> list[str]:
        """Names in the path, in order."""
        return _PARAMETER.findall(self.path)

    @property
    def summary(self) -> str:
        """First line of the handler's docstring, without its full stop."""
        return inspect.getdoc(self.handler).splitlines()[0].rstrip(".")  # type: ignore[union-attr]

    @property
    def description(self) -> str:
        """The docstring after its first line."""
        text = inspect.getdoc(self.handler) or ""
        return "\n".join(text.splitlines()[1:]).strip()


class Registry:
    """Routes in the order of their declaration."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def include(self, other: "Registry") -> None:
        """Take over every route of another registry."""
        self.routes.extend(other.routes)

    def route(  # noqa: PLR0913  (a declaration has many optional parts)
        self,
        method: str,
        path: str,
        *,
        tag: str,
        credential: Credential = Credential.REQUIRED,
        status: int = 200,
        answer: type[BaseModel] | None = None,
        contents: Mapping[int, Content] | None = None,
        problems: Mapping[int, tuple[str, ...]] | None = None,
        headers: tuple[Header, ...] = (),
        body_required: bool = False,
        takes: str | None = None,
        elsewhere: bool = False,
    ) -> Callable[[H], H]:
        """Declare a route; the handler's annotations name its query and body models.

        Raises:
            TypeError: The handler's parameters do not fit the path, or it has no docstring.
        """

        def declare(handler: H) -> H:
            hints = get_type_hints(handler)
            _check_parameters(path, handler)
            self.routes.append(
                Route(
                    method=method,
                    path=path,
                    handler=handler,
                    tag=tag,
                    credential=credential,
                    status=status,
                    answer=answer,
                    contents=contents or {},
                    problems=problems or {},
                    headers=headers,
                    body=hints.get("body"),
                    body_required=body_required,
                    query=hints.get("query"),
                    takes=takes,
                    elsewhere=elsewhere,
                )
            )
            return handler

        return declare

    def mount(self, application: web.Application) -> None:
        """Serve every route; each GET answers HEAD as well (RFC 9110 section 9.1).

        A HEAD that is declared itself is declared for the documentation.
        """
        for route in self.routes:
            if route.method == "HEAD" or route.elsewhere:
                continue
            endpoint = _endpoint(route)
            for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
                application.router.add_route(method, route.path, endpoint, expect_handler=_expect)


def _check_parameters(path: str, handler: Handler) -> None:
    expected = {"call", *_PARAMETER.findall(path)}
    found = set(inspect.signature(handler).parameters) - {"query", "body"}
    if expected != found:
        raise TypeError(f"{handler.__name__} takes {found}, the path {path} gives {expected}")
    if not inspect.getdoc(handler):
        raise TypeError(f"{handler.__name__} has no docstring")


def _endpoint(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def endpoint(request: web.Request) -> web.StreamResponse:
        app = request.app[APP]
        principal = await _principal(route, request)
        given: dict[str, object] = dict(_path_parameters(request))
        if route.query is not None:
            given["query"] = read_query(request, route.query)
        if route.body is not None:
            given["body"] = await read_body(request, route.body, required=route.body_required)
        call = Call(request, app, principal, request_id_of(request))
        return _response(route, await route.handler(call, **given))

    return endpoint


async def _principal(route: Route, request: web.Request) -> Principal:
    if route.credential is Credential.NOT_READ:
        return ANONYMOUS
    principal = await identify(request)
    if route.credential is Credential.REQUIRED and principal.kind is PrincipalKind.ANONYMOUS:
        raise Problem(
            401,
            "credential_required",
            "Show an API key, a user token or a join token: Authorization: Bearer ...",
        )
    return principal


def _path_parameters(request: web.Request) -> Mapping[str, str]:
    for value in request.match_info.values():
        if len(value) > _LONGEST_ID or not value.isascii() or not value.isprintable():
            raise Problem(404, "not_found", "There is nothing with this id.")
    return request.match_info


def _response(route: Route, result: object) -> web.StreamResponse:
    if isinstance(result, web.StreamResponse):
        return result
    answer = result if isinstance(result, Answer) else Answer(_model_or_none(route, result))
    status = answer.status or route.status
    headers = {"Cache-Control": "no-store", **answer.headers}
    if answer.body is None:
        return web.Response(status=status, headers=headers)
    return web.Response(
        status=status,
        body=answer.body.model_dump_json().encode(),
        content_type="application/json",
        headers=headers,
    )


def _model_or_none(route: Route, result: object) -> BaseModel | None:
    if result is None or isinstance(result, BaseModel):
        return result
    raise TypeError(f"{route.operation} returned {type(result).__name__}")


async def _expect(request: web.Request) -> web.Response | None:
    """`Expect: 100-continue` (RFC 9110 section 10.1.1), answered before any middleware runs."""
    if request.headers.get("Expect", "").lower() != "100-continue":
        problem = Problem(417, "expectation_failed", "Only 100-continue can be expected here.")
        return problem.response(new_id())
    if request.version >= (1, 1) and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return None
