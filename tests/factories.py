"""Makers of dealerships, inventory, logs and orders for tests: through the product's own operations, one call each.

All vehicles are made up. `number` tells them apart: the same number gives the same VIN, stock number and address.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import ConditionGroup, fold_text
from dealerships.models import Dealership, OutputTemplate, PathProfile
from inventory.domain.facts import INVENTORY_HEADER
from inventory.domain.normalisation import DEFAULT_CONDITIONS, DEFAULT_LOT_STATUSES, DEFAULT_PRICE_PHRASES
from inventory.domain.vin import check_digit
from inventory.models import ConditionMapping, Dataset, InventoryImport, LotStatusMapping, PricePhrase
from inventory.operations.importing import run_import
from inventory.operations.registering import register_import
from orders.models import Order
from orders.operations.completing import approve_order, complete_order
from orders.operations.output_templates import save_version
from orders.operations.preparing import OrderRequest, create_order
from orders.operations.vin_logs import LogImport, import_vin_log

YEAR_CODES = dict(zip(range(2010, 2027), "ABCDEFGHJKLMNPRST", strict=True))
BASE = r"C:\Users\Nick_Workstation\Documents\QRS"


def make_vin(*, number: int, year: int = 2022) -> str:
    """A VIN with the right check digit and year code."""
    blank = f"1C4RJFAG0{YEAR_CODES[year]}C{number:06d}"
    return f"{blank[:8]}{check_digit(blank)}{blank[9:]}"


def make_dealership(*, name: str = "Elm Street Motors", **fields: Any) -> Dealership:
    """A dealership that may order all conditions, with a path profile; any field is replaceable by name.

    Output templates are named by code; an empty one is none.
    """
    profile, _ = PathProfile.objects.get_or_create(name="Nick", defaults={"base": BASE})
    values: dict[str, Any] = {
        "short_code": name.upper().replace(" ", ""),
        "file_name": name.replace(" ", "_"),
        "conditions": ["new", "po", "cpo"],
        "template_new": "shortcut_pack",
        "template_used": "shortcut_pack",
        "path_profile": profile,
    }
    values |= fields
    codes = {f"{key}_id": values.pop(key) or None for key in ("template_new", "template_used")}
    return Dealership.objects.create(name=name, **values, **codes)


def make_row(*, number: int, location: str, **cells: str) -> dict[str, str]:
    """One row of an inventory file: a used Jeep on the lot. Cells are replaced by column name."""
    year = cells.get("Year", "2022")
    vin = make_vin(number=number, year=int(year) if year.isdigit() and int(year) in YEAR_CODES else 2022)
    row = dict.fromkeys(INVENTORY_HEADER, "") | {
        "Vin": vin,
        "Stock": f"S{number:05d}",
        "Type": "Used",
        "Year": "2022",
        "Make": "Jeep",
        "Model": "Renegade",
        "Trim": "Latitude",
        "Ext Color": "Red",
        "Status": "In-Stock",
        "Price": "21995",
        "Location": location,
        "Vechile URL": f"https://www.elm-street.example/used/{vin.lower()}/",
    }
    return row | cells


def make_csv(*, rows: Iterable[dict[str, str]]) -> bytes:
    """An inventory file in the shop's 21 columns."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, INVENTORY_HEADER, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def import_rows(*, rows: Iterable[dict[str, str]], collected_at: datetime | None = None) -> InventoryImport:
    """Import a file with these rows and activate its datasets, whatever the gates say."""
    ensure_mappings()
    stream = io.BytesIO(make_csv(rows=rows))
    inventory_import = register_import(stream=stream, file_name="generated.csv", collected_at=collected_at)
    return run_import(inventory_import=inventory_import, force=True)


def make_vehicles(
    *, dealership: Dealership, count: int = 3, first: int = 1, collected_at: datetime | None = None, **cells: str
) -> list[str]:
    """An active dataset of `count` vehicles that differ by number only; gives their VINs in row order."""
    numbers = range(first, first + count)
    rows = [make_row(number=number, location=dealership.name, **cells) for number in numbers]
    import_rows(rows=rows, collected_at=collected_at)
    return [row["Vin"] for row in rows]


def active_dataset_of(*, dealership: Dealership) -> Dataset:
    return Dataset.objects.active().get(dealership=dealership)


def ensure_mappings() -> None:
    """The start content of the mapping tables, which a test that commits takes away for the tests behind it."""
    if ConditionMapping.objects.exists():
        return
    ConditionMapping.objects.bulk_create(
        ConditionMapping(text=text, folded=fold_text(text), condition=condition)
        for text, condition in DEFAULT_CONDITIONS.items()
    )
    LotStatusMapping.objects.bulk_create(
        LotStatusMapping(text=text, folded=fold_text(text), lot_status=status)
        for text, status in DEFAULT_LOT_STATUSES.items()
    )
    PricePhrase.objects.bulk_create(PricePhrase(text=text, folded=fold_text(text)) for text in DEFAULT_PRICE_PHRASES)


def ensure_output_templates() -> None:
    """The built-in output templates, which a test that commits takes away for the tests behind it."""
    if OutputTemplate.objects.exists():
        return
    migration = import_module("orders.migrations.0003_add_output_templates")
    for data in migration.BUILT_IN:
        save_version(data=data)
    OutputTemplate.objects.create(**migration.UNDESCRIBED)
    for data in import_module("orders.migrations.0007_add_data_sheets").BUILT_IN:
        save_version(data=data)
    OutputTemplate.objects.update(built_in=True)
    OutputTemplate.objects.filter(code="shortcut_pack").update(is_default=True)


def log_vins(*, dealership: Dealership, vins: Sequence[str], label: str = "40001") -> LogImport:
    """Put VINs into the log as a log file would; a label with the word baseline makes them baseline."""
    lines = ["ORDER,VIN", *(f"{label if not at else ''},{vin}" for at, vin in enumerate(vins))]
    return import_vin_log(dealership=dealership, data="\r\n".join(lines).encode(), file_name="log.csv")


def make_order(
    *,
    dealership: Dealership,
    kind: OrderKind = OrderKind.CAO,
    group: ConditionGroup = ConditionGroup.ALL,
    entries: Sequence[str] = (),
    **request: Any,
) -> Order:
    """An order in review."""
    order, _ = create_order(
        OrderRequest(dealership=dealership, kind=kind, group=group, entries=tuple(entries), **request)
    )
    return order


def finish_order(*, order: Order, order_number: str = "45001", **approval: Any) -> Order:
    """Complete an order: files released, VINs logged."""
    return complete_order(order=approve_order(order=order, order_number=order_number, **approval))
