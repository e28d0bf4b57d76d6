"""Activation: which dataset of a dealership orders use, decided by gates and people, switched by a marker."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from dealerships.domain.rules import Condition
from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from foundation.roles import MANAGER, STAFF
from inventory.domain.gates import PARTIAL, DatasetStats, GateResult, Severity, evaluate_gates
from inventory.models import Dataset, DatasetEvent, InventoryImport
from inventory.operations.comparing import active_beside, measure_difference

_HISTORY = 5
# The gates that a person of each role may release.
_FORCED = {
    STAFF: frozenset({Severity.HOLD_STAFF}),
    MANAGER: frozenset({Severity.HOLD_STAFF, Severity.HOLD_MANAGER}),
}
STALE_HOURS = 36
_FIGURES = """
    SELECT count(*), count(*) FILTER (WHERE vehicle.condition = %(new)s),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY vehicle.price), count(twin.vin),
           count(*) FILTER (WHERE vehicle.price IS NULL)
    FROM inventory_vehicle vehicle
    LEFT JOIN inventory_vehicle twin ON twin.dataset_id = %(other)s AND twin.vin = vehicle.vin
    WHERE vehicle.dataset_id = %(dataset)s
"""
# The VIN keeps the text from being empty. Letters and figures only: the parser of words makes numbers with a sign and
# names of hosts of what stands between them.
_REMEMBER = r"""
    INSERT INTO inventory_firstseen AS seen (dealership_id, vin, first_seen_date, search_text)
    SELECT %s, vin, %s, left(
        regexp_replace(concat_ws(' ', make, model, trim, year, stock, vin), '[^[:alnum:]]+', ' ', 'g'), 500
    ) FROM inventory_vehicle WHERE dataset_id = %s
    ON CONFLICT (dealership_id, vin) DO UPDATE
    SET first_seen_date = least(seen.first_seen_date, EXCLUDED.first_seen_date), search_text = EXCLUDED.search_text
    WHERE seen.first_seen_date > EXCLUDED.first_seen_date OR seen.search_text <> EXCLUDED.search_text
"""
_FORGET_GONE = """
    UPDATE inventory_firstseen AS seen SET search_text = '' WHERE dealership_id = %s AND search_text <> ''
    AND NOT EXISTS (SELECT FROM inventory_vehicle WHERE dataset_id = %s AND vin = seen.vin)
"""


def judge_dataset(*, dataset: Dataset) -> tuple[GateResult, ...]:
    """Evaluate the gates of a staged or held dataset against the active one and store their results and its status."""
    active = active_beside(dataset)
    results = _gate_results(dataset, active)
    dataset.difference = measure_difference(dataset=dataset, other=active)
    dataset.gates = [{"code": r.code, "severity": r.severity, "message": r.message} for r in results]
    if any(result.severity == "refuse" for result in results):
        move_dataset(
            dataset, Dataset.Status.REJECTED, None, "; ".join(r.message for r in results if r.severity == "refuse")
        )
    elif any(result.holds for result in results) and dataset.status == Dataset.Status.STAGED:
        move_dataset(dataset, Dataset.Status.HELD, None, "; ".join(r.message for r in results if r.holds))
    else:
        dataset.save(update_fields=["gates", "difference"])
    return results


def activate_dataset(
    *, dataset: Dataset, force: bool = False, as_role: str = MANAGER, actor: User | None = None, reason: str = ""
) -> int | None:
    """Make `dataset` the one that orders use; the active one is archived. Gives the id of that one, or None.

    The dealership's row is locked, and the gates are judged again against the dataset active now. A held dataset
    needs `force`, which is recorded with `actor`; an empty one is refused always, and a gate that asks for a manager
    unless `as_role` is one. To an archived one a manager may return without gates. Raises `Refused` with the reason.
    """
    with transaction.atomic():
        Dealership.objects.select_for_update().get(pk=dataset.dealership_id)
        dataset.refresh_from_db()
        refusal = _refusal(dataset, as_role=as_role, force=force)
        if refusal is None:
            return _switch(dataset, actor, reason or ("released" if force else "activated"))
    raise refusal


def _refusal(dataset: Dataset, *, as_role: str, force: bool) -> Refused | None:
    if dataset.status not in {Dataset.Status.STAGED, Dataset.Status.HELD}:
        return _refusal_of_status(dataset, as_role)
    results = judge_dataset(dataset=dataset)
    forced = _FORCED[as_role] if force else frozenset()
    stopping = [r for r in results if r.severity == "refuse" or (r.holds and r.severity not in forced)]
    if not stopping:
        return None
    words = " ".join(result.message for result in stopping)
    return Refused(f"{dataset.dealership.name}: {words}", code=stopping[0].code, detail=_detail(dataset))


def _refusal_of_status(dataset: Dataset, as_role: str) -> Refused | None:
    this, status = f"Dataset {dataset.pk} of {dataset.dealership.name}", Dataset.Status
    if dataset.status == status.ARCHIVED and as_role == MANAGER:
        return None
    code, words = {
        status.ACTIVE: ("already_active", "is in use already."),
        status.REJECTED: ("rejected", "was rejected."),
        status.REMOVED: ("rows_removed", "has no rows any more. Import the inventory again."),
        status.ARCHIVED: ("manager_only", "is an older one. Only a manager goes back to it."),
    }[Dataset.Status(dataset.status)]
    return Refused(f"{this} {words}", code=code, detail=_detail(dataset))


def _detail(dataset: Dataset) -> dict[str, Any]:
    name = dataset.dealership.name
    return {"dealership": name, "dataset_id": dataset.pk, "status": dataset.status, "previous_id": None}


def _switch(dataset: Dataset, actor: User | None, reason: str) -> int | None:
    previous = Dataset.objects.active().filter(dealership_id=dataset.dealership_id).first()
    if dataset.status == Dataset.Status.ARCHIVED:
        # The others were judged a moment ago.
        dataset.difference = measure_difference(dataset=dataset, other=previous)
    if previous:
        move_dataset(previous, Dataset.Status.ARCHIVED, actor, f"dataset {dataset.pk} took its place")
    dataset.activated_at = timezone.now()
    move_dataset(dataset, Dataset.Status.ACTIVE, actor, reason)
    _record_first_seen(dataset)
    return previous.pk if previous else None


def move_dataset(dataset: Dataset, status: str, actor: User | None, reason: str) -> None:
    """Give the dataset another status and keep who did it and why; whoever calls holds the dealership's row."""
    DatasetEvent.objects.create(
        dataset=dataset, from_status=dataset.status, to_status=status, actor=actor, reason=reason
    )
    dataset.status = status
    dataset.save(update_fields=["status", "activated_at", "gates", "difference"])


