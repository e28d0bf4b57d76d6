"""Generated rows for measurements, written one by one so that their number costs no memory."""

import csv
from collections.abc import Iterator
from pathlib import Path

from inventory.domain.facts import INVENTORY_HEADER
from inventory.domain.vin import check_digit

DEALERSHIPS = 10
_MODELS = (("Jeep", "Wrangler", "Sahara"), ("Ram", "1500", "Big Horn"), ("Toyota", "Camry", "LE"))
_TYPES = ("New", "New", "New", "Used", "Certified Pre-Owned")
_STATUSES = ("In Stock", "In Stock", "In Stock", "In Transit", "")
_COLORS = ("Black", "White", "Red")


def dealership_name(number: int) -> str:
    return f"Benchmark Motors {number % DEALERSHIPS}"


def make_vin(number: int) -> str:
    """A VIN with the right check digit; every number below 10 million has its own."""
    draft = f"1ZZBM{number // 1_000_000}A9{0}T0{number % 1_000_000:06}"
    return f"{draft[:8]}{check_digit(draft)}{draft[9:]}"


def write_rows(path: Path, rows: int) -> None:
    """An inventory file of so many vehicles over several dealerships, every twentieth without a price."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(INVENTORY_HEADER)
        writer.writerows(_row(number) for number in range(rows))


def _row(number: int) -> Iterator[str]:
    vin = make_vin(number)
    make, model, trim = _MODELS[number % len(_MODELS)]
    day = f"{number % 12 + 1:02}/{number % 28 + 1:02}/2025"
    price = "Please Call" if number % 20 == 0 else f"{20_000 + number % 40_000}"
    yield from (vin, f"B{number:06}", _TYPES[number % len(_TYPES)], "2026", make, model, trim)
    yield from (_COLORS[number % len(_COLORS)], _STATUSES[number % len(_STATUSES)], price, "SUV", "Gasoline", "", day)
    yield from ("100 Main Street", "St. Louis", "63101", "MO", "US", dealership_name(number))
    yield f"https://www.benchmark.example/inventory/{vin.lower()}/"
