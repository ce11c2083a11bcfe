"""Routes of bots: send one to a meeting, watch it, take it out, erase it."""

from server.api import bot_shapes as shapes
from server.api.policy import actor, demand_target, member_of, sees
from server.http.call import Call
from server.http.problem import Problem
from server.http.registry import Answer, Header, Registry
from server.records import Bot, BotPerson
from server.services.bots import BotWish
from server.storage.port import BotQuery

routes = Registry()
_TAG = "Bots"
_PATH = "/v1/bots/{bot_id}"
_DENIED = {403: ("forbidden",), 404: ("bot_not_found",)}
_KEY = Header(
    "Idempotency-Key",
    "What you call this request; within 24 hours the same one sends no second bot.",
    example="standup-2026-11-20",
)
_LONGEST_KEY = 255


@routes.route(
    "POST",
    "/v1/bots",
    tag=_TAG,
    status=201,
    answer=shapes.Bot,
    headers=(_KEY,),
    body_required=True,
    problems={
        403: ("forbidden",),
        404: ("meeting_not_found",),
        422: ("invalid_request", "invalid_link", "unsupported_platform", "bot_running"),
        429: ("bot_limit_reached",),
        503: ("server_draining",),
    },
)
async def create_bot(call: Call, body: shapes.CreateBot) -> Answer:
    """Send a bot to a meeting: it joins, records everybody, writes down what is said, and leaves.

    The answer comes at once, with status `initializing`; what became of it is told by the bot. A
    platform without a connector here is no refusal: the bot then is `failed` with
    `PLATFORM_NOT_AVAILABLE`. A second bot for the same meeting is refused with `bot_running`,
    unless the request repeats one of the last minute word for word: then its bot is answered.
    """
    await demand_target(call, body.link)
    key = call.request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= _LONGEST_KEY:
        raise Problem(422, "invalid_request", "An Idempotency-Key has 1 to 255 characters.")
    wish = BotWish(
        account=call.principal.account,
        by=actor(call.principal),
        link=body.link,
        name=body.name,
        transcribe=body.transcribe,
        language=body.language,
        request=body.model_dump(mode="json"),
        key=key,
    )
    bot, repeated = await call.app.bots.create(wish)
    headers = {"Location": f"/v1/bots/{bot.id}"}
    if repeated:
        headers["Idempotent-Replayed"] = "true"
    return Answer(_shown(bot), headers)


@routes.route("GET", "/v1/bots", tag=_TAG, answer=shapes.BotPage, problems={403: ("forbidden",)})
async def list_bots(call: Call, query: shapes.BotQuery) -> shapes.BotPage:
    """List bots, newest first: a user's own, an API key's whole account."""
    wanted = BotQuery(
        account=call.principal.account,
        limit=query.limit,
        offset=query.offset,
        statuses=(query.status.value,) if query.status else (),
        created_by=member_of(call.principal),
    )
    bots, total = await call.app.bots.page(wanted)
    return shapes.BotPage(items=[_shown(bot) for bot in bots], total=total)


@routes.route("GET", _PATH, tag=_TAG, answer=shapes.Bot, problems=_DENIED)
async def get_bot(call: Call, bot_id: str) -> shapes.Bot:
    """Get a bot with the people that it met."""
    bot = await _bot_for(call, bot_id)
    return _shown(bot, await call.app.bots.people(bot.id))


@routes.route("POST", _PATH + "/stop", tag=_TAG, answer=shapes.Bot, problems=_DENIED)
async def stop_bot(call: Call, bot_id: str) -> shapes.Bot:
    """Take a bot out. Stopping one that has ended changes nothing.

    The answer waits for the bot to be out, for up to `bots.stop_wait_seconds`; after that it is
    `leaving` still.
    """
    bot = await call.app.bots.stop(await _bot_for(call, bot_id))
    return _shown(bot, await call.app.bots.people(bot.id))


@routes.route(
    "DELETE",
    _PATH,
    tag=_TAG,
    status=204,
    problems={**_DENIED, 409: ("bot_not_finished", "recording_not_ready", "recording_held")},
)
async def delete_bot(call: Call, bot_id: str) -> None:
    """Erase a bot for good: its recording with its files, what was said, and its record."""
    await call.app.bots.erase(await _bot_for(call, bot_id))


async def _bot_for(call: Call, bot_id: str) -> Bot:
    bot = await call.app.bots.get(bot_id)
    if not sees(call.principal, bot):
        raise Problem(404, "bot_not_found", "There is no such bot.")
    return bot


def _shown(bot: Bot, people: list[BotPerson] | None = None) -> shapes.Bot:
    details = bot.details
    return shapes.Bot.model_validate(
        {
            "id": bot.id,
            "link": bot.link,
            "platform": bot.platform,
            "name": bot.name,
            "status": bot.status,
            "substatus": details.get("substatus"),
            "transcribe": bot.transcribe,
            "language": bot.language,
            "created_at": bot.created_at,
            "updated_at": bot.updated_at,
            "joined_at": bot.joined_at,
            "left_at": bot.left_at,
            "duration_seconds": bot.duration_seconds,
            "meeting_id": bot.meeting_id,
            "session_id": bot.session_id,
            "recording_id": bot.recording_id,
            "end_reason": bot.end_reason,
            "error_code": bot.error_code,
            "error_message": bot.error_message,
            "warnings": details.get("warnings", []),
            "people": None
            if people is None
            else [
                {
                    "id": who.person_id,
                    "name": who.name,
                    "joined_at": who.joined_at,
                    "left_at": who.left_at,
                }
                for who in people
            ],
        }
    )
