"""A long select says what Django's own says."""

import pytest
from bs4 import BeautifulSoup
from django import forms

from foundation.widgets import LongSelect

CHOICES = [("", "Choose"), (1, 'Glendale <b> & "Sons"'), ("a&b", "Two")]


@pytest.mark.parametrize("chosen", ["", "1", "a&b", "unknown", None])
def test_a_long_select_has_the_options_and_attributes_of_a_usual_one(chosen: str | None) -> None:
    selects = []
    for widget in (LongSelect, forms.Select):
        field = forms.ChoiceField(choices=CHOICES, widget=widget({"hx-post": "/?a&b", "title": '"'}))
        form = type("ChoiceForm", (forms.Form,), {"choice": field})(None if chosen is None else {"choice": chosen})
        select = BeautifulSoup(str(form["choice"]), "html.parser").select_one("select")
        assert select
        selects.append((select.attrs, [(option.attrs, option.text.strip()) for option in select.select("option")]))
    assert selects[0] == selects[1]
    assert len(selects[0][1]) == len(CHOICES)
