"""What must be true of the data at every moment, whatever was killed, lost or done twice.

Each rule is one statement (the files of orders are looked at on the disk as well), so that work which goes on meanwhile
is not taken for a fault; where that cannot be, the rule says so.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from dealerships.models import Dealership
from inventory.models import Dataset, InventoryImport, Vehicle
from jobs.claims import rows_of, state_is
from jobs.registry import all_works
from orders.domain.states import OPEN_STATES, OrderState
from orders.files import artifact_sha256, artifact_size
from orders.models import Artifact, Batch, BatchEntry, OpenVin, Order, OrderLine, VinLogEntry
from orders.operations.batch_states import drifted_batches

# More of one kind tell nobody more.
MOST_PER_RULE = 100
RELEASED = (OrderState.DONE, OrderState.VOIDED)
_ONE_PER_ORDER = (Artifact.Kind.VEHICLES, Artifact.Kind.SUMMARY, Artifact.Kind.ZIP)


@dataclass(frozen=True)
class Violation:
    """A broken rule, and where: a sentence that names the row or the file."""

    rule: str
    sentence: str


@dataclass(frozen=True)
class Rule:
    """Something that always holds: its name, what to do where it does not, and a way to find those places."""

    name: str
    remedy: str
    broken: Callable[[], Iterable[str]]
    # What is mended behind each step, in a transaction of its own, may be found in between.
    mends_itself: bool = False


def find_violations(*, verify: bool = False) -> list[Violation]:
    """Every rule against the whole database and the order files; an empty list means that all is whole.

    `verify` also compares the SHA-256 of every released file. At most `MOST_PER_RULE` are given of one rule.
    """
    return [violation for rule in rules(verify=verify) for violation in violations_of(rule)]


def violations_of(rule: Rule) -> list[Violation]:
    return [Violation(rule.name, sentence) for sentence in islice(rule.broken(), MOST_PER_RULE)]


def rules(*, verify: bool = False) -> tuple[Rule, ...]:
    """All rules; the one that reads every released file only with `verify`."""
    return (*_RULES, _UNALTERED) if verify else _RULES


def _sentences(words: str, rows: QuerySet[Any, Any], *fields: str) -> Iterator[str]:
    for values in rows.order_by("pk").values_list(*fields)[:MOST_PER_RULE]:
        yield words.format(*values)


# Inventory


def _two_active_datasets() -> Iterator[str]:
    active = Count("datasets", filter=Q(datasets__status=Dataset.Status.ACTIVE))
    found = Dealership.objects.annotate(active_datasets=active).filter(active_datasets__gt=1)
    return _sentences("{} has {} active datasets.", found, "name", "active_datasets")


def _rows_miscounted_in_datasets() -> Iterator[str]:
    datasets = Dataset.objects.exclude(status=Dataset.Status.REMOVED)
    found = datasets.annotate(kept=Count("vehicles")).exclude(rows_accepted=F("kept"))
    words = "Dataset {} of {} accepted {} rows and holds {} vehicles."
    return _sentences(words, found, "pk", "dealership__name", "rows_accepted", "kept")


def _rows_miscounted_in_imports() -> Iterator[str]:
    accepted = Coalesce(Sum("datasets__rows_accepted"), 0)
    found = InventoryImport.objects.annotate(in_datasets=accepted).exclude(rows_accepted=F("in_datasets"))
    words = "Import {} accepted {} rows, its datasets {}."
    return _sentences(words, found, "pk", "rows_accepted", "in_datasets")


# Orders


def _dataset_of_another_dealership() -> Iterator[str]:
    found = Order.objects.exclude(dataset=None).exclude(dataset__dealership=F("dealership"))
    words = "Order {} of {} was prepared from dataset {} of {}."
    return _sentences(words, found, "pk", "dealership__name", "dataset", "dataset__dealership__name")


def _lines_from_elsewhere() -> Iterator[str]:
    """Placeholders have no vehicle; every other line was one in the order's dataset."""
    vehicle = Vehicle.objects.filter(dataset=OuterRef("order__dataset"), vin=OuterRef("vin"))
    found = OrderLine.objects.filter(~Exists(vehicle), is_placeholder=False)
    return _sentences("Order {} line {} is no vehicle of its dataset.", found, "order", "seq")


def _orders_with_wrong_files() -> Iterator[str]:
    """A released order has its CSV, billing sheet, export, summary and ZIP, and one image per printed line."""
    released = Order.objects.filter(state__in=RELEASED)
    printed = OrderLine.objects.filter(order=OuterRef("pk"), included=True).order_by()
    lines = printed.values("order").annotate(number=Count("pk")).values("number")
    kinds = {f"{kind.value}_files": Count("artifacts", filter=Q(artifacts__kind=kind)) for kind in Artifact.Kind}
    counted = released.annotate(printed_lines=Coalesce(lines, 0), **kinds)
    is_whole = Q(qr_files=F("printed_lines"), csv_files__gte=1, billing_files__gte=1)
    is_whole &= Q(**{f"{kind.value}_files": 1 for kind in _ONE_PER_ORDER})
    words = "Order {} is {} with {} printed lines; on record are {} CSV, {} QR, {} billing, {} ZIP."
    fields = ("csv_files", "qr_files", "billing_files", "zip_files")
    return _sentences(words, counted.exclude(is_whole), "pk", "state", "printed_lines", *fields)


def _files_of_unreleased_orders() -> Iterator[str]:
    found = Order.objects.exclude(state__in=RELEASED).filter(Exists(Artifact.objects.filter(order=OuterRef("pk"))))
    return _sentences("Order {} is {} and has files on record.", found, "pk", "state")


