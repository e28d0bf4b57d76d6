"""Who is in a batch and which orders it is to have, with what is in their way before anything is prepared."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import ConditionGroup
from dealerships.models import WEEKDAYS, Dealership
from dealerships.operations import find_dealership
from foundation.errors import BadInput, Refused, SilverFoxError
from inventory.operations.activation import STALE_HOURS
from orders.domain.batches import NEEDS_ENTRIES, Problem, Weight
from orders.domain.states import OrderState
from orders.models import Order, OutputTemplateVersion
from orders.operations.overview import Overview
from orders.operations.preparing import OrderRequest, require_orderable

DAYS = dict(WEEKDAYS)
# What may be wanted of a dealership by the word for it; new and used apart are two orders.
CONDITIONS: Mapping[str, tuple[ConditionGroup, ...]] = {
    "all": (ConditionGroup.ALL,),
    "new": (ConditionGroup.NEW,),
    "used": (ConditionGroup.USED,),
    "apart": (ConditionGroup.NEW, ConditionGroup.USED),
}


@dataclass(frozen=True)
class Wanted:
    """What a person wants of one dealership in a batch; what is not said is as the dealership usually orders."""

    kind: OrderKind | None = None
    groups: tuple[ConditionGroup, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The dealerships of a batch, in words how they were chosen, and by dealership id what is wanted otherwise."""

    words: str
    dealerships: tuple[Dealership, ...]
    wanted: Mapping[int, Wanted] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedOrder:
    """One order that a batch of a dealership is to have."""

    dealership: Dealership
    kind: OrderKind
    group: ConditionGroup


def choose_dealerships(*, names: Sequence[str] = (), day: str = "", due: bool = False, today: date) -> Choice:
    """The dealerships that are named, scheduled for a weekday, or due today; exactly one of the three.

    Raises `BadInput` for another number of them, for an unknown name and an unknown day, `Refused` when nobody is
    scheduled or due.
    """
    if sum(map(bool, (names, day, due))) != 1:
        raise BadInput(
            "Name dealerships, or choose one of --day mon to --day fri and --due; nothing is chosen by itself.",
            code="no_choice",
        )
    if names:
        found = {dealership.pk: dealership for dealership in map(_find, names)}
        return Choice(f"{len(found)} by name", tuple(sorted(found.values(), key=lambda d: d.name)))
    if due:
        return _chosen("due today", due_dealerships(today=today), "No dealership is due and without an order today.")
    if day not in DAYS:
        raise BadInput(f"{day!r} is no day of the schedule; choose one of {', '.join(DAYS)}.", code="unknown_day")
    words = DAYS[day]
    return _chosen(words, scheduled_dealerships(day=day), f"No active dealership is scheduled for {words}.")


def read_wanted(texts: Iterable[str]) -> dict[int, Wanted]:
    """What is wanted by dealership id of texts such as `Elm Street Motors=maintenance:used`; either part may be absent.

    Raises `BadInput` for an unknown dealership, kind or condition.
    """
    wanted = {}
    for text in texts:
        name, _, said = text.rpartition("=")
        kind, _, conditions = said.partition(":")
        if kind not in {"", *OrderKind} or conditions not in {"", *CONDITIONS}:
            raise BadInput(
                f"{text!r} does not say what to order: write DEALERSHIP=KIND:CONDITIONS with {', '.join(OrderKind)} "
                f"and {', '.join(CONDITIONS)}.",
                code="unknown_order",
            )
        dealership = find_dealership(name=name)
        wanted[dealership.pk] = Wanted(OrderKind(kind) if kind else None, CONDITIONS.get(conditions, ()))
    return wanted


def _find(name: str) -> Dealership:
    return find_dealership(name=name)


def _chosen(words: str, dealerships: Sequence[Dealership], otherwise: str) -> Choice:
    if not dealerships:
        raise Refused(f"{otherwise} Name the dealerships.", code="nobody_scheduled")
    return Choice(words, tuple(dealerships))


def scheduled_dealerships(*, day: str) -> list[Dealership]:
    """The active dealerships of a day of the weekly schedule, by name."""
    return list(Dealership.objects.active().filter(schedule_days__contains=[day]))


