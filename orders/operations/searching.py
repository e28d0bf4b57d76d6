"""One search over everything that people name: vehicles, orders, log entries and dealerships.

Every condition is answered by an index, so that the time of a search does not grow with the tables.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import BooleanField, Exists, ExpressionWrapper, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Right, Upper

from dealerships.models import Dealership, DealershipAlias
from inventory.domain.vin import VIN_END
from inventory.models import Dataset, FirstSeen, Vehicle
from orders.domain.search_terms import SearchTerms, ends_one_slip_away, suggest_vin
from orders.models import Order, OrderLine, VinLogEntry

MOST = 1000
_MOST_CANDIDATES = 2000


@dataclass(frozen=True)
class Findings:
    """What fits, by group, each in the order in which it is shown; nothing has been read yet but orders of lines."""

    vehicles: QuerySet[FirstSeen]
    orders: QuerySet[Order]
    log: QuerySet[VinLogEntry]
    dealerships: QuerySet[Dealership]


def find(*, terms: SearchTerms) -> Findings:
    """Everything that fits: a VIN or its end, a stock number, an order number or label from its start, words.

    Words are those of a vehicle in the active inventories (year, make, model, trim, stock number) or of a
    dealership's name, each from its start. Vehicles that have left are found by their VIN.
    """
    return Findings(_vehicles(terms), _orders(terms), _log(terms), _dealerships(terms))


def _vehicles(terms: SearchTerms) -> QuerySet[FirstSeen]:
    by_words = Q(document=SearchQuery(terms.words_query, search_type="raw", config="simple"))
    return (
        FirstSeen.objects.alias(vin_end=Right("vin", VIN_END), document=SearchVector("search_text", config="simple"))
        .filter(by_words | _vin_fits(terms))
        .annotate(is_gone=ExpressionWrapper(Q(search_text=""), output_field=BooleanField()))
        .select_related("dealership")
        .order_by("is_gone", "search_text", "id")
    )


def _vin_fits(terms: SearchTerms) -> Q:
    """On a query that knows `vin_end`; the whole text is compared where more was typed than is indexed."""
    if not terms.vin_part:
        return Q(pk__in=[])
    return Q(vin_end=terms.vin_part[-VIN_END:], vin__endswith=terms.vin_part)


def _orders(terms: SearchTerms) -> QuerySet[Order]:
    # Two questions: joined in one by OR, they would be asked of every order.
    lines = OrderLine.objects.alias(vin_end=Right("vin", VIN_END), stock_key=Upper("stock"))
    fitting = lines.filter(Q(stock_key=terms.key) | _vin_fits(terms)).order_by()
    by_line = set(fitting.values_list("order_id", flat=True)[:MOST])
    numbered = Order.objects.alias(number_key=Upper("order_number"))
    return (
        numbered.filter(Q(number_key__startswith=terms.key) | Q(pk__in=by_line))
        .select_related("dealership")
        .order_by("-id")
    )


def _log(terms: SearchTerms) -> QuerySet[VinLogEntry]:
    entries = VinLogEntry.objects.alias(vin_end=Right("vin", VIN_END), label_key=Upper("label"))
    return (
        entries.filter(Q(label_key__startswith=terms.key) | _vin_fits(terms))
        .select_related("dealership")
        .order_by("-id")
    )


def _dealerships(terms: SearchTerms) -> QuerySet[Dealership]:
    by_name, by_alias = Q(), Q()
    for word in terms.words:
        by_name &= Q(name__icontains=word)
        by_alias &= Q(text__icontains=word)
    aliases = DealershipAlias.objects.filter(by_alias, dealership=OuterRef("pk"))
    return Dealership.objects.filter(by_name | Q(short_code__iexact=terms.text) | Exists(aliases)).order_by("name")


def count_found(found: QuerySet[Model]) -> int:
    """How many fit; one more than 1,000 stands for all that are more."""
    return found.order_by()[: MOST + 1].count()


def vehicles_of(*, seen: Iterable[FirstSeen]) -> dict[tuple[int, str], Vehicle]:
    """The vehicles of the active inventories by dealership and VIN, for those among `seen` that still stand there."""
    standing = [(row.dealership_id, row.vin) for row in seen if row.search_text]
    vehicles = Vehicle.objects.filter(
        dataset__in=_active_ids(dealership_id for dealership_id, _ in standing), vin__in=[vin for _, vin in standing]
    ).select_related("dataset")
    return {(vehicle.dataset.dealership_id, vehicle.vin): vehicle for vehicle in vehicles}


def _active_ids(dealership_ids: Iterable[int]) -> list[int]:
    active = Dataset.objects.active().filter(dealership__in=set(dealership_ids))
    return list(active.order_by().values_list("pk", flat=True))


def only_vin(*, shown: Sequence[FirstSeen | VinLogEntry], orders: Sequence[Order], terms: SearchTerms) -> str:
    """The VIN that all of these hits are about; empty when there are several or none."""
    vins = {row.vin for row in shown}
    if terms.is_whole_vin and (shown or orders):
        vins |= {terms.vin_part}
    if len(vins) != 1:
        return ""
    [vin] = vins
    about = OrderLine.objects.filter(order__in=[order.pk for order in orders], vin=vin)
    return vin if len(orders) == about.count() else ""


def did_you_mean(*, terms: SearchTerms) -> str:
    """The one known VIN that a mistyped VIN or end of one probably meant, or an empty text."""
    if not terms.vin_part:
        return ""
    ends = ends_one_slip_away(terms.vin_part)
    known: set[str] = set()
    for rows in (FirstSeen.objects.all(), VinLogEntry.objects.all()):
        near = rows.alias(vin_end=Right("vin", VIN_END)).filter(vin_end__in=ends).order_by()
        known.update(near.values_list("vin", flat=True)[:_MOST_CANDIDATES])
    return suggest_vin(terms.vin_part, known)
