"""Files with generated damage: each is imported with a full account or refused with a code, and harms nothing."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.db.models import Count
from django.test import Client
from django.urls import reverse

from foundation.errors import BadInput, Refused, SilverFoxError
from inventory.models import Dataset, ImportProblem, InventoryImport, RawVehicle, Vehicle
from tests.factories import make_dealership
from tests.inventory.arrivals import ELM, OAK, account_of, import_file, import_lot
from tests.inventory.mutants import mutant
from tests.pages import sign_in

pytestmark = pytest.mark.django_db
STAGED_TABLES = (Dataset, RawVehicle, Vehicle, ImportProblem)
IN_SUITE, IN_ALL, AT_ONCE = 500, 10_000, 50
# Every so many files the page of the import is opened as well.
PAGE_EVERY = 10


@pytest.fixture
def in_use() -> list[Dataset]:
    make_dealership(name=ELM)
    make_dealership(name=OAK)
    return [import_lot(ELM, 6), import_lot(OAK, 4)]


def mutants(first: int, last: int) -> Iterator[tuple[int, str, bytes]]:
    for number in range(first, last):
        done, content = mutant(number)
        yield number, f"mutant {number}: {done}", content


@pytest.mark.parametrize("first", range(0, IN_SUITE, AT_ONCE))
def test_a_damaged_file_is_accounted_for_or_refused(first: int, in_use: list[Dataset]) -> None:
    outcomes = survive(first, first + AT_ONCE, in_use)
    # Damage of which nothing is read, or that nothing notices, proves nothing.
    assert min(outcomes["done"], outcomes["refused"]) > AT_ONCE // 10, outcomes


@pytest.mark.faults
@pytest.mark.parametrize("first", range(IN_SUITE, IN_ALL, AT_ONCE))
def test_thousands_of_damaged_files_are_accounted_for_or_refused(first: int, in_use: list[Dataset]) -> None:
    survive(first, first + AT_ONCE, in_use)


def survive(first: int, last: int, in_use: list[Dataset]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    viewer, staged = sign_in(role="viewer"), rows_staged()
    for number, name, content in mutants(first, last):
        with transaction.atomic():
            outcomes[import_mutant(name, content, in_use, staged)] += 1
            if number % PAGE_EVERY == 0:
                open_page(name, viewer)
            transaction.set_rollback(True)
    return outcomes


def rows_staged() -> list[int]:
    return [table.objects.count() for table in STAGED_TABLES]


def import_mutant(name: str, content: bytes, in_use: list[Dataset], staged: list[int]) -> str:
    refusal: SilverFoxError | None = None
    try:
        check(name, import_file(content), in_use)
    except (BadInput, Refused) as error:
        refusal = error
    if refusal is None:
        return "done"
    assert re.fullmatch(r"E_[A-Z_]+|already_imported", refusal.code), name
    assert re.search(r"\. [A-Z]|; ", refusal.message), name
    assert rows_staged() == staged, name
    assert list(Dataset.objects.active().order_by("pk")) == in_use, name
    return "refused"


def check(name: str, inventory_import: InventoryImport, in_use: list[Dataset]) -> None:
    read, accepted, rejected, unmatched = account_of(inventory_import)
    datasets = list(inventory_import.datasets.order_by("pk"))
    stored = list(inventory_import.datasets.order_by("pk").annotate(n=Count("vehicles")).values_list("n", flat=True))
    problems = inventory_import.problems.filter(code__startswith="E_") | inventory_import.problems.filter(code="W_DUP")
    assert read == accepted + rejected + unmatched, name
    assert accepted == sum(stored), name
    assert [dataset.rows_accepted for dataset in datasets] == stored, name
    assert problems.values("row_number").distinct().count() == rejected, name
    assert unmatched == sum(item.rows for item in inventory_import.unmatched_names.all()), name
    before = {dataset.dealership_id: dataset.pk for dataset in in_use}
    taken = {dataset.dealership_id: dataset.pk for dataset in datasets if dataset.status == Dataset.Status.ACTIVE}
    assert dict(Dataset.objects.active().values_list("dealership", "pk")) == before | taken, name
    assert all(dataset.rows_accepted for dataset in datasets if dataset.pk in taken.values()), name


def open_page(name: str, viewer: Client) -> None:
    latest = InventoryImport.objects.latest("pk")
    assert viewer.get(reverse("import_detail", args=[latest.pk])).status_code == 200, name
    assert viewer.get(reverse("import_problems", args=[latest.pk])).status_code == 200, name
