"""The recipe on a page of our own that imitates the site: nothing is claimed beyond that."""

from support.recipes import check, needs_chromium

from server.connectors.links import parse_link
from server.connectors.recipes.zoom import RECIPE, web_client


@needs_chromium
async def test_it_goes_in_sees_people_and_reads_every_end():
    await check(RECIPE)


def test_the_web_client_is_opened_and_no_program_asked_for():
    home = "https://rt.example"
    link = parse_link("https://us02web.zoom.us/j/123?pwd=a b".replace(" ", "%20"), home)
    assert web_client(link) == "https://us02web.zoom.us/wc/join/123?pwd=a+b"
    assert web_client(parse_link("https://zoom.us/j/9", home)) == "https://zoom.us/wc/join/9"
    personal = parse_link("https://zoom.us/my/ann", home)
    assert web_client(personal) == personal.url
