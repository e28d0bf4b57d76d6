from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from foundation.commands import JsonCommand, Outcome, operator
from foundation.errors import BadInput, Refused
from inventory.models import Dataset, InventoryImport
from inventory.operations.checking import check_import
from inventory.operations.importing import activate_import, import_result, run_import
from inventory.operations.registering import register_import

_FIRST_YEAR = 2000
_SHOWN = 20


class Command(JsonCommand):
    help = "Import an inventory file: one dataset per dealership, activated unless a gate holds it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", default="", help="where the rows come from; default: the file's name")
        parser.add_argument("--collected-at", help="end of the collection, ISO; default: now")
        parser.add_argument("--stage-only", action="store_true", help="activate nothing")
        parser.add_argument("--force", action="store_true", help="activate in spite of a gate; never an empty dataset")
        parser.add_argument("--dry-run", action="store_true", help="only tell what the import would do; store nothing")

    def run(self, **options: Any) -> Outcome:
        if options["dry_run"] and (options["stage_only"] or options["force"]):
            raise BadInput("--dry-run stores nothing, so it goes with neither --stage-only nor --force.")
        result = check(options) if options["dry_run"] else self._result(options)
        held = [d["dealership"] for d in result["datasets"] if d["status"] == Dataset.Status.HELD]
        refused = [d["dealership"] for d in result["datasets"] if d["status"] == Dataset.Status.REJECTED]
        nothing = not result["datasets"]
        waits = (held or refused or nothing) and not options["stage_only"]
        return Outcome(result, describe(result), exit_code=1 if waits else 0)

    def _result(self, options: dict[str, Any]) -> dict[str, Any]:
        """The account; the text tells the first problems only, so no more are read for it."""
        return import_result(self._import(options), most_problems=None if self._json_wanted else _SHOWN)

    def _import(self, options: dict[str, Any]) -> InventoryImport:
        collected_at = read_collected_at(options["collected_at"])
        if options["stage_only"] and options["force"]:
            raise BadInput("--stage-only activates nothing and --force everything. Choose one of them.")
        reason = f"import by {operator()} on the command line"
        try:
            with opened(options["file"]) as stream:
                inventory_import = register_import(
                    stream=stream,
                    file_name=options["file"].name,
                    source=options["source"],
                    collected_at=collected_at,
                    stage_only=options["stage_only"],
                )
        except Refused as refusal:
            if not options["force"] or "already_imported" not in refusal.detail:
                raise
            earlier = InventoryImport.objects.get(pk=refusal.detail["already_imported"])
            activate_import(inventory_import=earlier, force=True, reason=reason)
            return earlier
        return run_import(inventory_import=inventory_import, force=options["force"], reason=reason)


def check(options: dict[str, Any]) -> dict[str, Any]:
    """What the import of the file would do."""
    collected_at = read_collected_at(options["collected_at"])
    with opened(options["file"]) as stream:
        return check_import(
            stream=stream, file_name=options["file"].name, source=options["source"], collected_at=collected_at
        )


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}. Name an existing CSV file.") from error


def read_collected_at(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise BadInput(f"--collected-at {text!r} is not an ISO time such as 2025-09-02T04:10:00-05:00.")
    # The database counts years before our era in ways that Python cannot read.
    if moment.year < _FIRST_YEAR:
        raise BadInput(f"--collected-at {text!r} lies before {_FIRST_YEAR}. Check its year.")
    moment = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    if moment > timezone.now():
        raise BadInput(f"--collected-at {text!r} lies in the future. Check its day and time zone.")
    return moment


def describe(result: dict[str, Any]) -> str:
    account = f"{result['rows_accepted']:,} accepted + {result['rows_rejected']:,} rejected"
    read, unmatched = f"{result['rows_read']:,} rows read", f"{result['rows_unmatched']:,} unmatched"
    title = f"Import {result['import_id']}" if result["import_id"] else "Dry run, nothing is stored"
    lines = [f"{title}: {read} = {account} + {unmatched}."]
    for dataset in result["datasets"]:
        lines.append(f"  {dataset['dealership']}: {dataset['status']}, {dataset['accepted']:,} of {dataset['read']:,}")
        lines += [f"    {gate['code']}: {gate['message']}" for gate in dataset["gates"]]
    lines += [f"  Notice: {notice}" for notice in result["notices"]]
    lines += [f"  Unmatched name {item['name']!r}: {item['rows']:,} rows" for item in result["unmatched"]]
    lines += [f"  Unmapped {item['column']} {item['text']!r}: {item['rows']:,} rows" for item in result["unmapped"]]
    if not result["datasets"]:
        lines.append("  No row belongs to a dealership, so nothing was changed.")
    rejected = [p for p in result["problems"] if p["code"].startswith("E_") or p["code"] == "W_DUP"]
    for p in rejected[:_SHOWN]:
        lines.append(f"  Row {p['row']}, {p['column']} {p['value']!r}: {p['message']} ({p['code']})")
    if (more := result.get("rejections", len(rejected)) - _SHOWN) > 0:
        lines.append(f"  and {more:,} more reasons for rejected rows; --json lists all.")
    return "\n".join(lines)
