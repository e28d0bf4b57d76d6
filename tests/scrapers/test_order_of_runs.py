"""Which websites of a session are begun first."""

import pytest

from scrapers.models import ScrapeRun, ScrapeSession
from scrapers.operations.sessions import cancel_run
from tests.scrapers.fake_dealers import FakeDealers
from tests.scrapers.runs import CADILLAC, JAGUAR, STEHOUWER, TWIN_CITY, start

pytestmark = pytest.mark.django_db(transaction=True)


def order_of(session: ScrapeSession) -> list[str]:
    return list(session.runs.order_by("pk").values_list("dealership__name", flat=True))


def test_one_that_is_asked_for_each_vehicle_is_begun_first(shop: FakeDealers) -> None:
    assert order_of(start(JAGUAR, CADILLAC, STEHOUWER, TWIN_CITY)) == [STEHOUWER, JAGUAR, CADILLAC, TWIN_CITY]


def test_what_took_the_most_requests_last_time_is_begun_first(shop: FakeDealers) -> None:
    took = {JAGUAR: 3, CADILLAC: 17, STEHOUWER: 5}
    for run in start(*took).runs.select_related("dealership"):
        ScrapeRun.objects.filter(pk=run.pk).update(requests=took[run.dealership.name])
        cancel_run(run=run)
    assert order_of(start(JAGUAR, CADILLAC, STEHOUWER, TWIN_CITY)) == [CADILLAC, STEHOUWER, JAGUAR, TWIN_CITY]
