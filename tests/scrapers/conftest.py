from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.scrapers.fake_dealers import FakeDealers, fake_dealers
from tests.scrapers.runs import load_shop


@pytest.fixture(scope="session")
def _running_fake_web() -> Iterator[FakeDealers]:
    with fake_dealers() as running:
        yield running


@pytest.fixture
def fake_web(_running_fake_web: FakeDealers) -> Iterator[FakeDealers]:
    """The 40 fake websites at their real size on day 0, without faults; each test finds them untouched."""
    _running_fake_web.reset()
    yield _running_fake_web
    _running_fake_web.reset()


@pytest.fixture
def shop(transactional_db: None, fake_web: FakeDealers, settings: Settings, tmp_path: Path) -> FakeDealers:
    """Four small dealerships with their websites switched on, and the fake dealer web in the place of the internet."""
    settings.SCRAPER_FAKE_WEB = f"127.0.0.1:{fake_web.port}"
    load_shop(tmp_path)
    return fake_web
