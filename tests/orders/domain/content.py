"""Order contents for tests: one used Jeep by default, each fact replaceable by name."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import Condition
from orders.domain.lines import EntryOutcome, LineContent, ListEntryContent, OrderContent, OutputSettings
from tests.orders.domain.layouts import BUILT_IN

BASE = r"C:\Users\Nick_Workstation\Documents\QRS"
CHICAGO = ZoneInfo("America/Chicago")
NEW, PO, CPO = Condition.NEW, Condition.PRE_OWNED, Condition.CERTIFIED


def make_line(**facts: Any) -> LineContent:
    values: dict[str, Any] = {
        "seq": 1,
        "vin": "ZACNJDB19NPN70500",
        "condition": PO,
        "stock": "NPN70500",
        "year": 2022,
        "make": "Jeep",
        "model": "Renegade",
        "trim": "Latitude",
        "price": Decimal("21995.00"),
        "url": "https://dealer.example/used/renegade",
        "sources": ("CAO",),
    }
    return LineContent(**(values | facts))


def make_gladiator(**facts: Any) -> LineContent:
    values: dict[str, Any] = {
        "vin": "1C6PJTAG8SL533540",
        "condition": NEW,
        "stock": "SL533540",
        "year": 2025,
        "model": "Gladiator",
        "trim": "Sport",
        "url": "https://dealer.example/new/gladiator?color=red#photos",
    }
    return make_line(**(values | facts))


def make_settings(
    *, template_new: str = "shortcut_pack", template_used: str = "shortcut_pack", **choices: Any
) -> OutputSettings:
    """Settings with the built-in output templates of these codes; any other field is replaceable by name."""
    values: dict[str, Any] = {
        "dealership_name": "South County DCJR",
        "file_name": "South_County_DCJR",
        "short_code": "SOCODCJR",
        "template_new": BUILT_IN[template_new],
        "template_used": BUILT_IN[template_used],
        "profile_name": "Nick",
        "profile_base": BASE,
        "has_workbook": True,
    }
    return OutputSettings(**(values | choices))


def make_content(*lines: LineContent, settings: OutputSettings | None = None, **facts: Any) -> OrderContent:
    values: dict[str, Any] = {
        "kind": OrderKind.CAO,
        "order_number": "45414",
        "completed_at": datetime(2025, 8, 19, 10, 15, tzinfo=CHICAGO),
        "dataset_id": 1204,
    }
    return OrderContent(settings=settings or make_settings(), lines=lines or (make_line(),), **(values | facts))


def make_entry(text: str, outcome: EntryOutcome = EntryOutcome.PRODUCED, vin: str | None = None) -> ListEntryContent:
    return ListEntryContent(text=text, outcome=outcome, vin=text if vin is None else vin)
