"""What people type about orders; the operations judge it."""

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.urls import reverse_lazy

from dealerships.domain.output import OrderKind
from dealerships.domain.rules import ConditionGroup
from dealerships.models import CONDITION_CHOICES, KIND_CHOICES, Dealership, PathProfile
from orders.domain.overrides import EDITABLE_FIELDS
from orders.models import GROUP_CHOICES, OrderLine
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
        widget=forms.Select(
            attrs={
                "hx-get": reverse_lazy("order_create"),
                "hx-trigger": "change",
                "hx-target": "#order-choices",
                "hx-swap": "outerHTML",
            }
        ),
    )
    kind = forms.ChoiceField(choices=[(kind, KIND_WORDS[kind]) for kind, _ in KIND_CHOICES], widget=forms.RadioSelect)
    conditions = forms.ChoiceField(choices=GROUP_CHOICES, required=False, widget=forms.RadioSelect)
    entries = forms.CharField(
        label="VINs or stock numbers",
        required=False,
        help_text="One per line, or with commas between. The last 6 to 8 characters of a VIN will do.",
        widget=forms.Textarea(attrs={"rows": 10, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
    )
    include_missing = forms.BooleanField(
        label="Print VINs that are not on the website",
        required=False,
        help_text="Such a line holds the VIN only; the rest is typed in review.",
    )
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

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

    def order_request(self, *, actor: User, confirmed: bool) -> OrderRequest:
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


class LineForm(forms.Form):
    """The editable fields of a line, each beside the value it was opened with."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    stock = forms.CharField(required=False, widget=forms.TextInput(attrs={"autofocus": True}))
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
