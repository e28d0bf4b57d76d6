"""What was read from a website arrives as a file does, and may say the same every day."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from inventory.models import InventoryImport
from inventory.operations.importing import run_import
from inventory.operations.queueing import reread_import
from inventory.operations.registering import register_website_import
from tests.factories import ensure_mappings, make_csv, make_dealership
from tests.inventory.arrivals import ELM, gates_of, import_lot, rows_at

pytestmark = pytest.mark.django_db


def arrive(count: int, **values: Any) -> InventoryImport:
    ensure_mappings()
    content = make_csv(rows=rows_at(ELM, count))
    item = register_website_import(
        stream=io.BytesIO(content),
        source="elm-street.example",
        collected_at=timezone.now(),
        **({"foreign_rows": 0, "is_partial": False} | values),
    )
    return run_import(inventory_import=item)


def test_the_same_content_of_two_days_is_two_imports() -> None:
    make_dealership(name=ELM)
    first, second = arrive(40), arrive(40)
    assert [first.datasets.get().status, second.datasets.get().status] == ["archived", "active"]


def test_a_file_with_the_content_of_a_website_is_imported() -> None:
    make_dealership(name=ELM)
    arrive(40)
    assert import_lot(ELM, 40).status == "active"


def test_a_partial_reading_is_held_with_what_is_missing() -> None:
    make_dealership(name=ELM)
    arrive(40)
    held = arrive(39, is_partial=True, notices=["39 of 60 vehicles were read."])
    assert (held.datasets.get().status, gates_of(held.datasets.get())) == ("held", ["W_PARTIAL"])
    assert held.notices[0] == "39 of 60 vehicles were read."


def test_a_moved_share_of_other_rooftops_is_held() -> None:
    make_dealership(name=ELM)
    arrive(40, foreign_rows=120)
    assert gates_of(arrive(40, foreign_rows=10).datasets.get()) == ["G_FOREIGN"]


def test_read_again_it_is_judged_as_the_same_website() -> None:
    make_dealership(name=ELM)
    partial = arrive(40, is_partial=True, foreign_rows=7)
    again = run_import(inventory_import=reread_import(inventory_import=partial, actor=User.objects.create()))
    assert (again.origin, again.foreign_rows, gates_of(again.datasets.get())) == (
        "website",
        7,
        ["W_PARTIAL", "G_FIRST"],
    )
