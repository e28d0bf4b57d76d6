"""Each rule of the data is broken for real and must be found, in words that name the place."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from inventory.models import Dataset, InventoryImport, Vehicle
from jobs.models import Job
from orders.models import Artifact, Batch, OpenVin, Order, OrderLine, VinLogEntry
from orders.operations.batch_planning import Choice
from orders.operations.batching import run_batch
from orders.operations.completing import cancel_order, void_order
from orders.operations.reviewing import leave_out_line
from silverfox.system.integrity import Violation, find_violations, rules
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles, make_vin

pytestmark = pytest.mark.django_db


class Shop:
    """Two dealerships: one with a done and an open order, the other with inventory only."""

    def __init__(self) -> None:
        self.elm, self.oak = make_dealership(), make_dealership(name="Oak Street Motors", default_order_kind="cao")
        make_vehicles(dealership=self.elm, count=2)
        make_vehicles(dealership=self.oak, count=2, first=11)
        self.done = finish_order(order=make_order(dealership=self.elm))
        make_vehicles(dealership=self.elm, count=2, first=21)
        self.open = make_order(dealership=self.elm)

    def file(self, kind: str) -> Path:
        return Path(settings.ORDERS_DIR) / self.done.artifacts.filter(kind=kind)[0].path


@pytest.fixture
def shop() -> Shop:
    return Shop()


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_shop_at_work_breaks_no_rule(shop: Shop) -> None:
    third = make_order(dealership=shop.oak)
    leave_out_line(line=third.lines.all()[0], version=1, reason="sold")
    void_order(order=finish_order(order=third, order_number="45002"), reason="wrong paper")
    make_vehicles(dealership=shop.oak, count=1, first=31)
    cancel_order(order=make_order(dealership=shop.oak))
    make_order(dealership=shop.oak, kind=OrderKind.LIST, entries=[make_vin(number=90)], include_missing=True)
    unlogged = finish_order(order=shop.open, order_number="45003", log_vins=False, reason="test print")
    log_vins(dealership=shop.elm, vins=[make_vin(number=70)])
    assert (unlogged.state, find_violations(verify=True)) == ("done", [])


def second_active_dataset(shop: Shop) -> None:
    sql("DROP INDEX one_active_dataset_per_dealership")
    shop.elm.datasets.update(status=Dataset.Status.ACTIVE)


def vehicle_lost(shop: Shop) -> None:
    Vehicle.objects.filter(dataset__dealership=shop.oak)[0].delete()


def import_miscounted(shop: Shop) -> None:
    inventory_import = InventoryImport.objects.get(datasets__dealership=shop.oak)
    inventory_import.rows_accepted, inventory_import.rows_rejected = 1, 1
    inventory_import.save()


def dataset_of_another(shop: Shop) -> None:
    Order.objects.filter(pk=shop.open.pk).update(dataset=Dataset.objects.get(dealership=shop.oak))
    OrderLine.objects.filter(order=shop.open).update(is_placeholder=True)


def line_from_elsewhere(shop: Shop) -> None:
    line = shop.open.lines.all()[0]
    OpenVin.objects.filter(vin=line.vin).update(vin=make_vin(number=80))
    OrderLine.objects.filter(pk=line.pk).update(vin=make_vin(number=80))


def image_unrecorded(shop: Shop) -> None:
    shop.done.artifacts.filter(kind=Artifact.Kind.QR)[0].delete()


def table_unrecorded(shop: Shop) -> None:
    shop.done.artifacts.filter(kind=Artifact.Kind.CSV).delete()


def files_of_an_open_order(shop: Shop) -> None:
    shop.done.artifacts.filter(kind=Artifact.Kind.BILLING, name__endswith=".xlsx").update(order=shop.open)


def file_removed(shop: Shop) -> None:
    shop.file("qr").unlink()


def file_cut(shop: Shop) -> None:
    shop.file("csv").write_bytes(b"short")


def print_unlogged(shop: Shop) -> None:
    sql("ALTER TABLE orders_vinlogentry DISABLE TRIGGER USER")
    VinLogEntry.objects.all()[0].delete()


def log(shop: Shop, order: Order, vin: str, dealership: Dealership | None = None) -> None:
    values = {"label": "x", "source": VinLogEntry.Source.ORDER}
    VinLogEntry.objects.create(dealership=dealership or order.dealership, order=order, vin=vin, **values)


def open_order_logged(shop: Shop) -> None:
    log(shop, shop.open, shop.open.lines.all()[0].vin)


def unprinted_vehicle_logged(shop: Shop) -> None:
    log(shop, shop.done, make_vin(number=80))


def logged_against_the_wish(shop: Shop) -> None:
    Order.objects.filter(pk=shop.done.pk).update(log_vins=False, log_skip_reason="test print")


def voided_order_in_force(shop: Shop) -> None:
    Order.objects.filter(pk=shop.done.pk).update(state="voided")


def vin_taken_by_a_done_order(shop: Shop) -> None:
    OpenVin.objects.create(dealership=shop.elm, order=shop.done, vin=shop.done.lines.all()[0].vin)


def vin_not_taken(shop: Shop) -> None:
    OpenVin.objects.filter(order=shop.open)[0].delete()


def batch_of(shop: Shop) -> Batch:
    """A batch with one order in review, that of the other dealership."""
    return run_batch(choice=Choice("by name", (shop.oak,)))


def batch_state_drifted(shop: Shop) -> None:
    Batch.objects.filter(pk=batch_of(shop).pk).update(state="processing")


def order_without_its_entry(shop: Shop) -> None:
    batch = batch_of(shop)
    Order.objects.filter(pk=shop.open.pk).update(batch=batch)


def entry_of_another_batch(shop: Shop) -> None:
    Order.objects.filter(batch=batch_of(shop)).update(batch=None)
    Batch.objects.update(state="completed")


def owner_of_a_waiting_job(shop: Shop) -> None:
    Job.objects.create(kind="note", token=uuid.uuid4(), lease_until=Now())


def processing_without_owner(shop: Shop) -> None:
    Order.objects.filter(pk=shop.open.pk).update(state="processing")


FAULTS: list[tuple[Callable[[Shop], None], str, str]] = [
    (second_active_dataset, "one active dataset per dealership", "Elm Street Motors has 2 active datasets."),
    (vehicle_lost, "accepted rows are vehicles", "accepted 2 rows and holds 1 vehicles."),
    (import_miscounted, "imports count what their datasets do", "accepted 1 rows, its datasets 2."),
    (dataset_of_another, "orders use their own dealership's dataset", "of Oak Street Motors."),
    (line_from_elsewhere, "lines are vehicles of the order's dataset", "line 1 is no vehicle of its dataset."),
    (image_unrecorded, "released orders have all files on record", "2 printed lines; on record are 1 CSV, 1 QR"),
    (table_unrecorded, "released orders have all files on record", "2 printed lines; on record are 0 CSV, 2 QR"),
    (files_of_an_open_order, "only released orders have files on record", "is review and has files on record."),
    (file_removed, "files on record are on disk", ".png is missing on disk."),
    (file_cut, "files on record are on disk", ".csv has 5 bytes instead of"),
    (print_unlogged, "printed lines are logged", "line 1 was printed and is not logged."),
    (open_order_logged, "log entries of orders are prints", "(review), which did not print"),
    (unprinted_vehicle_logged, "log entries of orders are prints", "(done), which did not print"),
    (logged_against_the_wish, "log entries of orders are prints", "(done), which did not print"),
    (voided_order_in_force, "void orders log nothing", "is void."),
    (vin_taken_by_a_done_order, "taken VINs belong to open orders", "(done) without need."),
    (vin_not_taken, "open orders take their VINs", "is open and its line 1 takes no VIN."),
    (batch_state_drifted, "batches are what their orders make", "is processing; its orders make it review."),
    (order_without_its_entry, "orders of a batch stand in its entries", "is not that of its entry there."),
    (entry_of_another_batch, "orders of a batch stand in its entries", "is not that of its entry there."),
    (owner_of_a_waiting_job, "who runs has an owner", "is queued, which does not fit its owner."),
    (processing_without_owner, "who runs has an owner", "is processing, which does not fit its owner."),
]


def found_after(fault: Callable[[Shop], None], shop: Shop) -> list[Violation]:
    """What is found with that one fault; the fault is taken back."""
    files = {path: path.read_bytes() for path in (shop.file("csv"), shop.file("qr"))}
    with transaction.atomic():
        fault(shop)
        found = find_violations()
        transaction.set_rollback(True)
    for path, data in files.items():
        path.write_bytes(data)
    return found


def test_every_broken_rule_is_found_and_no_other(shop: Shop) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    for fault, rule, words in FAULTS:
        found = found_after(fault, shop)
        assert [(item.rule, words in item.sentence) for item in found[:1]] == [(rule, True)], (fault.__name__, found)
        assert {item.rule for item in found} == {rule}, fault.__name__
    assert find_violations() == []


def test_every_rule_is_broken_by_a_test() -> None:
    tested = {rule for _, rule, _ in FAULTS} | {"files on record are unaltered"}
    assert tested == {rule.name for rule in rules(verify=True)}


def test_an_altered_file_of_the_same_size_is_found_by_its_sha256_only(shop: Shop) -> None:
    path = shop.file("csv")
    path.write_bytes(path.read_bytes().replace(b"RENEGADE", b"Renegade"))
    assert find_violations() == []
    (violation,) = find_violations(verify=True)
    assert violation.rule == "files on record are unaltered"
    assert violation.sentence.startswith(f"Order {shop.done.pk}: ")


def test_one_rule_names_at_most_a_hundred_places(shop: Shop) -> None:
    Job.objects.bulk_create(Job(kind="note", subject_id=n, token=uuid.uuid4()) for n in range(120))
    assert len(find_violations()) == 100


def test_the_number_of_queries_does_not_grow_with_the_data(shop: Shop) -> None:
    batch_of(shop)
    with CaptureQueriesContext(connection) as queries:
        find_violations()
    make_vehicles(dealership=shop.oak, count=8, first=51)
    lots = [make_dealership(name=f"Lot {number}", default_order_kind="cao") for number in range(4)]
    for number, dealership in enumerate(lots):
        make_vehicles(dealership=dealership, first=100 * (number + 1))
    for number, dealership in enumerate(lots[:2]):
        finish_order(order=make_order(dealership=dealership), order_number=f"4600{number}")
        run_batch(choice=Choice("by name", (lots[number + 2],)))
    with CaptureQueriesContext(connection) as more:
        find_violations()
    assert len(more) == len(queries)
