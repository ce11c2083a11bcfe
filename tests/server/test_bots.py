"""Which platforms have a connector."""

from support.webserver import starting

from server.bots import connectors
from server.connectors.links import Platform
from server.connectors.native import NativeConnector


async def test_every_attempt_has_a_connector_of_its_own(tmp_path):
    async with starting(tmp_path) as (app, _, _):
        ways = connectors(app.meetings, app.live, app.tracker, app.recordings, print)
        first, second = ways[Platform.ROOMTONE](), ways[Platform.ROOMTONE]()
        assert isinstance(first, NativeConnector)
        assert first is not second
        assert set(ways) == {Platform.ROOMTONE}
