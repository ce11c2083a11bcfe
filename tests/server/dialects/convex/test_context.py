"""What a call knows."""

from server.auth.principal import ANONYMOUS
from server.dialects.convex.context import Context
from server.dialects.convex.deployment import Deployment


async def test_a_call_of_nobody_reads_nothing_yet(world):
    deployment = Deployment(world)
    context = Context(deployment)
    assert context.app is world
    assert context.principal is ANONYMOUS
    assert context.reads == set()
