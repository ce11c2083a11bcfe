"""One server in development mode and one Chromium for all journeys; people of each test anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from support.browser import People, launch, people
from support.server_process import ServerProcess

ARTEFACTS = Path(__file__).resolve().parents[2] / ".artefacts"

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with launch(playwright) as made:
        yield made


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server") / "data") as made:
        yield made


@pytest.fixture
def crowd(browser: Browser, server: ServerProcess) -> Iterator[People]:
    with people(browser, f"http://localhost:{server.port}") as made:
        yield made


@pytest.fixture(scope="session")
def artefacts() -> Path:
    return ARTEFACTS
