"""What managers type about output templates; the operations judge it."""

import re
from dataclasses import fields as dataclass_fields
from enum import Enum
from typing import Any

from django import forms
from django.http import QueryDict

from dealerships.models import OutputTemplate
from orders.domain.formulas import FIELDS
from orders.domain.output_template_drafts import LONGEST_CODE, ColumnDraft, OutputTemplateDraft, proposed_code
from orders.domain.output_template_words import OPTION_HINTS, option_words
from orders.domain.output_templates import OutputOptions

MOST_TEMPLATE_BYTES = 256 * 1024
_OPTION = "option-"


class OutputTemplateForm(forms.Form):
    """Names and options of an output template; its columns are read by `posted_columns`.

    The options are the fields of `OutputOptions`, so a new one appears by itself. Code and abbreviation name released
    files and are asked for once only.
    """

    name = forms.CharField(max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    code = forms.CharField(
        max_length=LONGEST_CODE,
        required=False,
        help_text="Small letters, digits and _; made from the name when empty. It stays for good.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "mono", "spellcheck": "false"}),
    )
    abbreviation = forms.CharField(
        max_length=10,
        help_text="Capitals and digits: part of every file name, such as SCP. It stays for good.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "mono", "spellcheck": "false"}),
    )
    note = forms.CharField(
        label="What is new (optional)",
        max_length=200,
        required=False,
        help_text="Stands beside the version, such as: wider stock column.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=1_000_000)

    def __init__(self, data: Any = None, *, initial: Any = None, is_new: bool = True) -> None:
        super().__init__(data, initial=initial, label_suffix="", prefix=None)
        if not is_new:
            del self.fields["code"], self.fields["abbreviation"]
        for option in dataclass_fields(OutputOptions):
            self.fields[_OPTION + option.name] = _option_field(option.name, getattr(OutputOptions(), option.name))

    @classmethod
    def of_draft(cls, draft: OutputTemplateDraft, *, based_on: int, is_new: bool) -> "OutputTemplateForm":
        """A form that holds what the draft says."""
        named = {"name": draft.name, "code": draft.code, "abbreviation": draft.abbreviation, "based_on": based_on}
        options = {_OPTION + name: value for name, value in draft.options.items()}
        return cls(initial={**named, **options}, is_new=is_new)

    def as_typed(self) -> "OutputTemplateForm":
        """The same texts without a word about what is wrong with them: somebody is still writing."""
        initial = {name: self[name].data for name in self.fields}
        return OutputTemplateForm(initial=initial, is_new="code" in self.fields)

    def option_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(_OPTION)]

    def draft(self, columns: tuple[ColumnDraft, ...], *, row: OutputTemplate | None) -> OutputTemplateDraft:
        """What is typed, usable or not; code and abbreviation of an existing output template are its own."""
        name = str(self["name"].data or "").strip()
        if row:
            code, abbreviation = row.code, row.abbreviation
        else:
            code = str(self["code"].data or "").strip() or proposed_code(name)
            abbreviation = str(self["abbreviation"].data or "").strip()
        return OutputTemplateDraft(
            code=code, name=name, abbreviation=abbreviation, columns=columns, options=self._options()
        )

    def _options(self) -> dict[str, Any]:
        options = {}
        for option in dataclass_fields(OutputOptions):
            field = self.fields[_OPTION + option.name]
            try:
                value = field.clean(self[_OPTION + option.name].data)
            except forms.ValidationError:
                continue  # a choice that the page never offered
            if value and value != getattr(OutputOptions(), option.name):
                options[option.name] = value
        return options


def _option_field(name: str, usual: Any) -> forms.Field:
    words: dict[str, Any] = {"label": option_words(name), "help_text": OPTION_HINTS.get(name, ""), "required": False}
    if isinstance(usual, bool):
        return forms.BooleanField(**words)
    if isinstance(usual, Enum):
        choices = [(item.value, item.value) for item in type(usual)]
        return forms.ChoiceField(choices=choices, initial=usual.value, **words)
    choices = [(field, field) for field in FIELDS if field not in {"qr", "seq"}]
    return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **words)


def posted_columns(data: QueryDict) -> tuple[ColumnDraft, ...]:
    """The columns of the editor in the order of the page; a key that the page never made is passed over."""
    keys = [key for key in dict.fromkeys(data.getlist("column")) if re.fullmatch(r"[1-9][0-9]{0,4}", key)]
    return tuple(
        ColumnDraft(
            key=int(key),
            header=data.get(f"header-{key}", "").strip(),
            formula=data.get(f"formula-{key}", ""),
            is_required=f"required-{key}" in data,
            max_length=data.get(f"max_length-{key}", "").strip(),
        )
        for key in keys
    )


class OutputTemplateFileForm(forms.Form):
    """The JSON file of an output template."""

    file = forms.FileField(
        label="JSON file",
        help_text="As an export writes it, at most 256 KB.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty. Choose another one."},
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )
    note = forms.CharField(label="What is new (optional)", max_length=200, required=False)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_TEMPLATE_BYTES:
            raise forms.ValidationError(f"The file has {file.size:,} bytes; an output template has 256 KB at most.")
        return file
