"""WHIP (RFC 9725) and WHEP: publish to a meeting, or listen to it, by posting one offer.

Such a Connection has no WebSocket: its transport alone decides its life.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal

from aiohttp import web
from typing_extensions import override

from signaling.connection import LiveConnection
from signaling.errors import RefusalKind, Refused
from signaling.events import OfferReceived
from signaling.hub import LiveSessions
from signaling.messages import MAX_SDP
from signaling.outbox import Outbox
from signaling.ports import IceServer, JoinRequest
from signaling.problem import problem, refusal_problem
from signaling.replies import AnswerMessage, ErrorMessage, GoodbyeMessage, Reply

Kind = Literal["whip", "whep"]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SDP: Final = "application/sdp"
FRAGMENT: Final = "application/trickle-ice-sdpfrag"
# The engine answers within 100 ms; beyond this the client has given up.
ANSWER_SECONDS: Final = 10.0
# RFC 8840 fragments hold a few candidate lines.
MAX_FRAGMENT: Final = 16 * 1024

MAX_AGENT: Final = 200

_UFRAG = re.compile(r"^a=ice-ufrag:(\S+)\s*$", re.MULTILINE)
_CANDIDATE = re.compile(r"^a=(candidate:.+?)\s*$", re.MULTILINE)


class _Refusal(Exception):  # noqa: N818  (an answer, not a fault)
    """An answer other than success."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.reason)
        self.response = response


def _refuse(status: HTTPStatus, code: str, detail: str, **headers: str) -> _Refusal:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return _Refusal(problem(status, code, detail, named))


