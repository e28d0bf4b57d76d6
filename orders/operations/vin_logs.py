"""The VIN log's verbs: read a log file into it, write it out. Entries are only ever added, or voided with a reason."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count

from dealerships.domain.names import fold_name
from dealerships.models import Dealership
from foundation.errors import BadInput
from inventory.files import MOST_BYTES
from orders.domain.vin_log import LogProblem, ParsedEntry, ParsedLog, parse_log, read_sheet, render_log, split_new
from orders.models import VinLogEntry, VinLogImport

_DEALERSHIP_COLUMN = "DEALERSHIP"


@dataclass(frozen=True)
class LogImport:
    """The account of one log file: rows read = entries added + already logged + blank rows + problems."""

    parsed: ParsedLog
    new: tuple[ParsedEntry, ...]
    already: tuple[ParsedEntry, ...]

    def document(self) -> dict[str, Any]:
        return {
            "rows_read": self.parsed.rows_read,
            "entries_added": len(self.new),
            "already_logged": len(self.already),
            "blank_rows": self.parsed.blank_rows,
            "orders": len({(entry.list_title, entry.label) for entry in self.parsed.entries}),
            "problems": [_problem(problem) for problem in self.parsed.problems],
            "warnings": [_problem(problem) for problem in self.parsed.warnings],
        }


def _problem(problem: LogProblem) -> dict[str, Any]:
    return {
        "row": problem.row_number,
        "value": problem.value,
        "code": problem.code,
        "message": problem.message,
    }


def import_vin_log(
    *,
    dealership: Dealership,
    data: bytes,
    file_name: str,
    columns: tuple[int, int] | None = None,
    dry_run: bool = False,
    actor: User | None = None,
) -> LogImport:
    """Add the entries of a log file that the dealership's log does not hold yet; a second import adds nothing.

    An entry in force with the same label and VIN, from whatever source, is that entry; the same VIN under another
    label is a reprint and is kept. `columns` picks one list of the sheet by label and VIN column, counted from 1.
    `dry_run` stores nothing. Raises `BadInput` for a file that is no log.
    """
    parsed = parse_log(_own_rows(read_sheet(data), dealership), columns=columns)
    with transaction.atomic():
        Dealership.objects.select_for_update().get(pk=dealership.pk)
        new, already = split_new(parsed.entries, _logged(dealership))
        result = LogImport(parsed, new, already)
        if not dry_run:
            _store(result, dealership, data, file_name, actor)
    return result


def _logged(dealership: Dealership) -> Counter[tuple[str, str]]:
    entries = VinLogEntry.objects.in_force().for_dealership(dealership)
    counts = entries.values_list("label", "vin").annotate(entries=Count("id")).order_by()
    return Counter({(label, vin): number for label, vin, number in counts})


def _store(result: LogImport, dealership: Dealership, data: bytes, file_name: str, actor: User | None) -> None:
    document = result.document()
    document.pop("orders")
    record = VinLogImport.objects.create(
        dealership=dealership,
        file_name=file_name[:255],
        sha256=hashlib.sha256(data).hexdigest(),
        created_by=actor,
        **document,
    )
    VinLogEntry.objects.bulk_create(
        (
            VinLogEntry(
                dealership=dealership,
                vin=entry.vin,
                label=entry.label,
                date=entry.order_date,
                is_baseline=entry.is_baseline,
                source=VinLogEntry.Source.IMPORT,
                vin_log_import=record,
                created_by=actor,
            )
            for entry in result.new
        ),
        batch_size=2000,
    )


def read_log_file(path: Path) -> bytes:
    """The bytes of a log file; raises `BadInput` when it cannot be read or is larger than 25 MB."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{path} is larger than 25 MB; a VIN log is not.", code="E_TOO_LARGE")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}. Name an existing CSV file.") from error


def export_vin_log(*, dealership: Dealership) -> tuple[str, int]:
    """The entries in force of one dealership as CSV text that imports as the same entries, and their number."""
    entries = list(_exported(dealership))
    return render_log(entries), len(entries)


def export_vin_logs(*, dealerships: Iterable[Dealership]) -> tuple[str, int]:
    """Many logs as one CSV text with the dealership in front; each dealership's import reads its own rows of it."""
    sheet, total = io.StringIO(newline=""), 0
    writer = csv.writer(sheet, lineterminator="\r\n")
    for dealership in dealerships:
        text, rows = export_vin_log(dealership=dealership)
        header, *lines = csv.reader(io.StringIO(text, newline=""))
        if not sheet.tell():
            writer.writerow([_DEALERSHIP_COLUMN, *header])
        writer.writerows([dealership.name, *line] for line in lines)
        total += rows
    return sheet.getvalue(), total


def _own_rows(rows: list[list[str]], dealership: Dealership) -> list[list[str]]:
    """The rows of one dealership, where the sheet says in its first column whose they are."""
    if not rows or not rows[0] or rows[0][0].strip().upper() != _DEALERSHIP_COLUMN:
        return rows
    own = fold_name(dealership.name)
    return [row[1:] for number, row in enumerate(rows) if number == 0 or (row and fold_name(row[0]) == own)]


def write_log_file(path: Path, text: str) -> None:
    """Write an export; raises `BadInput` when the path cannot be written."""
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}. Name a file that can.") from error


def _exported(dealership: Dealership) -> Iterator[ParsedEntry]:
    for entry in VinLogEntry.objects.in_force().for_dealership(dealership).order_by("id"):
        yield ParsedEntry(vin=entry.vin, label=entry.label, order_date=entry.date, is_baseline=entry.is_baseline)
