"""F48: the next version, with a migration of its own, takes over in the middle of a batch."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from dealerships.operations import change_dealerships
from jobs.models import WorkerHeartbeat
from orders.domain.output_template_data import output_template_data
from orders.models import OutputTemplateVersion
from orders.operations.batch_completing import complete_batch
from orders.operations.checking import order_settings
from orders.operations.output_templates import save_version
from tests.faults import sabotage
from tests.faults.shop import Shop, assert_done_once, wait_until
from tests.orders.batches import make_lots, orders_of, start, states
from tests.orders.released import csv_rows, released_bytes
from tests.programs import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.faults]
NEXT_VERSION = "99.0.0"
CODE = (
    "manage.py",
    "pyproject.toml",
    "silverfox",
    "foundation",
    "jobs",
    "dealerships",
    "inventory",
    "orders",
    "scrapers",
    "templates",
    "docs",
    "tests",
)
FIELD = "    log_skip_reason = models.TextField(blank=True)\n"
ONE_MORE = '    of_the_next_version = models.CharField(max_length=20, default="new", db_index=True)\n'


@dataclass
class NextVersion:
    """A copy of the program that is newer than this one."""

    shop: Shop
    folder: Path

    def manage(self, *arguments: str) -> None:
        program = self.shop.start("manage.py", *arguments, folder=self.folder)
        assert program.wait(timeout=120) == 0, self.shop.words()


@pytest.fixture
def next_version(shop: Shop, tmp_path: Path) -> Iterator[NextVersion]:
    """It adds a column to orders; whatever came of the test, the database is taken back to this version."""
    folder = tmp_path / "next"
    for name in CODE:
        source = ROOT / name
        shutil.copytree(source, folder / name) if source.is_dir() else _copy(source, folder)
    _replace(folder / "orders" / "models" / "orders.py", FIELD, FIELD + ONE_MORE)
    _replace(folder / "pyproject.toml", f'"{settings.VERSION}"', f'"{NEXT_VERSION}"')
    newer = NextVersion(shop, folder)
    newer.manage("makemigrations", "orders", "--name", "of_the_next_version")
    last = sorted(path.stem for path in (ROOT / "orders" / "migrations").glob("0*.py"))[-1]
    try:
        yield newer
    finally:
        shop.end_programs()
        newer.manage("migrate", "orders", last)


def _copy(source: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    shutil.copy(source, folder)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.mark.fault("F48", "SIGTERM in mid-batch, new code with a migration starts", "goes on with what was stored")
def test_f48_a_batch_goes_on_behind_an_upgrade_as_it_was_prepared(shop: Shop, next_version: NextVersion) -> None:
    describe()
    lots = make_lots(4, template_new="own", template_used="own")
    batch = complete_batch(batch=start(lots), first_number="45001")
    stored = {order.pk: order_settings(order) for order in orders_of(batch)}
    shop.plan(sabotage.IMAGE, "sleep 120")
    worker = shop.start_worker(processes=1, busy=True)
    wait_until(lambda: shop.has_struck(sabotage.IMAGE), 30)
    worker.stop()
    assert (shop.living(), worker.program.returncode) == ([], 0)
    assert "done" not in states(batch)
    change_dealerships(dealerships=lots, values={"template_used_id": "flyout", "price_markup": 500})
    describe({"header": "OF_TOMORROW", "formula": "{vin}"})
    next_version.manage("migrate")
    shop.start_worker(folder=next_version.folder)
    wait_until(lambda: set(states(batch)) == {"done"}, shop.seconds(180))
    shop.end_programs()
    assert WorkerHeartbeat.objects.order_by("at").values_list("version", flat=True).last() == NEXT_VERSION
    assert_done_once(orders_of(batch))
    for order in orders_of(batch):
        assert order_settings(order) == stored[order.pk]
        [sheet] = released_bytes(order, "csv").values()
        assert "OF_TOMORROW" not in csv_rows(sheet)[0]


def describe(*more: dict[str, str]) -> None:
    """A version of a shop's own output template, with these columns behind those of a built-in one."""
    built_in = OutputTemplateVersion.objects.get(output_template__code="shortcut_pack").as_output_template()
    data = output_template_data(built_in) | {"code": "own", "name": "Own", "abbreviation": "OWN"}
    _, is_new = save_version(data=data | {"columns": [*data["columns"], *more]})
    assert is_new
