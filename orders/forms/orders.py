"""What people type about orders; the operations judge it."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.urls import reverse_lazy

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import ConditionGroup
from dealerships.models import CONDITION_CHOICES, KIND_CHOICES, WEEKDAYS, Dealership, PathProfile
from foundation.widgets import LongSelect
from orders.domain.overrides import EDITABLE_FIELDS, FIELD_WORDS
from orders.models import GROUP_CHOICES, OrderDraft, OrderLine
from orders.operations.drafting import MOST_CHARACTERS, TypedOrder
from orders.operations.preparing import OrderRequest, read_entries
from orders.operations.presenting import line_texts

KIND_WORDS = {
    OrderKind.CAO: "CAO: what is new on the lot",
    OrderKind.LIST: "LIST: the vehicles that you type",
    OrderKind.MAINTENANCE: "MAINTENANCE: both in one order",
}


class CreateForm(forms.Form):
    """What to prepare; what the dealership usually orders is proposed."""

    dealership = forms.ModelChoiceField(
        Dealership.objects.active(),
        empty_label="Choose a dealership",
        widget=LongSelect(
            attrs={
                "hx-post": reverse_lazy("order_draft"),
                "hx-trigger": "change",
                "hx-target": "#order-choices",
                "hx-swap": "outerHTML",
                "hx-sync": "#order-form:queue last",
                "hx-params": "not file",
                # Nothing is typed into what the answer replaces.
                "hx-disabled-elt": "#id_entries",
            }
        ),
    )
    kind = forms.ChoiceField(choices=[(kind, KIND_WORDS[kind]) for kind, _ in KIND_CHOICES], widget=forms.RadioSelect)
    conditions = forms.ChoiceField(choices=GROUP_CHOICES, required=False, widget=forms.RadioSelect)
    entries = forms.CharField(
        label="VINs or stock numbers",
        required=False,
        max_length=MOST_CHARACTERS,
        help_text="One per line, or with commas between. The last 6 to 8 characters of a VIN will do.",
        widget=forms.Textarea(
            attrs={
                "rows": 12,
                "class": "mono",
                "spellcheck": "false",
                "autocomplete": "off",
                "autocapitalize": "characters",
                "hx-post": reverse_lazy("order_draft"),
                # What a session that ended kept from being saved is saved after the next sign-in.
                "hx-trigger": "input changed delay:300ms, signedIn from:body delay:200ms",
                "hx-target": "#order-outcomes",
                "hx-swap": "outerHTML",
                "hx-sync": "#order-form:queue last",
                "hx-params": "not file",
            }
        ),
    )
    include_missing = forms.BooleanField(
        label="Print VINs that are not on the website",
        required=False,
        help_text="Such a line holds the VIN only; the rest is typed in review.",
    )
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    version = forms.IntegerField(widget=forms.HiddenInput, initial=0, min_value=0, required=False)
    writer = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)
    shown_for = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @classmethod
    def proposed(cls, dealership: Dealership | None) -> "CreateForm":
        """An empty form with what the dealership usually orders."""
        if dealership is None:
            return cls(initial={"kind": OrderKind.CAO, "conditions": ConditionGroup.ALL})
        return cls(
            initial={
                "dealership": dealership,
                "kind": dealership.default_order_kind,
                "conditions": None if dealership.separate_orders else ConditionGroup.ALL,
                "include_missing": dealership.include_missing,
            }
        )

    @classmethod
    def of_draft(cls, draft: OrderDraft) -> "CreateForm":
        """A form that shows what a draft holds."""
        return cls(
            initial={
                "dealership": draft.dealership,
                "kind": draft.kind,
                "conditions": draft.condition_group or None,
                "entries": draft.entries,
                "include_missing": draft.include_missing,
            }
        )

    def typed(self) -> TypedOrder:
        """What a valid form holds, for its draft."""
        data = self.cleaned_data
        return TypedOrder(
            dealership=data["dealership"],
            kind=OrderKind(data["kind"]),
            group=data["conditions"],
            entries=data["entries"].replace("\r\n", "\n"),
            include_missing=data["include_missing"],
            key=data["idempotency_key"],
            version=data["version"] or 0,
            writer=data["writer"] or uuid.uuid4(),
        )

    def order_request(self, *, actor: User, confirmed: bool, vin_only: Sequence[str] = ()) -> OrderRequest:
        """What a valid form asks for. Raises `BadInput` for a LIST or MAINTENANCE without entries."""
        data = self.cleaned_data
        kind = OrderKind(data["kind"])
        is_list = kind == OrderKind.LIST
        return OrderRequest(
            dealership=data["dealership"],
            kind=kind,
            group=ConditionGroup.ALL if is_list else ConditionGroup(data["conditions"]),
            entries=() if kind == OrderKind.CAO else read_entries(data["entries"]),
            include_missing=data["include_missing"],
            vin_only=vin_only,
            confirmed=confirmed,
            actor=actor,
            idempotency_key=data["idempotency_key"],
        )

    def clean(self) -> dict[str, Any]:
        """A LIST prints what was typed, so nobody is asked for its conditions."""
        data = self.cleaned_data
        if data.get("kind") != OrderKind.LIST and data.get("conditions") == "":
            self.add_error("conditions", "Choose All, New or Used.")
        return data


class DraftForm(CreateForm):
    """The same while it is still being filled in: a dealership and its conditions may be missing."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["dealership"].required = False
        self.fields["entries"].strip = False  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data

    def has_changed_dealership(self) -> bool:
        """Whether another dealership was chosen than the one that the page was made for."""
        chosen = self.cleaned_data["dealership"]
        return bool((chosen.pk if chosen else None) != self.cleaned_data["shown_for"])


