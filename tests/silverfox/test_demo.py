"""The demonstration: what it invents, what it loads, and whom it refuses."""

import json
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from dealerships.domain.rules import Condition, fold_text
from dealerships.domain.table import read_table
from dealerships.models import Dealership
from dealerships.operations import SHIPPED_TABLE, find_dealership
from foundation.errors import BadInput, Refused
from inventory.domain.facts import LotStatus, RawFields
from inventory.domain.normalisation import DEFAULT_CONDITIONS, DEFAULT_LOT_STATUSES
from inventory.domain.urls import host_of
from inventory.domain.vin import has_valid_check_digit, is_vin, model_years
from inventory.models import Dataset, InventoryImport, Vehicle
from orders.models import Order, VinLogEntry
from orders.operations.selecting import select_for_cao
from silverfox.demo.catalogue import LotPlan, load_plans
from silverfox.demo.logs import build_log
from silverfox.demo.lots import Lot, Seller, build_lot
from silverfox.demo.operations import DemoResult, load_demo
from silverfox.demo.users import kept_logins
from tests import factories
from tests.orders.domain.layouts import BUILT_IN

PROJECT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 9, 15, 8, 0, tzinfo=ZoneInfo("America/Chicago"))
TODAY = NOW.date()
LOT_STATUSES = {fold_text(text): status for text, status in DEFAULT_LOT_STATUSES.items()}
CONDITIONS = {fold_text(text): condition for text, condition in DEFAULT_CONDITIONS.items()}
HOST = "demo.example"


def lot_of(plan: LotPlan, *, today: date = TODAY) -> Lot:
    conditions = frozenset({Condition.NEW, Condition.PRE_OWNED} if plan.makes else {Condition.PRE_OWNED})
    return build_lot(plan, Seller(name=plan.dealership, host=HOST, conditions=conditions), today=today)


@pytest.fixture(scope="module")
def lots() -> dict[str, Lot]:
    return {plan.dealership: lot_of(plan) for plan in load_plans()}


@pytest.fixture(scope="module")
def vehicles(lots: dict[str, Lot]) -> list[RawFields]:
    return [row for lot in lots.values() for row in (*lot.standing, *lot.arrivals)]


def is_temporary(row: RawFields) -> bool:
    return not is_vin(row.vin)


# What it invents


def test_every_dealership_with_a_website_has_a_lot() -> None:
    with SHIPPED_TABLE.open(encoding="utf-8", newline="") as lines:
        rows = read_table(lines, output_templates=[*BUILT_IN, "custom"])
    with_website = sorted(row.values["name"] for row in rows if row.values["approved_hosts"])
    assert sorted(plan.dealership for plan in load_plans()) == with_website
    assert len(with_website) == 40


def test_the_same_day_gives_the_same_lot_and_another_day_other_dates() -> None:
    plan = load_plans()[0]
    assert lot_of(plan) == lot_of(plan)
    assert lot_of(plan, today=date(2026, 9, 16)) != lot_of(plan)


def test_there_are_about_ten_thousand_vehicles(vehicles: list[RawFields]) -> None:
    assert 9_500 <= len(vehicles) <= 11_000


def test_every_vin_is_valid_its_own_and_marked_as_invented(vehicles: list[RawFields], lots: dict[str, Lot]) -> None:
    built = [row for row in vehicles if not is_temporary(row)]
    assert [row.vin for row in built if not has_valid_check_digit(row.vin)] == []
    assert [row.vin for row in built if int(row.year) not in model_years(row.vin)] == []
    assert {row.vin[3:5] for row in vehicles} == {"ZZ"}
    others = [vin for lot in lots.values() for vin in (*lot.gone_vins, *(row.vin for row in lot.sold))]
    counts = Counter([*(row.vin for row in vehicles), *others])
    assert [vin for vin, count in counts.items() if count > 1] == []


