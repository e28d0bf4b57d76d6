"""What staff decide about the sites' wordings, carried into the vehicles that have them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count

from dealerships.domain.rules import Condition, fold_text
from inventory.domain.facts import LotStatus
from inventory.models import ConditionMapping, Dataset, DatasetEvent, LotStatusMapping, Vehicle

# Archived datasets keep their values: who goes back to one finds it as it was.
_CURRENT = [Dataset.Status.ACTIVE, Dataset.Status.HELD, Dataset.Status.STAGED]


@dataclass(frozen=True)
class _Mapped:
    """The vehicle field with the site's text, the field that it decides, and the value of a text without mapping."""

    text_field: str
    value_field: str
    unknown: str
    word: str


_FIELDS: dict[type[ConditionMapping] | type[LotStatusMapping], _Mapped] = {
    ConditionMapping: _Mapped("raw_type", "condition", Condition.UNKNOWN, "type"),
    LotStatusMapping: _Mapped("raw_status", "lot_status", LotStatus.UNKNOWN, "status"),
}


def remap_vehicles(
    *, mapping: type[ConditionMapping] | type[LotStatusMapping], folded_texts: Collection[str], actor: User | None
) -> int:
    """Give the vehicles with these (folded) texts the value that the mapping table holds now; gives their number.

    Vehicles of the datasets in use, and of those that may be next, are read again; a text without a row is unknown.
    Every dataset that changes keeps an event with the actor.
    """
    fields = _FIELDS[mapping]
    with transaction.atomic():
        meanings = dict(mapping.objects.filter(folded__in=folded_texts).values_list("folded", fields.value_field))
        changed = 0
        for text in _texts(fields, folded_texts):
            changed += _remap_text(fields, text, meanings.get(fold_text(text), fields.unknown), actor)
    return changed


def _texts(fields: _Mapped, folded_texts: Collection[str]) -> list[str]:
    """The spellings in current datasets that fold to these texts; Python folds, as it does at import."""
    texts = Vehicle.objects.filter(dataset__status__in=_CURRENT).values_list(fields.text_field, flat=True).distinct()
    return [text for text in texts.order_by() if fold_text(text) in folded_texts]


def _remap_text(fields: _Mapped, text: str, value: str, actor: User | None) -> int:
    affected = Vehicle.objects.filter(dataset__status__in=_CURRENT, **{fields.text_field: text}).exclude(
        **{fields.value_field: value}
    )
    by_dataset = dict(affected.values_list("dataset_id").annotate(vehicles=Count("id")).order_by())
    changed = affected.update(**{fields.value_field: value})
    _record(by_dataset, f"{fields.word} {text or '(blank)'!r} now means {value}", actor)
    return changed


def _record(by_dataset: dict[int, int], what: str, actor: User | None) -> None:
    datasets = Dataset.objects.in_bulk(list(by_dataset))
    DatasetEvent.objects.bulk_create(
        DatasetEvent(
            dataset=dataset,
            from_status=dataset.status,
            to_status=dataset.status,
            actor=actor,
            reason=f"{what}: {by_dataset[pk]:,} vehicles",
        )
        for pk, dataset in datasets.items()
    )


def meanings_of(*, texts: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What the mapping tables say today of (column, text) pairs that an import did not know; others are absent."""
    folded: dict[str, set[str]] = defaultdict(set)
    for column, text in texts:
        folded[column].add(fold_text(text))
    known = {
        "Type": dict(ConditionMapping.objects.filter(folded__in=folded["Type"]).values_list("folded", "condition")),
        "Status": dict(
            LotStatusMapping.objects.filter(folded__in=folded["Status"]).values_list("folded", "lot_status")
        ),
    }
    found = {(column, text): known.get(column, {}).get(fold_text(text), "") for column, text in texts}
    return {key: meaning for key, meaning in found.items() if meaning}
