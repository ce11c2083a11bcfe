from pathlib import Path

from support.webserver import starting

from server.api.routes import native_routes
from server.http.application import assemble


async def test_mounts_come_before_the_web_app(tmp_path: Path) -> None:
    seen = []
    async with starting(tmp_path) as (app, _, _):
        application = assemble(
            app, native_routes(), [lambda mounted, parts: seen.append((mounted, parts))]
        )
    assert seen == [(application, app)]
    names = [one.canonical for one in application.router.resources()]
    assert names[-1] == "/{path}"
    assert "/v1/meetings" in names
