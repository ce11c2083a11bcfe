"""Prefixes, there and back."""

import pytest

from server.dialects.buddy.errors import BuddyError
from server.dialects.buddy.ids import (
    bot_id,
    organization_id,
    searched,
    session_id,
    transcript_id,
    user_id,
)

ID = "0197b1a0-0000-7000-8000-000000000001"


def test_ids_go_there_and_back():
    assert bot_id(session_id(ID)) == ID
    assert transcript_id(ID) == "mbtrans_0197b1a0000070008000000000000001"
    assert organization_id("default") == "org_default"
    assert (user_id("a-b"), user_id(None)) == ("usr_ab", "usr_unknown")


@pytest.mark.parametrize(("text", "status"), [("sess_1", 422), ("mbsess_", 404), ("mbsess_x", 404)])
def test_what_is_no_id_is_refused(text: str, status: int):
    with pytest.raises(BuddyError) as refused:
        bot_id(text)
    assert refused.value.status == status


def test_a_part_of_an_id_is_looked_for_as_bots_are_kept():
    assert searched("mbsess_0197b1a00000") == "0197b1a0-0000"
    assert searched(session_id(ID)) == ID
    assert (searched("zoom"), searched("mbsess_")) == ("zoom", "")
