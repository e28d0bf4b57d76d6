"""Websites are asked at a pace that all workers share, on the database's clock."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import F

from scrapers.models import HostPace
from scrapers.operations.pacing import HostBusy, hold_host, postpone, reserve
from tests.racing import at_once, times

HOST = "www.dealer.test"


def database_time() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return float(cursor.fetchone()[0])


def by_workers(count: int, work: Callable[[int], list[float]]) -> list[list[float]]:
    """What `count` workers gave, each on a connection of its own and all begun at one moment."""
    barrier = Barrier(count)

    def run(number: int) -> list[float]:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_requests_of_all_workers_to_one_site_are_a_pace_apart() -> None:
    names = ["www.dealer.test", "dealer.test", "api.dealer.test"]

    def work(number: int) -> list[float]:
        moments = []
        for turn in range(5):
            # Names of one site share its pace.
            time.sleep(reserve(host=names[(number + turn) % 3], seconds=0.2))
            moments.append(database_time())
        return moments

    before = database_time()
    moments = sorted(moment for worker in by_workers(2, work) for moment in worker)
    assert len(moments) == 10
    # Nobody comes before his turn, however the workers mix; who is late does not push the turns behind him.
    assert [number for number, moment in enumerate(moments) if moment < before + number * 0.2] == []


@pytest.mark.django_db(transaction=True)
def test_turns_that_are_taken_at_one_moment_are_all_different() -> None:
    before = database_time()
    waits = by_workers(6, lambda _: [reserve(host=HOST, seconds=1.5)])
    after = database_time()
    end = HostPace.objects.get(host="dealer.test").next_allowed_at.timestamp()
    # Six turns were added up and none was lost.
    assert before + 6 * 1.5 <= end <= after + 6 * 1.5
    assert max(wait for [wait] in waits) <= 5 * 1.5


@pytest.mark.django_db(transaction=True)
def test_other_sites_are_not_delayed() -> None:
    waits = by_workers(4, lambda number: [reserve(host=f"www.dealer{number}.test", seconds=5)])
    assert waits == [[0.0]] * 4


@pytest.mark.django_db
def test_a_site_that_was_not_asked_for_a_while_is_asked_at_once() -> None:
    assert reserve(host=HOST, seconds=9) == 0
    assert 0 < reserve(host=HOST, seconds=9) <= 9
    HostPace.objects.update(next_allowed_at=F("next_allowed_at") - timedelta(seconds=18))
    assert reserve(host=HOST, seconds=9) == 0


@pytest.mark.django_db
def test_services_that_dealerships_share_have_one_pace() -> None:
    assert reserve(host="one-dsn.algolia.net", seconds=3) == 0
    assert reserve(host="two-dsn.algolia.net", seconds=3) == pytest.approx(3, abs=0.5)


@pytest.mark.django_db
def test_a_wait_that_is_too_long_is_told_and_takes_no_turn() -> None:
    reserve(host=HOST, seconds=60)
    waits = [reserve(host=HOST, seconds=60, at_most=20) for _ in range(3)]
    assert waits == [pytest.approx(60, abs=1)] * 3
    assert reserve(host=HOST, seconds=1, at_most=61) == pytest.approx(60, abs=1)


@pytest.mark.django_db
def test_a_site_that_asks_for_a_pause_gets_it_from_everybody_and_never_a_shorter_one() -> None:
    postpone(host=HOST, seconds=30)
    postpone(host="api.dealer.test", seconds=5)
    assert reserve(host=HOST, seconds=1, at_most=60) == pytest.approx(30, abs=1)


@pytest.mark.django_db(transaction=True)
def test_one_worker_at_a_time_asks_a_site() -> None:
    inside, most = [0], [0]

    def act() -> None:
        with hold_host(host=HOST):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.05)
            inside[0] -= 1

    assert at_once(*times(4, act)) == ["ok"] * 4
    assert (most, inside) == ([1], [0])
    assert HostPace.objects.get().holder is None


@pytest.mark.django_db
def test_who_waits_too_long_for_a_site_is_told_so_and_other_sites_are_free() -> None:
    with hold_host(host=HOST):
        with (
            pytest.raises(HostBusy, match=r"dealer\.test has been asked by another worker"),
            hold_host(host="dealer.test", patience=0.2),
        ):
            raise AssertionError
        with hold_host(host="www.other.test", patience=0):
            pass
    with hold_host(host=HOST, patience=0):
        pass


@pytest.mark.django_db
def test_a_hold_whose_worker_died_ends_by_itself_and_is_not_taken_from_its_next_owner() -> None:
    lost = hold_host(host=HOST, seconds=0.3)
    began = database_time()
    lost.__enter__()
    with hold_host(host=HOST, seconds=30):
        assert database_time() - began >= 0.3
        lost.__exit__(None, None, None)
        with pytest.raises(HostBusy), hold_host(host=HOST, patience=0):
            raise AssertionError


@pytest.mark.django_db
def test_a_hold_is_given_back_after_a_failure_and_keeps_the_pace() -> None:
    reserve(host=HOST, seconds=9)
    with pytest.raises(ZeroDivisionError), hold_host(host=HOST):
        raise ZeroDivisionError
    with hold_host(host=HOST, patience=0):
        pass
    assert reserve(host=HOST, seconds=9) == pytest.approx(9, abs=1)
