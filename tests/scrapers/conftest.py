from collections.abc import Iterator

import pytest

from tests.scrapers.fake_dealers import FakeDealers, fake_dealers


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
