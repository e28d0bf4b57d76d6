"""Websites that are on while the fake dealer web stands in the place of the internet, and off again behind it."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from dealerships.domain.rules import Condition
from foundation.errors import Refused
from inventory.domain.facts import LotStatus
from inventory.models import InventoryImport, Vehicle
from scrapers.fake_web.lots import load_lots
from scrapers.models import RobotsFile, ScrapeRun, Website
from scrapers.operations.sessions import cancel_run
from silverfox.demo.operations import SOURCE

# It tells on the website's page why it is on, and here which ones are to be switched off again.
NOTE = "Switched on for the fake dealer web of this computer."


def refuse_without_demo() -> None:
    """Raise `Refused` when this installation is not the demo's: invented vehicles would become its inventory."""
    if not InventoryImport.objects.filter(source=SOURCE).exists():
        words = "The fake dealer web is for the demo, and this installation holds none. Start it with an empty VAR_DIR."
        raise Refused(words, code="not_demo")


@transaction.atomic
def switch_on_for_fake_web() -> int:
    """Switch on every website that has no note, as if it had been probed; gives how many.

    Raises `Refused` when one is on to be read for work: it would be given what the fake dealer web tells.
    """
    websites = Website.objects.select_for_update(of=["self"]).select_related("dealership")
    if for_work := [website.dealership.name for website in websites if website.enabled]:
        words = f"Websites are switched on to be read for work: {', '.join(for_work)}. Switch them off first."
        raise Refused(words, code="websites_in_use")
    now = timezone.now()
    found = [website for website in websites if website.rooftop_confirmed and not website.permission_note]
    for website in found:
        website.enabled, website.permission_note = True, NOTE
        website.probed_at = website.enabled_at = now
        website.save()
    return len(found)


def write_lots(path: Path) -> int:
    """Write the vehicles in use of the websites that are on for the fake dealer web, so that these show them; gives
    their number. What is read then differs from the inventory no more than from one day to the next."""
    lots: dict[str, list[dict[str, Any]]] = {}
    known = {lot.domain for lot in load_lots()}
    for website in Website.objects.filter(permission_note=NOTE).select_related("dealership"):
        domain = (urlsplit(website.base_url).hostname or "").removeprefix("www.")
        if domain in known:
            vehicles = Vehicle.objects.active().for_dealership(website.dealership).order_by("row_number")
            lots[domain] = [_on_the_web(vehicle) for vehicle in vehicles]
    path.write_text(json.dumps(lots), encoding="utf-8")
    return sum(map(len, lots.values()))


def _on_the_web(vehicle: Vehicle) -> dict[str, Any]:
    return {
        "vin": vehicle.vin,
        "stock": vehicle.stock,
        "condition": {Condition.NEW: "new", Condition.CERTIFIED: "certified"}.get(Condition(vehicle.condition), "used"),
        "year": vehicle.year,
        "make": vehicle.make,
        "model": vehicle.model,
        "trim": vehicle.trim,
        "color": vehicle.ext_color,
        "body": vehicle.body_style,
        "fuel": vehicle.fuel_type,
        "price": int(vehicle.price or 0),
        "msrp": int(vehicle.msrp or 0),
        "state": _state(vehicle),
        "since": vehicle.date_in_stock.isoformat() if vehicle.date_in_stock else "",
    }


def _state(vehicle: Vehicle) -> str:
    if vehicle.lot_status == LotStatus.ON_LOT:
        return "on_lot"
    is_courtesy = any(word in vehicle.raw_status.casefold() for word in ("courtesy", "service"))
    return "courtesy" if is_courtesy else "in_transit"


@transaction.atomic
def switch_off_behind_fake_web() -> int:
    """Switch off what was switched on for the fake dealer web, and end its runs, so that no real website is asked.

    Gives how many were on.
    """
    found = list(Website.objects.select_for_update().filter(permission_note=NOTE))
    if found:
        RobotsFile.objects.all().delete()
    for run in ScrapeRun.objects.open().filter(dealership__website__in=found):
        cancel_run(run=run)
    for website in found:
        website.enabled, website.permission_note = False, ""
        website.probed_at = website.enabled_at = None
        # Keys of the fake one are refused by the real one.
        website.learned = {}
        website.save()
    return len(found)
