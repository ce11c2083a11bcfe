"""The meeting page of another Roomtone server. It says itself whose sound each element plays."""

from typing import Final

from server.connectors.links import Platform
from server.connectors.recipe import Do, Mark, Owners, Recipe, Roster, Sign, Sound, Step

RECIPE: Final = Recipe(
    name="roomtone",
    platform=Platform.OTHER,
    version="2026-11-28",
    verified="Roomtone 0.1.0 itself, in Chromium, by this project's end-to-end tests.",
    sound=Sound.OWNED,
    signs={
        Sign.INSIDE: (Mark(".meeting .controls button", "^leave meeting"),),
        Sign.LOBBY: (Mark(".waiting"),),
        Sign.DENIED: (Mark("[data-reason='join_refused'], [data-reason='wait_timed_out']"),),
        Sign.REMOVED: (Mark("[data-reason='kicked']"),),
        Sign.ENDED: (Mark("[data-reason='meeting_ended'], [data-reason='server_stopped']"),),
        Sign.NOT_FOUND: (
            Mark("[data-reason='meeting_not_found'], [data-reason='meeting_inactive']"),
        ),
        Sign.LOGIN: (Mark("[data-reason='token_required'], [data-reason='token_invalid']"),),
    },
    steps=(
        Step(Do.NAME, Mark(".join input[autocomplete='name']")),
        Step(Do.CLICK, Mark(".preview-bar .control[aria-pressed='true']"), times=4),
        Step(Do.CLICK, Mark(".join-buttons button[type='submit']"), times=3),
        Step(Do.CLICK, Mark(".controls button[aria-expanded='false']", "^people"), times=3),
    ),
    leave=(Mark(".controls button", "^leave meeting"),),
    roster=Roster(
        item="[data-person]",
        name=".people-name strong, .tile-label",
        id="data-person",
        ignore="[data-me], [data-kind='bot']",
        lit=".tile-voice",
    ),
    owners=Owners("audio[data-person]", "data-person"),
)