def _record_first_seen(dataset: Dataset) -> None:
    """Keep the earliest day on which the dealership's active inventory held each VIN, and what it is found by now."""
    day = timezone.localdate(dataset.collected_at)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_GONE, [dataset.dealership_id, dataset.pk])
        cursor.execute(_REMEMBER, [dataset.dealership_id, day, dataset.pk])


def _gate_results(dataset: Dataset, active: Dataset | None) -> tuple[GateResult, ...]:
    history = (
        Dataset.objects.filter(dealership_id=dataset.dealership_id, activated_at__isnull=False)
        .exclude(pk=dataset.pk)
        .order_by("-activated_at")
        .values_list("rows_accepted", flat=True)[:_HISTORY]
    )
    return evaluate_gates(_stats(dataset, active), _stats(active) if active else None, list(history))


def _stats(dataset: Dataset, other: Dataset | None = None) -> DatasetStats:
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"dataset": dataset.pk, "other": other.pk if other else None, "new": Condition.NEW})
        vehicles, new, price_median, shared, blank_prices = cursor.fetchone()
    arrival = dataset.inventory_import
    return DatasetStats(
        read=dataset.rows_read,
        accepted=dataset.rows_accepted,
        rejected=dataset.rows_rejected,
        rejected_temporary_vins=dataset.rejected_temporary_vins,
        shared_vins=shared,
        collected_at=dataset.collected_at,
        price_median=price_median,
        new_share=new / vehicles if vehicles else 0.0,
        blank_price_share=blank_prices / vehicles if vehicles else 0.0,
        foreign_share=_foreign_share(arrival),
        is_partial=PARTIAL in arrival.holds,
        has_status="W_NO_STATUS" not in arrival.holds,
        is_mojibake="W_MOJIBAKE" in arrival.holds,
    )


def _foreign_share(arrival: InventoryImport) -> float | None:
    if arrival.foreign_rows is None:
        return None
    return arrival.foreign_rows / max(1, arrival.foreign_rows + arrival.rows_read)


def choose_dataset(*, dealership: Dealership, dataset_id: int | None = None) -> Dataset:
    """The dataset with that id, or the newest staged, held or archived one. Raises `BadInput` when there is none."""
    waiting = [Dataset.Status.STAGED, Dataset.Status.HELD, Dataset.Status.ARCHIVED]
    datasets = Dataset.objects.for_dealership(dealership)
    if dataset_id is not None:
        dataset = datasets.filter(pk=dataset_id).first()
        if dataset is None:
            known = ", ".join(str(pk) for pk in datasets.values_list("pk", flat=True)[:10]) or "none"
            raise BadInput(f"{dealership} has no dataset {dataset_id}; its newest are: {known}.")
        return dataset
    newest = datasets.filter(status__in=waiting).order_by("-pk").first()
    if newest is None:
        raise BadInput(f"{dealership} has no staged, held or archived dataset. Import its inventory first.")
    return newest


def reject_dataset(*, dataset: Dataset, actor: User | None, reason: str) -> None:
    """Refuse a staged or held dataset for good; it is kept for inspection. Raises `Refused` in another state."""
    with transaction.atomic():
        Dealership.objects.select_for_update().get(pk=dataset.dealership_id)
        dataset.refresh_from_db()
        if dataset.status not in {Dataset.Status.STAGED, Dataset.Status.HELD}:
            raise Refused(f"Dataset {dataset.pk} is {dataset.get_status_display().lower()}; it cannot be rejected.")
        move_dataset(dataset, Dataset.Status.REJECTED, actor, reason)


def is_stale(*, dataset: Dataset, now: datetime) -> bool:
    """Whether a person must confirm the use of this inventory: it was collected more than 36 hours ago."""
    return (now - dataset.collected_at).total_seconds() > STALE_HOURS * 3600


def role_to_decide(*, dataset: Dataset) -> str:
    """The role that may activate or reject this dataset: a manager for an older one and for most holds."""
    severities = {gate["severity"] for gate in dataset.gates}
    if dataset.status == Dataset.Status.ARCHIVED or Severity.HOLD_MANAGER in severities:
        return MANAGER
    return STAFF
