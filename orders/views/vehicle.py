"""The page of one vehicle: everything that is known of its VIN."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from inventory.domain.vin import has_valid_check_digit, is_vin
from inventory.models import CONDITION_CHOICES, LOT_STATUS_CHOICES, Vehicle
from orders.domain.search_terms import read_terms
from orders.domain.vehicle_history import Change
from orders.operations.searching import did_you_mean
from orders.operations.tracking import Moment, TrackedVehicle, site_texts, track_vehicle
from orders.views.funnel import verdict_rows

MOMENTS_PER_PAGE = 50
# As VINs are logged; those of imported logs may be shorter or longer than they should be.
_VIN = re.compile(r"[A-Z0-9]{11,20}")
_CHOICES: dict[str, dict[str, str]] = {
    "condition": {str(key): word for key, word in CONDITION_CHOICES},
    "lot_status": {str(key): word for key, word in LOT_STATUS_CHOICES},
}
# What was read, its word, and the column of the website that it was read from.
_FACTS = (
    ("stock", "Stock", "stock"),
    ("condition", "Condition", "type"),
    ("lot_status", "Lot status", "status"),
    ("price", "Price", "price"),
    ("msrp", "MSRP", "msrp"),
    ("year", "Year", "year"),
    ("make", "Make", "make"),
    ("model", "Model", "model"),
    ("trim", "Trim", "trim"),
    ("ext_color", "Color", "ext_color"),
    ("body_style", "Body style", "body_style"),
    ("fuel_type", "Fuel", "fuel_type"),
    ("date_in_stock", "In stock since", "date_in_stock"),
    ("url", "Address of its page", "vehicle_url"),
)
_WORDS = {name: word for name, word, _ in _FACTS}


@dataclass(frozen=True)
class Fact:
    """What was read of one field, beside the website's own text."""

    word: str
    site: str
    read: str

    @property
    def differs(self) -> bool:
        return self.site.strip().casefold() != self.read.casefold()


@require_safe
def vehicle(request: HttpRequest, vin: str) -> HttpResponse:
    """Why it is or is not printed, what the websites said, and its whole history; 404 for a VIN that nothing names."""
    typed = vin.strip().upper() if vin.isascii() else vin
    is_possible = _VIN.fullmatch(typed) is not None
    if typed != vin and is_possible:
        return redirect("vehicle", typed)
    tracked = track_vehicle(vin=vin, today=timezone.localdate()) if is_possible else None
    if tracked is None or not tracked.is_known:
        context = {"vin": vin, "is_vin": is_vin(vin), "suggestion": did_you_mean(terms=read_terms(vin))}
        return render(request, "vehicles/unknown.html", context, status=404)
    shown = _shown(tracked, request.GET.get("dataset", ""))
    page = Paginator(tracked.moments, MOMENTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "vehicle": tracked,
        "is_wrong": not (is_vin(vin) and has_valid_check_digit(vin)),
        "lots": [(lot, verdict_rows(lot.verdicts)) for lot in tracked.lots],
        "shown": shown,
        "facts": _facts(shown) if shown else [],
        "page": page,
        "moments": [(moment, _changes(moment)) for moment in page],
    }
    return render(request, "vehicles/page.html", context)


def _shown(tracked: TrackedVehicle, dataset: str) -> Vehicle | None:
    """The row whose facts are shown: that of the chosen dataset, else the newest of an active one."""
    chosen = (vehicle for vehicle in tracked.sightings if str(vehicle.dataset_id) == dataset)
    return next(chosen, tracked.sightings[0] if tracked.sightings else None)


def _facts(vehicle: Vehicle) -> list[Fact]:
    texts = site_texts(vehicle=vehicle)
    facts = [Fact(word, texts.get(site, ""), _words_of(name, getattr(vehicle, name))) for name, word, site in _FACTS]
    return [fact for fact in facts if fact.site or fact.read]


def _changes(moment: Moment) -> list[tuple[str, str, str]]:
    changes: tuple[Change, ...] = moment.step.changes if moment.step else ()
    return [
        (
            _WORDS.get(c.field, c.field.replace("_", " ").capitalize()),
            _words_of(c.field, c.before),
            _words_of(c.field, c.after),
        )
        for c in changes
    ]


def _words_of(name: str, value: Any) -> str:
    """A value as the page says it; empty for a missing one."""
    if value is None:
        return ""
    if name in _CHOICES:
        return _CHOICES[name][str(value)]
    if isinstance(value, Decimal):
        return f"${value:,.2f}".removesuffix(".00")
    return date_format(value, "M j, Y") if isinstance(value, date) else str(value)