def test_new_vehicles_are_of_the_makes_that_the_dealership_sells(lots: dict[str, Lot]) -> None:
    for plan in load_plans():
        new = [row for row in lots[plan.dealership].standing if CONDITIONS[fold_text(row.type)] == Condition.NEW]
        assert {row.make for row in new} == set(plan.makes)


def test_used_vehicles_are_of_many_makes(lots: dict[str, Lot]) -> None:
    assert len({row.make for row in lots["Bommarito West County PO"].standing}) > 15


def test_every_address_is_on_the_dealerships_own_host(vehicles: list[RawFields]) -> None:
    assert {host_of(row.vehicle_url) for row in vehicles} == {f"www.{HOST}"}


def test_every_type_and_status_text_is_one_that_sites_use(vehicles: list[RawFields]) -> None:
    assert {row.type for row in vehicles if fold_text(row.type) not in CONDITIONS} == set()
    assert {row.status for row in vehicles if fold_text(row.status) not in LOT_STATUSES} == set()


def test_temporary_vins_belong_to_vehicles_that_are_not_on_the_lot(vehicles: list[RawFields]) -> None:
    temporary = [row for row in vehicles if is_temporary(row)]
    assert len(temporary) == 24
    assert {LOT_STATUSES[fold_text(row.status)] for row in temporary} == {LotStatus.OFF_LOT}
    assert {row.vin[13] for row in temporary} == {"I", "O", "Q"}


@pytest.mark.parametrize(
    ("column", "text", "least", "most"),
    [
        ("status", "", 0.10, 0.20),
        ("status", "Courtesy Vehicle", 0.005, 0.03),
        ("status", "In Transit", 0.03, 0.10),
        ("type", "New", 0.55, 0.70),
        ("type", "Certified Pre-Owned", 0.03, 0.08),
        ("type", "Demo", 0.0005, 0.005),
        ("price", "Please Call", 0.01, 0.04),
        ("price", "-1000", 0.0001, 0.002),
        ("price", '<span class="callforprice">Please call for price</span>', 0.001, 0.01),
        ("stock", "", 0.04, 0.12),
        ("stock", "N/A", 0.01, 0.06),
        ("date_in_stock", "", 0.10, 0.25),
        ("model", "Town &amp; Country", 0.0005, 0.02),
        ("trim", "New  SR", 0.001, 0.02),
    ],
)
def test_the_quirks_of_real_sites_have_their_shares(
    vehicles: list[RawFields], column: str, text: str, least: float, most: float
) -> None:
    share = sum(getattr(row, column) == text for row in vehicles) / len(vehicles)
    assert least <= share <= most


def test_dates_come_in_three_forms(vehicles: list[RawFields]) -> None:
    forms = {"".join("9" if char.isdigit() else char for char in row.date_in_stock) for row in vehicles}
    assert forms == {"", "99/99/9999", "9999/99/99", "9999-99-99"}


def test_a_log_has_a_baseline_and_orders_with_reprints() -> None:
    vins = [f"VIN{number:014}" for number in range(200)]
    data = build_log(vins, ["GONE0000000000001"], number=1, first_label=40_000, today=TODAY)
    header, *rows = [line.split(",") for line in data.decode().splitlines()]
    assert header == ["VIN", "ORDER_NUMBER", "ORDER_DATE"]
    assert {vin for vin, _, _ in rows} == {*vins, "GONE0000000000001"}
    labels = list(dict.fromkeys(label for _, label, _ in rows))
    assert labels == ["BASELINE", *(str(40_001 + number) for number in range(len(labels) - 1))]
    assert len(rows) > len(vins) + 1


# What it loads


