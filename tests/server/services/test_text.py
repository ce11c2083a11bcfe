import pytest

from server.services.text import MAX_NAME, MAX_TITLE, display_name, meeting_title, tidy
from signaling.errors import Refused


def test_control_characters_go_and_blanks_are_single():
    assert tidy("  Ada\x00\t\n L. \x1b") == "Ada L."
    assert tidy("Zoe\u0308") == "Zoë"


def test_emoji_made_of_several_characters_stay_whole():
    assert tidy("👩\u200d🚀") == "👩\u200d🚀"


@pytest.mark.parametrize("name", [None, "", "   ", "\x00"])
def test_a_name_is_needed(name: str | None):
    with pytest.raises(Refused) as refused:
        display_name(name)
    assert refused.value.code == "name_required"


def test_a_name_has_a_longest():
    assert display_name("x" * MAX_NAME) == "x" * MAX_NAME
    with pytest.raises(Refused) as refused:
        display_name("x" * (MAX_NAME + 1))
    assert refused.value.code == "name_invalid"


def test_a_title_has_a_default_and_a_longest():
    assert meeting_title(" ", "Meeting") == "Meeting"
    assert meeting_title(" Retro ", "Meeting") == "Retro"
    with pytest.raises(Refused) as refused:
        meeting_title("x" * (MAX_TITLE + 1), "Meeting")
    assert refused.value.code == "invalid_title"
