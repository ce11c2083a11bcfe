"""Microsoft Teams in the browser, as a guest. Everybody comes mixed on one track."""

from typing import Final

from server.connectors.links import Platform
from server.connectors.recipe import Do, Mark, Recipe, Roster, Sign, Sound, Step

_BUTTON: Final = "button, [role='button'], a[role='link']"

RECIPE: Final = Recipe(
    name="teams",
    platform=Platform.TEAMS,
    version="2026-11-28",
    verified="Never against Microsoft Teams itself; against pages of our own that imitate it.",
    sound=Sound.MIXED,
    signs={
        Sign.INSIDE: (
            Mark("#hangup-button, [data-tid='hangup-main-btn']"),
            Mark(_BUTTON, "^leave( \\(|$)"),
        ),
        Sign.LOBBY: (
            Mark(
                "body",
                "(someone (in the meeting )?(will|should) let you in|"
                "when the meeting starts, we'll let people know you're waiting|"
                "waiting in the lobby)",
            ),
        ),
        Sign.DENIED: (
            Mark(
                "body",
                "(you can't join this meeting|denied access to the meeting|"
                "no one (let you in|responded))",
            ),
        ),
        Sign.REMOVED: (
            Mark("body", "(removed you|you('ve| have) been removed) from (this|the) meeting"),
        ),
        Sign.ENDED: (Mark("body", "(the meeting has ended|you left the meeting|meeting ended)"),),
        Sign.NOT_FOUND: (
            Mark(
                "body",
                "(we couldn't find (this|the|a) meeting|meeting (link|id) (is|isn't) (in)?valid|"
                "this meeting (no longer|doesn't) exist)",
            ),
        ),
        Sign.LOGIN: (
            Mark("body", "(sign in to join|you need to (be signed|sign) in)"),
            Mark("input[name='loginfmt']"),
        ),
        Sign.CAPTCHA: (Mark("body", "(type|enter) the characters you (see|hear)"),),
    },
    steps=(
        Step(
            Do.CLICK,
            Mark(_BUTTON, "^(continue on this browser|use the web app|join on the web)"),
            times=3,
        ),
        Step(Do.CLICK, Mark(_BUTTON, "^continue without audio or video"), times=2),
        Step(Do.NAME, Mark("input[type='text']", "(type|enter) your name")),
        Step(
            Do.CLICK,
            Mark("[data-tid='toggle-mute']:is([aria-checked='true'], [aria-pressed='true'])"),
            times=3,
        ),
        Step(
            Do.CLICK,
            Mark("[data-tid='toggle-video']:is([aria-checked='true'], [aria-pressed='true'])"),
            times=3,
        ),
        Step(Do.CLICK, Mark("#prejoin-join-button, [data-tid='prejoin-join-button']"), times=3),
        Step(Do.CLICK, Mark("#roster-button:not([aria-pressed='true'])")),
    ),
    leave=(Mark("#hangup-button, [data-tid='hangup-main-btn']"), Mark(_BUTTON, "^leave( \\(|$)")),
    roster=Roster(
        item="[data-tid^='participantsInCall-'], [data-cid='roster-participant']",
        name="[id^='roster-avatar-img-'] + *, [data-tid='participant-name'], span[title]",
        id="data-tid",
        ignore="[data-is-self='true']",
        ignore_text=r"\((you|guest, you)\)$",
        lit="[data-tid='voice-level-stream-outline'], [aria-label*='speaking' i]",
    ),
)
