"""Everything that would keep a batch from being printed, told at once; nothing is written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from foundation.errors import Refused, SilverFoxError
from inventory.operations.activation import STALE_HOURS, is_stale
from jobs.models import WorkerHeartbeat
from orders.domain.batches import IN_REVIEW, Problem, Weight
from orders.domain.lines import OrderContent
from orders.domain.qr import decode_png, qr_png
from orders.domain.states import OrderState
from orders.files import storage_problem
from orders.models import Batch, Order
from orders.operations.checking import line_problems, order_content, unapproved_hosts, vins_printed_meanwhile

LEAST_FREE_BYTES = 1_000_000_000
_PROBE = "https://www.elm-street.example/used/?utm_source=SilverFox"


def preflight(*, batch: Batch, numbers: Mapping[int, str] | None = None) -> list[Problem]:
    """Every problem of every order of the batch that is in review, and of the means to produce them.

    `numbers` are the order numbers that they are about to get, by order id.
    """
    problems = [*means_problems(), *worker_problems()]
    orders = orders_in_review(batch=batch)
    for order in orders:
        problems += _order_problems(order)
    return problems + number_problems(orders, numbers or {})


def orders_in_review(*, batch: Batch) -> list[Order]:
    """The orders of a batch that wait for their number, in the order of its dealerships."""
    orders = Order.objects.filter(batch=batch, state__in=IN_REVIEW).select_related("dealership", "dataset")
    return list(orders.order_by("batch_entry__position"))


def require_means() -> None:
    """Raise `Refused` when no order at all could be produced now."""
    problems = means_problems()
    if problems:
        raise Refused(
            " ".join(problem.words for problem in problems),
            code="preflight_failed",
            detail={"problems": [problem.as_data() for problem in problems]},
        )


def means_problems() -> list[Problem]:
    """What keeps every order from being produced: the folder, the disk, the QR libraries."""
    problems = []
    storage = storage_problem(least_free_bytes=LEAST_FREE_BYTES)
    if storage:
        hint = "Free space, or have the folder mended, and try again."
        problems.append(Problem(field="output folder", code="storage", reason=storage, hint=hint))
    if not _qr_works():
        reason = "QR codes cannot be drawn and read back on this computer."
        hint = "Install the requirements again."
        problems.append(Problem(field="QR codes", code="qr_libraries", reason=reason, hint=hint))
    return problems


def _qr_works() -> bool:
    try:
        return decode_png(qr_png(_PROBE)) == [_PROBE]
    except ImportError:
        return False


def worker_problems() -> list[Problem]:
    """Whether anybody would do the work: orders wait until somebody does, so this stops nothing."""
    if is_worker_alive():
        return []
    return [
        Problem(
            field="worker",
            code="no_worker",
            reason="No worker answers, so orders wait.",
            hint="Start it with manage.py worker.",
            weight=Weight.TELLS,
        )
    ]


def is_worker_alive() -> bool:
    """Whether a worker has answered lately."""
    limit = Now() - timedelta(seconds=settings.WEDGE_SECONDS)
    return WorkerHeartbeat.objects.filter(at__gte=limit, incarnation__ended_at__isnull=True).exists()


def _order_problems(order: Order) -> Iterator[Problem]:
    def problem(field: str, code: str, reason: str, hint: str = "", weight: Weight = Weight.STOPS) -> Problem:
        name = str(order.dealership)
        return Problem(
            dealership=name, order_id=order.pk, field=field, code=code, reason=reason, hint=hint, weight=weight
        )

    try:
        content = order_content(order)
    except SilverFoxError as error:
        yield problem("output template", error.code, error.message)
        return
    for code, reason in _line_problems(order, content):
        yield problem("lines", code, reason)
    if order.dataset and is_stale(dataset=order.dataset, now=timezone.now()) and not _age_was_confirmed(order):
        yield problem(
            "inventory", "stale_inventory", f"Its inventory is older than {STALE_HOURS} hours.", weight=Weight.ASKS
        )
    if not content.settings.profile_name:
        reason, hint = "No path profile is chosen, so image paths are relative.", "Choose one in its settings."
        yield problem("path profile", "no_path_profile", reason, hint, weight=Weight.TELLS)
    strange = unapproved_hosts(order=order)
    if strange:
        hosts = ", ".join(f"{host} ({count} lines)" for host, count in strange.items())
        yield problem("websites", "unapproved_hosts", f"QR codes lead to {hosts}, not approved.", weight=Weight.ASKS)


def _line_problems(order: Order, content: OrderContent) -> Iterator[tuple[str, str]]:
    if not content.lines:
        yield "no_lines", "Every line is left out; put one back or cancel the order."
    for reason in line_problems(content):
        yield "empty_required_field", reason
    vins = sorted(vins_printed_meanwhile(order=order))
    if vins:
        yield (
            "printed_meanwhile",
            f"Printed or ordered elsewhere meanwhile: {', '.join(vins)}. Leave them out, or confirm a reprint.",
        )


def _age_was_confirmed(order: Order) -> bool:
    return order.events.filter(action="create", detail__contains="inventory is").exists()


def number_problems(orders: Sequence[Order], numbers: Mapping[int, str]) -> list[Problem]:
    """Numbers that two of the orders would get, and numbers that other orders have."""
    repeated = {number for number, count in Counter(filter(None, numbers.values())).items() if count > 1}
    ended = [OrderState.CANCELLED, OrderState.VOIDED]
    others = Order.objects.filter(order_number__in=numbers.values()).exclude(pk__in=numbers).exclude(order_number="")
    taken = {other.order_number: other for other in others.exclude(state__in=ended).select_related("dealership")}
    problems = []
    for order in orders:
        number, name = numbers.get(order.pk, ""), str(order.dealership)
        if number in repeated:
            reason, code = f"Order number {number} is given twice in this batch.", "repeated_number"
            problems.append(Problem(dealership=name, order_id=order.pk, field="order number", code=code, reason=reason))
        elif number in taken:
            other = taken[number]
            reason = f"Order number {number} belongs to {other.dealership}, order {other.pk}."
            problems.append(
                Problem(
                    dealership=name,
                    order_id=order.pk,
                    field="order number",
                    code="number_taken",
                    reason=reason,
                    weight=Weight.ASKS,
                )
            )
    return problems
