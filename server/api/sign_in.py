"""Routes of signing in: a credential for a cookie, so that a browser need not keep the key."""

from aiohttp import web

from server.api import shapes
from server.auth.principal import PrincipalKind
from server.http.auth import COOKIES, check, require_same_origin
from server.http.call import Call
from server.http.cookie import drop_cookie, set_cookie
from server.http.problem import Problem
from server.http.registry import Content, Credential, Registry

routes = Registry()
_TAG = "Sign-in"


@routes.route(
    "POST",
    "/v1/sign-in",
    tag=_TAG,
    credential=Credential.NOT_READ,
    contents={204: Content("Signed in.", headers=("Set-Cookie",))},
    problems={
        401: ("api_key_invalid", "token_malformed", "token_expired", "signature_invalid", "..."),
        403: ("cross_origin", "join_token_given"),
        429: ("rate_limited",),
        503: ("keys_unavailable",),
    },
    body_required=True,
)
async def sign_in(call: Call, body: shapes.SignIn) -> web.Response:
    """Exchange an API key or a user token for an HttpOnly cookie.

    The cookie lasts twelve hours, and never longer than the credential is good.
    """
    require_same_origin(call.request)
    credential = body.credential.strip()
    principal = await check(call.request, credential)
    if principal.kind not in (PrincipalKind.API_KEY, PrincipalKind.USER):
        raise Problem(
            403, "join_token_given", "Sign in with an API key or a user token, not a join token."
        )
    response = web.Response(status=204, headers={"Cache-Control": "no-store"})
    set_cookie(response, call.request.app[COOKIES].seal(credential), secure=_secure(call))
    return response


@routes.route(
    "POST",
    "/v1/sign-out",
    tag=_TAG,
    credential=Credential.NOT_READ,
    contents={204: Content("Signed out.", headers=("Set-Cookie",))},
    problems={403: ("cross_origin",)},
)
async def sign_out(call: Call) -> web.Response:
    """Forget the cookie."""
    require_same_origin(call.request)
    response = web.Response(status=204, headers={"Cache-Control": "no-store"})
    drop_cookie(response, secure=_secure(call))
    return response


@routes.route("GET", "/v1/me", tag=_TAG, answer=shapes.Me)
async def get_me(call: Call) -> shapes.Me:
    """Tell whose credential this is."""
    who = call.principal
    return shapes.Me(
        kind=who.kind.value,
        account=who.account,
        sub=who.sub,
        name=who.name,
        meeting_id=who.meeting_id,
        role=who.role,
    )


def _secure(call: Call) -> bool:
    """Whether browsers reach us by HTTPS, directly or through a proxy."""
    return call.request.secure or call.app.settings.public_url.startswith("https://")
