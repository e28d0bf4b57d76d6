"""Inventory files that arrive in tests, imported as the product imports them: gates decide."""

import io
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

from inventory.models import Dataset, ImportProblem, InventoryImport
from inventory.operations.importing import run_import
from inventory.operations.registering import register_import
from tests.factories import ensure_mappings, make_csv, make_row

ELM, OAK = "Elm Street Motors", "Oak Hill Cars"


def rows_at(location: str, count: int, *, first: int = 1, **cells: str) -> list[dict[str, str]]:
    return [make_row(number=number, location=location, **cells) for number in range(first, first + count)]


def register(content: bytes, *, file_name: str = "lots.csv", **choices: Any) -> InventoryImport:
    ensure_mappings()
    return register_import(stream=io.BytesIO(content), file_name=file_name, **choices)


def import_file(content: bytes, *, force: bool = False, **choices: Any) -> InventoryImport:
    return run_import(inventory_import=register(content, **choices), force=force)


def import_lot(location: str, count: int, *, first: int = 1, at: datetime | None = None, **choices: Any) -> Dataset:
    """One dealership's dataset of that many vehicles, in the state that the gates gave it."""
    rows = rows_at(location, count, first=first)
    return import_file(make_csv(rows=rows), collected_at=at, **choices).datasets.get()


def account_of(inventory_import: InventoryImport) -> tuple[int, int, int, int]:
    """Rows read, accepted, rejected and unmatched."""
    item = inventory_import
    return item.rows_read, item.rows_accepted, item.rows_rejected, item.rows_unmatched


def problems_of(inventory_import: InventoryImport) -> list[tuple[int, str, str, str]]:
    """Row number, column, value and code of each remark but that a price is missing."""
    problems = ImportProblem.objects.filter(inventory_import=inventory_import)
    return [(p.row_number, p.column, p.value, p.code) for p in problems]


def codes_of(inventory_import: InventoryImport) -> Counter[str]:
    return Counter(code for *_, code in problems_of(inventory_import))


def gates_of(dataset: Dataset) -> list[str]:
    dataset.refresh_from_db()
    return [gate["code"] for gate in dataset.gates]


def in_a_thread(work: Callable[..., Any]) -> Callable[..., Any]:
    """Work with a database connection of its own, which ends with it."""

    def run(*arguments: Any) -> Any:
        try:
            return work(*arguments)
        finally:
            connection.close()

    return run
