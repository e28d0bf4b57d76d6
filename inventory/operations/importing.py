"""Import: rows of a file become one staged dataset per dealership, with the account of every row."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from time import monotonic
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from dealerships.domain.names import fold_name
from dealerships.models import Dealership, DealershipAlias
from foundation import context
from foundation.errors import BadInput, Refused
from inventory.domain.facts import RAW_FIELD_NAMES, Problem, RawFields
from inventory.domain.normalisation import Mappings, normalise
from inventory.domain.sheets import RowFault, Sheet, open_sheet
from inventory.files import open_upload
from inventory.models import (
    FACT_NAMES,
    ConditionMapping,
    Dataset,
    ImportProblem,
    InventoryImport,
    LotStatusMapping,
    PricePhrase,
    RawVehicle,
    UnmappedText,
    UnmatchedName,
    Vehicle,
)
from inventory.operations.activation import activate_dataset, judge_dataset
from inventory.operations.copying import CopyBuffer
from inventory.operations.duplicates import analyse_searched_columns, settle_duplicates, warn_across_dealerships
from inventory.operations.mending import REJECTIONS
from inventory.operations.registering import already_imported, imported_files
from jobs import claims

_PROBLEM_VALUES = attrgetter("row_number", "column", "value", "code", "message")
_PROBLEM_NAMES = ("row", "column", "value", "code", "message")
_TEMPORARY_VIN = "E_VIN_CHARS"
_SAMPLES = 5
_CELL_SHOWN = 200
_ROWS_PER_BEAT = 1000
_TELLING_SECONDS = 1.0


def run_import(
    *, inventory_import: InventoryImport, force: bool = False, actor: User | None = None, reason: str = "import"
) -> InventoryImport:
    """Read the kept file into staged datasets, judge them by the gates and activate those that pass.

    `force` activates in spite of a gate (never an empty dataset) and records `actor` and `reason`. A file that cannot
    be read leaves no rows: the import is marked failed and `BadInput` is raised, or the error of the database.
    `Refused` is raised when the import is not waiting, or was taken over by another worker. Every dataset is activated
    by itself.
    """
    with context.bound(import_id=inventory_import.pk):
        return _run(inventory_import, force=force, actor=actor, reason=reason)


def _run(inventory_import: InventoryImport, *, force: bool, actor: User | None, reason: str) -> InventoryImport:
    token = claims.claim(inventory_import)
    if token is None:
        words = f"Import {inventory_import.pk} is {inventory_import.status}; only a waiting import can be read."
        raise Refused(words, code="not_claimable")
    try:
        with _recorded_failure(inventory_import, token):
            _stage(inventory_import, token)
    except claims.LostLease as error:
        words = f"Import {inventory_import.pk} was taken over by another worker."
        raise Refused(words, code="lost_lease") from error
    inventory_import.refresh_from_db()
    activate_import(inventory_import=inventory_import, force=force, actor=actor, reason=reason)
    return inventory_import


def _stage(inventory_import: InventoryImport, token: UUID) -> None:
    claims.enter("read")
    with (
        open_upload(inventory_import.stored_name) as stream,
        claims.work_apart() as apart,
        transaction.atomic(),
    ):
        beat = _Beat(inventory_import, token, apart)
        datasets = stage_rows(inventory_import=inventory_import, stream=stream, beat=beat)
        claims.enter("judge")
        for dataset in datasets:
            judge_dataset(dataset=dataset)
        claims.enter("finish")
        claims.release(inventory_import, token, InventoryImport.Status.DONE, action="finish")


class _Beat:
    """To be called with the number of rows read so far: renews the lease, and once a second tells how far it is."""

    def __init__(self, inventory_import: InventoryImport, token: UUID, apart: Callable[..., Any]) -> None:
        self._row, self._apart, self._due = inventory_import, apart, monotonic() + _TELLING_SECONDS
        self._renew = claims.Heartbeat(inventory_import, token, renew_by=partial(apart, claims.renew))

    def __call__(self, rows: int) -> None:
        self._renew()
        if monotonic() >= self._due:
            self._apart(InventoryImport.objects.filter(pk=self._row.pk).update, rows_so_far=rows)
            self._due = monotonic() + _TELLING_SECONDS


@contextmanager
def _recorded_failure(inventory_import: InventoryImport, token: UUID) -> Iterator[None]:
    def fail(code: str, text: str, error: Exception) -> None:
        claims.fail(inventory_import, token, code=code, text=text, error=error)
        inventory_import.refresh_from_db()

    try:
        yield
    except BadInput as error:
        fail(error.code, error.message, error)
        raise
    except DatabaseError as error:
        earlier = imported_files(inventory_import.sha256).first()
        if not isinstance(error, IntegrityError) or earlier is None:
            cause = str(error).partition("\n")[0]
            fail("E_DATABASE", f"The database refused the rows: {cause}", error)
            raise
        fail("already_imported", "The same file was imported at the same time.", error)
        raise already_imported(earlier) from error


def activate_import(
    *, inventory_import: InventoryImport, force: bool, actor: User | None = None, reason: str = "import"
) -> None:
    """Activate the staged datasets of an import, and with `force` its held ones; `stage_only` waits for a person."""
    if inventory_import.stage_only and not force:
        return
    wanted = [Dataset.Status.STAGED, *([Dataset.Status.HELD] if force else [])]
    for dataset in inventory_import.datasets.filter(status__in=wanted).order_by("id"):
        # A dataset that is refused now carries the reason itself; the others go on.
        with suppress(Refused):
            words = f"forced {reason}" if force else reason
            activate_dataset(dataset=dataset, force=force, actor=actor, reason=words)


def stage_rows(
    *, inventory_import: InventoryImport, stream: BinaryIO, beat: Callable[[int], None] | None = None
) -> list[Dataset]:
    """Load every row of `stream`: datasets, raw vehicles, vehicles, problems, unmatched names, unmapped texts.

    To be called in a transaction; `beat` is called every thousand rows with their number. Raises `BadInput` when the
    file as a whole cannot be read, or not in time.
    """
    deadline = monotonic() + settings.IMPORT_SECONDS
    sheet = open_sheet(stream)
    staging = _Staging(inventory_import, load_mappings(), dict(_dealerships_by_name()))
    for position, (row_number, row) in enumerate(sheet):
        if monotonic() > deadline:
            raise _too_slow(row_number)
        if beat and position % _ROWS_PER_BEAT == 0:
            beat(position)
        if isinstance(row, RowFault):
            staging.add_fault(row)
        else:
            staging.add_row(row_number, row)
    return staging.finish(sheet)


def _too_slow(row_number: int) -> BadInput:
    return BadInput(
        f"Reading the file took more than {settings.IMPORT_SECONDS} seconds and was ended in row {row_number:,}. "
        "Split it by dealership, or import it again when the machine has less to do.",
        code="E_TIMEOUT",
    )


def load_mappings() -> Mappings:
    return Mappings(
        conditions=dict(ConditionMapping.objects.values_list("folded", "condition")),
        lot_statuses=dict(LotStatusMapping.objects.values_list("folded", "lot_status")),
        price_phrases=frozenset(PricePhrase.objects.values_list("folded", flat=True)),
    )


def _dealerships_by_name() -> Iterator[tuple[str, Dealership]]:
    for alias in DealershipAlias.objects.select_related("dealership"):
        yield alias.folded, alias.dealership


@dataclass
class _Place:
    """A dealership of the import with its new dataset. Its ids stand here because every row needs them."""

    dataset: Dataset
    dataset_id: int
    dealership_id: int
    approved_hosts: frozenset[str]
    read: int = 0
    rejected: int = 0
    temporary_vins: int = 0


@dataclass
class _Unmatched:
    rows: int = 0
    samples: list[list[str]] = field(default_factory=list)


class _Staging:
    """The rows of one import on their way into the tables."""

    def __init__(self, inventory_import: InventoryImport, mappings: Mappings, by_name: dict[str, Dealership]) -> None:
        self._import = inventory_import
        self._mappings = mappings
        self._by_name = by_name
        self._by_text: dict[str, _Place | None] = {}
        self._places: dict[int, _Place] = {}
        self._faults = 0
        self._unmatched: defaultdict[str, _Unmatched] = defaultdict(_Unmatched)
        self._unmapped: Counter[tuple[str, str]] = Counter()
        self._year_now = timezone.localdate().year
        self._raw = CopyBuffer(RawVehicle, ["dataset", "row_number", *RAW_FIELD_NAMES])
        self._vehicles = CopyBuffer(Vehicle, ["dataset", "row_number", *FACT_NAMES])
        self._problems = CopyBuffer(
            ImportProblem,
            ["inventory_import", "dealership", "row_number", "column", "value", "code", "message"],
        )

    def add_fault(self, fault: RowFault) -> None:
        self._faults += 1
        self._add_problem(None, fault.problem)

    def add_row(self, row_number: int, raw: RawFields) -> None:
        place = self._place(raw.location)
        if place is None:
            self._add_unmatched(raw)
            return
        place.read += 1
        self._raw.add_texts((str(place.dataset_id), str(row_number), *raw))
        result = normalise(
            row_number, raw, self._mappings, year_now=self._year_now, approved_hosts=place.approved_hosts
        )
        if result.facts is None:
            place.rejected += 1
            place.temporary_vins += result.is_temporary_vin
        else:
            self._vehicles.add((place.dataset_id, row_number, *result.facts))
        if result.unmapped:
            self._unmapped.update(result.unmapped)
        for problem in result.problems:
            self._add_problem(place.dealership_id, problem)

    def finish(self, sheet: Sheet) -> list[Dataset]:
        for warning in sheet.warnings:
            self._add_problem(None, warning)
        for buffer in (self._raw, self._vehicles, self._problems):
            buffer.flush()
        analyse_searched_columns()
        for dealership_id, rows in settle_duplicates(self._import):
            self._places[dealership_id].rejected += rows
        warn_across_dealerships(self._import)
        self._save_lists()
        self._save_counts(sheet)
        return [place.dataset for place in self._places.values()]

    def _place(self, location: str) -> _Place | None:
        if location not in self._by_text:
            dealership = self._by_name.get(fold_name(location))
            self._by_text[location] = self._place_of(dealership) if dealership else None
        return self._by_text[location]

    def _place_of(self, dealership: Dealership) -> _Place:
        if dealership.pk in self._places:
            return self._places[dealership.pk]
        dataset = Dataset.objects.create(
            inventory_import=self._import, dealership=dealership, collected_at=self._import.collected_at
        )
        place = _Place(dataset, dataset.pk, dealership.pk, frozenset(dealership.approved_hosts))
        self._places[dealership.pk] = place
        return place

    def _add_unmatched(self, raw: RawFields) -> None:
        unmatched = self._unmatched[" ".join(raw.location.split())]
        unmatched.rows += 1
        if len(unmatched.samples) < _SAMPLES:
            unmatched.samples.append([raw.vin, raw.stock, raw.year, raw.make, raw.model])

    def _add_problem(self, dealership_id: int | None, problem: Problem) -> None:
        row_number, column, value, code, message = _PROBLEM_VALUES(problem)
        self._problems.add((self._import.pk, dealership_id, row_number, column, value[:_CELL_SHOWN], code, message))

    def _save_lists(self) -> None:
        UnmatchedName.objects.bulk_create(
            UnmatchedName(
                inventory_import=self._import,
                name=name,
                folded=fold_name(name),
                rows=item.rows,
                samples=item.samples,
            )
            for name, item in self._unmatched.items()
        )
        UnmappedText.objects.bulk_create(
            UnmappedText(inventory_import=self._import, column=column, text=text[:_CELL_SHOWN], rows=rows)
            for (column, text), rows in self._unmapped.items()
        )

    def _save_counts(self, sheet: Sheet) -> None:
        places, item = self._places.values(), self._import
        for place in places:
            place.dataset.rows_read = place.read
            place.dataset.rows_rejected = place.rejected
            place.dataset.rows_accepted = place.read - place.rejected
            place.dataset.rejected_temporary_vins = place.temporary_vins
        Dataset.objects.bulk_update(
            [place.dataset for place in places],
            ["rows_read", "rows_rejected", "rows_accepted", "rejected_temporary_vins"],
        )
        item.rows_unmatched = sum(unmatched.rows for unmatched in self._unmatched.values())
        item.rows_rejected = self._faults + sum(place.rejected for place in places)
        item.rows_read = self._faults + item.rows_unmatched + sum(place.read for place in places)
        item.rows_accepted = item.rows_read - item.rows_rejected - item.rows_unmatched
        item.notices = [*item.notices, *sheet.notices]
        # A collector may have put its own there.
        item.holds = list(dict.fromkeys([*item.holds, *sheet.holds]))
        item.save(update_fields=["rows_read", "rows_accepted", "rows_rejected", "rows_unmatched", "notices", "holds"])


def import_result(inventory_import: InventoryImport, *, most_problems: int | None = None) -> dict[str, Any]:
    """The account of an import as one document.

    With `most_problems` it lists so many of those problems that rejected rows, and says how many these are; else all
    problems, which may be more than there are rows.
    """
    problems, counts = inventory_import.problems.all(), {}
    if most_problems is not None:
        rejections = problems.filter(REJECTIONS)
        problems, counts = rejections[:most_problems], {"rejections": rejections.count()}
    datasets = inventory_import.datasets.select_related("dealership").order_by("dealership__name")
    return {
        "import_id": inventory_import.pk,
        "rows_read": inventory_import.rows_read,
        "rows_accepted": inventory_import.rows_accepted,
        "rows_rejected": inventory_import.rows_rejected,
        "rows_unmatched": inventory_import.rows_unmatched,
        "datasets": [
            {
                "dealership": dataset.dealership.name,
                "dataset_id": dataset.pk,
                "status": dataset.status,
                "read": dataset.rows_read,
                "accepted": dataset.rows_accepted,
                "rejected": dataset.rows_rejected,
                "gates": dataset.gates,
                "difference": dataset.difference,
            }
            for dataset in datasets
        ],
        "unmatched": list(inventory_import.unmatched_names.values("name", "rows")),
        "unmapped": list(inventory_import.unmapped_texts.values("column", "text", "rows")),
        "notices": inventory_import.notices,
        **counts,
        "problems": [
            dict(zip(_PROBLEM_NAMES, values, strict=True))
            for values in problems.values_list("row_number", "column", "value", "code", "message")
        ],
    }
