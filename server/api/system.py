"""Routes about the server itself: health, metrics, version, and what a page must know first."""

import asyncio
import platform
from datetime import timedelta
from functools import cache
from importlib.metadata import version

from aiohttp import web

from server.api import shapes
from server.http.call import Call
from server.http.problem import Problem
from server.http.registry import Content, Credential, Registry

routes = Registry()
_TAG = "Server"
_CONTACT_GOOD_FOR = timedelta(days=30)  # RFC 9116 section 2.5.5: less than a year
READY_SECONDS = 2.0
"""A database that does not answer within that time is not ready."""


@routes.route("GET", "/healthz", tag=_TAG, answer=shapes.Health, credential=Credential.NOT_READ)
async def get_health(call: Call) -> shapes.Health:  # noqa: ARG001  (a handler's signature)
    """Tell that the process answers."""
    return shapes.Health()


@routes.route(
    "GET",
    "/readyz",
    tag=_TAG,
    answer=shapes.Readiness,
    credential=Credential.NOT_READ,
    problems={503: ("not_ready", "draining", "storage_unavailable")},
)
async def get_readiness(call: Call) -> shapes.Readiness:
    """Tell whether new people can be taken in: started, not stopping, storage answers."""
    health = call.app.health
    if health.draining:
        raise Problem(503, "draining", "The server is stopping.")
    if not health.ready:
        raise Problem(503, "not_ready", "The server is starting.")
    try:
        async with asyncio.timeout(READY_SECONDS):
            await call.app.storage.check()
    except Exception as error:  # whatever the database driver raises means the same here
        raise Problem(503, "storage_unavailable", "The database does not answer.") from error
    uploads = call.app.recordings.uploads
    return shapes.Readiness(
        object_storage="off" if not uploads.on else "failing" if uploads.failing else "ok",
        uploads_waiting=uploads.waiting,
    )


@routes.route(
    "GET",
    "/metrics",
    tag=_TAG,
    credential=Credential.NOT_READ,
    contents={200: Content("Prometheus text.", "text/plain", {"type": "string"})},
)
async def get_metrics(call: Call) -> web.Response:
    """Read the metrics in Prometheus' text format; no label holds an id or a name."""
    body = await asyncio.to_thread(call.app.metrics.render)
    return web.Response(
        body=body,
        headers={"Content-Type": call.app.metrics.content_type, "Cache-Control": "no-store"},
    )


@routes.route("GET", "/version", tag=_TAG, answer=shapes.Version, credential=Credential.NOT_READ)
async def get_version(call: Call) -> shapes.Version:
    """Tell what is running."""
    installed = await asyncio.to_thread(_versions)
    return shapes.Version(
        name="roomtone",
        version=installed["roomtone"],
        dev=call.app.settings.dev,
        python=platform.python_version(),
        aiortc=installed["aiortc"],
        av=installed["av"],
    )


@cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("roomtone", "aiortc", "av")}


@routes.route(
    "GET",
    "/v1/client-config",
    tag=_TAG,
    answer=shapes.ClientConfig,
    credential=Credential.NOT_READ,
)
async def get_client_config(call: Call) -> shapes.ClientConfig:
    """Tell a page what it must know before it does anything.

    ICE servers with a password are not in it: a client gets those when it has joined.
    """
    settings = call.app.settings
    open_servers = [one for one in settings.rtc.ice_servers if one.credential is None]
    return shapes.ClientConfig(
        version=(await asyncio.to_thread(_versions))["roomtone"],
        dev=settings.dev,
        dev_key=call.app.dev_key,
        sign_in_required=call.app.dev_key is None,
        processing=settings.media.processing,
        redundancy=settings.media.redundancy,
        recording=True,
        ice_servers=[shapes.PublicIceServer(urls=one.urls) for one in open_servers],
        slots=shapes.SlotCounts(audio=settings.media.audio_slots, video=settings.media.video_slots),
    )


@routes.route(
    "GET",
    "/.well-known/jwks.json",
    tag=_TAG,
    answer=shapes.KeySet,
    credential=Credential.NOT_READ,
    problems={404: ("no_local_issuer",)},
)
async def get_key_set(call: Call) -> shapes.KeySet:
    """Read the public keys of the local issuer, where it is on."""
    if call.app.issuer is None:
        raise Problem(404, "no_local_issuer", "This server issues no user tokens itself.")
    return shapes.KeySet.model_validate(call.app.issuer.jwks())


@routes.route(
    "GET",
    "/.well-known/security.txt",
    tag=_TAG,
    credential=Credential.NOT_READ,
    contents={200: Content("A security.txt (RFC 9116).", "text/plain", {"type": "string"})},
    problems={404: ("no_security_contact",)},
)
async def get_security_contact(call: Call) -> web.Response:
    """Tell where to report a security problem, where the operator has said so."""
    contact = call.app.settings.http.security_contact
    if contact is None:
        raise Problem(404, "no_security_contact", "The operator names no security contact.")
    expires = (call.app.clock.utc() + _CONTACT_GOOD_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    canonical = f"{call.app.settings.public_url}/.well-known/security.txt"
    return web.Response(text=f"Contact: {contact}\nExpires: {expires}\nCanonical: {canonical}\n")