def _files_lost() -> Iterator[str]:
    for order, path, size in Artifact.objects.order_by("pk").values_list("order", "path", "size").iterator():
        found = artifact_size(path)
        if found is None:
            yield f"Order {order}: {path} is missing on disk."
        elif found != size:
            yield f"Order {order}: {path} has {found} bytes instead of {size}."


def _files_altered() -> Iterator[str]:
    for order, path, sha256 in Artifact.objects.order_by("pk").values_list("order", "path", "sha256").iterator():
        if artifact_sha256(path) not in {"", sha256}:
            yield f"Order {order}: {path} is altered: its SHA-256 is not that of its release."


# The VIN log and taken VINs


def _printed_without_log_entry() -> Iterator[str]:
    entry = VinLogEntry.objects.filter(order=OuterRef("order"), vin=OuterRef("vin"))
    printed = OrderLine.objects.filter(order__state__in=RELEASED, order__log_vins=True, included=True)
    return _sentences("Order {} line {} was printed and is not logged.", printed.filter(~Exists(entry)), "order", "seq")


def _logged_without_print() -> Iterator[str]:
    """Log entries of an order come from its printed lines, when it is released, unless it was not to be logged."""
    line = OrderLine.objects.filter(order=OuterRef("order"), vin=OuterRef("vin"), included=True)
    is_right = Q(Exists(line), order__state__in=RELEASED, order__log_vins=True, dealership=F("order__dealership"))
    found = VinLogEntry.objects.exclude(order=None).exclude(is_right)
    words = "Log entry {} names order {} ({}), which did not print and log that vehicle."
    return _sentences(words, found, "pk", "order", "order__state")


def _logged_by_voided_orders() -> Iterator[str]:
    found = VinLogEntry.objects.in_force().filter(order__state=OrderState.VOIDED)
    return _sentences("Log entry {} is in force; its order {} is void.", found, "pk", "order")


def _taken_by_ended_orders() -> Iterator[str]:
    line = OrderLine.objects.filter(order=OuterRef("order"), vin=OuterRef("vin"))
    is_right = Q(Exists(line), order__state__in=OPEN_STATES, dealership=F("order__dealership"))
    found = OpenVin.objects.exclude(is_right)
    return _sentences("A VIN is taken by order {} ({}) without need.", found, "order", "order__state")


def _not_taken_by_open_orders() -> Iterator[str]:
    taken = OpenVin.objects.filter(order=OuterRef("order"), vin=OuterRef("vin"))
    found = OrderLine.objects.filter(~Exists(taken), order__state__in=OPEN_STATES)
    return _sentences("Order {} is open and its line {} takes no VIN.", found, "order", "seq")


# Batches


def _batches_apart_from_their_orders() -> Iterator[str]:
    for pk, (state, computed) in drifted_batches(batches=Batch.objects.all()).items():
        yield f"Batch {pk} is {state}; its orders make it {computed}."


def _orders_apart_from_their_batch() -> Iterator[str]:
    """Each order of a batch is that of one of its entries, of the same dealership."""
    entry = BatchEntry.objects.filter(order=OuterRef("pk"), batch=OuterRef("batch"), dealership=OuterRef("dealership"))
    in_batch, in_entry = Q(batch__isnull=False), Q(batch_entry__isnull=False)
    found = Order.objects.filter(in_batch | in_entry).exclude(Exists(entry))
    return _sentences("Order {} of batch {} is not that of its entry there.", found, "pk", "batch")


# Work


def _owners_without_work() -> Iterator[str]:
    """A row has an owner with a lease while it runs, and at no other time."""
    for work in all_works():
        is_running = state_is(work, work.running)
        is_owned, is_free = Q(token__isnull=False, lease_until__isnull=False), Q(token=None, lease_until=None)
        found = rows_of(work).exclude((is_running & is_owned) | (~is_running & is_free))
        words = f"{work.model.__name__} {{}} is {{}}, which does not fit its owner."
        yield from _sentences(words, found, "pk", work.state_field)


_REPORT = "Stop the worker, keep the files and the log, and have the cause found before more is printed."
_REISSUE = "Re-issue the order on its page: the same lines give the same bytes."
_SETTLE = "The worker's sweep settles it within a minute; manage.py finalize_batch does so at once."
_RULES = (
    Rule("one active dataset per dealership", _REPORT, _two_active_datasets),
    Rule("accepted rows are vehicles", "Import that inventory again.", _rows_miscounted_in_datasets),
    Rule("imports count what their datasets do", "Import that file again.", _rows_miscounted_in_imports),
    Rule("orders use their own dealership's dataset", _REPORT, _dataset_of_another_dealership),
    Rule("lines are vehicles of the order's dataset", _REPORT, _lines_from_elsewhere),
    Rule("released orders have all files on record", _REPORT, _orders_with_wrong_files),
    Rule("only released orders have files on record", _REPORT, _files_of_unreleased_orders),
    Rule("files on record are on disk", _REISSUE, _files_lost),
    Rule("printed lines are logged", _REPORT, _printed_without_log_entry),
    Rule("log entries of orders are prints", _REPORT, _logged_without_print),
    Rule("void orders log nothing", "Void these entries with a reason.", _logged_by_voided_orders),
    Rule("taken VINs belong to open orders", "Run the worker: its sweep frees them.", _taken_by_ended_orders),
    Rule("open orders take their VINs", "Cancel the order and prepare it again.", _not_taken_by_open_orders),
    Rule("batches are what their orders make", _SETTLE, _batches_apart_from_their_orders, mends_itself=True),
    Rule("orders of a batch stand in its entries", _REPORT, _orders_apart_from_their_batch),
    Rule("who runs has an owner", "Run the worker: its sweep takes such rows back.", _owners_without_work),
)
_UNALTERED = Rule("files on record are unaltered", _REISSUE, _files_altered)
