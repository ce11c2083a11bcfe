"""Every form of link that people paste, and those that only look like one."""

import pytest

from server.connectors.links import (
    LONGEST,
    LinkError,
    LinkFault,
    Platform,
    parse_link,
    redacted,
)

HOME = "https://rt.example"
LAUNCHER = "https://teams.microsoft.com/dl/launcher/launcher.html"
MEETING = "0197b1a0-0000-7000-8000-000000000001"
TEAMS = "19%3ameeting_MjdhNjM4%40thread.v2/0?context=%7b%22Tid%22%3a%22x%22%7d"


@pytest.mark.parametrize(
    ("text", "platform", "meeting", "passcode"),
    [
        (f"{HOME}/m/{MEETING}", Platform.ROOMTONE, MEETING, None),
        (f"{HOME}:443/m/{MEETING}/", Platform.ROOMTONE, MEETING, None),
        ("https://teams.microsoft.com/l/meetup-join/abc123", Platform.TEAMS, "abc123", None),
        (
            f"https://teams.microsoft.com/l/meetup-join/{TEAMS}",
            Platform.TEAMS,
            "19%3ameeting_MjdhNjM4%40thread.v2/0",
            None,
        ),
        ("https://teams.microsoft.com/meet/2412?p=Ab1", Platform.TEAMS, "2412", "Ab1"),
        ("https://teams.live.com/meet/9312?p=x", Platform.TEAMS, "9312", "x"),
        ("https://gov.teams.microsoft.us/l/meetup-join/a", Platform.TEAMS, "a", None),
        ("https://dod.teams.microsoft.us/l/meetup-join/a", Platform.TEAMS, "a", None),
        ("https://teams.microsoft.com/v2/#/meet/2412?p=z", Platform.TEAMS, "2412", "z"),
        ("https://teams.microsoft.com/_#/l/meetup-join/abc", Platform.TEAMS, "abc", None),
        (
            f"{LAUNCHER}?url=%2F_%23%2Fl%2Fmeetup-join%2Fabc&type=meetup-join",
            Platform.TEAMS,
            "abc",
            None,
        ),
        (
            "https://teams.live.com/dl/launcher/launcher.html?url=%2Fmeet%2F9312%3Fp%3Dx",
            Platform.TEAMS,
            "9312",
            "x",
        ),
        ("https://zoom.us/j/123456789", Platform.ZOOM, "123456789", None),
        ("https://us02web.zoom.us/j/123456789?pwd=abc", Platform.ZOOM, "123456789", "abc"),
        ("https://zoom.us/w/123456789", Platform.ZOOM, "123456789", None),
        ("https://zoom.us/s/123456789", Platform.ZOOM, "123456789", None),
        ("https://zoom.us/wc/join/123456789", Platform.ZOOM, "123456789", None),
        ("https://app.zoom.us/wc/123456789/join", Platform.ZOOM, "123456789", None),
        ("https://zoom.us/my/Ann.Lee", Platform.ZOOM, "my/ann.lee", None),
        ("https://firm.zoom.com/j/123456789", Platform.ZOOM, "123456789", None),
        ("https://ZOOM.us/j/123456789", Platform.ZOOM, "123456789", None),
        ("https://meet.google.com/abc-defg-hij", Platform.GOOGLE_MEET, "abc-defg-hij", None),
        ("https://meet.google.com/standup?authuser=0", Platform.GOOGLE_MEET, "standup", None),
        ("https://app.zoom.us/wc/123456789/start", Platform.ZOOM, "123456789", None),
        ("https://agency.zoomgov.com/j/1612345678?pwd=x", Platform.ZOOM, "1612345678", "x"),
        (
            "https://firm.webex.com/webappng/sites/firm/meeting/info/ab12",
            Platform.WEBEX,
            "ab12",
            None,
        ),
        (
            "https://firm.webex.com/wbxmjs/joinservice/sites/firm/meeting/download/ab12",
            Platform.WEBEX,
            "ab12",
            None,
        ),
        (
            "https://firm.webex.com/webappng/sites/firm/dashboard/pmr/ann",
            Platform.WEBEX,
            "ann",
            None,
        ),
        ("https://firm.webex.com/meet/ann", Platform.WEBEX, "ann", None),
        ("https://firm.webex.com/join/ann", Platform.WEBEX, "ann", None),
        ("https://firm.webex.com/firm/j.php?MTID=m1f", Platform.WEBEX, "m1f", None),
    ],
)
def test_a_link_is_read(text: str, platform: Platform, meeting: str, passcode: str | None):
    found = parse_link(text, HOME)
    assert (found.platform, found.meeting_id, found.passcode) == (platform, meeting, passcode)
    assert found.url == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zoom.us/j/123456789",
        "ftp://zoom.us/j/123456789",
        "http://zoom.us/j/123456789",
        "javascript:alert(1)",
        "https://",
        "https://ann@zoom.us/j/123456789",
        "https://zoom.us@evil.com/j/123456789",
        "https://zoom.us:x/j/1",
        "https://[::1/j/1",
        "https://zoom.us/j/1 2",
        "https://zoom.us\\@evil.com/j/1",
        "https://zoom.us/j/1\n",
        "https://zoom.us/j/" + "1" * LONGEST,
    ],
)
def test_what_is_no_link_is_invalid(text: str):
    with pytest.raises(LinkError) as refused:
        parse_link(text, HOME)
    assert refused.value.fault is LinkFault.INVALID


