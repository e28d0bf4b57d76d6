"""What a dealership's active inventory, log and open orders say; the one source of every CAO and of every why."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Exists, OuterRef, Subquery, When

from dealerships.domain.rules import ConditionGroup, FilterRules
from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from inventory.models import FACT_NAMES, Dataset, FirstSeen, Vehicle, VehicleQuerySet, facts_of
from orders.domain.selection import Candidate, Selection, Verdict, judge, select
from orders.models import OpenVin, VinLogEntry


def active_dataset(*, dealership: Dealership) -> Dataset:
    """The dataset that orders use. Raises `Refused` when there is none."""
    dataset = Dataset.objects.active().for_dealership(dealership).first()
    if dataset is None:
        raise Refused(
            f"{dealership} has no active inventory. Import its inventory, or release a held dataset.",
            code="no_inventory",
        )
    return dataset


def require_rules(*, dealership: Dealership) -> FilterRules:
    """The filter rules. Raises `Refused` when CAO is not set up."""
    rules = dealership.filter_rules()
    if rules is None:
        raise Refused(
            f"CAO is not set up for {dealership}: choose its conditions in the dealership's settings. LIST works.",
            code="cao_not_set_up",
        )
    return rules


def load_candidates(
    *, dealership: Dealership, dataset: Dataset, vins: Iterable[str] | None = None
) -> dict[str, Candidate]:
    """The vehicles of a dataset by VIN, in row order, each with what the log and open orders say of it."""
    vehicles = Vehicle.objects.filter(dataset=dataset).order_by("row_number")
    if vins is not None:
        vehicles = vehicles.filter(vin__in=list(vins))
    return {candidate.facts.vin: candidate for _, candidate in _candidates(vehicles, dealership)}


def _candidates(vehicles: VehicleQuerySet, dealership: Dealership | OuterRef) -> list[tuple[int, Candidate]]:
    """Each vehicle with what its dealership's own log and open orders say of it, and its dealership's id."""
    own = {"dealership": dealership, "vin": OuterRef("vin")}
    told = vehicles.annotate(
        log_entry_id=Subquery(VinLogEntry.objects.in_force().filter(**own).order_by("-id").values("id")[:1]),
        open_order_id=Subquery(OpenVin.objects.filter(**own).values("order_id")[:1]),
        first_seen_date=Subquery(FirstSeen.objects.filter(**own).values("first_seen_date")[:1]),
    )
    # Plain values: making a model of every vehicle and entry would take longer than the queries.
    columns = ("dataset__dealership_id", "log_entry_id", "open_order_id", "first_seen_date", *FACT_NAMES)
    rows = list(told.values_list(*columns))
    logged = VinLogEntry.objects.filter(pk__in=[entry_id for _, entry_id, *_ in rows if entry_id])
    entries: dict[int, Any] = {e.id: e for e in logged.values_list("id", "label", "date", "is_baseline", named=True)}
    return [(owner_id, _candidate(entries.get(entry_id), *values)) for owner_id, entry_id, *values in rows]


def load_unprinted(*, dealerships: Iterable[Dealership]) -> dict[int, list[Candidate]]:
    """The candidates of many dealerships' active datasets by dealership id, by one query and in no order.

    Vehicles that the log or an open order holds are left in the database, because no CAO selects them; a first-seen
    date comes only where the rules ask for seasoning.
    """
    own = {"dealership": OuterRef("dataset__dealership"), "vin": OuterRef("vin")}
    first_seen = Subquery(FirstSeen.objects.filter(**own).values("first_seen_date")[:1])
    rows = (
        Vehicle.objects.active()
        .filter(
            ~Exists(VinLogEntry.objects.in_force().filter(**own)),
            ~Exists(OpenVin.objects.filter(**own)),
            dataset__dealership__in=list(dealerships),
        )
        .annotate(first_seen=Case(When(dataset__dealership__seasoning_days__gt=0, then=first_seen)))
        .order_by()
        .values_list("dataset__dealership_id", "first_seen", *FACT_NAMES)
    )
    candidates: defaultdict[int, list[Candidate]] = defaultdict(list)
    for dealership_id, first_seen_date, *values in rows:
        facts = facts_of(dict(zip(FACT_NAMES, values, strict=True)))
        candidates[dealership_id].append(Candidate(facts=facts, first_seen_date=first_seen_date))
    return candidates


def _candidate(entry: Any, open_order_id: int | None, first_seen_date: date | None, *values: Any) -> Candidate:
    return Candidate(
        facts=facts_of(dict(zip(FACT_NAMES, values, strict=True))),
        first_seen_date=first_seen_date,
        log_remark=log_remark(entry) if entry else "",
        open_order_remark=f"stands in open order {open_order_id}" if open_order_id else "",
    )


def log_remark(entry: VinLogEntry) -> str:
    """When and for which order a VIN was printed, in words."""
    printed = "baseline" if entry.is_baseline else "printed"
    if entry.date:
        printed += f" {entry.date:%Y-%m-%d}"
    return f"{printed}, order {entry.label}" if entry.label and not entry.is_baseline else printed


def select_for_cao(*, dealership: Dealership, group: ConditionGroup, today: date) -> Selection:
    """The vehicles a CAO of that condition group would print now, and why every other one is out.

    Raises `Refused` without rules or without an active dataset.
    """
    return survey_lot(dealership=dealership, group=group, today=today).selection


@dataclass(frozen=True)
class LotSurvey:
    """A CAO's selection with the dataset and the candidates (by VIN) that it was made from."""

    dataset: Dataset
    candidates: dict[str, Candidate]
    selection: Selection


