"""What a worker does for orders."""

import logging

from foundation.errors import SilverFoxError
from jobs.registry import job
from orders.models import Order
from orders.operations.claiming import COMPLETE_JOB
from orders.operations.completing import complete_order

logger = logging.getLogger(__name__)


@job(COMPLETE_JOB)
def complete(order_id: int) -> None:
    try:
        complete_order(order=Order.objects.get(pk=order_id))
    except SilverFoxError as error:
        # The reason stands on the order, or another worker has it; the queue has nothing to repeat.
        logger.warning("order not completed", extra={"order_id": order_id, "reason": error.message})
