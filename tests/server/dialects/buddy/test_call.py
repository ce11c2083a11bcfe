"""Who is let in: either header, and keys that somebody else made."""

import pytest

from server.dialects.buddy.call import identify
from server.dialects.buddy.errors import BuddyError


async def test_either_credential_is_enough_and_a_user_decides(buddy):
    app = buddy.web.app
    key = await identify(app, {"x-api-key": "rt_dev"})
    assert key.key_id == "dev"
    both = await identify(app, {"x-api-key": "rt_dev", **buddy.web.user()})
    assert both.sub == "user_01"
    spoilt = {"x-api-key": "rt_dev", "Authorization": "Bearer nonsense"}
    assert (await identify(app, spoilt)).key_id == "dev"


async def test_a_registered_foreign_key_is_good_and_a_join_token_is_not(buddy):
    app = buddy.web.app
    await app.keys.register("ak_0123456789", "theirs", "theirs")
    assert (await identify(app, {"x-api-key": "ak_0123456789"})).account == "theirs"
    meeting = (await buddy.web.meeting())["id"]
    with pytest.raises(BuddyError) as refused:
        await identify(app, await buddy.web.token(meeting))
    assert refused.value.status == 401