class EntryFileForm(forms.Form):
    """A text or CSV file with one entry per line."""

    file = forms.FileField(
        error_messages={"required": "Choose a file.", "empty": "The file is empty. Choose another one."}
    )


class BatchForm(forms.Form):
    """For whom orders are prepared: today's due, a day of the schedule, or the named dealerships."""

    choose = forms.ChoiceField(
        label="For whom",
        choices=[("due", "Due today"), *WEEKDAYS, ("named", "Named")],
        widget=forms.RadioSelect,
    )
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class LineForm(forms.Form):
    """The editable fields of a line, each beside the value it was opened with."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    stock = forms.CharField(required=False, widget=forms.TextInput(attrs={"data-focus": True}))
    condition = forms.ChoiceField(choices=[("", "Choose"), *CONDITION_CHOICES], required=False)
    year = forms.CharField(required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    make = forms.CharField(required=False)
    model = forms.CharField(required=False)
    trim = forms.CharField(required=False)
    price = forms.CharField(required=False, widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}))
    url = forms.CharField(label="Address for the QR code", required=False)
    ext_color = forms.CharField(label="Color", required=False)
    features = forms.CharField(required=False)
    headline = forms.CharField(required=False)

    def __init__(self, data: Any = None, *, line: OrderLine) -> None:
        """Values that were shown when the editor opened come back as `was-<field>`, so that only changes are saved."""
        texts = line_texts(line)
        super().__init__(data, initial={**texts, "version": line.version}, auto_id=f"line-{line.seq}-%s")
        self.label_suffix = ""
        self.was = texts if data is None else {name: data.get(f"was-{name}", texts[name]) for name in EDITABLE_FIELDS}

    def changes(self) -> dict[str, str]:
        """The texts that differ from what the editor was opened with."""
        posted = [name for name in EDITABLE_FIELDS if name in self.data]
        return {name: self.cleaned_data[name] for name in posted if self.cleaned_data[name] != self.was[name]}


class LinesForm(forms.Form):
    """What several lines get at once: a blank field keeps what each line has, and clearing one is its own box.

    A stock number belongs to one vehicle and an address to one page; the latter may be taken off several lines, whose
    QR codes then hold their VINs.
    """

    condition = forms.ChoiceField(choices=[("", "Keep"), *CONDITION_CHOICES], required=False)
    year = forms.CharField(required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    make = forms.CharField(required=False)
    model = forms.CharField(required=False)
    trim = forms.CharField(required=False)
    price = forms.CharField(required=False, widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}))
    ext_color = forms.CharField(label="Color", required=False)
    features = forms.CharField(required=False)
    headline = forms.CharField(required=False)
    reason = forms.CharField(
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"placeholder": "Reason, for example sold", "list": "reasons"}),
    )
    clear = forms.MultipleChoiceField(
        choices=[(name, FIELD_WORDS[name]) for name in EDITABLE_FIELDS if name not in {"stock", "condition"}],
        required=False,
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="lines-%s", label_suffix="")

    def edits(self) -> list[tuple[forms.BoundField, str]]:
        """The fields in the order of the editor, each with the value of its box; empty where nothing can be cleared."""
        names = [name for name in EDITABLE_FIELDS if name in self.fields]
        return [(self[name], "" if name == "condition" else name) for name in names]

    @property
    def cleared(self) -> list[str]:
        return [str(name) for name in self["clear"].data or []]

    def clean(self) -> dict[str, Any]:
        for name in self.cleaned_data.get("clear", []):
            if self.cleaned_data.get(name):
                self.add_error(name, "Type a value or clear the field, not both.")
        return self.cleaned_data

    def changes(self) -> dict[str, str]:
        """The typed values, and an empty text for each field that is cleared."""
        data = self.cleaned_data
        typed = {name: data[name] for name in EDITABLE_FIELDS if data.get(name)}
        return {**typed, **dict.fromkeys(data["clear"], "")}


class NumberForm(forms.Form):
    """The number under which an order is completed."""

    order_number = forms.CharField(max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class ProfileForm(forms.Form):
    """The computer for which the files of an order are issued again."""

    profile = forms.ModelChoiceField(
        PathProfile.objects.order_by("name"), label="Path profile", empty_label="Choose one"
    )


class ReasonForm(forms.Form):
    """Why something is withdrawn."""

    reason = forms.CharField(max_length=300, error_messages={"required": "Say why, for example printed twice."})


class CorrectionForm(forms.Form):
    """Which lines of a done order are printed again, and why."""

    reason = forms.CharField(
        label="What is to be corrected",
        max_length=300,
        error_messages={"required": "Say what is to be corrected, for example wrong price."},
    )
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, data: Any = None, *, seqs: Iterable[int]) -> None:
        super().__init__(data)
        self.fields["lines"] = forms.TypedMultipleChoiceField(
            choices=[(seq, str(seq)) for seq in seqs],
            coerce=int,
            error_messages={
                "required": "Choose at least one line to be printed again.",
                "invalid_choice": "Line %(value)s was not printed.",
            },
        )
