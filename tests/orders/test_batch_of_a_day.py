"""A day of the schedule from the lots to the files: a priced layout, a markup, text rewrites and an edit in review."""

from datetime import date

import pytest

from dealerships.operations import add_built_in_rewrites
from orders.models import VinLogEntry
from orders.operations.batch_planning import choose_dealerships
from orders.operations.batching import run_batch
from orders.operations.reviewing import edit_line
from tests.factories import import_rows, make_dealership, make_row, make_vehicles
from tests.orders.batches import finish, orders_of
from tests.orders.released import csv_rows, decoded, released_bytes

pytestmark = pytest.mark.django_db(transaction=True)
LINES = 21


def test_a_day_with_a_priced_and_rewritten_dealership_fills_every_cell_and_writes_the_log() -> None:
    glen = make_dealership(
        name="Glen CDJR",
        conditions=["po", "cpo"],
        default_order_kind="cao",
        price_markup=2000,
        price_required=True,
        schedule_days=["tue", "thu"],
        template_new="priced_shortcut_pack",
        template_used="priced_shortcut_pack",
        text_rewrites=True,
    )
    add_built_in_rewrites(dealership=glen)
    texts = [("Wrangler Unlimited", "Sahara"), ("Compass", "L Sport"), ("1500", "Laramie 5'7 BOX")]
    rows = [
        make_row(number=number, location=glen.name, Model=model, Trim=trim, Price=str(20000 + number))
        for number, (model, trim) in enumerate(texts * 7, start=1)
    ]
    other = make_dealership(name="Oak Motors", default_order_kind="cao", schedule_days=["tue"])
    import_rows(rows=[*rows, make_row(number=99, location=glen.name, Price="Call")])
    make_vehicles(dealership=other, count=1, first=501)

    batch = run_batch(choice=choose_dealerships(day="tue", today=date(2025, 7, 15)))
    order, _ = orders_of(batch)
    edit_line(line=order.lines.get(seq=5), version=1, changes={"price": "17500"})
    batch = finish(batch)
    order, second = orders_of(batch)

    [sheet] = released_bytes(order, "csv").values()
    header, *cells = csv_rows(sheet)
    assert (len(cells), all(all(row) for row in cells)) == (LINES, True)
    printed = [dict(zip(header, row, strict=True)) for row in cells]
    prices = [20000 + number + 2000 for number in range(1, LINES + 1)]
    prices[4] = 17500 + 2000
    assert [int("".join(filter(str.isdigit, row["PRICE"]))) for row in printed] == prices
    assert [row["TRIM"] for row in printed[:3]] == ["Unlimited Sahara", "L Sport", "Laramie"]
    assert printed[0]["YEARMODEL"] == "2022 WRANGLER"
    images = released_bytes(order, "qr")
    assert {name.rpartition("/")[2] for name in images} == {f"{row['Vin']}.png" for row in rows}
    assert all(len(decoded(data)[1]) == 1 for data in images.values())
    logged = VinLogEntry.objects.filter(order=order).values_list("vin", "label")
    assert list(logged) == [(row["Vin"], "45001") for row in rows]
    assert (batch.state, second.order_number, batch.summary.data["totals"]["vin_log_added"]) == (
        "completed",
        "45002",
        22,
    )
