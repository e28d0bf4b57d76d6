"""What a worker does for orders."""

from jobs.registry import job
from orders.models import Order
from orders.operations.completing import COMPLETE_JOB, complete_order


@job(COMPLETE_JOB)
def complete(order_id: int) -> None:
    complete_order(order=Order.objects.get(pk=order_id))
