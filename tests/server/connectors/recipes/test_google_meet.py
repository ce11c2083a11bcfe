"""The recipe on a page of our own that imitates the site: nothing is claimed beyond that."""

from support.recipes import check, needs_chromium

from server.connectors.recipes.google_meet import RECIPE


@needs_chromium
async def test_it_goes_in_sees_people_and_reads_every_end():
    await check(RECIPE)
