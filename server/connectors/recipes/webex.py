"""Webex in the browser, as a guest. Everybody comes mixed on one track."""

from typing import Final

from server.connectors.links import Platform
from server.connectors.recipe import Do, Mark, Recipe, Roster, Sign, Sound, Step

_BUTTON: Final = "button, mdc-button, [role='button'], a"

RECIPE: Final = Recipe(
    name="webex",
    platform=Platform.WEBEX,
    version="2026-11-28",
    verified="Never against Webex itself; against pages of our own that imitate it.",
    sound=Sound.MIXED,
    frame=r"/webappng/|/wbxmjs/|web\.webex\.com",
    signs={
        Sign.INSIDE: (Mark(_BUTTON, "^leave( meeting| or end meeting)?$"),),
        Sign.LOBBY: (
            Mark("body", "(you're in the lobby|host (will|to) (let you in|start the meeting))"),
        ),
        Sign.DENIED: (Mark("body", "(you were not admitted|host (has )?(declined|denied))"),),
        Sign.REMOVED: (
            Mark("body", "(removed you from|you('ve| have) been removed from) the meeting"),
        ),
        Sign.ENDED: (
            Mark("body", "(the meeting has ended|host ended the meeting|you('ve| have) left)"),
        ),
        Sign.NOT_FOUND: (
            Mark(
                "body",
                "(meeting (number|link) (is|was) (not valid|invalid)|can't find the meeting)",
            ),
        ),
        Sign.LOGIN: (Mark("body", "(sign in to join|requires you to sign in)"),),
        Sign.CAPTCHA: (
            Mark("body", "(verification code|characters you (see|hear) in the picture)"),
        ),
    },
    steps=(
        Step(Do.CLICK, Mark(_BUTTON, "^(join from (this|your) browser|join as a guest)"), times=3),
        Step(Do.CLICK, Mark(_BUTTON, "^(accept|reject)( all)?( cookies)?$")),
        Step(Do.NAME, Mark("input[type='text']", "name")),
        Step(Do.CLICK, Mark(_BUTTON, "^mute( |$)"), times=3),
        Step(Do.CLICK, Mark(_BUTTON, "^stop video"), times=3),
        Step(Do.CLICK, Mark(_BUTTON, "^(join meeting|join as guest|join|next)$"), times=3),
        Step(Do.CLICK, Mark(_BUTTON, "^(show participants|participants)( panel)?$")),
    ),
    leave=(
        Mark(_BUTTON, "^leave( meeting| or end meeting)?$"),
        Mark(_BUTTON, "^leave meeting$"),
    ),
    roster=Roster(
        item="[role='listitem'][data-participant], [data-test='participant-item']",
        name="[data-test='participant-name'], .participant-name",
        ignore_text=r"\((me|you)(,[^)]*)?\)$",
        lit="[aria-label*='speaking' i]",
    ),
)
