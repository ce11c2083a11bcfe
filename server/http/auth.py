"""Finds the credential in a request and tells whose it is.

Taken, in this order: `Authorization: Bearer`, `x-api-key`, the sign-in cookie. A request that
changes something and stands on the cookie alone must come from our own pages.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from server.auth.errors import AuthRefused
from server.auth.principal import ANONYMOUS, Principal
from server.http.call import APP
from server.http.cookie import COOKIE, SealedCookies
from server.http.problem import Problem, from_refusal
from server.services.throttle import Throttle

COOKIES = web.AppKey("roomtone_cookies", SealedCookies)
THROTTLE = web.AppKey("roomtone_throttle", Throttle)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FAILURE_BURST, FAILURES_PER_SECOND = 20, 1 / 3
"""Bad credentials from one address: 20 at once, then one every three seconds."""
RETRY_AFTER_SECONDS = "3"
_LONGEST_CREDENTIAL = 16_384  # larger than any identity provider's token


async def identify(request: web.Request) -> Principal:
    """Who asks.

    Raises:
        Problem: 401 the credential is not good, 403 a cookie used from another site, 429 too
            many bad credentials from this address, 503 an identity provider is out of reach.
    """
    shown = header_credential(request)
    if shown is not None:
        return await check(request, shown)
    cookie = request.cookies.get(COOKIE)
    credential = request.app[COOKIES].open(cookie) if cookie else None
    if credential is None:
        return ANONYMOUS
    if request.method not in SAFE_METHODS:
        require_same_origin(request)
    return await check(request, credential)


async def check(request: web.Request, credential: str) -> Principal:
    """Whose credential this is; failures are counted against the address.

    Raises:
        Problem: As `identify`.
    """
    throttle = request.app[THROTTLE]
    address = client_address(request)
    if not throttle.allows(address):
        raise Problem(
            429,
            "rate_limited",
            "Too many credentials from this address were not good; wait a little.",
            headers={"Retry-After": RETRY_AFTER_SECONDS},
        )
    try:
        return await request.app[APP].authenticator.identify(credential)
    except AuthRefused as refused:
        problem = from_refusal(refused)
        if problem.status == 401:
            _ = throttle.take(address)
        raise problem from refused


def client_address(request: web.BaseRequest) -> str | None:
    """Who is at the other end: behind a proxy on this machine, whom that proxy names."""
    remote = request.remote
    forwarded = request.headers.get("X-Forwarded-For")
    if forwarded and remote is not None and _is_loopback(remote):
        return forwarded.rpartition(",")[2].strip()[:64]
    return remote


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def header_credential(request: web.Request) -> str | None:
    """The credential in the headers, if any.

    Raises:
        Problem: 401 when `Authorization` is not of the form `Bearer <credential>`.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return request.headers.get("x-api-key")
    scheme, _, credential = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise Problem(
            401,
            "authorization_malformed",
            "The header must read Authorization: Bearer <credential>.",
        )
    if len(credential) > _LONGEST_CREDENTIAL:
        raise Problem(401, "authorization_malformed", "The credential is too long to be one.")
    return credential.strip()


def require_same_origin(request: web.Request) -> None:
    """Let only our own pages, or a program that is no browser, use the cookie to change things.

    Raises:
        Problem: 403 `cross_origin`.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site.lower() in ("same-origin", "none")
    else:
        origin = request.headers.get("Origin")
        allowed = origin is None or same_host(origin, request.host)
    if not allowed:
        raise Problem(403, "cross_origin", "Only this server's own pages may do that by cookie.")


def same_host(origin: str, host: str) -> bool:
    """Whether an `Origin` header names the host (with port) that the request went to."""
    return origin.partition("://")[2].lower() == host.lower()


def is_local_name(host: str) -> bool:
    """Whether a `Host` header names this machine or an address, not somebody's domain name."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
