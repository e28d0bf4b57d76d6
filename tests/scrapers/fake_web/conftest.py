import pytest

from scrapers.fake_web.web import FakeWeb


@pytest.fixture(scope="session")
def web() -> FakeWeb:
    """The fake web without a socket, on day 0, for tests that change nothing about it."""
    return FakeWeb()
