"""Token buckets: what is taken comes back with time, and everybody takes from their own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from foundation.models import TokenBucket
from foundation.rate_limits import give_token_back, take_token
from orders.models import Artifact
from tests.factories import finish_order, make_dealership, make_order, make_vehicles
from tests.pages import HTMX, content_of, sign_in, words

HOUR = timedelta(hours=1)


def take(key: str = "1") -> int:
    return take_token(action="try", key=key, limit=6, per=HOUR)


def wait(seconds: int) -> None:
    TokenBucket.objects.update(filled_at=F("filled_at") - timedelta(seconds=seconds))


@pytest.mark.django_db
def test_tokens_come_back_evenly_and_never_more_than_the_limit() -> None:
    assert [take() for _ in range(6)] == [0] * 6
    assert 0 < take() <= 600
    wait(600)
    assert [take() == 0, take() == 0] == [True, False]
    wait(7200)
    assert [take() == 0 for _ in range(7)] == [True] * 6 + [False]


@pytest.mark.django_db
def test_each_key_has_its_own_bucket_and_a_token_can_be_given_back() -> None:
    assert [take("1") for _ in range(6)] == [take("2") for _ in range(6)] == [0] * 6
    give_token_back(action="try", key="1")
    assert (take("1"), take("2") > 0) == (0, True)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_take_no_more_than_there_are() -> None:
    def one(_: int) -> int:
        try:
            return take()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(answer == 0 for answer in threads.map(one, range(24))) == 6


@pytest.mark.django_db
def test_who_has_taken_thirty_files_in_a_minute_waits_and_others_do_not() -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    csv = Artifact.objects.get(order=finish_order(order=make_order(dealership=elm)), kind="csv")
    path, staff = f"/orders/files/{csv.public_id}/", sign_in(role="staff")
    content_of(staff.get(path))
    assert TokenBucket.objects.get(action="download").tokens == 29
    # As if the other 29 were taken just now, and no time would pass until the next.
    TokenBucket.objects.update(tokens=0, filled_at=timezone.now() + timedelta(seconds=60))
    refused = staff.get(path)
    assert (refused.status_code, 60 <= int(refused["Retry-After"]) <= 62) == (429, True)
    assert "This may be done 30 times within a minute. Try again in 6" in words(refused)
    assert staff.get(path, headers=HTMX)["Content-Type"] == "text/plain"
    assert content_of(sign_in(role="manager").get(path)) != b""


@pytest.mark.django_db
def test_the_eleventh_file_of_an_hour_waits_whichever_page_takes_it() -> None:
    staff = sign_in(role="staff")
    statuses = [staff.post(path).status_code for path in ["/imports/upload/", "/vin-log/import/"] * 6]
    assert statuses == [422] * 10 + [429] * 2
    assert staff.get("/imports/upload/").status_code == 200
