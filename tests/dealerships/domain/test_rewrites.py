from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerships.domain.rewrites import (
    BUILT_IN,
    Rewrite,
    RewriteError,
    RewriteField,
    RewriteKind,
    changed_texts,
    rewrite_texts,
)

WHOLE, REMOVE, MOVE = BUILT_IN
REPLACE = Rewrite(kind=RewriteKind.REPLACE, field=RewriteField.TRIM, texts=("4X4", "4WD"), replacement="AWD")


@pytest.mark.parametrize(
    ("model", "trim", "expected"),
    [
        ("Wrangler Unlimited", "Sahara", ("Wrangler", "Unlimited Sahara")),
        ("Wrangler Unlimited", "", ("Wrangler", "Unlimited")),
        ("Wrangler Unlimited Rubicon", "X", ("Wrangler Unlimited Rubicon", "X")),
        ("1500", "Big Horn 5'7 BOX", ("1500", "Big Horn")),
        ("1500", "Laramie 6'4 box 4x4", ("1500", "Laramie 4x4")),
        ("1500", "Laramie 6\u20194 Box", ("1500", "Laramie")),
        ("Grand Cherokee", "L Limited", ("Grand Cherokee L", "Limited")),
        ("Grand Wagoneer", "L Series II", ("Grand Wagoneer L", "Series II")),
        ("Wagoneer", "L Carbide", ("Wagoneer L", "Carbide")),
        ("Grand Cherokee L", "L Limited", ("Grand Cherokee L", "Limited")),
        ("Grand Cherokee", "Limited", ("Grand Cherokee", "Limited")),
        ("Compass", "L Limited", ("Compass", "L Limited")),
    ],
)
def test_the_built_in_rules_write_models_and_trims_the_jeep_way(
    model: str, trim: str, expected: tuple[str, str]
) -> None:
    assert rewrite_texts(BUILT_IN, model=model, trim=trim) == expected


models = st.sampled_from(["Wrangler Unlimited", "Grand Cherokee", "Grand Wagoneer L", "Wagoneer", "1500"]) | st.text()
trims = st.lists(st.sampled_from(["L", "5'7", "6'4", "BOX", "box", "Limited", "", "5'7 BOX"])).map(" ".join) | st.text()


@given(models, trims)
def test_running_the_built_in_rules_twice_changes_nothing_more(model: str, trim: str) -> None:
    once = rewrite_texts(BUILT_IN, model=model, trim=trim)
    assert rewrite_texts(BUILT_IN, model=once[0], trim=once[1]) == once


@pytest.mark.parametrize(
    ("rule", "model", "trim", "expected"),
    [
        (REPLACE, "Compass", "Limited 4x4  Sport", ("Compass", "Limited AWD Sport")),
        (REPLACE, "Compass 4X4", "Limited 4x4s", ("Compass 4X4", "Limited 4x4s")),
        (replace(REPLACE, replacement="\\1"), "Compass", "4x4", ("Compass", "\\1")),
        (replace(REPLACE, field=RewriteField.MODEL), "Compass 4X4", "4x4", ("Compass AWD", "4x4")),
        (replace(REPLACE, model_contains=("Ram",)), "Compass", "4x4", ("Compass", "4x4")),
        (replace(REPLACE, model_contains=("Ram", "Comp")), "Compass", "4x4", ("Compass", "AWD")),
        (replace(REMOVE, texts=("5'7",)), "1500", "5'71 5'7", ("1500", "5'71")),
        (replace(REMOVE, texts=("a.c",)), "1500", "abc a.c", ("1500", "abc")),
        (replace(WHOLE, field=RewriteField.TRIM, trim_prefix=""), "X", "Wrangler Unlimited", ("X", "Wrangler")),
        (replace(WHOLE, trim_prefix=""), "Wrangler Unlimited", "Sport", ("Wrangler", "Sport")),
        (replace(MOVE, texts=("L", "XL")), "Wagoneer", "XL Base", ("Wagoneer XL", "Base")),
        (replace(MOVE, model_contains=()), "Compass", "L Base", ("Compass L", "Base")),
    ],
)
def test_a_rule_changes_its_field_only_and_only_what_it_names(
    rule: Rewrite, model: str, trim: str, expected: tuple[str, str]
) -> None:
    assert rule.apply(model, trim) == expected


def test_rules_run_in_their_order() -> None:
    first = replace(REPLACE, replacement="Quadra")
    second = replace(REPLACE, texts=("Quadra",), replacement="Drive")
    assert rewrite_texts([first, second], model="", trim="4WD") == ("", "Drive")
    assert rewrite_texts([second, first], model="", trim="4WD") == ("", "Quadra")


def test_only_changed_fields_are_named() -> None:
    assert changed_texts(BUILT_IN, model="1500", trim="Laramie 5'7 BOX") == {"trim": "Laramie"}
    assert changed_texts(BUILT_IN, model="1500", trim="Laramie") == {}


@pytest.mark.parametrize(
    ("rule", "changes", "key"),
    [
        (REMOVE, {"texts": ()}, "texts"),
        (REMOVE, {"texts": ("", " ")}, "texts"),
        (REMOVE, {"replacement": "x"}, "replacement"),
        (MOVE, {"replacement": "x"}, "replacement"),
        (MOVE, {"field": RewriteField.MODEL}, "field"),
        (REPLACE, {"replacement": " "}, "replacement"),
        (REPLACE, {"trim_prefix": "x"}, "trim_prefix"),
        (WHOLE, {"field": RewriteField.TRIM}, "trim_prefix"),
        (WHOLE, {"replacement": ""}, "replacement"),
        (REPLACE, {"replacement": "4x4 AWD"}, "replacement"),
        (WHOLE, {"replacement": "Wrangler Unlimited"}, "replacement"),
    ],
)
def test_a_rule_without_sense_names_the_value_to_mend(rule: Rewrite, changes: dict[str, object], key: str) -> None:
    with pytest.raises(RewriteError) as caught:
        replace(rule, **changes)  # type: ignore[arg-type]
    assert caught.value.key == key
