"""Who did what, when, and what it was before: everything that the product records, as one list.

Each table that records events is one source, and all are read by one statement. What changed in configuration is read
afterwards, for the rows that are shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import F, IntegerField, JSONField, OuterRef, Q, Subquery, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Concat, JSONObject

from foundation.models import AuditEntry, Traced
from inventory.models import DatasetEvent, InventoryImport
from orders.models import OrderEvent, OutputTemplateVersion, VinLogImport

_NOTHING = Cast(Value("{}"), JSONField())
_TEXTS = ("action", "actor", "object_type", "object_id", "object_name", "detail", "request_id", "address", "history")
_COLUMNS = tuple(f"event_{name}" for name in ("at", *_TEXTS, "history_id", "before", "after"))
_HISTORY_WORDS = {"+": "created", "~": "changed", "-": "deleted"}
_OF_THE_HISTORY = {"history_id", "history_date", "history_change_reason", "history_type", "history_user"}
_OF_THE_REQUEST = {field.name for field in Traced._meta.fields}


@dataclass(frozen=True)
class Event:
    """One line of the trail; `before` and `after` hold what differs, by the name of the field."""

    at: datetime
    action: str
    actor: str
    object_type: str
    object_id: str
    object_name: str
    detail: str
    request_id: str
    address: str
    history: str
    history_id: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """Name, value before and value after of each field that differs."""
        names = dict.fromkeys((*self.before, *self.after))
        pairs = [(name, self.before.get(name, ""), self.after.get(name, "")) for name in names]
        return [(name, before, after) for name, before, after in pairs if before != after]

    def document(self) -> dict[str, Any]:
        names = ("actor", "action", "object_type", "object_id", "object_name", "detail", "request_id", "address")
        changes = [{"field": name, "before": before, "after": after} for name, before, after in self.changes]
        return {"at": self.at.isoformat(), **{name: getattr(self, name) for name in names}, "changes": changes}


@dataclass(frozen=True)
class Question:
    """Which events are wanted; an empty value asks for all."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    object_type: str = ""
    text: str = ""

    def condition(self) -> Q:
        wanted = Q()
        if self.since:
            wanted &= Q(event_at__gte=self.since)
        if self.until:
            wanted &= Q(event_at__lt=self.until)
        if self.actor:
            wanted &= Q(event_actor__icontains=self.actor)
        if self.object_type:
            wanted &= Q(event_object_type=self.object_type)
        if self.text:
            names = ("action", "object_name", "detail", "request_id")
            found = Q()
            for name in names:
                found |= Q(**{f"event_{name}__icontains": self.text})
            wanted &= found
        return wanted


def read_trail(*, question: Question, first: int = 0, count: int = 100) -> list[Event]:
    """The events that answer `question`, newest first, `count` of them after the `first`."""
    stop = first + count
    newest = [
        source.filter(question.condition()).order_by("-event_at").values_list(*_COLUMNS)[:stop] for source in _sources()
    ]
    rows = newest[0].union(*newest[1:], all=True).order_by("-event_at")[first:stop]
    return _with_changes([Event(**dict(zip(_FIELDS, row, strict=True))) for row in rows])


_FIELDS = tuple(name.removeprefix("event_") for name in _COLUMNS)


def object_types() -> list[str]:
    """What events can be about, by the names that `Question` takes."""
    ours = {"account", "dataset", "file", "import", "order", "output template", "page", "user", "VIN log"}
    ours |= {"scrape session", "scrape run"}
    return sorted(ours | {_type_of(model) for model in _histories().values()}, key=str.casefold)


def _sources() -> Iterator[models.QuerySet[Any]]:
    yield _source(
        AuditEntry.objects.all(),
        at=F("at"),
        **{
            name: F(name) for name in ("action", "object_type", "object_id", "object_name", "detail", "before", "after")
        },
        actor=F("actor_name"),
    )
    yield _source(
        OrderEvent.objects.all(),
        at=F("at"),
        actor=F("actor__username"),
        action=_joined(Value("order."), F("action")),
        object_type=Value("order"),
        object_id=F("order_id"),
        object_name=_joined(F("order__dealership__name"), Value(" "), F("order__order_number")),
        detail=F("detail"),
        before=JSONObject(state=F("from_state")),
        after=JSONObject(state=F("to_state")),
    )
    yield _source(
        DatasetEvent.objects.all(),
        at=F("at"),
        actor=F("actor__username"),
        action=_joined(Value("dataset."), F("to_status")),
        object_type=Value("dataset"),
        object_id=F("dataset_id"),
        object_name=F("dataset__dealership__name"),
        detail=F("reason"),
        before=JSONObject(status=F("from_status")),
        after=JSONObject(status=F("to_status")),
    )
    yield from _arrivals()
    for label, model in _histories().items():
        yield _history_source(label, model)