class _AnswerBox(Outbox):
    """Waits for the one answer; everything else has nobody to go to."""

    def __init__(self, ended: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[AnswerMessage | ErrorMessage | None] = loop.create_future()
        self._ended = ended

    @override
    def send(self, message: Reply) -> None:
        if self.answer.done():
            return
        if isinstance(message, AnswerMessage | ErrorMessage):
            self.answer.set_result(message)
        elif isinstance(message, GoodbyeMessage):
            self.answer.set_result(None)

    @override
    def close(self, code: int, reason: str) -> None:
        if not self.answer.done():
            self.answer.set_result(None)
        self._ended()


@dataclass(frozen=True, slots=True)
class _Resource:
    """A Connection made by a POST, until it ends.

    Attributes:
        credential: Digest of what the POST was authorised with.
        etag: Names the ICE session (RFC 9725 section 4.3.1).
        ufrag: The client's ICE username fragment.
    """

    live: LiveConnection
    kind: Kind
    meeting: str
    credential: bytes
    etag: str
    ufrag: str | None


class Whip:
    """The handlers of `/v1/meetings/{id}/whip` and `/whep`.

    Args:
        live: Where clients are admitted.
    """

    def __init__(self, live: LiveSessions) -> None:
        self._live = live
        self._resources: dict[str, _Resource] = {}

    def routes(self) -> Iterable[web.RouteDef]:
        """Every route, with `id` for the meeting and `connection` for what a POST made."""
        for kind in ("whip", "whep"):
            endpoint = f"/v1/meetings/{{id}}/{kind}"
            resource = f"{endpoint}/{{connection}}"
            yield web.post(endpoint, self._guarded(self._post, kind))
            yield web.options(endpoint, self._guarded(self._options, kind))
            yield web.options(resource, self._guarded(self._resource_options, kind))
            yield web.patch(resource, self._guarded(self._patch, kind))
            yield web.delete(resource, self._guarded(self._delete, kind))

    def _guarded(
        self,
        handler: Callable[[web.Request, Kind], Awaitable[web.Response]],
        kind: Kind,
    ) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            try:
                return await handler(request, kind)
            except _Refusal as refusal:
                return refusal.response
            except Refused as refused:
                return refusal_problem(refused)

        return guarded

    async def _options(self, _request: web.Request, _kind: Kind) -> web.Response:
        return web.Response(
            status=HTTPStatus.NO_CONTENT,
            headers={"Accept-Post": SDP, "Allow": "POST, OPTIONS"},
        )

    async def _resource_options(self, _request: web.Request, _kind: Kind) -> web.Response:
        return web.Response(
            status=HTTPStatus.NO_CONTENT,
            headers={"Accept-Patch": FRAGMENT, "Allow": "PATCH, DELETE, OPTIONS"},
        )

    async def _post(self, request: web.Request, kind: Kind) -> web.Response:
        _want_acceptable(request)
        offer = await _body(request, SDP, MAX_SDP)
        made: list[str] = []
        box = _AnswerBox(lambda: self._forget(made))
        only = request.query.get("participant") if kind == "whep" else None
        live = await self._live.join(
            _join_request(request),
            protocol=kind,
            outbox=box,
            only_participant=only,
            client=request.headers.get("User-Agent", "")[:MAX_AGENT] or None,
            mix=kind == "whep" and only is None and _wants_mix(request),
        )
        made.append(live.id)
        ufrag = _UFRAG.search(offer)
        resource = _Resource(
            live,
            kind,
            request.match_info["id"],
            _digest(request),
            f'"{live.id}"',
            None if ufrag is None else ufrag.group(1),
        )
        self._resources[live.id] = resource
        try:
            answer = await self._negotiate(live, box, offer)
        except BaseException:
            live.leave()
            raise
        return web.Response(
            status=HTTPStatus.CREATED,
            text=answer.sdp,
            content_type=SDP,
            headers=_created(request, resource, self._live.settings.ice_servers),
        )

    async def _negotiate(self, live: LiveConnection, box: _AnswerBox, offer: str) -> AnswerMessage:
        live.driver.post(OfferReceived(0, offer))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await box.answer
        except TimeoutError:
            raise _refuse(
                HTTPStatus.SERVICE_UNAVAILABLE, "media_unavailable", "no answer could be made"
            ) from None
        if isinstance(answer, AnswerMessage):
            return answer
        if answer is None:
            raise _refuse(HTTPStatus.CONFLICT, "ended", "the connection was ended meanwhile")
        raise _refuse(HTTPStatus.UNPROCESSABLE_ENTITY, answer.code, answer.message)

    async def _patch(self, request: web.Request, kind: Kind) -> web.Response:
        resource = self._resource(request, kind)
        fragment = await _body(request, FRAGMENT, MAX_FRAGMENT)
        match = request.headers.get("If-Match")
        if match is None:
            raise _refuse(
                HTTPStatus.PRECONDITION_REQUIRED, "if_match_required", "send If-Match with the ETag"
            )
        ufrag = _UFRAG.search(fragment)
        restart = ufrag is not None and resource.ufrag not in (None, ufrag.group(1))
        if match.strip() == "*" or restart:
            # RFC 9725 section 4.3.1: a server that trickles but does not restart answers 422
            raise _refuse(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "ice_restart_unsupported",
                "ICE is not restarted here: post a new offer",
            )
        if resource.etag not in [tag.strip() for tag in match.split(",")]:
            raise _refuse(
                HTTPStatus.PRECONDITION_FAILED, "etag_mismatch", "this is another ICE session"
            )
        for candidate in _CANDIDATE.findall(fragment):
            resource.live.driver.add_candidate(candidate)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _delete(self, request: web.Request, kind: Kind) -> web.Response:
        self._resource(request, kind).live.leave()
        return web.Response(status=HTTPStatus.OK)

    def _resource(self, request: web.Request, kind: Kind) -> _Resource:
        resource = self._resources.get(request.match_info["connection"])
        known = resource is not None and resource.kind == kind
        if resource is None or not known or resource.meeting != request.match_info["id"]:
            raise _refuse(
                HTTPStatus.NOT_FOUND, "connection_not_found", "no such connection, or it has ended"
            )
        if not hmac.compare_digest(resource.credential, _digest(request)):
            raise _refuse(
                HTTPStatus.UNAUTHORIZED,
                "token_invalid",
                "send the token that the POST was sent with",
            )
        return resource

    def _forget(self, made: list[str]) -> None:
        for connection_id in made:
            self._resources.pop(connection_id, None)


def _credential(request: web.Request) -> str | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    return request.headers.get("x-api-key")


def _digest(request: web.Request) -> bytes:
    return hashlib.sha256((_credential(request) or "").encode()).digest()


def _join_request(request: web.Request) -> JoinRequest:
    return JoinRequest(
        meeting=request.match_info["id"],
        token=_credential(request),
        name=request.query.get("name"),
        user_id=request.query.get("user_id"),
        address=request.remote,
    )


def _wants_mix(request: web.Request) -> bool:
    """Whether a listener gets one sound of everybody, which is all that a plain player can play."""
    audio = request.query.get("audio", "mix")
    if audio not in ("mix", "speakers"):
        raise _refuse(HTTPStatus.BAD_REQUEST, "invalid_audio", "audio is mix or speakers")
    return audio == "mix"


def _want_acceptable(request: web.Request) -> None:
    """RFC 9110 section 12.5.1, as far as one media type needs it."""
    accepted = request.headers.get("Accept", "*/*")
    ranges = [part.split(";")[0].strip().lower() for part in accepted.split(",")]
    if not any(one in ("*/*", "application/*", SDP) for one in ranges):
        raise _refuse(HTTPStatus.NOT_ACCEPTABLE, "not_acceptable", f"the answer is {SDP}")


async def _body(request: web.Request, media_type: str, limit: int) -> str:
    if request.content_type != media_type:
        raise _refuse(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            f"the body must be {media_type}",
            Accept_Post=media_type,
        )
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(limit)
    data = bytearray()
    async for chunk in request.content.iter_chunked(limit):
        data += chunk
        if len(data) > limit:
            raise _too_large(limit)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        raise Refused(RefusalKind.INVALID, "invalid_sdp", "the body is empty or not UTF-8")
    return text


def _too_large(limit: int) -> _Refusal:
    return _refuse(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"the body may have {limit} bytes"
    )


def _created(
    request: web.Request, resource: _Resource, servers: tuple[IceServer, ...]
) -> list[tuple[str, str]]:
    headers = [
        ("Location", f"{request.path}/{resource.live.id}"),
        ("ETag", resource.etag),
        ("Accept-Patch", FRAGMENT),
    ]
    for server in servers:
        for url in server.urls:
            link = f'<{url}>; rel="ice-server"'
            if server.username is not None and server.credential is not None:
                link += (
                    f'; username="{_quoted(server.username)}"'
                    f'; credential="{_quoted(server.credential)}"; credential-type="password"'
                )
            headers.append(("Link", link))
    return headers


def _quoted(text: str) -> str:
    """The inside of a quoted-string (RFC 9110 section 5.6.4)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
