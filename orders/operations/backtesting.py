"""History as judge: replay real orders through the import, the log and the selection, and compare VIN for VIN."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from dealerships.models import Dealership, DealershipAlias
from dealerships.operations import find_dealership
from foundation.errors import BadInput, Refused
from inventory.models import Dataset, InventoryImport, Vehicle
from inventory.operations.activation import activate_dataset
from inventory.operations.importing import stage_rows
from orders.domain.selection import Selection
from orders.operations.selecting import select_for_cao
from orders.operations.vin_logs import import_vin_log, read_log_file

CASE_FILES = ("inventory.csv", "vinlog_before.csv", "expected.json")


@dataclass(frozen=True)
class CaseResult:
    """One replayed order: what was selected against what was printed."""

    case: str
    expected: int
    selected: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        return not self.missing and not self.extra

    def document(self) -> dict[str, Any]:
        return {
            "case": self.case,
            "expected": self.expected,
            "selected": self.selected,
            "missing": list(self.missing),
            "extra": list(self.extra),
            "exact": self.is_exact,
        }


def backtest(*, directory: Path) -> list[CaseResult]:
    """Replay every case folder of `directory`; the database is left as it was.

    Raises `BadInput` for a directory without cases or a case that cannot be read.
    """
    if not directory.is_dir():
        raise BadInput(f"{directory} is no folder. Name one that holds a folder per case.")
    folders = sorted(folder for folder in directory.iterdir() if folder.is_dir())
    if not folders:
        raise BadInput(f"{directory} holds no case. A case is a folder with {', '.join(CASE_FILES)}.")
    return [_replay(folder) for folder in folders]


def _replay(folder: Path) -> CaseResult:
    expected = _read_expected(folder)
    try:
        dealership = find_dealership(name=expected["location"])
        with transaction.atomic():
            selected = _select(folder, _twin(dealership), set(expected["expected_vins"]))
            transaction.set_rollback(True)
    except (BadInput, Refused) as error:
        raise BadInput(f"Case {folder.name}: {error.message}") from error
    wanted = set(expected["expected_vins"])
    return CaseResult(
        case=folder.name,
        expected=len(wanted),
        selected=len(selected),
        missing=tuple(sorted(wanted - selected)),
        extra=tuple(sorted(selected - wanted)),
    )


def _read_expected(folder: Path) -> dict[str, Any]:
    for name in CASE_FILES:
        if not (folder / name).is_file():
            raise BadInput(f"Case {folder.name} has no {name}. A case holds {', '.join(CASE_FILES)}.")
    try:
        expected: dict[str, Any] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        return {"location": str(expected["location"]), "expected_vins": [str(vin) for vin in expected["expected_vins"]]}
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"Case {folder.name}: expected.json needs location and expected_vins ({error}).") from error


def _twin(dealership: Dealership) -> Dealership:
    """A dealership with the same names and rules and no history: nothing that exists can influence the case."""
    aliases = list(dealership.aliases.all())
    DealershipAlias.objects.filter(dealership=dealership).delete()
    twin = Dealership.objects.get(pk=dealership.pk)
    twin.pk, twin._state.adding = None, True
    twin.name, twin.short_code, twin.file_name = f"{dealership.name[:80]} (back-test)", "BACKTEST", "BACKTEST"
    twin.save()
    for alias in aliases:
        DealershipAlias.objects.create(dealership=twin, text=alias.text)
    return twin


def _select(folder: Path, twin: Dealership, wanted: set[str]) -> set[str]:
    inventory_import = InventoryImport.objects.create(source="back-test", collected_at=timezone.now())
    with (folder / "inventory.csv").open("rb") as stream:
        datasets = stage_rows(inventory_import=inventory_import, stream=stream)
    dataset = next((item for item in datasets if item.dealership_id == twin.pk), None)
    if dataset is None:
        raise BadInput("inventory.csv has no row of this dealership.")
    activate_dataset(dataset=dataset, force=True, reason="back-test")
    log = read_log_file(folder / "vinlog_before.csv")
    import_vin_log(dealership=twin, data=log, file_name="vinlog_before.csv")
    return _vins(_group_selection(twin, dataset, wanted))


def _group_selection(twin: Dealership, dataset: Dataset, wanted: set[str]) -> Selection:
    """The selection of the condition group that the real order was about, told by the conditions of its vehicles."""
    today = timezone.localdate()
    selections = {group: select_for_cao(dealership=twin, group=group, today=today) for group in twin.order_groups()}
    conditions = Vehicle.objects.filter(dataset=dataset, vin__in=wanted).values_list("condition", flat=True)
    return max(selections.items(), key=lambda item: sum(condition in item[0].conditions for condition in conditions))[1]


def _vins(selection: Selection) -> set[str]:
    return {candidate.facts.vin for candidate in selection.selected}


def summarise(results: Sequence[CaseResult]) -> dict[str, Any]:
    return {
        "exact": sum(result.is_exact for result in results),
        "total": len(results),
        "cases": [result.document() for result in results],
    }
