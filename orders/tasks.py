"""What a worker does for orders, and when it does it by itself."""

import logging
from datetime import time, timedelta

from django.utils import timezone

from foundation import context
from foundation.errors import SilverFoxError
from jobs.registry import job, sweep
from jobs.schedules import Daily, Every, schedule
from orders.models import Order
from orders.operations.batch_results import summarise_batch
from orders.operations.batch_states import (
    PREPARE_JOB,
    SUMMARY_JOB,
    ask_for_preparations,
    ask_for_summaries,
    settle_drifted,
)
from orders.operations.batching import prepare_batch
from orders.operations.claiming import COMPLETE_JOB
from orders.operations.completing import complete_order, facts_of
from orders.operations.retention import apply_retention
from orders.operations.tidying import free_vins_of_ended_orders, remove_old_attempts
from orders.operations.verifying import VERIFY_JOB, verify_nightly

logger = logging.getLogger(__name__)


@job(COMPLETE_JOB)
def complete(order_id: int) -> None:
    order = Order.objects.get(pk=order_id)
    context.add(**facts_of(order))
    try:
        complete_order(order=order)
    except SilverFoxError as error:
        # The reason stands on the order, or another worker has it; the queue has nothing to repeat.
        logger.warning("order not completed", extra={"code": error.code})


@job(VERIFY_JOB)
def verify(_: int) -> str:
    return verify_nightly()


@job("remove_old_attempts")
def tidy(_: int) -> str:
    return f"{remove_old_attempts()} folders removed."


@job("apply_retention")
def retain(_: int) -> str:
    removed = apply_retention(now=timezone.now(), actor_name="schedule")
    return ", ".join(f"{item.count} {item.name}" for item in removed)


schedule("nightly check of the files", kind=VERIFY_JOB, when=Daily(time(3)))
schedule("nightly retention", kind="apply_retention", when=Daily(time(2)))
schedule("folders of lost attempts", kind="remove_old_attempts", when=Every(timedelta(hours=1)))
sweep("VINs held by ended orders")(free_vins_of_ended_orders)


@job(PREPARE_JOB)
def prepare(batch_id: int) -> None:
    context.add(batch_id=batch_id)
    prepare_batch(batch_id=batch_id)


@job(SUMMARY_JOB)
def summarise(batch_id: int) -> str:
    context.add(batch_id=batch_id)
    return summarise_batch(batch_id=batch_id)


sweep("batches: settled")(settle_drifted)
sweep("batches: summaries asked for")(ask_for_summaries)
sweep("batches: preparations asked for")(ask_for_preparations)
