"""Routes of links to recordings: make, list, revoke, log; and what such a link opens."""

from datetime import datetime
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, Field

from server.api import shapes, views
from server.api.policy import actor
from server.api.recordings import recording_for
from server.api.transcript_shapes import TranscriptQuery
from server.api.transcripts import TRANSCRIPT_CONTENTS, recorded_transcript
from server.auth.principal import PrincipalKind
from server.http.auth import THROTTLE, client_address, identify
from server.http.call import Call
from server.http.download import send
from server.http.problem import Problem
from server.http.registry import Answer, Content, Credential, Registry
from server.records import RecordingView, Share, ShareUsage
from server.services.products import Product, ProductKind
from server.services.recordings import FINISHED
from server.services.shares import MediaRequest
from signaling.errors import RefusalKind, Refused

routes = Registry()
_TAG = "Recordings"
_SHARES = "/v1/recordings/{recording_id}/shares"
_ONE = _SHARES + "/{share_id}"
_DENIED = {403: ("forbidden",), 404: ("recording_not_found",)}
_OF_SHARE = {403: ("forbidden",), 404: ("recording_not_found", "share_not_found")}
LONGEST = 31_536_000
"""Seconds that a link is good for at most: a year."""
_OPEN = {
    401: ("sign_in_required",),
    403: ("forbidden",),
    404: ("share_not_found",),
    410: ("share_gone",),
    429: ("rate_limited",),
}


class NewShare(BaseModel):
    """A link to make."""

    ttl: int = Field(default=604_800, ge=60, le=LONGEST, description="Seconds; a week.")
    expires_at: shapes.Moment | None = Field(
        default=None, description="RFC 3339; until then, instead of `ttl`; a year away at most."
    )
    signed_in: bool = Field(
        default=False, description="Opens for people with a credential of this server alone."
    )
    allow_download: bool = Field(default=True, description="Offer the files to keep.")
    label: str | None = Field(default=None, max_length=80, description="What it is for.")


class ShareLink(BaseModel):
    """A link to a recording."""

    id: str
    url: str | None = Field(description="The link itself; told once, when it is made.")
    label: str | None
    created_at: datetime
    created_by: str | None
    expires_at: datetime
    revoked_at: datetime | None
    allow_download: bool
    signed_in: bool
    opened: int = Field(description="How often its page was opened.")
    last_used_at: datetime | None = Field(description="For the page or a file.")


class ShareList(BaseModel):
    """Every link to a recording, dead ones included."""

    items: list[ShareLink]


class ShareUse(BaseModel):
    """One use of a link."""

    at: datetime
    address: str | None
    file_id: str | None = Field(description="Null for the link's page.")
    bytes_range: str | None = Field(description="The request's `Range`.")


class ShareUses(BaseModel):
    """Uses of a link, newest first."""

    items: list[ShareUse]
    next_cursor: str | None


class SharedRecording(BaseModel):
    """What a link leads to; addresses of files are signed and good for an hour."""

    title: str | None
    started_at: datetime
    duration_seconds: float | None
    expires_at: datetime
    allow_download: bool
    files: list[shapes.RecordingFile]


class OpenQuery(BaseModel):
    """How often."""

    again: Literal["0", "1"] = Field(
        default="0", description="1 when its page was opened before: addresses are renewed."
    )


class MediaQuery(BaseModel):
    """A signed address."""

    exp: int = Field(ge=0, le=2**53, description="Until when, seconds since 1970.")
    sig: str = Field(max_length=64, description="The signature.")
    download: str = Field(default="0", max_length=1, description="1 offers the file to keep.")


@routes.route(
    "POST",
    _SHARES,
    tag=_TAG,
    status=201,
    answer=ShareLink,
    problems={**_DENIED, 422: ("invalid_request", "invalid_expiry")},
)
async def create_share(call: Call, recording_id: str, body: NewShare) -> ShareLink:
    """Make a link to a recording for people without an account; its `url` is told once."""
    found = await recording_for(call, recording_id, "moderate")
    share, token = await call.app.shares.create(
        recording_id,
        actor(call.principal),
        seconds=_seconds(call, body),
        allow_download=body.allow_download,
        signed_in=body.signed_in,
        label=(body.label or "").strip() or None,
    )
    if found.state in FINISHED and found.files:  # whoever has the link cannot ask for them
        _ = await call.app.recordings.make(found.id, ProductKind.PEAKS, None)
    base = call.app.meetings.public_url or ""
    return _link(share, f"{base}/s/{token}")


def _seconds(call: Call, body: NewShare) -> int:
    if body.expires_at is None:
        return body.ttl
    seconds = int((body.expires_at - call.app.clock.utc()).total_seconds())
    if not 0 < seconds <= LONGEST:
        raise Refused(
            RefusalKind.INVALID, "invalid_expiry", "A link ends within a year, and not yet."
        )
    return seconds


@routes.route("GET", _SHARES, tag=_TAG, answer=ShareList, problems=_DENIED)
async def list_shares(call: Call, recording_id: str) -> ShareList:
    """List the links to a recording."""
    await recording_for(call, recording_id, "moderate")
    usage = await call.app.shares.usage(recording_id)
    items = await call.app.shares.of(recording_id)
    return ShareList(items=[_link(one, None, usage.get(one.id)) for one in items])


@routes.route("DELETE", _ONE, tag=_TAG, status=204, problems=_OF_SHARE)
async def revoke_share(call: Call, recording_id: str, share_id: str) -> None:
    """Let a link lead nowhere from now on."""
    await recording_for(call, recording_id, "moderate")
    await call.app.shares.revoke(recording_id, share_id)


