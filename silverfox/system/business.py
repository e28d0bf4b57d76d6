"""Whether the shop's own work goes on: inventory arrives and is fresh, orders complete quickly and at once."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Avg, Count, F, Max, Min, OuterRef, Q, Subquery

from dealerships.models import Dealership
from inventory.models import Dataset, InventoryImport
from inventory.operations.activation import STALE_HOURS
from orders.domain.states import OrderState
from orders.models import OrderEvent
from silverfox.system.verdicts import MOST_NAMED, Check, fine, in_words, judged

LONGEST_HOLD = timedelta(hours=4)
STALE = timedelta(hours=STALE_HOURS)
RECENT = timedelta(days=7)
FAILURES_IN_A_ROW = 2
_FAILED_ATTEMPT = ("fail", "queue again", "give up")


def business_checks(now: datetime) -> Iterator[Check]:
    """Every check of inventory and orders, as of `now`."""
    yield _held(now)
    yield _stale(now)
    yield _last_import(now)
    yield _import_success(now)
    yield _production(now)


def _held(now: datetime) -> Check:
    held = Dataset.objects.held().select_related("dealership").order_by("created_at")
    count = held.count()
    oldest = held.aggregate(at=Min("created_at"))["at"] or now
    details = [f"{dataset.dealership}: {' '.join(dataset.hold_reasons)}" for dataset in held[:MOST_NAMED]]
    value = f"{count}, the oldest for {in_words(now - oldest)}" if count else "0"
    is_long = now - oldest > LONGEST_HOLD
    remedy = "Compare each with the inventory in use on its page, then use or reject it."
    return judged("held datasets", value, person=is_long, warning=count > 0, remedy=remedy, details=details)


def _stale(now: datetime) -> Check:
    """Dealerships that are served and have an inventory source."""
    active = Q(datasets__status=Dataset.Status.ACTIVE)
    served = Dealership.objects.active().with_inventory_source()
    ages = served.annotate(collected=Max("datasets__collected_at", filter=active)).order_by("name")
    stale = [(name, at) for name, at in ages.values_list("name", "collected") if at is None or now - at > STALE]
    details = [f"{name}: {f'{in_words(now - at)} old' if at else 'none in use'}" for name, at in stale]
    remedy = (
        f"Import an inventory that was collected within {STALE_HOURS} hours; orders from an older one are asked about."
    )
    is_old = any(at for _, at in stale)
    return judged(
        "stale inventory", str(len(stale)), person=is_old, warning=bool(stale), remedy=remedy, details=details
    )


def _last_import(now: datetime) -> Check:
    last = InventoryImport.objects.filter(status=InventoryImport.Status.DONE).aggregate(at=Max("finished_at"))["at"]
    value = f"{in_words(now - last)} ago" if last else "never"
    remedy = "Import the inventories of today."
    return judged("last import", value, warning=last is None or now - last > STALE, remedy=remedy)


def _import_success(now: datetime) -> Check:
    status = InventoryImport.Status
    ended = InventoryImport.objects.filter(status__in=[status.DONE, status.FAILED])
    recent = ended.filter(created_at__gte=now - RECENT)
    counts = recent.aggregate(all=Count("pk"), done=Count("pk", filter=Q(status=status.DONE)))
    if not counts["all"]:
        return fine("import success", f"no import within {in_words(RECENT)}")
    last = list(ended.order_by("-pk").values_list("status", flat=True)[:FAILURES_IN_A_ROW])
    failed = recent.filter(status=status.FAILED).order_by("-pk")[:MOST_NAMED]
    details = [f"Import {item.pk} of {item.source}: {item.error_text}" for item in failed]
    share = f"{100 * counts['done'] // counts['all']} % of {counts['all']} within {in_words(RECENT)}"
    return judged(
        "import success",
        share,
        person=last == [status.FAILED] * FAILURES_IN_A_ROW,
        warning=bool(details),
        remedy="The page of each failed import tells why; correct the file and import it again.",
        details=details,
    )


def _production(now: datetime) -> Check:
    """Seconds from the start to the release of an order, and attempts that failed, by dealership."""
    started = OrderEvent.objects.filter(order=OuterRef("order"), action="start", pk__lt=OuterRef("pk"))
    completed, failed = Q(action="complete", to_state=OrderState.DONE), Q(action__in=_FAILED_ATTEMPT)
    events = OrderEvent.objects.filter(completed | failed, at__gte=now - RECENT).annotate(
        took=F("at") - Subquery(started.order_by("-pk").values("at")[:1])
    )
    rows = events.values(name=F("order__dealership__name")).annotate(
        orders=Count("pk", filter=completed),
        mean=Avg("took", filter=completed),
        slowest=Max("took", filter=completed),
        failures=Count("pk", filter=failed),
    )
    found = list(rows.order_by("name"))
    details = [_produced(**row) for row in found]
    orders, failures = sum(row["orders"] for row in found), sum(row["failures"] for row in found)
    value = f"orders done {orders}, attempts failed {failures} within {in_words(RECENT)}"
    remedy = "The orders' pages tell in their history what went wrong."
    return judged("production", value, warning=failures > 0, remedy=remedy, details=details)


def _produced(*, name: str, orders: int, mean: timedelta | None, slowest: timedelta | None, failures: int) -> str:
    times = f" (mean {mean.total_seconds():.1f} s, slowest {slowest.total_seconds():.1f} s)" if mean and slowest else ""
    return f"{name}: orders done {orders}{times}, attempts failed {failures}"