def survey_lot(*, dealership: Dealership, group: ConditionGroup, today: date) -> LotSurvey:
    """The same with what it was made from, to show every vehicle beside its reason. Raises like `select_for_cao`."""
    rules = require_rules(dealership=dealership)
    dataset = active_dataset(dealership=dealership)
    candidates = load_candidates(dealership=dealership, dataset=dataset)
    return LotSurvey(dataset, candidates, select(candidates.values(), rules, group, today=today))


def explain_vin(*, dealership: Dealership, vin: str, group: ConditionGroup, today: date) -> tuple[str, list[Verdict]]:
    """The VIN and every rule's verdict for one vehicle of the active dataset, by VIN, its end or its stock number.

    Raises `BadInput` when no vehicle or several fit.
    """
    rules = require_rules(dealership=dealership)
    dataset = active_dataset(dealership=dealership)
    found = find_vehicles(dataset=dataset, text=vin)
    if len(found) != 1:
        fits = f"{len(found)} vehicles fit {vin!r}: {', '.join(found)}. Type the whole VIN." if found else ""
        raise BadInput(fits or f"No vehicle with {vin!r} in the active inventory of {dealership}. Check the VIN.")
    candidates = load_candidates(dealership=dealership, dataset=dataset, vins=found)
    return found[0], list(judge(candidates[found[0]], rules, group, today=today))


@dataclass(frozen=True)
class LotVerdict:
    """What a CAO of one dealership would say of a vehicle on its lot now; `no_cao` is why it would have none."""

    dealership: Dealership
    verdicts: Sequence[Verdict] = ()
    no_cao: str = ""

    @property
    def stops(self) -> Verdict | None:
        """The first rule that keeps the vehicle out."""
        return next((verdict for verdict in self.verdicts if not verdict.passed), None)


def explain_on_every_lot(*, vin: str, today: date) -> list[LotVerdict]:
    """Every rule's verdict for one vehicle, for each dealership whose active inventory holds it, by name."""
    vehicles = Vehicle.objects.active().filter(vin=vin).order_by("dataset__dealership__name")
    candidates = _candidates(vehicles, OuterRef("dataset__dealership"))
    dealerships = Dealership.objects.in_bulk([owner_id for owner_id, _ in candidates])
    return [_lot_verdict(dealerships[owner_id], candidate, today) for owner_id, candidate in candidates]


def _lot_verdict(dealership: Dealership, candidate: Candidate, today: date) -> LotVerdict:
    if not dealership.active:
        return LotVerdict(dealership, no_cao=f"{dealership} is inactive, so it gets no orders.")
    try:
        rules = require_rules(dealership=dealership)
    except Refused as refusal:
        return LotVerdict(dealership, no_cao=refusal.message)
    return LotVerdict(dealership, list(judge(candidate, rules, ConditionGroup.ALL, today=today)))


def find_vehicles(*, dataset: Dataset, text: str) -> list[str]:
    """VINs of a dataset that equal the text, end with it (6 characters or more) or have it as stock number."""
    text = text.strip().upper()
    vehicles = Vehicle.objects.filter(dataset=dataset)
    by_vin = vehicles.filter(vin__endswith=text) if len(text) >= 6 else vehicles.none()
    return sorted(
        {*by_vin.values_list("vin", flat=True), *vehicles.filter(stock__iexact=text).values_list("vin", flat=True)}
    )
