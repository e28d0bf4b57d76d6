"""Loads the demonstration through the verbs that a shop uses, all or nothing."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import Condition, ConditionGroup
from dealerships.models import Dealership
from dealerships.operations import find_dealership, load_dealerships
from foundation.errors import Refused
from inventory.domain.facts import INVENTORY_HEADER, RawFields
from inventory.models import Dataset, InventoryImport, Vehicle
from inventory.operations.importing import run_import
from inventory.operations.registering import register_import
from orders.models import Order, VinLogEntry
from orders.operations.completing import approve_order, complete_order
from orders.operations.preparing import OrderRequest, create_order
from orders.operations.selecting import select_for_cao
from orders.operations.vin_logs import import_vin_log
from silverfox.demo.catalogue import LotPlan, load_plans
from silverfox.demo.logs import build_log
from silverfox.demo.lots import Lot, Seller, build_lot
from silverfox.demo.users import Login, make_users

SOURCE = "demo"
_FIRST_LABEL, _LABELS_PER_LOG = 40_000, 100
_FIRST_ORDER_NUMBER = _FIRST_LABEL + _LABELS_PER_LOG * 50
_FEWEST_PRINTED, _MOST_PRINTED = 4, 14


@dataclass(frozen=True)
class DemoResult:
    dealerships: int
    vehicles: int
    log_entries: int
    orders: int
    users: Sequence[Login]


def load_demo(*, now: datetime, with_users: bool = True, plans: Sequence[LotPlan] | None = None) -> DemoResult:
    """Fill an unused installation: yesterday's inventory, logs and finished orders, then today's inventory.

    Without `plans` every dealership with a website gets its lot. Raises `Refused` with DATABASE_URL, when the demo
    is loaded already, or when anybody has worked with this installation.
    """
    _refuse_real_installation()
    with transaction.atomic():
        load_dealerships()
        users = make_users() if with_users else []
        lots = _build_lots(load_plans() if plans is None else plans, timezone.localdate(now))
        actor = User.objects.filter(username="staff").first() if with_users else None
        _import((row for _, _, lot in lots for row in (*lot.standing, *lot.sold)), now - timedelta(days=1), actor)
        for plan, dealership, lot in lots:
            _fill_log(plan, dealership, lot, timezone.localdate(now), actor)
        _complete_orders([dealership for _, dealership, _ in lots], actor)
        _import((row for _, _, lot in lots for row in (*lot.standing, *lot.arrivals)), now, actor)
        return DemoResult(
            dealerships=Dataset.objects.active().count(),
            vehicles=Vehicle.objects.active().count(),
            log_entries=VinLogEntry.objects.count(),
            orders=Order.objects.count(),
            users=users,
        )


def _refuse_real_installation() -> None:
    if not settings.EMBEDDED_DATABASE:
        raise Refused(
            "DATABASE_URL is set: the demo goes into an installation with its embedded database only. Nothing was "
            "changed.",
            code="external_database",
        )
    if InventoryImport.objects.filter(source=SOURCE).exists():
        raise Refused(
            "The demo is loaded already; nothing was changed. For a fresh one, start with an empty VAR_DIR.",
            code="already_loaded",
        )
    used = {
        "users": User.objects.count(),
        "imports": InventoryImport.objects.count(),
        "orders": Order.objects.count(),
        "VIN log entries": VinLogEntry.objects.count(),
    }
    found = ", ".join(f"{number:,} {name}" for name, number in used.items() if number)
    if found:
        raise Refused(
            f"This installation is in use ({found}); the demo would mix with its data. Nothing was changed. "
            "Load it with an empty VAR_DIR.",
            code="real_data",
        )


def _build_lots(plans: Iterable[LotPlan], today: date) -> list[tuple[LotPlan, Dealership, Lot]]:
    lots = []
    for plan in plans:
        dealership = find_dealership(name=plan.dealership)
        seller = Seller(
            name=dealership.name,
            host=dealership.approved_hosts[0],
            conditions=frozenset(map(Condition, dealership.conditions or ())),
            seasoning_days=dealership.seasoning_days,
        )
        lots.append((plan, dealership, build_lot(plan, seller, today=today)))
    return lots


def _import(rows: Iterable[RawFields], collected_at: datetime, actor: User | None) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(INVENTORY_HEADER)
    writer.writerows(rows)
    item = register_import(
        stream=io.BytesIO(text.getvalue().encode()),
        file_name=f"demo_{timezone.localdate(collected_at):%Y-%m-%d}.csv",
        source=SOURCE,
        collected_at=collected_at,
        actor=actor,
    )
    run_import(inventory_import=item, actor=actor)


def _fill_log(plan: LotPlan, dealership: Dealership, lot: Lot, today: date, actor: User | None) -> None:
    """Log what the dealership has printed: all it could, but the newest where an order of yesterday follows."""
    printed: list[str] = []
    for group in dealership.order_groups() if dealership.conditions else ():
        selected = select_for_cao(dealership=dealership, group=group, today=today).selected
        oldest_first = sorted(selected, key=lambda candidate: candidate.facts.date_in_stock or date.min)
        due = _FEWEST_PRINTED + 7 * plan.number % (_MOST_PRINTED - _FEWEST_PRINTED) if dealership.schedule_days else 0
        printed += [candidate.facts.vin for candidate in oldest_first[: len(oldest_first) - due]]
    data = build_log(
        printed,
        lot.gone_vins,
        number=plan.number,
        first_label=_FIRST_LABEL + _LABELS_PER_LOG * plan.number,
        today=today,
    )
    import_vin_log(dealership=dealership, data=data, file_name=f"{dealership.short_code}_VINLOG.csv", actor=actor)


def _complete_orders(dealerships: Iterable[Dealership], actor: User | None) -> None:
    scheduled = [dealership for dealership in dealerships if dealership.schedule_days and dealership.conditions]
    requests = [(dealership, group) for dealership in scheduled for group in dealership.order_groups()]
    for number, (dealership, group) in enumerate(requests, start=_FIRST_ORDER_NUMBER):
        _complete_order(dealership, group, str(number), actor)


def _complete_order(dealership: Dealership, group: ConditionGroup, number: str, actor: User | None) -> None:
    request = OrderRequest(dealership=dealership, kind=OrderKind.CAO, group=group, confirmed=True, actor=actor)
    order, _ = create_order(request)
    approve_order(order=order, order_number=number, actor=actor)
    complete_order(order=order, actor=actor)