@routes.route(
    "GET",
    _ONE + "/accesses",
    tag=_TAG,
    answer=ShareUses,
    problems={**_OF_SHARE, 422: ("invalid_request", "invalid_cursor")},
)
async def list_share_accesses(
    call: Call, recording_id: str, share_id: str, query: shapes.PageQuery
) -> ShareUses:
    """List who used a link, when and for what."""
    await recording_for(call, recording_id, "moderate")
    share = await call.app.shares.find(recording_id, share_id)
    uses = await call.app.shares.accesses(share.id, query.cursor, query.limit)
    return ShareUses(
        items=[
            ShareUse(
                at=views.utc(use.at),
                address=use.address,
                file_id=use.file_id,
                bytes_range=use.bytes_range,
            )
            for use in uses.items
        ],
        next_cursor=uses.next_cursor,
    )


@routes.route(
    "GET",
    "/v1/shares/{token}",
    tag=_TAG,
    answer=SharedRecording,
    credential=Credential.NOT_READ,
    problems=_OPEN,
)
async def open_share(call: Call, token: str, query: OpenQuery) -> Answer:
    """What a link leads to, with signed addresses of the files.

    What a player draws (`peaks`) is among them also while it is made.
    """
    share, found = await _admitted(call, token, "again" if query.again == "1" else None)
    return Answer(await _shared(call, share, found), {"Cache-Control": "no-store"})


@routes.route(
    "GET",
    "/v1/shares/{token}/transcript",
    tag=_TAG,
    contents=TRANSCRIPT_CONTENTS,
    credential=Credential.NOT_READ,
    problems=_OPEN,
)
async def get_shared_transcript(call: Call, token: str, query: TranscriptQuery) -> web.Response:
    """The transcript of a shared recording."""
    _, found = await _admitted(call, token, "transcript")
    return await recorded_transcript(call, found, query)


@routes.route(
    "GET",
    "/v1/media/{share_id}/{file_id}",
    tag=_TAG,
    contents={
        200: Content("The whole file.", "audio/ogg", {"type": "string"}),
        206: Content("The bytes asked for.", "audio/ogg", {"type": "string"}),
    },
    credential=Credential.NOT_READ,
    problems={
        403: ("signature_invalid",),
        404: ("share_not_found", "file_not_found"),
        410: ("share_gone", "signature_expired"),
        416: ("range_not_satisfiable",),
    },
)
async def get_shared_file(
    call: Call, share_id: str, file_id: str, query: MediaQuery
) -> web.StreamResponse:
    """Get a file of a shared recording by its signed address."""
    request = MediaRequest(client_address(call.request), call.request.headers.get("Range"))
    share = await call.app.shares.admit(
        share_id, file_id, expires=query.exp, signature=query.sig, request=request
    )
    stored = await call.app.recordings.file(share.recording_id, file_id)
    keep = query.download == "1" and share.allow_download
    return await send(call.request, stored, attachment=keep, store=False)


async def _admitted(call: Call, token: str, part: str | None = None) -> tuple[Share, RecordingView]:
    address = client_address(call.request)
    throttle = call.request.app[THROTTLE]
    if not throttle.allows(address):
        raise Problem(429, "rate_limited", "Too many links from this address were not good.")
    try:
        return await call.app.shares.open(
            token, address, part, allowed=lambda view: _demand_sign_in(call, view)
        )
    except Refused as refused:
        if refused.kind is RefusalKind.NOT_FOUND:
            _ = throttle.take(address)
        raise


async def _demand_sign_in(call: Call, view: RecordingView) -> None:
    """Insist on somebody of the recording's account; only such links read a credential.

    Raises:
        Problem: 401 `sign_in_required`, 403 `forbidden`.
    """
    who = await identify(call.request)
    if who.kind not in (PrincipalKind.API_KEY, PrincipalKind.USER):
        raise Problem(401, "sign_in_required", "This link is for people who are signed in.")
    if who.account != view.account:
        raise Problem(403, "forbidden", "This link is for people of another account.")


async def _shared(call: Call, share: Share, found: RecordingView) -> SharedRecording:
    products = (await call.app.recordings.products.of((found.id,)))[found.id]
    if found.state in FINISHED and found.files and not any(_is_peaks(one) for one in products):
        products = (*products, await call.app.recordings.make(found.id, ProductKind.PEAKS, None))
    shown = views.recording(found, await _titles(call, found), products)
    files = [file for file in shown.files if file.state == "ready" or file.kind == "peaks"]
    for file in files:
        file.url = call.app.shares.sign(share, file.id)
    return SharedRecording(
        title=shown.title,
        started_at=shown.started_at,
        duration_seconds=shown.duration_seconds,
        expires_at=views.utc(share.expires_at),
        allow_download=share.allow_download,
        files=files,
    )


def _is_peaks(product: Product) -> bool:
    return product.kind is ProductKind.PEAKS


async def _titles(call: Call, found: RecordingView) -> dict[str, str]:
    try:
        return {found.meeting_id: (await call.app.meetings.get(found.meeting_id)).title}
    except Refused:
        return {}


def _link(share: Share, url: str | None, usage: ShareUsage | None = None) -> ShareLink:
    return ShareLink(
        id=share.id,
        url=url,
        label=share.label,
        created_at=views.utc(share.created_at),
        created_by=share.created_by,
        expires_at=views.utc(share.expires_at),
        revoked_at=views.utc_or_none(share.revoked_at),
        allow_download=share.allow_download,
        signed_in=share.signed_in,
        opened=usage.opened if usage else 0,
        last_used_at=views.utc(usage.last) if usage else None,
    )
