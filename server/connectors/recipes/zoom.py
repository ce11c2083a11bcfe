"""Zoom's web client, as a guest. Everybody comes mixed on one track."""

from typing import Final
from urllib.parse import urlencode

from server.connectors.links import ParsedLink, Platform
from server.connectors.recipe import Do, Mark, Recipe, Roster, Sign, Sound, Step


def web_client(link: ParsedLink) -> str:
    """The address of the web client, which the plain link hides behind a program to install."""
    if not link.meeting_id.isdigit():
        return link.url  # a personal name: the site itself knows the number
    passcode = f"?{urlencode({'pwd': link.passcode})}" if link.passcode else ""
    return f"https://{link.host}/wc/join/{link.meeting_id}{passcode}"


RECIPE: Final = Recipe(
    name="zoom",
    platform=Platform.ZOOM,
    version="2026-11-28",
    verified="Never against Zoom itself; against pages of our own that imitate it.",
    sound=Sound.MIXED,
    address=web_client,
    frame=r"/wc/(\d+/(join|start)|join/\d+)|/wc/.*[?&]fromPWA",
    signs={
        Sign.INSIDE: (Mark("#wc-footer, .footer__leave-btn, [aria-label='Leave']"),),
        Sign.LOBBY: (
            Mark(
                "body",
                "((host|organi[sz]er) will let you in|waiting for the host to start|"
                "host has joined\\. we've let them know)",
            ),
        ),
        Sign.DENIED: (Mark("body", "(you have been denied|host (has )?(declined|denied))"),),
        Sign.REMOVED: (
            Mark("body", "(removed you from (this|the) meeting|you have been removed)"),
        ),
        Sign.ENDED: (
            Mark("body", "(meeting has been ended|meeting (has|is) ended|this meeting has ended)"),
        ),
        Sign.NOT_FOUND: (
            Mark(
                "body", "(this meeting link is invalid|invalid meeting id|meeting id is not valid)"
            ),
        ),
        Sign.LOGIN: (
            Mark(
                "body",
                "(sign in to join|only (authenticated|authorized|signed-in) (users|attendees))",
            ),
        ),
        Sign.CAPTCHA: (Mark("iframe[src*='recaptcha'][title*='challenge'], #captcha-input"),),
    },
    steps=(
        Step(Do.CLICK, Mark("#onetrust-accept-btn-handler, #onetrust-reject-all-handler")),
        Step(Do.CLICK, Mark("#wc_agree1, button", "^(i agree|agree)$")),
        Step(Do.CLICK, Mark("a, button", "^join from (your )?browser"), times=3),
        Step(Do.NAME, Mark("#input-for-name, input[type='text']", "your name")),
        Step(Do.CLICK, Mark("#preview-audio-control-button, button", "^mute$"), times=3),
        Step(Do.CLICK, Mark("#preview-video-control-button, button", "^stop video$"), times=3),
        Step(Do.CLICK, Mark(".preview-join-button, button", "^join$"), times=3),
        Step(
            Do.CLICK, Mark("button", "^(join audio by computer|join with computer audio)"), times=3
        ),
        Step(Do.CLICK, Mark("button", "^open the participants list"), times=2),
    ),
    leave=(
        Mark("[aria-label='Leave'], .footer__leave-btn"),
        Mark("button", "^leave meeting"),
    ),
    roster=Roster(
        item="[id^='participants-list-'], .participants-item__item-layout",
        name=".participants-item__display-name",
        ignore_text=r"\(me(,[^)]*)?\)$",
        lit=".participants-icon__participant-audio-animation, [aria-label*='speaking' i]",
    ),
)
