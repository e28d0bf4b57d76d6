"""What would become of typed LIST entries, told while they are typed; nothing is written."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import FilterRules
from dealerships.models import Dealership
from inventory.domain.facts import VehicleFacts
from inventory.models import Dataset, Vehicle
from orders.domain.lines import EntryOutcome
from orders.domain.list_entries import VIN_LENGTH, EntryResult, ListedVehicle, typing_hints
from orders.domain.selection import Candidate, list_warning
from orders.models import Order
from orders.operations.preparing import OrderRequest, resolve_request
from orders.operations.presenting import Remark
from orders.operations.selecting import load_candidates

# The six outcomes of an entry; a VIN that is printed alone counts as produced.
OUTCOMES = tuple(outcome for outcome in EntryOutcome if outcome != EntryOutcome.PLACEHOLDER)
_UNKNOWN = {EntryOutcome.NOT_ON_WEBSITE, EntryOutcome.PLACEHOLDER}


@dataclass(frozen=True, kw_only=True)
class CheckedEntry:
    """One typed entry as things stand; without a dealership it has no outcome yet.

    `choices` are the vehicles that one click would put in its place: a suggestion, or those that it fits.
    """

    position: int
    text: str
    outcome: EntryOutcome | None = None
    vin: str = ""
    vehicle: str = ""
    detail: str = ""
    remarks: tuple[Remark, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    first: int = 0
    open_order: Order | None = None
    may_print_vin_only: bool = False
    is_vin_only: bool = False

    @property
    def needs_a_person(self) -> bool:
        return self.outcome != EntryOutcome.PRODUCED or bool(self.remarks)


@dataclass(frozen=True)
class CheckedList:
    """All typed entries in typed order; the counts of the six outcomes add up to their number."""

    entries: tuple[CheckedEntry, ...]
    dataset: Dataset | None = None

    @property
    def counts(self) -> list[tuple[EntryOutcome, int, int]]:
        """Each outcome with its number of entries and the position of the first of them."""
        counted: Counter[EntryOutcome] = Counter()
        first: dict[EntryOutcome, int] = {}
        for entry in self.entries:
            if entry.outcome:
                outcome = EntryOutcome.PRODUCED if entry.outcome == EntryOutcome.PLACEHOLDER else entry.outcome
                counted[outcome] += 1
                first.setdefault(outcome, entry.position)
        return [(outcome, counted[outcome], first.get(outcome, 0)) for outcome in OUTCOMES]

    @property
    def vin_only(self) -> int:
        return sum(entry.outcome == EntryOutcome.PLACEHOLDER for entry in self.entries)


def hint_entries(*, entries: Sequence[str]) -> CheckedList:
    """What can be said of entries before a dealership is chosen: whether they can be VINs."""
    return CheckedList(
        tuple(
            CheckedEntry(position=position, text=text, remarks=_hints(text))
            for position, text in enumerate(entries, start=1)
        )
    )


def check_entries(
    *, dealership: Dealership, entries: Sequence[str], include_missing: bool, vin_only: Sequence[str] = ()
) -> CheckedList:
    """What a LIST of these entries would make of each; the number of queries does not grow with them."""
    request = OrderRequest(
        dealership=dealership,
        kind=OrderKind.LIST,
        entries=entries,
        include_missing=include_missing,
        vin_only=vin_only,
    )
    dataset = Dataset.objects.active().for_dealership(dealership).first()
    stocks = Vehicle.objects.filter(dataset=dataset).values_list("vin", "stock") if dataset else ()
    results = resolve_request(request, [ListedVehicle(*row) for row in stocks])
    wanted = {vin for result in results for vin in (result.vin, result.suggestion, *result.candidates) if vin}
    candidates = load_candidates(dealership=dealership, dataset=dataset, vins=wanted) if dataset and wanted else {}
    orders = _orders_in_the_way(dealership, results)
    rules = dealership.filter_rules()
    checked = [
        _checked(position, result, candidates, orders, rules=rules, vin_only=vin_only)
        for position, result in enumerate(results, start=1)
    ]
    return CheckedList(tuple(checked), dataset)


def _checked(
    position: int,
    result: EntryResult,
    candidates: Mapping[str, Candidate],
    orders: Mapping[str, Order],
    *,
    rules: FilterRules | None,
    vin_only: Sequence[str],
) -> CheckedEntry:
    candidate = candidates.get(result.vin)
    return CheckedEntry(
        position=position,
        text=result.text,
        outcome=result.outcome,
        vin=result.vin,
        vehicle=_named(candidate),
        detail=result.detail,
        remarks=_remarks(result, candidate, rules),
        choices=_choices(result, candidates),
        first=result.first,
        open_order=orders.get(result.vin) if result.outcome == EntryOutcome.IN_ANOTHER_ORDER else None,
        may_print_vin_only=result.outcome == EntryOutcome.NOT_ON_WEBSITE and len(result.vin) == VIN_LENGTH,
        is_vin_only=result.outcome == EntryOutcome.PLACEHOLDER and result.vin in vin_only,
    )


def _orders_in_the_way(dealership: Dealership, results: Iterable[EntryResult]) -> dict[str, Order]:
    taken = {result.vin for result in results if result.outcome == EntryOutcome.IN_ANOTHER_ORDER}
    if not taken:
        return {}
    orders = Order.objects.filter(open_vins__vin__in=taken, open_vins__dealership=dealership)
    found = orders.prefetch_related("open_vins").distinct()
    return {held.vin: order for order in found for held in order.open_vins.all()}


def _choices(result: EntryResult, candidates: Mapping[str, Candidate]) -> tuple[tuple[str, str], ...]:
    offered = result.candidates or ((result.suggestion,) if result.suggestion else ())
    return tuple((vin, _named(candidates.get(vin), with_stock=bool(result.candidates))) for vin in offered)


def _remarks(result: EntryResult, candidate: Candidate | None, rules: FilterRules | None) -> tuple[Remark, ...]:
    if result.outcome in _UNKNOWN:
        return _hints(result.text)
    if result.outcome != EntryOutcome.PRODUCED or candidate is None:
        return ()
    remarks = list(_hints(candidate.facts.vin))
    if candidate.log_remark:
        remarks.append(Remark("warn", "warn", f"{candidate.log_remark[0].upper()}{candidate.log_remark[1:]}."))
    ruled_out = list_warning(candidate, rules, today=timezone.localdate())
    if ruled_out:
        remarks.append(Remark("warn", "warn", f"A rule would leave it out: {ruled_out}."))
    return tuple(remarks)


def _hints(text: str) -> tuple[Remark, ...]:
    return tuple(Remark("warn", "warn", hint) for hint in typing_hints(text))


def _named(candidate: Candidate | None, *, with_stock: bool = False) -> str:
    if candidate is None:
        return ""
    facts: VehicleFacts = candidate.facts
    name = " ".join(str(part) for part in (facts.year, facts.make, facts.model, facts.trim) if part)
    return f"{name}, stock {facts.stock}" if with_stock and facts.stock else name
