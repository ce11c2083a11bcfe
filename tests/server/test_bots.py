"""Which platforms have a connector."""

from support.webserver import starting

from server.bots import Abroad, connectors
from server.connectors.browser.connector import BrowserConnector
from server.connectors.links import Platform
from server.connectors.native import NativeConnector


async def test_every_attempt_has_a_connector_of_its_own(tmp_path):
    async with starting(tmp_path) as (app, _, clock):
        abroad = Abroad(app.settings.bots, app.meetings, clock, print)
        ways = connectors(app.meetings, app.live, app.tracker, app.recordings, abroad, print)
        first, second = ways[Platform.ROOMTONE](), ways[Platform.ROOMTONE]()
        assert isinstance(first, NativeConnector)
        assert first is not second
        assert set(ways) == set(Platform)
        foreign = {name: make() for name, make in ways.items() if name is not Platform.ROOMTONE}
        assert all(isinstance(one, BrowserConnector) for one in foreign.values())
        assert all(one.platform is name for name, one in foreign.items())
        await abroad.close()
