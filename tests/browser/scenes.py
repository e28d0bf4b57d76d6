"""What may be going on in a shop: made through the product's own operations, with the address where it is seen."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.urls import reverse
from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import ConditionGroup
from dealerships.models import Dealership
from inventory.domain.vin import check_digit
from orders.models import Order
from orders.operations.batch_planning import Choice
from orders.operations.batching import run_batch
from orders.operations.drafting import TypedOrder, save_draft
from orders.operations.reviewing import edit_line, leave_out_line
from tests.browser.conftest import make_user
from tests.browser.every_page import MAY_ALL
from tests.factories import import_rows, make_csv, make_dealership, make_order, make_row, make_vin
from tests.inventory.arrivals import import_file, rows_at

DEALERSHIPS, LINES, IN_BATCH = 200, 500, 40
_VIN = make_vin(number=5001)
OUTCOMES = [_VIN, _VIN.lower(), "S05004", "S05005", "S05040", "P6321", make_vin(number=5900), "X" * 18]


def scenes() -> dict[str, str]:
    """Addresses by name."""
    listed, reviewed, failed, waiting = _list_with_every_outcome(), _review_with_warnings(), _failed(), _waiting()
    held, problems = _held_dataset(), _import_with_problems()
    return {
        "order_create-list": _typed_list(Dealership.objects.get(name="Birch Street Cars"), OUTCOMES),
        "order_review-list": reverse("order_review", args=[listed.pk]),
        "order_review-warnings": reverse("order_review", args=[reviewed.pk]),
        "order_line_edit-warnings": reverse("order_line_edit", args=[reviewed.pk, 1]),
        "order_detail-failed": reverse("order_detail", args=[failed.pk]),
        "order_detail-waits": reverse("order_detail", args=[waiting.pk]),
        "import_dataset-held": reverse("import_dataset", args=[held]),
        "import_detail-problems": reverse("import_detail", args=[problems]),
        **of_the_admin(),
    }


def of_the_admin() -> dict[str, str]:
    """Where managers work in it."""
    change, dealership = "admin:dealerships_dealership_change", Dealership.objects.all()[0]
    return {
        "admin:dealership_list": reverse("admin:dealerships_dealership_changelist"),
        "admin:dealership_change": reverse(change, args=[dealership.pk]),
    }


def large_scenes() -> dict[str, str]:
    """Addresses by name, in a shop of `make_large_shop`."""
    lot = Dealership.objects.get(short_code="LOT199")
    return {"order_create-list": _typed_list(lot, [make_vin(number=n) for n in range(1, LINES + 1)]), **of_the_admin()}


def make_large_shop() -> dict[str, list[Any]]:
    """200 dealerships with a day's orders, one of 500 lines; arguments of addresses as the access table names them."""
    today = timezone.localdate()
    days = [f"{today + timedelta(days=later):%a}".lower() for later in range(2)]
    lots = [
        make_dealership(
            name=f"Number {number:03} Motors of Saint Louis County",
            short_code=f"LOT{number:03}",
            default_order_kind="cao",
            schedule_days=[days[number % 3 == 0]],
        )
        for number in range(DEALERSHIPS)
    ]
    rows = [row for number, lot in enumerate(lots) for row in rows_at(lot.name, 2 + number % 7, first=10 * number + 1)]
    rows += rows_at(lots[0].name, LINES, first=10_000)
    import_rows(rows=rows)
    order = make_order(dealership=lots[0], confirmed=True)
    batch = run_batch(choice=Choice("by name", tuple(lots[1 : IN_BATCH + 1])))
    return {"dealership": [lots[0].pk], "order": [order.pk], "line": [order.pk, 1], "batch": [batch.pk]}


def _lot(name: str, first: int, *cells: dict[str, str]) -> Dealership:
    """A dealership with a vehicle for each of the cells."""
    dealership = make_dealership(name=name)
    import_rows(rows=[make_row(number=first + at, location=name, **more) for at, more in enumerate(cells)])
    return dealership


def _list_with_every_outcome() -> Order:
    birch = _lot("Birch Street Cars", 5001, {}, {"Stock": "P6321"}, {"Stock": "P6321"}, {}, {"Type": "New"})
    make_order(dealership=birch, group=ConditionGroup.NEW)
    return make_order(dealership=birch, kind=OrderKind.LIST, entries=OUTCOMES)


def _typed_list(dealership: Dealership, entries: list[str]) -> str:
    """Where the person who looks has typed these entries."""
    typed = TypedOrder(
        key=uuid4(),
        writer=uuid4(),
        version=0,
        dealership=dealership,
        kind=OrderKind.LIST,
        group=ConditionGroup.ALL,
        entries="\n".join(entries),
        include_missing=False,
    )
    save_draft(user=make_user(MAY_ALL), typed=typed)
    return f"{reverse('order_create')}?dealership={dealership.pk}"


def _review_with_warnings() -> Order:
    wrong = make_vin(number=5105)
    wrong = wrong[:8] + next(digit for digit in "0123456789X" if digit != check_digit(wrong)) + wrong[9:]
    cells: list[dict[str, str]] = [{}, {"Vechile URL": ""}, {"Price": "Call for price"}, {"Price": "21"}]
    cells += [{"Vin": wrong}, {"Trim": "L" * 60}]
    maple = _lot("Maple Avenue Chrysler Dodge Jeep Ram", 5101, *cells)
    order = make_order(dealership=maple)
    first, second, *_ = order.lines.all()
    edit_line(line=first, version=first.version, changes={"trim": "Hand Picked", "price": "19995"})
    leave_out_line(line=second, version=second.version, reason="Sold this morning")
    return order


def _failed() -> Order:
    order = make_order(dealership=_lot("Cedar Street Motors", 5201, {}, {}))
    Order.objects.filter(pk=order.pk).update(
        state="failed",
        order_number="45120",
        error_code="E_QR_MISMATCH",
        error_text="Nothing was released: the QR code of line 2 reads differently from its address.",
    )
    return order


def _waiting() -> Order:
    order = make_order(dealership=_lot("Dogwood Street Motors", 5301, {}, {}))
    Order.objects.filter(pk=order.pk).update(state="queued", order_number="45121")
    return order


def _held_dataset() -> int:
    hazel = make_dealership(name="Hazel Street Motors")
    import_file(make_csv(rows=rows_at(hazel.name, 40, first=5401)), force=True)
    return import_file(make_csv(rows=rows_at(hazel.name, 6, first=5401))).datasets.get().pk


def _import_with_problems() -> int:
    linden = make_dealership(name="Linden Street Motors")
    rows = [
        *rows_at(linden.name, 8, first=5501),
        *rows_at("Lindin Strt Motors", 2, first=5601),
        make_row(number=5701, location=linden.name, Type="Gently loved"),
        make_row(number=5702, location=linden.name, Vin="1C4RJFAG"),
        make_row(number=5703, location=linden.name, Year="Jeep", Make="2025"),
        make_row(number=5704, location=linden.name, Status="Somewhere"),
    ]
    return import_file(make_csv(rows=rows), file_name="every lot of tuesday.csv").pk
