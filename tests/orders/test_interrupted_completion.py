import hashlib
import signal
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models.functions import Now

from foundation.errors import Refused
from orders.models import Artifact, OpenVin, Order, VinLogEntry
from orders.operations.completing import approve_order, complete_order
from tests.factories import make_dealership, make_order, make_vehicles
from tests.orders.released import decoded, qr_content, released_bytes
from tests.programs import run_program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FAIL_POINTS = [
    ("CSV written", False),
    ("first PNG written", False),
    ("files verified", False),
    ("folder renamed", False),
    ("artifacts inserted", False),
    ("VIN log inserted", False),
    ("state updated", False),
    ("open VINs deleted", False),
    ("event inserted", False),
    ("committed", True),
]


@pytest.fixture
def order() -> Order:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    return make_order(dealership=dealership)


def assert_everything_released_once(order: Order) -> None:
    order.refresh_from_db()
    vins = [line.vin for line in order.lines.all()]
    entries = VinLogEntry.objects.values_list("order", "vin")
    assert (order.state, list(entries)) == ("done", [(order.pk, vin) for vin in vins])
    digests = [hashlib.sha256(data).hexdigest() for data in released_bytes(order).values()]
    assert digests == list(order.artifacts.values_list("sha256", flat=True))
    assert len(digests) == 9
    assert [decoded(data)[1] for data in released_bytes(order, "qr").values()] == [
        [qr_content({"Vin": line.vin, "Vechile URL": line.url})] for line in order.lines.all()
    ]
    assert OpenVin.objects.count() == 0


def assert_nothing_released(order: Order) -> None:
    order.refresh_from_db()
    assert (order.state, OpenVin.objects.count()) == ("processing", 3)
    assert (Artifact.objects.count(), VinLogEntry.objects.count()) == (0, 0)


def wait_for_the_lease(order: Order) -> None:
    deadline = time.monotonic() + 10
    while not Order.objects.filter(pk=order.pk, lease_until__lt=Now()).exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize(("place", "is_released"), FAIL_POINTS, ids=[place for place, _ in FAIL_POINTS])
def test_a_kill_leaves_nothing_or_all_and_a_retry_releases_everything_once(
    order: Order, place: str, *, is_released: bool
) -> None:
    program = ["-m", "tests.orders.dying_program", place, "complete_order", str(order.pk), "--order-number", "45001"]
    killed = run_program(*program, lease_seconds=1)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    if is_released:
        assert_everything_released_once(order)
        with pytest.raises(Refused, match="is done"):
            complete_order(order=approve_order(order=order, order_number="45001"))
    else:
        assert_nothing_released(order)
        wait_for_the_lease(order)
        complete_order(order=approve_order(order=order, order_number="45001"))
    assert_everything_released_once(order)


def test_nobody_else_takes_an_order_while_its_owner_may_still_live(order: Order) -> None:
    program = ["-m", "tests.orders.dying_program", "files verified", "complete_order", str(order.pk)]
    run_program(*program, "--order-number", "45001", lease_seconds=3600)
    with pytest.raises(Refused, match="another worker owns it until") as raised:
        complete_order(order=order)
    assert raised.value.code == "not_claimable"
    assert_nothing_released(order)


def test_a_full_disk_fails_the_order_with_the_reason_leaves_nothing_and_a_retry_works(order: Order) -> None:
    program = ["manage.py", "complete_order", str(order.pk), "--order-number", "45001"]
    failed = run_program(*program, most_file_bytes=1000)
    order.refresh_from_db()
    reason = "The files could not be written: File too large. Free space or mend the folder, then retry."
    assert (failed.returncode, failed.stdout, failed.stderr.splitlines()[-1]) == (1, "", reason)
    assert (order.state, order.error_text, order.token) == ("failed", reason, None)
    assert (Artifact.objects.count(), VinLogEntry.objects.count()) == (0, 0)
    assert [path for path in Path(settings.ORDERS_DIR).rglob("*") if path.is_file()] == []
    done = run_program(*program)
    assert (done.returncode, done.stdout) == (0, f"Order {order.pk} (45001) is done: 9 files, 3 VINs logged.\n")
    assert_everything_released_once(order)
