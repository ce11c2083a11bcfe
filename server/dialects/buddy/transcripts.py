"""What was said: segments, exports, speakers, and the recording to listen to."""

import dataclasses
from typing import Final

from aiohttp import web

from server.dialects.buddy import objects
from server.dialects.buddy.call import Call
from server.dialects.buddy.errors import BuddyError, invalid, missing
from server.dialects.buddy.ids import session_id
from server.http.download import send
from server.services.transcript_formats import CONTENT_TYPES, FORMATS, Layout, document

_FORMATS: Final = ("txt", "srt", "json", "vtt")


async def listing(call: Call) -> web.Response:
    """Route 7."""
    bot = await call.bot()
    said = await call.app.bots.work.transcript(bot)
    speakers = objects.Speakers(said, bot.details.get("labels"))
    return web.json_response([objects.segment(one, speakers) for one in said])


async def export(call: Call) -> web.Response:
    """Route 8."""
    bot = await call.bot()
    form = call.text("format") or "txt"
    if form not in _FORMATS:
        text = "format must be txt, srt, json or vtt"
        raise BuddyError(422, "INVALID_EXPORT_FORMAT", text, {"field": "format"})
    layout = Layout(
        call.number("chars_per_caption", 0, 0, 512),
        call.number("max_lines", 2, 1, 3),
        call.number("max_chars_per_line", 42, 20, 60),
        _flag(call, "speakers"),
    )
    said = await call.app.bots.work.transcript(bot)
    speakers = objects.Speakers(said, bot.details.get("labels"))
    if form == "json":
        people = await call.app.bots.people(bot.id)
        rows = [
            {**objects.segment(one, speakers), "words": [_word(word) for word in one.words]}
            for one in said
        ]
        text = document({"session": objects.session(bot, people)}, rows)
    else:
        named = [dataclasses.replace(one, name=speakers.shown(one)) for one in said]
        text = FORMATS[form](named, layout)
    name = f"transcript-{session_id(bot.id)}.{form}"
    return web.Response(
        body=text.encode(),
        headers={
            "Content-Type": CONTENT_TYPES[form],
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def _word(word: object) -> objects.Json:
    assert isinstance(word, dict)  # noqa: S101  (as they are stored)
    return {
        "word": word.get("text"),
        "start": word.get("start"),
        "end": word.get("end"),
        "confidence": word.get("confidence"),
    }


def _flag(call: Call, name: str) -> bool:
    text = call.text(name) or "true"
    if text not in ("true", "false"):
        raise invalid(name, f"{name} must be true or false")
    return text == "true"


async def speakers(call: Call) -> web.Response:
    """Route 16."""
    bot = await call.bot()
    said = await call.app.bots.work.transcript(bot)
    known = objects.Speakers(said, bot.details.get("labels"))
    found: dict[str, objects.Json] = {}
    seconds: dict[str, float] = {}
    counts: dict[str, int] = {}
    for one in said:
        key = known.key(one)
        seconds[key] = seconds.get(key, 0.0) + one.end - one.start
        counts[key] = counts.get(key, 0) + 1
        row = found.setdefault(key, {"speaker_key": key, "first_text": one.text})
        row |= {"raw_label": known.raw(one), "display_name": known.label(one)}
        row |= {
            "segment_count": counts[key],
            "total_speaking_seconds": round(seconds[key], 3),
        }
    return web.json_response(
        {
            "speakers": list(found.values()),
            "transcription_source": "per_participant_tracks",
            "has_unlabeled_speakers": any(not row["raw_label"] for row in found.values()),
        }
    )


async def download(call: Call) -> web.StreamResponse:
    """Route 14."""
    bot = await call.bot()
    mix = await call.app.bots.work.mix(bot)
    if mix is None:
        raise missing("RECORDING_NOT_FOUND")
    named = dataclasses.replace(mix, filename=f"recording-{session_id(bot.id)}.wav")
    return await send(call.request, named, attachment=True, store=False)