@pytest.mark.parametrize(
    "text",
    [
        "https://evilzoom.us/j/123456789",
        "https://zoom.us.evil.com/j/123456789",
        "https://zoom.us:8443/j/123456789",
        "https://zoom.us/about",
        "https://evil.com/?x=https://zoom.us/j/123456789",
        "https://teams.microsoft.com/",
        "https://teams.microsoft.com.evil.com/l/meetup-join/abc",
        "https://evil.teams.microsoft.com/l/meetup-join/abc",
        "https://teams.microsoft.com/dl/launcher/launcher.html",
        f"{LAUNCHER}?url=https%3A%2F%2Fevil.com%2Fl%2Fmeetup-join%2Fa",
        "https://meet.google.com/",
        "https://meet.google.com/lookup/abc",
        "https://meet.google.com/new",
        "https://firm.webex.com/firm/j.php",
        "https://firm.webex.com/",
        "https://127.0.0.1/m/" + MEETING,
        f"{HOME}/about",
    ],
)
def test_a_link_of_no_known_platform_is_unsupported(text: str):
    with pytest.raises(LinkError) as refused:
        parse_link(text, HOME)
    assert refused.value.fault is LinkFault.UNSUPPORTED


def test_plain_http_is_for_the_own_origin_alone():
    own = f"http://localhost:8080/m/{MEETING}"
    assert parse_link(own, "http://localhost:8080").platform is Platform.ROOMTONE
    with pytest.raises(LinkError):
        parse_link(own, "http://localhost:9090")


def test_one_meeting_has_one_normalised_link():
    one = parse_link("https://ZOOM.us/j/123456789?pwd=a&uname=x", HOME)
    other = parse_link("https://zoom.us/w/123456789?pwd=a", HOME)
    assert one.normalised == other.normalised == "https://zoom.us/123456789?passcode=a"
    assert parse_link("https://zoom.us/j/123456789", HOME).normalised != one.normalised


def test_a_log_shows_no_passcode():
    assert redacted("https://zoom.us/j/1?pwd=abc&x=1") == "https://zoom.us/j/1?pwd=***&x=1"
    assert "z1" not in redacted("https://teams.microsoft.com/v2/#/meet/2412?p=z1")


SITES = {
    "meet.firm.example": "roomtone",
    "video.firm.example:8443": "zoom",
    "http://lan.example:8080": "my_recipes:JITSI",
}


@pytest.mark.parametrize(
    ("text", "platform", "meeting", "recipe"),
    [
        ("https://meet.firm.example/m/abc", Platform.OTHER, "m/abc", "roomtone"),
        ("https://MEET.firm.example:443/m/abc/", Platform.OTHER, "m/abc", "roomtone"),
        ("https://video.firm.example:8443/j/123?pwd=x", Platform.ZOOM, "123", "zoom"),
        ("https://video.firm.example:8443/hall", Platform.ZOOM, "hall", "zoom"),
        ("http://lan.example:8080/x?room=1", Platform.OTHER, "x?room=1", "my_recipes:JITSI"),
    ],
)
def test_a_site_of_the_operators_has_its_recipe(
    text: str, platform: Platform, meeting: str, recipe: str
):
    found = parse_link(text, HOME, SITES)
    assert (found.platform, found.meeting_id, found.recipe) == (platform, meeting, recipe)


@pytest.mark.parametrize(
    "text",
    [
        "http://meet.firm.example/m/abc",
        "https://meet.firm.example:444/m/abc",
        "https://evil.meet.firm.example/m/abc",
        "https://lan.example:8080/x",
    ],
)
def test_a_site_is_one_origin(text: str):
    with pytest.raises(LinkError):
        parse_link(text, HOME, SITES)


def test_the_own_origin_is_native_whatever_the_table_says():
    link = f"{HOME}/m/{MEETING}"
    assert parse_link(link, HOME, {"rt.example": "zoom"}).platform is Platform.ROOMTONE
