"""Forms of the whole."""

from typing import Any

from django import forms

from foundation.models import Theme

YES_OR_NO = [("yes", "Yes"), ("no", "No")]


class PreferencesForm(forms.Form):
    theme = forms.ChoiceField(choices=Theme.choices, required=False)
    comfortable = forms.ChoiceField(choices=YES_OR_NO, required=False)
    single_keys = forms.ChoiceField(choices=YES_OR_NO, required=False)

    def chosen(self) -> dict[str, Any]:
        """What was sent, as `Preferences` keeps it."""
        meanings = {"yes": True, "no": False}
        return {name: meanings.get(value, value) for name, value in self.cleaned_data.items() if value}