def _arrivals() -> Iterator[models.QuerySet[Any]]:
    made = {"at": F("created_at"), "actor": F("created_by__username")}
    yield _source(
        InventoryImport.objects.all(),
        **made,
        action=Value("import.created"),
        object_type=Value("import"),
        object_id=F("pk"),
        object_name=F("source"),
        detail=F("file_name"),
    )
    yield _source(
        VinLogImport.objects.all(),
        **made,
        action=Value("vin_log.imported"),
        object_type=Value("VIN log"),
        object_id=F("pk"),
        object_name=F("dealership__name"),
        detail=F("file_name"),
        after=JSONObject(rows_read=F("rows_read"), entries_added=F("entries_added")),
    )
    yield _source(
        OutputTemplateVersion.objects.all(),
        **made,
        action=Value("output_template.version_saved"),
        object_type=Value("output template"),
        object_id=F("output_template_id"),
        object_name=F("output_template__name"),
        detail=F("note"),
        after=JSONObject(version=F("number")),
    )


def _history_source(label: str, model: Any) -> models.QuerySet[Any]:
    words = [models.When(history_type=key, then=Value(word)) for key, word in _HISTORY_WORDS.items()]
    names = {field.name for field in model._meta.fields}
    return _source(
        model.objects.all(),
        at=F("history_date"),
        actor=F("history_user__username"),
        action=_joined(Value(f"{_type_of(model).replace(' ', '_')}."), models.Case(*words)),
        object_type=Value(_type_of(model)),
        object_id=F("id"),
        object_name=F(next((name for name in ("name", "text", "kind") if name in names), "dealership__name")),
        detail=F("history_change_reason"),
        history=Value(label),
        history_id=F("history_id"),
    )


def _source(queryset: models.QuerySet[Any], **values: Combinable) -> models.QuerySet[Any]:
    """The same columns of the same types from every table, so that they can be read as one."""
    traced = issubclass(queryset.model, Traced)
    given: dict[str, Any] = {name: F(name) for name in _OF_THE_REQUEST} | values if traced else values
    columns: dict[str, Any] = {}
    for name in _TEXTS:
        text = Cast(given.get(name, Value("")), TextField())
        columns[f"event_{name}"] = Coalesce(text, Value(""), output_field=TextField())
    columns["event_at"] = given["at"]
    columns["event_history_id"] = Cast(given.get("history_id", Value(0)), IntegerField())
    for name in ("before", "after"):
        columns[f"event_{name}"] = given.get(name, _NOTHING)
    annotated: models.QuerySet[Any] = queryset.annotate(**columns)
    return annotated


def _joined(*parts: Combinable) -> Concat:
    return Concat(*parts, output_field=TextField())


def _histories() -> dict[str, Any]:
    """Every table of former states: whatever is configured is in the trail by itself."""
    found = [model for model in apps.get_models() if hasattr(model, "history_object")]
    return {model._meta.label_lower: model for model in found}


def _type_of(model: Any) -> str:
    return str(model._meta.verbose_name).removeprefix("historical ")


def _with_changes(events: list[Event]) -> list[Event]:
    """Fill in what differs between each state of a configured row that is shown and the state before it."""
    wanted: dict[str, list[int]] = {}
    for event in events:
        if event.history:
            wanted.setdefault(event.history, []).append(event.history_id)
    differences = {label: _differences(_histories()[label], ids) for label, ids in wanted.items()}
    filled = []
    for event in events:
        if event.history:
            before, after = differences[event.history][event.history_id]
            filled.append(replace(event, before=before, after=after))
        else:
            filled.append(event)
    return filled


def _differences(model: Any, ids: list[int]) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    earlier = model.objects.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by("-history_id")
    states = list(model.objects.filter(history_id__in=ids).annotate(earlier=Subquery(earlier.values("history_id")[:1])))
    befores = model.objects.in_bulk([state.earlier for state in states if state.earlier])
    return {state.history_id: _difference(befores.get(state.earlier), state) for state in states}


def _difference(before: Any, after: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ; nothing for a row that was made or taken away, which the action says."""
    if before is None or after.history_type != "~":
        return {}, {}
    skipped = _OF_THE_HISTORY | _OF_THE_REQUEST | {"updated_at"}
    names = [field.attname for field in after._meta.fields if field.name not in skipped]
    differing = [name for name in names if getattr(before, name) != getattr(after, name)]
    return {name: getattr(before, name) for name in differing}, {name: getattr(after, name) for name in differing}
