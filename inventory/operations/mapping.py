"""What staff decide about the sites' wordings, carried into the vehicles that have them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count

from dealerships.domain.rules import Condition, fold_text
from foundation.errors import BadInput
from inventory.domain.facts import LotStatus
from inventory.domain.normalisation import without_tags
from inventory.models import (
    CONDITION_CHOICES,
    LOT_STATUS_CHOICES,
    ConditionMapping,
    Dataset,
    DatasetEvent,
    LotStatusMapping,
    PricePhrase,
    Vehicle,
)

_SHOWN = 80
LONGEST_TEXT = 200
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


# What a wording may mean, by the column in which it stands; a price text can only mean that there is no price.
NO_PRICE = "no_price"
_OF_PRICES = [(NO_PRICE, "No price")]
MEANINGS: dict[str, list[tuple[str, str]]] = {
    "Type": [(str(value), word) for value, word in CONDITION_CHOICES[:3]],
    "Status": [(str(value), word) for value, word in LOT_STATUS_CHOICES[:2]],
    "Price": _OF_PRICES,
    "MSRP": _OF_PRICES,
}
_TABLES: dict[str, Any] = {
    "Type": ConditionMapping,
    "Status": LotStatusMapping,
    "Price": PricePhrase,
    "MSRP": PricePhrase,
}


def _said(column: str, text: str) -> str:
    """What stands in the mapping table for a text of this column."""
    return without_tags(text) if _TABLES.get(column) is PricePhrase else text


def meanings_of(*, texts: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What the mapping tables say today of (column, text) pairs that an import did not know; others are absent."""
    folds = {(column, text): fold_text(_said(column, text)) for column, text in texts}
    known: dict[Any, dict[str, str]] = {
        ConditionMapping: dict(_known(ConditionMapping, folds).values_list("folded", "condition")),
        LotStatusMapping: dict(_known(LotStatusMapping, folds).values_list("folded", "lot_status")),
        PricePhrase: dict.fromkeys(_known(PricePhrase, folds).values_list("folded", flat=True), NO_PRICE),
    }
    found = {key: known.get(_TABLES.get(key[0]), {}).get(folded, "") for key, folded in folds.items()}
    return {key: meaning for key, meaning in found.items() if meaning}


def _known(table: Any, folds: Mapping[tuple[str, str], str]) -> Any:
    return table.objects.filter(
        folded__in=[fold for (column, _), fold in folds.items() if _TABLES.get(column) is table]
    )


@dataclass(frozen=True)
class Explained:
    """The rows of the mapping tables that were added or removed, by column, and the vehicles that were read anew."""

    mappings: dict[str, list[int]]
    vehicles: int

    @property
    def count(self) -> int:
        return sum(map(len, self.mappings.values()))


def explain_texts(*, meanings: Mapping[tuple[str, str], str], actor: User | None) -> Explained:
    """Store what (column, text) pairs mean, in the name of `actor`, and carry it into the current vehicles at once.

    Raises `BadInput` for a meaning that the column does not know and for a text that somebody explained meanwhile;
    nothing is stored then.
    """
    added: dict[str, list[int]] = defaultdict(list)
    folded: dict[str, set[str]] = defaultdict(set)
    with transaction.atomic():
        for (column, text), meaning in meanings.items():
            # A file may spell one wording in several ways.
            if fold_text(_said(column, text)) in folded[_TABLES[column].__name__]:
                continue
            mapping = _explain(column, text, meaning, actor)
            added[column].append(mapping.pk)
            folded[_TABLES[column].__name__].add(mapping.folded)
        return Explained(dict(added), _carry(folded, actor))


def _explain(column: str, text: str, meaning: str, actor: User | None) -> Any:
    if meaning not in dict(MEANINGS[column]):
        raise BadInput(f"{text!r} cannot mean {meaning!r} in the column {column}. Choose one of the list.")
    if len(text) >= LONGEST_TEXT:
        # An import keeps no more of it, so what would be stored would never be met again.
        words = f"The text that begins with {text[:_SHOWN]!r} is too long to be explained. Mend it in the file."
        raise BadInput(words)
    table = _TABLES[column]
    value = {} if table is PricePhrase else {_FIELDS[table].value_field: meaning}
    mapping = table(text=_said(column, text), **value)
    # Where the library of the history looks for it.
    mapping._history_user = actor
    try:
        mapping.full_clean()
    except ValidationError as error:
        words = " ".join(error.messages)
        raise BadInput(f"{text[:_SHOWN]!r} was not explained: {words} Nothing was changed.") from error
    mapping.save()
    return mapping


def forget_texts(*, mappings: Mapping[str, Collection[int]], actor: User | None) -> Explained:
    """Take back what `explain_texts` stored, and read the current vehicles anew without it.

    What somebody removed meanwhile is passed over.
    """
    removed: dict[str, list[int]] = defaultdict(list)
    folded: dict[str, set[str]] = defaultdict(set)
    with transaction.atomic():
        for column, pks in mappings.items():
            for mapping in _TABLES[column].objects.filter(pk__in=pks):
                removed[column].append(mapping.pk)
                folded[_TABLES[column].__name__].add(mapping.folded)
                mapping._history_user = actor
                mapping.delete()
        return Explained(dict(removed), _carry(folded, actor))


def _carry(folded: Mapping[str, Collection[str]], actor: User | None) -> int:
    """A vehicle has no price with or without a price phrase, so only types and statuses change any."""
    tables: tuple[type[ConditionMapping | LotStatusMapping], ...] = (ConditionMapping, LotStatusMapping)
    return sum(
        remap_vehicles(mapping=table, folded_texts=folded[table.__name__], actor=actor)
        for table in tables
        if folded.get(table.__name__)
    )
