"""What the database itself guarantees about dealerships, and what is kept of every change."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from dealerships.domain.rules import ConditionGroup, FilterRules, RuleError
from dealerships.models import Dealership, DealershipAlias, PathProfile
from tests.factories import make_dealership

pytestmark = pytest.mark.django_db


def refused_by_the_database(**values: Any) -> str:
    """The constraint that stops an UPDATE past all checks of the program."""
    make_dealership()
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Dealership.objects.update(**values)
    cause: Any = error.value.__cause__
    return str(cause.diag.constraint_name)


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"conditions": []}, "conditions"),
    ({"conditions": ["unknown"]}, "conditions"),
    ({"price_min": 2, "price_max": 1}, "price_max"),
    ({"seasoning_days": -1}, "seasoning_days"),
    ({"required_brands": ["Jeep"], "excluded_makes": ["JEEP"]}, "excluded_makes"),
    ({"required_raw_statuses": ["(blank)"], "excluded_raw_statuses": ["(Blank)"]}, "excluded_raw_statuses"),
]


@pytest.mark.parametrize(("values", "key"), CONTRADICTIONS)
def test_contradictory_rules_cannot_be_saved(values: dict[str, Any], key: str) -> None:
    dealership = make_dealership()
    for name, value in values.items():
        setattr(dealership, name, value)
    with pytest.raises(RuleError) as error:
        dealership.save()
    assert error.value.key == key
    with pytest.raises(RuleError):
        make_dealership(name="Oak Street Motors", **values)
    assert Dealership.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"conditions": []}, "dealership_conditions_allowed"),
        ({"conditions": ["new", "old"]}, "dealership_conditions_allowed"),
        ({"price_min": 2, "price_max": 1}, "dealership_price_range"),
        ({"seasoning_days": -1}, "dealerships_dealership_seasoning_days_check"),
        ({"required_brands": ["Jeep"], "excluded_makes": ["Jeep"]}, "dealership_brand_not_required_and_excluded"),
        (
            {"required_raw_statuses": ["On-Lot"], "excluded_raw_statuses": ["On-Lot"]},
            "dealership_status_not_required_and_excluded",
        ),
    ],
)
def test_contradictory_rules_cannot_be_stored_past_the_program(values: dict[str, Any], constraint: str) -> None:
    assert refused_by_the_database(**values) == constraint


def test_a_form_shows_a_contradiction_at_its_field() -> None:
    dealership = make_dealership(price_min=None)
    dealership.price_min, dealership.price_max = 2, 1
    with pytest.raises(ValidationError) as error:
        dealership.full_clean()
    assert error.value.message_dict["price_max"] == ["The highest price 1 is below the lowest 2."]


def test_a_form_without_any_condition_means_that_a_cao_is_not_set_up() -> None:
    dealership = make_dealership()
    dealership.conditions = []
    dealership.full_clean()
    dealership.save()
    assert dealership.filter_rules() is None


def test_rules_come_back_as_they_were_saved() -> None:
    values: dict[str, Any] = {
        "conditions": ["po", "cpo"],
        "stock_required": False,
        "price_required": True,
        "price_min": "1000.50",
        "price_max": "90000.00",
        "year_min": 2015,
        "seasoning_days": 7,
        "required_brands": ["Jeep"],
        "excluded_makes": ["Ram"],
        "excluded_keywords": ["SOLD"],
        "required_raw_statuses": ["(blank)"],
        "excluded_raw_statuses": ["Courtesy"],
    }
    make_dealership(**{**values, "price_min": None, "price_max": None})
    Dealership.objects.update(price_min=values["price_min"], price_max=values["price_max"])
    assert Dealership.objects.get().filter_rules() == FilterRules.from_mapping(values)


def test_separate_orders_are_one_group_for_new_and_one_for_used() -> None:
    assert make_dealership().order_groups() == (ConditionGroup.ALL,)
    separate = make_dealership(name="Oak", separate_orders=True)
    assert separate.order_groups() == (ConditionGroup.NEW, ConditionGroup.USED)


def test_the_name_is_always_an_alias_and_stays_one_when_it_changes() -> None:
    dealership = make_dealership(name="Elm Street Motors")
    dealership.name = "Elm Avenue Motors"
    dealership.save()
    dealership.save()
    assert [alias.text for alias in dealership.aliases.all()] == ["Elm Avenue Motors", "Elm Street Motors"]


def test_a_dealership_cannot_take_the_name_of_another() -> None:
    DealershipAlias.objects.create(dealership=make_dealership(), text="Oak & Sons")
    with pytest.raises(ValidationError) as error:
        Dealership(name="OAK AND SONS", short_code="OAK", file_name="Oak").full_clean()
    assert error.value.message_dict == {"name": ["Elm Street Motors already answers to this name."]}
    with pytest.raises(IntegrityError), transaction.atomic():
        make_dealership(name="OAK AND SONS")
    assert Dealership.objects.count() == 1


def test_an_alias_is_unique_over_all_dealerships_without_case_and_punctuation() -> None:
    DealershipAlias.objects.create(dealership=make_dealership(), text="Elm St. Motors")
    other = make_dealership(name="Oak")
    for text in ("ELM ST MOTORS", "elm-st-motors", "Elm St Motors."):
        with pytest.raises(ValidationError, match="This name already belongs to Elm Street Motors"):
            DealershipAlias(dealership=other, text=text).full_clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            DealershipAlias.objects.create(dealership=other, text=text)


@pytest.mark.parametrize("text", ["-", "...", "'"])
def test_an_alias_needs_a_letter_or_digit(text: str) -> None:
    dealership = make_dealership()
    with pytest.raises(ValidationError, match="A name needs at least one letter or digit"):
        DealershipAlias(dealership=dealership, text=text).full_clean()
    with pytest.raises(IntegrityError, match="alias_not_blank"), transaction.atomic():
        DealershipAlias.objects.create(dealership=dealership, text=text)


@pytest.mark.parametrize("text", ["\ufdfa" * 20, "&" * 60, "\u0130" * 110])
def test_a_name_that_grows_when_it_is_folded_is_refused_in_words(text: str) -> None:
    dealership = make_dealership()
    words = "The name is too long when its signs are read as words"
    with pytest.raises(ValidationError, match=words):
        DealershipAlias(dealership=dealership, text=text).full_clean()
    with pytest.raises(ValidationError, match=words):
        Dealership(name=text[:100], short_code="X", file_name="X").full_clean()


@pytest.mark.parametrize("field", ["name", "short_code", "file_name"])
def test_names_codes_and_file_names_are_unique(field: str) -> None:
    first = make_dealership()
    with pytest.raises(IntegrityError, match=field), transaction.atomic():
        make_dealership(**{"name": "Oak", field: getattr(first, field)})


@pytest.mark.parametrize("code", ["a/b", "..", "a b", "\u00e9", "a\n"])
def test_codes_and_file_names_are_safe_in_paths(code: str) -> None:
    with pytest.raises(ValidationError) as error:
        Dealership(name="Elm", short_code=code, file_name=code).full_clean()
    assert sorted(error.value.message_dict) == ["file_name", "short_code"]


def test_a_blank_code_and_file_name_follow_from_the_name() -> None:
    dealership = Dealership(name="Serra Honda O'Fallon", short_code="", file_name="")
    dealership.clean()
    assert (dealership.short_code, dealership.file_name) == ("SERRA_HONDA_OFALLON", "Serra_Honda_OFallon")


def test_every_change_is_recorded_and_can_be_read_back() -> None:
    dealership = make_dealership(seasoning_days=0)
    dealership.seasoning_days = 7
    dealership.save()
    changes = dealership.history.values_list("history_type", "seasoning_days")
    assert list(changes) == [("~", 7), ("+", 0)]


def test_changes_of_aliases_and_path_profiles_are_recorded() -> None:
    alias = DealershipAlias.objects.create(dealership=make_dealership(), text="Elm")
    alias.delete()
    profile = PathProfile.objects.get()
    profile.base = "/Users/anna/QRS"
    profile.save()
    assert list(DealershipAlias.history.filter(text="Elm").values_list("history_type", flat=True)) == ["-", "+"]
    assert list(profile.history.values_list("history_type", flat=True)) == ["~", "+"]


def test_active_dealerships_and_those_with_a_website_can_be_picked() -> None:
    make_dealership(name="Elm")
    make_dealership(name="Oak", active=False)
    make_dealership(name="Ash", has_inventory_source=False)
    assert [d.name for d in Dealership.objects.active()] == ["Ash", "Elm"]
    assert [d.name for d in Dealership.objects.with_inventory_source()] == ["Elm", "Oak"]


def test_an_unknown_separator_of_a_path_profile_is_refused_at_its_field() -> None:
    with pytest.raises(ValidationError) as caught:
        PathProfile(name="Anna", base="/Volumes/orders", separator="?").full_clean()
    assert list(caught.value.message_dict) == ["separator"]
