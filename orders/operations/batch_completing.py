"""A prepared batch: its order numbers, its production, another try of what failed, its end before that."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from foundation.auditing import record
from foundation.errors import BadInput, ConfirmationNeeded, Refused, SilverFoxError
from jobs.models import Job
from jobs.operations.background import run_job
from jobs.operations.sweeping import sweep
from orders.domain.batches import (
    CANCELLED,
    FINAL_STATES,
    IN_PRODUCTION,
    NumberError,
    Problem,
    Weight,
    consecutive_numbers,
)
from orders.domain.states import OrderState
from orders.models import Batch, BatchEntry, Order
from orders.operations.batch_states import SUMMARY_JOB, find_batch, lock_batch, settle_batch
from orders.operations.claiming import this_second
from orders.operations.completing import approve_order, cancel_order, complete_order
from orders.operations.preflight import is_worker_alive, number_problems, orders_in_review, preflight

_POLL_SECONDS = 0.5


def complete_batch(
    *,
    batch: Batch,
    first_number: str = "",
    numbers: Mapping[int, str] | None = None,
    actor: User | None = None,
    confirmed: bool = False,
    in_background: bool = True,
) -> Batch:
    """Number and queue the orders of a batch that are in review, all in one transaction.

    `first_number` is counted up over those that can be printed; or else `numbers` has the number by order id, and an
    order without one stays in review. A repetition while they are produced changes nothing. `confirmed` answers what
    `approve_order` would ask, and leaves orders in review that cannot be printed. Raises `BadInput` for numbers that
    cannot be counted up or are given twice, `Refused` when nothing can be printed, and `ConfirmationNeeded` with every
    problem of every order.
    """
    with transaction.atomic():
        batch = lock_batch(batch.pk)
        if not orders_in_review(batch=batch):
            _require_production(batch)
            return batch
        plan = plan_completion(batch=batch, first_number=first_number, numbers=numbers)
        if plan.questions and not confirmed:
            words = " ".join([*plan.questions, "Confirm to go on (--yes)."])
            raise ConfirmationNeeded(words, detail={"questions": plan.questions, **_detail(plan.problems)})
        for order, number in plan.numbered:
            approve_order(order=order, order_number=number, confirmed=True, actor=actor, in_background=in_background)
        # One moment for all, so that a batch that runs over midnight has one date.
        numbered = Order.objects.filter(pk__in=[order.pk for order, _ in plan.numbered])
        numbered.update(completed_at=this_second())
        words = f"{len(plan.numbered)} orders: {', '.join(number for _, number in plan.numbered)}"
        record("complete batch", object_type="batch", object_id=batch.pk, actor=actor, detail=words)
    return find_batch(batch_id=batch.pk)


@dataclass(frozen=True)
class Completion:
    """The orders that a completion would produce, each with its number, and what was found on the way."""

    numbered: tuple[tuple[Order, str], ...]
    wanted: int
    problems: list[Problem]

    @property
    def questions(self) -> list[str]:
        """What a person has to answer with yes first."""
        asked = [problem.words for problem in self.problems if problem.weight != Weight.TELLS]
        left = self.wanted - len(self.numbered)
        words = f"{left} of {self.wanted} orders cannot be completed and would stay in review."
        return [*asked, words] if left else asked


def plan_completion(*, batch: Batch, first_number: str = "", numbers: Mapping[int, str] | None = None) -> Completion:
    """What `complete_batch` would do with these numbers; writes nothing. Raises `BadInput` and `Refused` as it does."""
    orders = orders_in_review(batch=batch)
    if not orders:
        _require_production(batch)
    chosen = None if numbers is None else _chosen_numbers(orders, numbers)
    wanted = [order for order in orders if chosen is None or order.pk in chosen]
    problems = preflight(batch=batch, numbers=chosen)
    ready = _printable(wanted, problems)
    if chosen is None:
        chosen = dict(zip([order.pk for order in ready], _count_up(first_number, len(ready)), strict=True))
        problems += number_problems(ready, chosen)
    ids = {None, *(order.pk for order in wanted)}
    concerned = [problem for problem in problems if problem.order_id in ids]
    return Completion(tuple((order, chosen[order.pk]) for order in ready), len(wanted), concerned)


def _require_production(batch: Batch) -> None:
    if not Order.objects.filter(batch=batch, state__in=IN_PRODUCTION).exists():
        raise Refused(
            f"Batch {batch.pk} is {batch.state.replace('_', ' ')}; none of its orders is in review.",
            code="nothing_to_complete",
        )


def _chosen_numbers(orders: list[Order], numbers: Mapping[int, str]) -> dict[int, str]:
    """The typed numbers of orders in review, without those left blank."""
    typed = {order.pk: " ".join(numbers.get(order.pk, "").split()) for order in orders}
    chosen = {pk: number for pk, number in typed.items() if number}
    if not chosen:
        raise BadInput("No order has a number. Type at least one.", code="order_number")
    return chosen


def _count_up(first_number: str, count: int) -> list[str]:
    try:
        return consecutive_numbers(first_number, count)
    except NumberError as error:
        raise BadInput(str(error), code="order_number") from error


def _printable(orders: list[Order], problems: list[Problem]) -> list[Order]:
    """Those of the orders that nothing stops. Raises when all of them, or the numbers, are at fault."""
    repeated = [problem.words for problem in problems if problem.code == "repeated_number"]
    if repeated:
        raise BadInput(" ".join(repeated), code="repeated_number")
    stopped = {problem.order_id for problem in problems if problem.weight == Weight.STOPS}
    ready = [order for order in orders if order.pk not in stopped]
    if None in stopped or not ready:
        stops = [problem for problem in problems if problem.weight == Weight.STOPS]
        words = " ".join(problem.words for problem in stops)
        raise Refused(f"No order can be completed. {words}", code="preflight_failed", detail=_detail(stops))
    return ready


def _detail(problems: list[Problem]) -> dict[str, list[dict[str, object]]]:
    return {"problems": [problem.as_data() for problem in problems]}


def retry_batch(
    *, batch: Batch, order_id: int | None = None, actor: User | None = None, in_background: bool = True
) -> tuple[Batch, list[str]]:
    """Queue the failed orders of a batch again, or one of them, each under its number and with all its attempts.

    Gives the batch and why orders could not be queued. Raises `Refused` when none has failed.
    """
    failed = Order.objects.filter(batch=batch, state=OrderState.FAILED).select_related("dealership")
    if order_id is not None:
        failed = failed.filter(pk=order_id)
    orders = list(failed.order_by("batch_entry__position"))
    if not orders:
        raise Refused(f"No order of batch {batch.pk} has failed.", code="nothing_failed")
    record("retry batch", object_type="batch", object_id=batch.pk, actor=actor, detail=f"{len(orders)} failed orders")
    refusals = []
    for order in orders:
        try:
            approve_order(
                order=order,
                order_number=order.order_number,
                confirmed=True,
                log_vins=order.log_vins,
                reason=order.log_skip_reason,
                actor=actor,
                in_background=in_background,
            )
        except SilverFoxError as error:
            refusals.append(f"{order.dealership}: {error.message}")
    return find_batch(batch_id=batch.pk), refusals


def cancel_batch(*, batch: Batch, actor: User | None = None, reason: str = "") -> Batch:
    """End what is open in a batch; its done orders stay. One in production stops at its next sign of life.

    Raises `Refused` when nothing is open.
    """
    with transaction.atomic():
        waiting = BatchEntry.objects.filter(batch=lock_batch(batch.pk), order__isnull=True, code="")
        ended = waiting.update(code=CANCELLED, reason="The batch was cancelled before its turn.")
        orders = list(Order.objects.open().filter(batch=batch).order_by("pk"))
        if not orders and not ended:
            raise Refused(f"Nothing of batch {batch.pk} is open any more.", code="nothing_open")
        for order in orders:
            cancel_order(order=order, actor=actor, reason=reason or f"batch {batch.pk} cancelled")
        words = "; ".join(filter(None, [f"{len(orders)} orders, {ended} not prepared", reason]))
        record("cancel batch", object_type="batch", object_id=batch.pk, actor=actor, detail=words)
    return settle_batch(batch_id=batch.pk)


def wait_for_batch(*, batch: Batch, actor: User | None = None) -> Batch:
    """Wait until none of the batch's orders is in production; where no worker answers, produce them here.

    What goes wrong with an order stands on the order.
    """
    working = Order.objects.filter(batch=batch, state__in=IN_PRODUCTION)
    while working.exists():
        if is_worker_alive():
            time.sleep(_POLL_SECONDS)
        elif not _complete_here(batch, actor):
            # Another process has it, or had it and is gone: that is found out by the sweep.
            sweep()
            time.sleep(_POLL_SECONDS)
    batch = settle_batch(batch_id=batch.pk)
    if batch.state in FINAL_STATES and not is_worker_alive():
        for job_id in _unfinished(SUMMARY_JOB, batch):
            run_job(job_id=job_id)
    return batch


def _complete_here(batch: Batch, actor: User | None) -> bool:
    """Produce one order of the batch that waits; False when there is none to be had."""
    order = Order.objects.filter(batch=batch, state=OrderState.QUEUED).order_by("pk").first()
    if order is None:
        return False
    try:
        complete_order(order=order, actor=actor)
    except SilverFoxError as error:
        # The reason stands on the order, or another process has it.
        return error.code != "not_claimable"
    return True


def _unfinished(kind: str, batch: Batch) -> list[int]:
    jobs = Job.objects.filter(kind=kind, subject_id=batch.pk, state=Job.State.QUEUED)
    return list(jobs.values_list("pk", flat=True))
