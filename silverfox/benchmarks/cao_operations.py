"""Measures a CAO: the selection of one dealership's lot against one look into the VIN log per vehicle."""

from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from dealerships.domain.rules import Condition, ConditionGroup
from dealerships.models import Dealership
from foundation.errors import Refused
from inventory.domain.facts import LotStatus
from inventory.models import Dataset, FirstSeen, Vehicle
from orders.domain.selection import Candidate, Selection, select
from orders.models import OpenVin, VinLogEntry
from orders.operations.selecting import load_candidates, log_remark, require_rules
from silverfox.benchmarks.comparing import Comparison, compare
from silverfox.benchmarks.data import make_vin
from silverfox.benchmarks.import_operations import make_dealerships, make_import, rolled_back

RATIO = 20
_BATCH = 2000
# Of ten vehicles on the lot, nine have their graphics.
_PRINTED_OF_TEN = 9


def compare_selections(*, vehicles: int, log_entries: int, rounds: int) -> Comparison:
    """The selection as orders make it against the same with a query per VIN; the database stays as it was."""
    today = timezone.localdate()
    with rolled_back():
        dataset = make_lot(vehicles=vehicles, log_entries=log_entries)
        if select_at_once(dataset, today) != select_one_by_one(dataset, today):
            raise Refused("The two ways select different vehicles; their times say nothing.", code="different_results")
        return compare(
            ours=("load_candidates and select", lambda: _discard(select_at_once(dataset, today))),
            peer=("one query of the VIN log per VIN", lambda: _discard(select_one_by_one(dataset, today))),
            rounds=rounds,
            target=RATIO,
        )


def make_lot(*, vehicles: int, log_entries: int) -> Dataset:
    """A dealership's active dataset of so many vehicles on the lot, and its log, with most of them in it."""
    dealership = make_dealerships()[0]
    dealership.conditions = [Condition.NEW]
    dealership.save()
    item = make_import()
    dataset = Dataset.objects.create(
        inventory_import=item, dealership=dealership, collected_at=item.collected_at, status=Dataset.Status.ACTIVE
    )
    vins = [make_vin(number) for number in range(vehicles)]
    Vehicle.objects.bulk_create(_vehicle(dataset, number, vin) for number, vin in enumerate(vins, start=1))
    day = timezone.localdate() - timedelta(days=30)
    FirstSeen.objects.bulk_create(FirstSeen(dealership=dealership, vin=vin, first_seen_date=day) for vin in vins)
    printed = [vin for number, vin in enumerate(vins) if number % 10 < _PRINTED_OF_TEN][:log_entries]
    gone = [make_vin(number) for number in range(vehicles, vehicles + log_entries - len(printed))]
    VinLogEntry.objects.bulk_create(
        (_log_entry(dealership, number, vin) for number, vin in enumerate([*gone, *printed])), batch_size=_BATCH
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inventory_vehicle, inventory_firstseen, orders_vinlogentry")
    return dataset


def _vehicle(dataset: Dataset, number: int, vin: str) -> Vehicle:
    return Vehicle(
        dataset=dataset,
        row_number=number,
        vin=vin,
        stock=f"B{number}",
        condition=Condition.NEW,
        lot_status=LotStatus.ON_LOT,
        year=2026,
        make="Jeep",
        model="Wrangler",
    )


def _log_entry(dealership: Dealership, number: int, vin: str) -> VinLogEntry:
    return VinLogEntry(
        dealership=dealership, vin=vin, label=str(40_000 + number // 20), source=VinLogEntry.Source.IMPORT
    )


def select_at_once(dataset: Dataset, today: date) -> Selection:
    """The selection by the one path that every order takes."""
    candidates = load_candidates(dealership=dataset.dealership, dataset=dataset)
    rules = require_rules(dealership=dataset.dealership)
    return select(candidates.values(), rules, ConditionGroup.ALL, today=today)


def select_one_by_one(dataset: Dataset, today: date) -> Selection:
    """The same selection with a query of the VIN log for every vehicle."""
    dealership = dataset.dealership
    first_seen = dict(FirstSeen.objects.filter(dealership=dealership).values_list("vin", "first_seen_date"))
    open_orders = dict(OpenVin.objects.filter(dealership=dealership).values_list("vin", "order_id"))
    candidates = []
    for vehicle in Vehicle.objects.filter(dataset=dataset).order_by("row_number"):
        entries = VinLogEntry.objects.in_force().for_dealership(dealership).filter(vin=vehicle.vin)
        entry = entries.order_by("-id").first()
        order_id = open_orders.get(vehicle.vin)
        candidates.append(
            Candidate(
                facts=vehicle.facts(),
                first_seen_date=first_seen.get(vehicle.vin),
                log_remark=log_remark(entry) if entry else "",
                open_order_remark=f"stands in open order {order_id}" if order_id else "",
            )
        )
    return select(candidates, require_rules(dealership=dealership), ConditionGroup.ALL, today=today)


def _discard(_: Selection) -> None:
    return None