def quarter(plan: LotPlan) -> LotPlan:
    return replace(plan, vehicles=max(plan.vehicles // 4, 50))


@pytest.fixture(scope="module")
def loaded(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DemoResult]:
    """The demonstration with smaller lots, loaded once for the tests below and taken back behind them."""
    folder = tmp_path_factory.mktemp("demo")
    paths = {name: folder / name for name in ("UPLOADS_DIR", "ORDERS_DIR")}
    for path in paths.values():
        path.mkdir()
    with (
        django_db_blocker.unblock(),
        override_settings(EMBEDDED_DATABASE=True, VAR_DIR=folder, **paths),
        transaction.atomic(),
    ):
        factories.ensure_mappings()
        yield load_demo(now=NOW, plans=[quarter(plan) for plan in load_plans()])
        transaction.set_rollback(True)


@pytest.fixture
def demo_folder(loaded: DemoResult, settings: Settings) -> Path:
    return Path(settings.VAR_DIR)


def test_the_result_counts_what_the_database_holds(loaded: DemoResult) -> None:
    assert loaded.dealerships == Dataset.objects.active().count() == 40
    assert loaded.vehicles == Vehicle.objects.active().count()
    assert loaded.log_entries == VinLogEntry.objects.count()
    assert loaded.orders == Order.objects.done().count() == 18


def test_only_temporary_vins_are_rejected_and_every_text_is_known(loaded: DemoResult) -> None:
    for item in InventoryImport.objects.all():
        rejected = item.problems.filter(code__startswith="E_")
        assert item.source == "demo"
        assert (item.rows_rejected, item.rows_unmatched) == (24, 0)
        assert set(rejected.values_list("code", flat=True)) == {"E_VIN_CHARS"}
        assert item.unmapped_texts.count() == 0


def test_no_dataset_is_held(loaded: DemoResult) -> None:
    assert Counter(Dataset.objects.values_list("status", flat=True)) == {"active": 40, "archived": 40}


@pytest.mark.parametrize("plan", load_plans(), ids=lambda plan: plan.dealership)
def test_what_arrived_today_waits_for_its_graphics(loaded: DemoResult, plan: LotPlan) -> None:
    dealership = find_dealership(name=plan.dealership)
    waiting = [
        candidate.facts.vin
        for group in (dealership.order_groups() if dealership.conditions else ())
        for candidate in select_for_cao(dealership=dealership, group=group, today=TODAY).selected
    ]
    assert len(waiting) == plan.arrivals


def test_south_county_waits_for_twenty_and_one_scheduled_dealership_for_none() -> None:
    arrivals = {plan.dealership: plan.arrivals for plan in load_plans()}
    assert (arrivals["South County DCJR"], arrivals["Suntrup Ford Westport"]) == (20, 0)


def test_every_scheduled_dealership_has_a_finished_order_per_condition_group(loaded: DemoResult) -> None:
    scheduled = [d for d in Dealership.objects.filter(conditions__isnull=False) if d.schedule_days]
    expected = {d.name: len(d.order_groups()) for d in scheduled}
    assert Counter(Order.objects.done().values_list("dealership__name", flat=True)) == expected


def test_a_finished_order_has_its_files_and_its_log_entries(loaded: DemoResult) -> None:
    for order in Order.objects.done():
        kinds = Counter(order.artifacts.values_list("kind", flat=True))
        lines = order.lines.filter(included=True).count()
        assert (kinds["qr"], kinds["billing"], kinds["zip"]) == (lines, 2, 1)
        assert order.vin_log_entries.count() == lines


def test_each_role_has_a_user_and_only_the_superuser_has_no_group(loaded: DemoResult) -> None:
    groups = {user.username: list(user.groups.values_list("name", flat=True)) for user in User.objects.all()}
    assert groups == {"viewer": ["viewer"], "staff": ["staff"], "manager": ["manager"], "admin": []}
    assert list(User.objects.filter(is_superuser=True).values_list("username", flat=True)) == ["admin"]


def test_the_passwords_open_the_door_and_are_all_different(loaded: DemoResult) -> None:
    assert all(User.objects.get(username=login.username).check_password(login.password) for login in loaded.users)
    assert len({login.password for login in loaded.users}) == 4
    assert min(len(login.password) for login in loaded.users) == 16


def test_the_logins_are_kept_for_the_owner_of_the_machine_only(loaded: DemoResult, demo_folder: Path) -> None:
    assert stat.S_IMODE((demo_folder / "demo_users.txt").stat().st_mode) == 0o600
    assert kept_logins() == list(loaded.users)


def test_a_login_whose_password_was_changed_is_shown_no_more(loaded: DemoResult) -> None:
    with transaction.atomic():
        user = User.objects.get(username="staff")
        user.set_password("changed by its owner")
        user.save()
        names = [login.username for login in kept_logins()]
        transaction.set_rollback(True)
    assert names == ["viewer", "manager", "admin"]


def test_loading_it_again_is_refused(loaded: DemoResult) -> None:
    with pytest.raises(Refused) as refusal:
        load_demo(now=NOW)
    assert refusal.value.code == "already_loaded"
    assert refusal.value.message.startswith("The demo is loaded already; nothing was changed.")


# Whom it refuses


@pytest.fixture
def embedded(db: None, settings: Settings, tmp_path: Path) -> Settings:
    settings.EMBEDDED_DATABASE = True
    settings.VAR_DIR = tmp_path
    factories.ensure_mappings()
    return settings


@pytest.fixture
def few_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [quarter(plan) for plan in load_plans()[:2]]
    monkeypatch.setattr("silverfox.demo.operations.load_plans", lambda: plans)


def test_a_server_of_its_own_is_never_filled(embedded: Settings) -> None:
    embedded.EMBEDDED_DATABASE = False
    with pytest.raises(Refused) as refusal:
        load_demo(now=NOW)
    assert refusal.value.code == "external_database"


def test_an_installation_with_a_user_is_refused_and_named(embedded: Settings) -> None:
    User.objects.create_user("somebody")
    with pytest.raises(Refused, match=r"in use \(1 users\)") as refusal:
        load_demo(now=NOW)
    assert refusal.value.code == "real_data"


def test_an_installation_with_inventory_is_refused_and_named(embedded: Settings) -> None:
    factories.make_vehicles(dealership=factories.make_dealership(), count=1)
    with pytest.raises(Refused, match=r"in use \(1 imports\)"):
        load_demo(now=NOW)


def test_a_load_that_fails_leaves_nothing(embedded: Settings) -> None:
    plans = [replace(load_plans()[0], dealership="Nobody's Motors")]
    with pytest.raises(BadInput, match="There is no dealership"):
        load_demo(now=NOW, plans=plans)
    assert (User.objects.count(), Dealership.objects.count()) == (0, 0)


# The command


def output_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("load_demo", *arguments)
    return capsys.readouterr().out


def test_the_command_prints_counts_and_logins(
    embedded: Settings, few_plans: None, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(output_of(capsys, "--json"))
    users = [{"username": login.username, "password": login.password} for login in kept_logins()]
    assert document == {
        "dealerships": 2,
        "vehicles": Vehicle.objects.active().count(),
        "log_entries": VinLogEntry.objects.count(),
        "orders": 1,
        "users": users,
    }
    assert json.loads(output_of(capsys, "--logins", "--json")) == {"users": users}


def test_without_users_nobody_can_sign_in(
    embedded: Settings, few_plans: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert json.loads(output_of(capsys, "--no-users", "--json"))["users"] == []
    assert User.objects.count() == 0
    assert output_of(capsys, "--logins") == "There are no demo users.\n"


def test_only_commands_use_the_demo() -> None:
    packages = ("silverfox", "foundation", "jobs", "dealerships", "inventory", "orders")
    sources = [path for package in packages for path in (PROJECT / package).rglob("*.py")]
    users = {str(path.relative_to(PROJECT)) for path in sources if "silverfox.demo" in path.read_text(encoding="utf-8")}
    assert {user for user in users if not user.startswith("silverfox/demo/")} == {
        "silverfox/management/commands/load_demo.py",
        "silverfox/management/commands/run.py",
    }
