"""Taking entries of the VIN log out of force: with a reason, by a manager, and never undone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from dealerships.models import Dealership
from foundation.auditing import record
from foundation.errors import BadInput, Refused
from orders.models import Order, VinLogEntry
from orders.operations.transitions import record_event

MOST_AT_ONCE = 500


@dataclass(frozen=True)
class VoidPlan:
    """The entries that would be voided, those that are void already, and how many vehicles that sets free.

    A vehicle stays printed (`still_logged`) while another entry of its dealership is in force.
    """

    entries: list[VinLogEntry]
    void_already: int
    freed: int
    still_logged: int


def plan_void(*, entry_ids: Iterable[int]) -> VoidPlan:
    """What voiding these entries would do. Raises `BadInput` for none, for more than 500 and for unknown ones."""
    chosen = _require_entries(set(entry_ids))
    entries = [entry for entry in chosen if entry.voided_at is None]
    vehicles = {(entry.dealership_id, entry.vin) for entry in entries}
    others = (
        VinLogEntry.objects.in_force()
        .filter(dealership__in={owner for owner, _ in vehicles}, vin__in={vin for _, vin in vehicles})
        .exclude(pk__in=[entry.pk for entry in entries])
    )
    kept = vehicles & set(others.values_list("dealership_id", "vin"))
    return VoidPlan(entries, len(chosen) - len(entries), len(vehicles) - len(kept), len(kept))


def _require_entries(entry_ids: set[int]) -> list[VinLogEntry]:
    if not entry_ids:
        raise BadInput("No log entry is chosen. Tick entries in the VIN log first.", code="no_entries")
    if len(entry_ids) > MOST_AT_ONCE:
        raise BadInput(
            f"{len(entry_ids)} entries are too many at once; {MOST_AT_ONCE} can be voided together. Choose fewer.",
            code="too_many_entries",
        )
    chosen = list(VinLogEntry.objects.filter(pk__in=entry_ids).select_related("dealership", "order").order_by("-id"))
    if len(chosen) < len(entry_ids):
        missing = len(entry_ids) - len(chosen)
        raise BadInput(f"{missing} of the chosen log entries do not exist. Choose them again.", code="unknown_entries")
    return chosen


def void_log_entries(*, entry_ids: Iterable[int], reason: str, actor: User | None = None) -> int:
    """Void the entries that are still in force; gives their number. Their vehicles may be ordered again.

    The audit trail keeps who, why and which; the orders that wrote the entries stay done and keep an event. Raises
    like `plan_void`, `BadInput` without a reason, and `Refused` when every entry is void already.
    """
    reason, wanted = reason.strip(), set(entry_ids)
    if not reason:
        raise BadInput("Say why the entries are void, for example logged at the wrong dealership.", code="no_reason")
    with transaction.atomic():
        # Completion and import add entries under the same lock.
        owners = VinLogEntry.objects.filter(pk__in=wanted).values("dealership")
        list(Dealership.objects.select_for_update().filter(pk__in=owners).order_by("pk"))
        entries = plan_void(entry_ids=wanted).entries
        if not entries:
            raise Refused("Every chosen log entry is void already; nothing was changed.", code="void_already")
        VinLogEntry.objects.in_force().filter(pk__in=[entry.pk for entry in entries]).update(
            voided_at=Now(), voided_by=actor, void_reason=reason
        )
        _tell(entries, reason, actor)
    return len(entries)


def _tell(entries: list[VinLogEntry], reason: str, actor: User | None) -> None:
    by_dealership: defaultdict[Dealership, list[int]] = defaultdict(list)
    of_orders: defaultdict[Order, int] = defaultdict(int)
    for entry in entries:
        by_dealership[entry.dealership].append(entry.pk)
        if entry.order:
            of_orders[entry.order] += 1
    for dealership, ids in by_dealership.items():
        record(
            "vin_log.voided",
            object_type="VIN log",
            object_id=dealership.pk,
            object_name=dealership.name,
            actor=actor,
            after={"entries_voided": sorted(ids)},
            detail=reason,
        )
    for order, count in of_orders.items():
        record_event(order, "void log entries", actor=actor, detail=f"{count} of its VINs left the VIN log: {reason}")
