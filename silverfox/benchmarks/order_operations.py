"""Measures whole orders: approved orders to released files and VIN log, against a usual program that writes files."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import Condition
from dealerships.models import Dealership, PathProfile
from inventory.domain.facts import LotStatus
from inventory.models import Dataset, InventoryImport, RawVehicle, Vehicle
from orders.domain.lines import OrderContent
from orders.models import Order, VinLogEntry
from orders.operations.checking import order_content
from orders.operations.completing import approve_order, complete_order
from orders.operations.preparing import OrderRequest, create_order
from silverfox.benchmarks import naive
from silverfox.benchmarks.comparing import Comparison, compare
from silverfox.benchmarks.data import make_vin
from silverfox.benchmarks.import_operations import make_import, rolled_back

RATIO = 5
# What one completion commits: the claim and the release; it is too short for its lease to be renewed.
_COMMITS = 2
_BATCH = 2000
_CONDITIONS = (Condition.NEW, Condition.NEW, Condition.PRE_OWNED, Condition.CERTIFIED)


def compare_orders(*, orders: int, vehicles: int, rounds: int) -> Comparison:
    """So many orders of so many vehicles each, by us and as files only; database and disk stay as they were.

    Ours ends with files that were read back, made durable and published, and with the VIN log. All of it is rolled
    back, so every commit is stood for by one that leaves nothing and waits for the disk just as long.
    """
    with rolled_back(), _no_files_left() as (folder, made), closing(connection.copy()) as side:
        item = make_import()
        for number in range(orders * rounds):
            made.append(approved_order(item, number, vehicles))
        batches = [made[start : start + orders] for start in range(0, len(made), orders)]
        contents = [order_content(order) for order in batches[0]]
        waiting = iter(batches)
        return compare(
            ours=("complete_order: files, proof, VIN log", lambda: _complete(next(waiting), side)),
            peer=("qrcode, csv, zipfile: files only", lambda: _write_naively(contents, folder)),
            rounds=rounds,
            target=RATIO,
        )


@contextmanager
def _no_files_left() -> Iterator[tuple[Path, list[Order]]]:
    """A folder for the peer, beside that of the orders, and a list of orders whose files are to go."""
    made: list[Order] = []
    root = Path(settings.ORDERS_DIR)
    with tempfile.TemporaryDirectory(dir=root, prefix=".benchmark-") as folder:
        try:
            yield Path(folder), made
        finally:
            for order in made:
                shutil.rmtree(root / str(order.pk), ignore_errors=True)


def approved_order(item: InventoryImport, number: int, vehicles: int) -> Order:
    dealership = make_dealership_with_lot(item, number, vehicles)
    order, _ = create_order(OrderRequest(dealership=dealership, kind=OrderKind.CAO, confirmed=True))
    return approve_order(order=order, order_number=f"benchmark {number}")


def make_dealership_with_lot(item: InventoryImport, number: int, vehicles: int) -> Dealership:
    """The dealership of that number with so many vehicles on its lot, none of them printed."""
    dealership = _dealership(number)
    _fill_lot(item, dealership, range(number * vehicles, (number + 1) * vehicles))
    return dealership


def fill_log(dealership: Dealership, numbers: range) -> None:
    """Log the vehicles of those numbers, 20 to an order."""
    entries = (
        VinLogEntry(
            dealership=dealership, vin=make_vin(n), label=str(40_000 + n // 20), source=VinLogEntry.Source.IMPORT
        )
        for n in numbers
    )
    VinLogEntry.objects.bulk_create(entries, batch_size=_BATCH)


def _dealership(number: int) -> Dealership:
    base = r"C:\Users\Designer\Documents\QRS"
    profile, _ = PathProfile.objects.get_or_create(name="Benchmark", defaults={"base": base})
    code = f"BENCHMARK_{number}"
    return Dealership.objects.create(
        name=f"Benchmark Motors {number}",
        short_code=code,
        file_name=code,
        default_order_kind=OrderKind.CAO,
        conditions=[Condition.NEW, Condition.PRE_OWNED, Condition.CERTIFIED],
        template_new_id="shortcut_pack",
        template_used_id="shortcut_pack",
        path_profile=profile,
    )


def _fill_lot(item: InventoryImport, dealership: Dealership, numbers: Iterable[int]) -> None:
    dataset = Dataset.objects.create(
        inventory_import=item, dealership=dealership, collected_at=item.collected_at, status=Dataset.Status.ACTIVE
    )
    lot = list(enumerate(map(make_vin, numbers), start=1))
    RawVehicle.objects.bulk_create(RawVehicle(dataset=dataset, row_number=row, vin=vin) for row, vin in lot)
    Vehicle.objects.bulk_create(
        Vehicle(
            dataset=dataset,
            row_number=row,
            vin=vin,
            stock=f"B{row:05}",
            condition=_CONDITIONS[row % len(_CONDITIONS)],
            lot_status=LotStatus.ON_LOT,
            year=2026,
            make="Jeep",
            model="Wrangler",
            trim="Sahara",
            url=f"https://www.benchmark.example/inventory/jeep-wrangler-{vin.lower()}/",
        )
        for row, vin in lot
    )


def _complete(orders: Iterable[Order], side: BaseDatabaseWrapper) -> None:
    for order in orders:
        complete_order(order=order)
        connection.check_constraints()  # as a commit would
        with side.cursor() as cursor:
            for _ in range(_COMMITS):
                cursor.execute("SELECT pg_logical_emit_message(true, 'benchmark', '')")


def _write_naively(contents: Iterable[OrderContent], folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as target:
        for number, content in enumerate(contents):
            naive.write_order(content, Path(target) / str(number))
