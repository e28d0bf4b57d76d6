"""What a batch has come to: its rows, its progress and the summary behind its end; each figure is a grouped query."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q

from jobs.operations.background import keep_alive
from orders.domain.batches import ENDED, FINAL_STATES, NEEDS_ENTRIES
from orders.domain.states import OrderState
from orders.models import Artifact, Batch, BatchEntry, BatchSummary, Order, OrderEvent, OrderLine, VinLogEntry
from orders.operations.batch_states import lock_batch
from orders.operations.counting import IS_EDITED, IS_INCLUDED, with_warnings

WAITING, REFUSED = "waiting", "refused"


@dataclass(frozen=True)
class LineCounts:
    """The lines of an order by what review wants to know of them."""

    included: int = 0
    left_out: int = 0
    warnings: int = 0
    edited: int = 0
    duplicates: int = 0


@dataclass(frozen=True)
class BatchRow:
    """One entry of a batch with its order, if there is one, and what its lines say."""

    entry: BatchEntry
    order: Order | None
    lines: LineCounts

    @property
    def status(self) -> str:
        """The state of the order; without one whether it waits, was refused, or needs its vehicles to be typed."""
        if self.order:
            return self.order.state
        if not self.entry.code:
            return WAITING
        return NEEDS_ENTRIES if self.entry.code == NEEDS_ENTRIES else REFUSED

    @property
    def is_fault(self) -> bool:
        return self.status in {REFUSED, OrderState.FAILED}

    @property
    def reason(self) -> str:
        return self._failed.error_text if self._failed else self.entry.reason

    @property
    def code(self) -> str:
        """Why there is no order, or what the production of the order failed with; empty for neither."""
        return self._failed.error_code if self._failed else self.entry.code

    @property
    def stage(self) -> str:
        """The part of the work that `code` comes from."""
        if self._failed:
            return self._failed.error_stage
        return "prepare" if self.entry.code else ""

    @property
    def _failed(self) -> Order | None:
        return self.order if self.order and self.order.state == OrderState.FAILED else None


def batch_rows(*, batch: Batch) -> list[BatchRow]:
    """The entries of a batch in their order, by two queries."""
    entries = batch.entries.select_related("dealership", "order__dealership", "in_the_way").order_by("position")
    counts = _line_counts(batch)
    return [BatchRow(entry, entry.order, counts.get(entry.order_id or 0, LineCounts())) for entry in entries]


def _line_counts(batch: Batch) -> dict[int, LineCounts]:
    counted = with_warnings(OrderLine.objects.filter(order__batch=batch)).order_by().values_list("order_id")
    rows = counted.annotate(
        included_lines=Count("pk", filter=IS_INCLUDED),
        left_out=Count("pk", filter=~IS_INCLUDED),
        warned=Count("pk", filter=IS_INCLUDED & Q(is_warned=True)),
        edited=Count("pk", filter=IS_INCLUDED & IS_EDITED),
        duplicates=Count("pk", filter=IS_INCLUDED & Q(is_duplicate=True)),
    )
    return {order_id: LineCounts(*counts) for order_id, *counts in rows}


@dataclass(frozen=True)
class Progress:
    """How far a batch is; `ended` of `total` never goes back while nothing is tried again."""

    by_state: Counter[str]
    total: int

    @property
    def ended(self) -> int:
        return sum(self.by_state[state] for state in (*ENDED, REFUSED))

    @property
    def percent(self) -> int:
        return 100 * self.ended // self.total if self.total else 0


def progress_of(*, batch: Batch) -> Progress:
    """The entries of a batch counted by the state of their orders, by one query."""
    counted = BatchEntry.objects.filter(batch=batch).order_by().values_list("order__state")
    by_state: Counter[str] = Counter()
    without_reason = Count("pk", filter=Q(code=""))
    for state, refused, others in counted.annotate(refused=Count("pk", filter=~Q(code="")), others=without_reason):
        by_state[REFUSED] += refused
        by_state[state or WAITING] += others
    return Progress(+by_state, by_state.total())


def batch_document(*, batch: Batch, with_files: bool = False) -> dict[str, Any]:
    """A batch as commands print it."""
    rows = [_row_data(row) for row in batch_rows(batch=batch)]
    if with_files:
        files, logged = _files(batch), _logged(batch)
        for row in rows:
            row |= {"files": files.get(row["order_id"], []), "vin_log_added": logged.get(row["order_id"], 0)}
    return {"batch_id": batch.pk, "status": batch.state, "orders": rows}


def _row_data(row: BatchRow) -> dict[str, Any]:
    return {
        "dealership": row.entry.dealership.name,
        "order_id": row.entry.order_id,
        "order_number": row.order.order_number if row.order else "",
        "conditions": row.entry.condition_group,
        "status": row.status,
        "lines": row.lines.included,
        "reason": row.reason,
        "stage": row.stage,
        "code": row.code,
    }


def _files(batch: Batch) -> dict[int, list[dict[str, Any]]]:
    files: dict[int, list[dict[str, Any]]] = {}
    for item in Artifact.objects.filter(order__batch=batch):
        data = {"kind": item.kind, "name": item.name, "sha256": item.sha256, "bytes": item.size}
        files.setdefault(item.order_id, []).append(data)
    return files


def _logged(batch: Batch) -> dict[int, int]:
    return _counts(VinLogEntry.objects.filter(order__batch=batch).order_by().values_list("order_id"))


def _counts(rows: Any) -> dict[int, int]:
    return dict(rows.annotate(Count("pk")))


def summarise_batch(*, batch_id: int) -> str:
    """Write the summary of a finished batch, once; a batch that is open again needs none."""
    data = _summary(Batch.objects.get(pk=batch_id))
    keep_alive()
    with transaction.atomic():
        batch = lock_batch(batch_id)
        if batch.state not in FINAL_STATES:
            return f"batch {batch_id} is {batch.state} again"
        BatchSummary.objects.update_or_create(batch=batch, defaults={"data": data})
    return f"{len(data['orders'])} orders"


def _summary(batch: Batch) -> dict[str, Any]:
    files = _counts(Artifact.objects.filter(order__batch=batch).order_by().values_list("order_id"))
    logged, seconds = _logged(batch), _seconds(batch)
    orders = [
        {
            **_row_data(row),
            "left_out": row.lines.left_out,
            "duplicates": row.lines.duplicates,
            "files": files.get(row.entry.order_id or 0, 0),
            "vin_log_added": logged.get(row.entry.order_id or 0, 0),
            "seconds": seconds.get(row.entry.order_id or 0),
        }
        for row in batch_rows(batch=batch)
    ]
    totals = {key: sum(order[key] for order in orders) for key in ("left_out", "duplicates", "files", "vin_log_added")}
    totals["lines"] = sum(order["lines"] for order in orders)
    return {"batch_id": batch.pk, "batch_status": batch.state, "orders": orders, "totals": totals}


def _seconds(batch: Batch) -> dict[int, float]:
    """How long the last production of each order took."""
    events = OrderEvent.objects.filter(order__batch=batch).order_by().values_list("order_id")
    ended = Q(from_state=OrderState.PROCESSING, to_state__in=[OrderState.DONE, OrderState.FAILED])
    moments: Iterable[tuple[int, datetime | None, datetime | None]] = events.annotate(
        start=Max("at", filter=Q(action="start")), end=Max("at", filter=ended)
    )
    return {pk: round((end - start).total_seconds(), 2) for pk, start, end in moments if start and end}
