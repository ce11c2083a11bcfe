"""Cross-origin reading for the pages of `http.allowed_origins` (WHATWG Fetch, CORS protocol).

The sign-in cookie never travels across origins; such pages show an API key or a token.
"""

from collections.abc import Sequence

from aiohttp import web

_ALLOWED_HEADERS = (
    "authorization, x-api-key, content-type, last-event-id, range, if-range, if-match, "
    "if-none-match, x-request-id, idempotency-key"
)
_EXPOSED_HEADERS = (
    "etag, location, link, content-range, accept-ranges, retry-after, x-request-id, "
    "content-disposition"
)
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_MAX_AGE = "600"  # Chromium caps at two hours; short enough to change a mind
_NATIVE_PREFIXES = ("/v1/", "/openapi.json", "/version")


def cors_headers(request: web.Request, allowed: Sequence[str]) -> dict[str, str]:
    """What an actual response of the native API carries."""
    if not allowed or not request.path.startswith(_NATIVE_PREFIXES):
        return {}
    origin = request.headers.get("Origin")
    if origin is None or origin not in allowed:
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": _EXPOSED_HEADERS,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def answer_preflight(request: web.Request, allowed: Sequence[str]) -> web.Response | None:
    """The answer to a preflight from an allowed origin; None lets the request pass on."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return None
    if request.headers.get("Origin") not in allowed or not request.path.startswith(
        _NATIVE_PREFIXES
    ):
        return None
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Max-Age": _MAX_AGE,
        },
    )
