"""Google Meet, as a guest without an account. Three tracks are given to whoever speaks."""

from typing import Final

from server.connectors.links import Platform
from server.connectors.recipe import Do, Mark, Recipe, Roster, Sign, Sound, Step

_BUTTON: Final = "button, [role='button']"

RECIPE: Final = Recipe(
    name="google_meet",
    platform=Platform.GOOGLE_MEET,
    version="2026-11-28",
    verified="Never against Google Meet itself; against pages of our own that imitate it.",
    sound=Sound.POOL,
    signs={
        Sign.INSIDE: (Mark(_BUTTON, "^leave call"),),
        Sign.LOBBY: (
            Mark("body", "asking to (be let in|join)|you'll join (the call|when someone)"),
        ),
        Sign.DENIED: (
            Mark(
                "body", "(denied your request|you can't join this (video )?call|no one responded)"
            ),
        ),
        Sign.REMOVED: (Mark("body", "you('ve| have) been removed from the (meeting|call)"),),
        Sign.ENDED: (
            Mark("body", "(the (call|meeting) has ended|you left the meeting|call ended)"),
        ),
        Sign.NOT_FOUND: (
            Mark("body", "(check your meeting code|no such meeting|meeting code has expired)"),
        ),
        Sign.LOGIN: (
            Mark("body", "sign in to (join|continue)|use your google account"),
            Mark("input[type='email']#identifierId"),
        ),
        Sign.CAPTCHA: (Mark("iframe[src*='recaptcha'][title*='challenge']"),),
    },
    steps=(
        Step(Do.CLICK, Mark(_BUTTON, "^(got it|dismiss|continue without)"), times=3),
        Step(Do.NAME, Mark("input[type='text']", "your name")),
        Step(Do.CLICK, Mark(_BUTTON, "^turn off microphone"), times=3),
        Step(Do.CLICK, Mark(_BUTTON, "^turn off camera"), times=3),
        Step(Do.CLICK, Mark(_BUTTON, "^(ask to join|join now)"), times=3),
        Step(Do.CLICK, Mark(f"{_BUTTON}:not([aria-pressed='true'])", "^(people|show everyone)")),
    ),
    leave=(Mark(_BUTTON, "^leave call"),),
    roster=Roster(
        item="[data-participant-id]",
        name="[data-self-name], [jsname='EydYod'], .notranslate",
        id="data-participant-id",
        ignore="[data-self='true']",
        ignore_text=r"\(you\)$",
        lit="[data-is-speaking='true'], [aria-label$='is speaking' i]",
    ),
)