def due_dealerships(*, today: date) -> list[Dealership]:
    """Those of today's schedule for whom no order was prepared today; cancelled and voided orders do not count."""
    day = today.strftime("%a").lower()
    ended = [OrderState.CANCELLED, OrderState.VOIDED]
    ordered = Order.objects.filter(created_at__date=today).exclude(state__in=ended).values("dealership")
    return list(Dealership.objects.active().filter(schedule_days__contains=[day]).exclude(pk__in=ordered))


def plan_orders(dealerships: Iterable[Dealership], wanted: Mapping[int, Wanted] | None = None) -> list[PlannedOrder]:
    """The orders that these dealerships usually have: their kind, new and used apart where they want that.

    `wanted` says by dealership id where another kind or other conditions are to be had this time.
    """
    planned = []
    for dealership in dealerships:
        said = (wanted or {}).get(dealership.pk, Wanted())
        kind = said.kind or OrderKind(dealership.default_order_kind)
        groups = (ConditionGroup.ALL,) if kind == OrderKind.LIST else said.groups or dealership.order_groups()
        planned += [PlannedOrder(dealership, kind, group) for group in groups]
    return planned


def plan_problems(
    planned: Iterable[PlannedOrder], overviews: Mapping[int, Overview], *, typed: Collection[int] = ()
) -> list[list[Problem]]:
    """What is in the way of each planned order as things stand, by queries that do not grow with them.

    None of it keeps the batch from being started: such a dealership gets no order, with the same reason. `typed` are
    the ids of dealerships whose vehicles are typed already.
    """
    faults = _template_faults()
    return [list(_plan_problems(item, overviews[item.dealership.pk], faults, typed)) for item in planned]


def _template_faults() -> dict[str, SilverFoxError]:
    """Why the newest version of an output template cannot be used, by the code of the template; each is read once."""
    newest = OutputTemplateVersion.objects.select_related("output_template").order_by("output_template_id", "-number")
    faults = {}
    for version in newest.distinct("output_template_id"):
        try:
            version.as_output_template()
        except SilverFoxError as error:
            faults[version.output_template.code] = error
    return faults


def _plan_problems(
    item: PlannedOrder, overview: Overview, faults: Mapping[str, SilverFoxError], typed: Collection[int]
) -> Iterator[Problem]:
    def problem(field: str, code: str, reason: str, weight: Weight = Weight.STOPS) -> Problem:
        return Problem(dealership=item.dealership.name, field=field, code=code, reason=reason, weight=weight)

    has_entries = item.kind != OrderKind.CAO and item.dealership.pk in typed
    if item.kind == OrderKind.LIST and not has_entries:
        yield problem("vehicles", NEEDS_ENTRIES, "LIST: somebody types its vehicles in an order of its own.")
        return
    try:
        request = OrderRequest(dealership=item.dealership, kind=item.kind, group=item.group)
        require_orderable(request, open_orders=overview.open_orders)
        for code in {item.dealership.template_new_id, item.dealership.template_used_id}:
            if code and code in faults:
                raise faults[code]
    except SilverFoxError as error:
        yield problem("order", error.code, error.message)
        return
    if item.kind == OrderKind.MAINTENANCE and not has_entries:
        yield problem("vehicles", NEEDS_ENTRIES, "Nobody typed vehicles, so it prints what is new.", Weight.TELLS)
    yield from _inventory_problems(item, overview, problem, has_entries=has_entries)


def _inventory_problems(
    item: PlannedOrder, overview: Overview, problem: Callable[..., Problem], *, has_entries: bool
) -> Iterator[Problem]:
    """What is to be said of the inventory; a LIST does without one."""
    if overview.dataset is None:
        if item.kind != OrderKind.LIST:
            reason = "It has no inventory in use. Import it, or release a held dataset."
            yield problem("inventory", "no_inventory", reason)
    elif overview.waiting_of(item.group) == 0 and not has_entries:
        yield problem("vehicles", "nothing_to_order", "Nothing new on the lot.", Weight.TELLS)
    elif overview.is_stale:
        reason = f"Its inventory is older than {STALE_HOURS} hours."
        yield problem("inventory", "stale_inventory", reason, Weight.ASKS)
