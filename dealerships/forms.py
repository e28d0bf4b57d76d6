"""How a manager types a dealership's settings."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from dealerships.domain.names import fold_name
from dealerships.models import (
    CONDITION_CHOICES,
    WEEKDAYS,
    Dealership,
    DealershipAlias,
    OutputTemplate,
    TextRewrite,
)

LIST_FIELDS = {
    "approved_hosts": "Website hosts, without www.",
    "required_brands": "Empty: every make.",
    "excluded_makes": "",
    "excluded_keywords": "Whole words in stock, make, model, trim, type or status, for example SOLD.",
    "required_raw_statuses": "Empty: every status. (blank) stands for an empty one.",
    "excluded_raw_statuses": "",
}


class TextListField(forms.CharField):
    """Texts one per line, or with commas between them."""

    def __init__(self, *, help_text: str = "") -> None:
        widget = forms.Textarea(attrs={"rows": 3, "cols": 50})
        words = f"One per line, or with commas between them. {help_text}".strip()
        super().__init__(required=False, widget=widget, help_text=words)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        texts = [" ".join(text.split()) for text in re.split(r"[\n,]", value or "")]
        return list(dict.fromkeys(text for text in texts if text))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class ChoiceSetField(forms.MultipleChoiceField):
    """Checkboxes for a field that holds a list of choices."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, choices: list[tuple[str, str]], *, help_text: str = "", label: str | None = None) -> None:
        super().__init__(choices=choices, required=False, help_text=help_text, label=label)


class DealershipForm(forms.ModelForm[Dealership]):
    conditions = ChoiceSetField(
        [(str(value), word) for value, word in CONDITION_CHOICES],
        help_text="What a CAO order may print. Used vehicles are PO and CPO together. None chosen: CAO not set up.",
    )
    schedule_days = ChoiceSetField(WEEKDAYS, help_text="The days on which the start page proposes the dealership.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, help_text in LIST_FIELDS.items():
            self.fields[name] = TextListField(help_text=help_text)
        # The model makes them from the name.
        for name in ("short_code", "file_name"):
            self.fields[name].required = False

    def clean_conditions(self) -> list[str] | None:
        return self.cleaned_data["conditions"] or None


class AliasFormSet(forms.BaseInlineFormSet[DealershipAlias, Dealership, forms.ModelForm[DealershipAlias]]):
    def clean(self) -> None:
        """Each name once, and the dealership's own name among them."""
        super().clean()
        seen: set[str] = set()
        own = fold_name(self.instance.name)
        for form in self.forms:
            folded = fold_name(form.cleaned_data.get("text", "") if form.is_valid() else "")
            if folded and form in self.deleted_forms:
                if folded == own:
                    raise ValidationError("A dealership always answers to its own name; keep that alias.")
            elif folded in seen:
                raise ValidationError(f"{form.cleaned_data['text']} stands here twice. Remove one of them.")
            elif folded:
                seen.add(folded)


class TextRewriteForm(forms.ModelForm[TextRewrite]):
    texts = TextListField(help_text="What the rule looks for.")
    model_contains = TextListField(help_text="Empty: every model.")


class BulkForm(forms.Form):
    """What many dealerships are given at once; `values` are fields of a dealership."""

    question = ""

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ActiveForm(BulkForm):
    question = "Make active or inactive"
    active = forms.TypedChoiceField(
        label="These dealerships are",
        choices=[("1", "Active"), ("0", "Inactive")],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
        help_text="Inactive ones leave the start page, the schedule and new orders; their history stays.",
    )


class ScheduleForm(BulkForm):
    question = "Set schedule days"
    schedule_days = ChoiceSetField(
        WEEKDAYS, label="Due on", help_text="The days chosen here replace those of each dealership."
    )


class OfferedOutputTemplate(forms.ModelChoiceField[OutputTemplate]):
    def __init__(self, label: str) -> None:
        offered = OutputTemplate.objects.offered()
        super().__init__(offered, label=label, required=False, empty_label="Leave as it is", to_field_name="code")


class OutputTemplateForm(BulkForm):
    question = "Set output template"
    template_new = OfferedOutputTemplate("For new")
    template_used = OfferedOutputTemplate("For used")

    def clean(self) -> None:
        if not self.errors and not self.values():
            raise ValidationError("Choose an output template for new or for used vehicles.")

    def values(self) -> dict[str, Any]:
        return {f"{name}_id": row.code for name, row in self.cleaned_data.items() if row}


class PriceRequiredForm(BulkForm):
    question = "Set price required"
    price_required = forms.TypedChoiceField(
        label="A CAO prints vehicles",
        choices=[("1", "With a price only"), ("0", "With or without a price")],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
