import csv
import io
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dealerships.domain.rewrites import BUILT_IN
from dealerships.models import Dealership, DealershipAlias, PathProfile, TextRewrite
from dealerships.operations import (
    SHIPPED_TABLE,
    LoadResult,
    add_built_in_rewrites,
    find_dealership,
    load_dealerships,
)
from foundation.errors import BadInput
from tests.command_line import run_command
from tests.factories import make_dealership

pytestmark = pytest.mark.django_db

ELM = {
    "name": "Elm Street Motors",
    "aliases": "Elm Motors",
    "inventory_location_text": "Elm St. Motors",
    "website_domain": "elm.example",
    "rule_conditions": "po|cpo",
    "rule_price_required": "no",
    "notes": "Call first.",
    "price_markup": "",
    "text_rewrites": "",
}


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """A table of dealerships that differ from Elm Street Motors in the given cells."""

    def write(*rows: dict[str, str]) -> Path:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, ELM.keys())
        writer.writeheader()
        writer.writerows(ELM | row for row in rows or [{}])
        path = tmp_path / "dealerships.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        return path

    return write


def the_dealership() -> Dealership:
    return Dealership.objects.get()


def alias_texts() -> list[str]:
    return list(DealershipAlias.objects.values_list("text", flat=True))


def test_the_shipped_table_creates_50_dealerships_40_with_a_website() -> None:
    assert load_dealerships() == LoadResult(created=50)
    assert Dealership.objects.with_inventory_source().count() == 40
    assert Dealership.objects.filter(has_inventory_source=False, approved_hosts=[]).count() == 10
    assert Dealership.objects.exclude(path_profile__name="Nick").count() == 0


def test_a_second_load_changes_nothing() -> None:
    load_dealerships()
    before = list(Dealership.objects.values()), list(DealershipAlias.objects.values())
    assert load_dealerships() == LoadResult(unchanged=50)
    assert (list(Dealership.objects.values()), list(DealershipAlias.objects.values())) == before
    assert Dealership.history.count() == 50


def test_every_dealership_answers_to_all_its_names_and_its_code() -> None:
    load_dealerships()
    with SHIPPED_TABLE.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            names = [row["name"], *row["aliases"].split("|"), *row["inventory_location_text"].split("|")]
            found = {find_dealership(name=name.upper()).name for name in [*names, row["short_code"]] if name}
            assert found == {row["name"]}


def test_a_changed_row_updates_the_fields_that_nobody_touched(table: Callable[..., Path]) -> None:
    load_dealerships(path=table())
    changed = {"rule_price_required": "yes", "price_markup": "199", "aliases": "Elm Motors|ELMS", "notes": ""}
    assert load_dealerships(path=table(changed)) == LoadResult(updated=1)
    elm = the_dealership()
    assert (elm.price_required, elm.price_markup, elm.notes) == (True, Decimal(199), "")
    assert alias_texts() == ["ELMS", "Elm Motors", "Elm St. Motors", "Elm Street Motors"]
    assert load_dealerships(path=table(changed)) == LoadResult(unchanged=1)


def test_a_dealership_with_text_rewrites_is_loaded_with_the_built_in_rules() -> None:
    load_dealerships()
    rules = {dealership.text_rules() for dealership in Dealership.objects.filter(text_rewrites=True)}
    assert (rules, TextRewrite.objects.count()) == ({BUILT_IN}, 3)


def test_rules_come_when_the_table_switches_them_on_and_stay_away_once_deleted(table: Callable[..., Path]) -> None:
    load_dealerships(path=table({"text_rewrites": "no"}))
    assert TextRewrite.objects.count() == 0
    load_dealerships(path=table({"text_rewrites": "yes"}))
    assert the_dealership().text_rules() == BUILT_IN
    TextRewrite.objects.all().delete()
    assert load_dealerships(path=table({"text_rewrites": "yes", "notes": "New."})) == LoadResult(updated=1)
    assert TextRewrite.objects.count() == 0


def test_the_built_in_rules_are_given_once_and_never_beside_own_ones() -> None:
    elm = make_dealership()
    own = TextRewrite.objects.create(dealership=elm, kind="remove", texts=["SOLD"])
    add_built_in_rewrites(dealership=elm)
    assert list(elm.rewrites.all()) == [own]


@pytest.mark.parametrize(
    ("field", "mine", "column", "theirs"),
    [
        ("price_required", True, "notes", "New words."),
        ("notes", "Ask for Bob.", "notes", "New words."),
        ("notes", "", "notes", "New words."),
        ("conditions", ["new"], "rule_conditions", "po"),
        ("conditions", None, "rule_conditions", "po"),
        ("approved_hosts", ["elm.example", "b.example"], "website_domain", "c.example"),
        ("price_markup", Decimal("5.50"), "price_markup", "199"),
        ("name", "Elm Avenue Motors", "notes", "New words."),
        ("short_code", "ELMS", "notes", "New words."),
        ("active", False, "notes", "New words."),
        ("seasoning_days", 9, "notes", "New words."),
    ],
)
def test_what_a_manager_changed_stays(
    table: Callable[..., Path], field: str, mine: Any, column: str, theirs: str
) -> None:
    load_dealerships(path=table())
    elm = the_dealership()
    setattr(elm, field, mine)
    elm.save()
    assert load_dealerships(path=table()) == LoadResult(unchanged=1)
    assert load_dealerships(path=table({column: theirs, "rule_price_required": "no"})) == LoadResult(updated=1)
    assert getattr(the_dealership(), field) == mine


def test_a_field_left_alone_follows_the_table_while_the_changed_one_beside_it_stays(
    table: Callable[..., Path],
) -> None:
    load_dealerships(path=table())
    Dealership.objects.update(notes="Ask for Bob.")
    load_dealerships(path=table({"notes": "New words.", "rule_price_required": "yes"}))
    elm = the_dealership()
    assert (elm.notes, elm.price_required) == ("Ask for Bob.", True)


def test_an_alias_that_a_manager_removed_stays_removed(table: Callable[..., Path]) -> None:
    load_dealerships(path=table())
    DealershipAlias.objects.filter(text="Elm Motors").delete()
    load_dealerships(path=table())
    load_dealerships(path=table({"notes": "New words."}))
    assert alias_texts() == ["Elm St. Motors", "Elm Street Motors"]


def test_a_name_that_a_manager_gave_to_another_dealership_stays_there(table: Callable[..., Path]) -> None:
    load_dealerships(path=table())
    oak = make_dealership(name="Oak")
    DealershipAlias.objects.create(dealership=oak, text="ELMS")
    assert load_dealerships(path=table({"aliases": "Elm Motors|ELMS"})) == LoadResult(updated=1)
    assert find_dealership(name="Elms") == oak


def test_a_renamed_dealership_is_not_created_again_and_keeps_its_old_name_as_alias(
    table: Callable[..., Path],
) -> None:
    load_dealerships(path=table())
    elm = the_dealership()
    elm.name = "Elm Avenue Motors"
    elm.save()
    assert load_dealerships(path=table()) == LoadResult(unchanged=1)
    assert find_dealership(name="Elm Street Motors") == the_dealership()


def test_a_dealership_that_a_manager_made_is_left_alone(table: Callable[..., Path]) -> None:
    make_dealership(name="Elm Street Motors", conditions=["new"], notes="Mine.")
    assert load_dealerships(path=table()) == LoadResult(unchanged=1)
    elm = the_dealership()
    assert (elm.conditions, elm.notes, alias_texts()) == (["new"], "Mine.", ["Elm Street Motors"])


def test_a_column_new_to_the_table_fills_only_fields_that_nobody_touched(
    table: Callable[..., Path], tmp_path: Path
) -> None:
    small = tmp_path / "small.csv"
    small.write_text(
        "name,aliases,inventory_location_text,website_domain,rule_conditions\n"
        "Elm Street Motors,Elm Motors,Elm St. Motors,elm.example,po|cpo\n"
    )
    load_dealerships(path=small)
    Dealership.objects.update(notes="Ask for Bob.")
    load_dealerships(path=table({"rule_price_required": "yes", "price_markup": "199"}))
    elm = the_dealership()
    assert (elm.notes, elm.price_required, elm.price_markup) == ("Ask for Bob.", True, Decimal(199))


def test_a_renamed_path_profile_is_not_created_again() -> None:
    load_dealerships()
    PathProfile.objects.update(name="Anna")
    load_dealerships()
    assert list(PathProfile.objects.values_list("name", flat=True)) == ["Anna"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"name": "N" * 101}, "name: Ensure this value has at most 100 characters (it has 101)."),
        ({"name": "\u8eca"}, "short_code: This field cannot be blank."),
        ({"aliases": "a" * 121}, "text: Ensure this value has at most 120 characters (it has 121)."),
        ({"aliases": "Elm|-"}, "text: A name needs at least one letter or digit."),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_nothing_is_changed(
    table: Callable[..., Path], row: dict[str, str], words: str
) -> None:
    with pytest.raises(BadInput) as error:
        load_dealerships(path=table({"name": "Oak", "aliases": "", "inventory_location_text": ""}, row))
    name = row.get("name", ELM["name"])
    assert str(error.value) == f"Row 3 ({name}), {words}"
    assert (Dealership.objects.count(), DealershipAlias.objects.count()) == (0, 0)


def test_a_new_dealership_with_a_name_that_another_answers_to_is_refused(table: Callable[..., Path]) -> None:
    DealershipAlias.objects.create(dealership=make_dealership(name="Oak"), text="ELM STREET MOTORS")
    with pytest.raises(BadInput) as error:
        load_dealerships(path=table())
    assert str(error.value) == "Row 2 (Elm Street Motors), name: Oak already answers to this name."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Row 1: the table has no column"),
        (b"\xff\xfe\0n", "is not UTF-8 text. Save it as CSV UTF-8."),
        (b"name\nElm\n", "Row 1: the table has no column"),
        (b"\0" * 100, "Row 1: the table has no column"),
        (b'name,"', "Row 1: unexpected end of data."),
        (b"n" * 200_000, "Row 1: field larger than field limit"),
    ],
)
def test_a_file_that_is_no_table_is_bad_input(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput) as error:
        load_dealerships(path=path)
    assert words in str(error.value)


def test_a_missing_file_and_a_folder_are_bad_input(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "no.csv", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(BadInput) as error:
            load_dealerships(path=path)
        assert str(error.value) == f"The table {path} cannot be read: {reason}. Name an existing CSV file."


def test_an_unknown_name_gets_suggestions() -> None:
    load_dealerships()
    with pytest.raises(BadInput) as error:
        find_dealership(name="Pappas Toyta")
    assert (
        str(error.value) == "There is no dealership 'Pappas Toyta'. Did you mean Pappas Toyota or Joe Machens Toyota?"
    )
    assert error.value.code == "unknown_dealership"


def test_a_name_unlike_all_others_is_refused_without_a_guess() -> None:
    load_dealerships()
    for name in ("qqqqqqqqqqqqqq", "", "'; DROP TABLE x", "\u8eca"):
        with pytest.raises(BadInput) as error:
            find_dealership(name=name)
        words = "The names are listed on the dealerships page."
        assert str(error.value) == f"There is no dealership {name!r}. {words}"


def test_before_any_load_the_refusal_names_the_command() -> None:
    with pytest.raises(BadInput, match=r"none are loaded yet\. Run load_dealerships first\."):
        find_dealership(name="Elm")


def test_a_name_wins_over_the_short_code_of_another() -> None:
    oak = make_dealership(name="Oak", short_code="A1")
    make_dealership(name="Ash", short_code="OAK")
    DealershipAlias.objects.create(dealership=oak, text="Oak 1")
    assert (find_dealership(name="oak"), find_dealership(name="a1")) == (oak, oak)


@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_create_every_dealership_once() -> None:
    PathProfile.objects.create(name="Nick", base="/qrs")

    def load(_: int) -> LoadResult:
        try:
            return load_dealerships()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        results = list(threads.map(load, range(3)))
    assert sorted(result.created for result in results) == [0, 0, 50]


@pytest.mark.django_db(transaction=True)
class TestCommand:
    def test_it_reports_as_json_and_as_text(self) -> None:
        assert run_command("load_dealerships", "--json").document == {"created": 50, "updated": 0, "unchanged": 0}
        again = run_command("load_dealerships")
        assert (again.exit_code, again.out) == (0, "0 dealerships created, 0 updated, 50 unchanged.\n")

    def test_a_bad_table_is_exit_2_and_changes_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "table.csv"
        shutil.copy(SHIPPED_TABLE, path)
        with path.open("a", encoding="utf-8") as file:
            file.write("Too,short\n")
        answer = run_command("load_dealerships", path, "--json")
        assert (answer.exit_code, answer.document["error"]["message"]) == (
            2,
            "Row 52: the number of cells differs from the header's. Mend the commas or quotes.",
        )
        assert Dealership.objects.count() == 0

    def test_an_unknown_dealership_is_exit_2_with_a_suggestion(self) -> None:
        run_command("load_dealerships")
        answer = run_command("activate_dataset", "pappas toyta", "--json")
        assert (answer.exit_code, answer.error_code) == (2, "unknown_dealership")
        assert (
            answer.err == "There is no dealership 'pappas toyta'. Did you mean Pappas Toyota or Joe Machens Toyota?\n"
        )


CELLS = st.sampled_from(
    ["", "|", "-|-", "yes", "Mon|Sat", "new|po", "used", "1e999999", "NaN", "9" * 12, "\0", '"', "a" * 130]
)
TABLES = st.lists(
    st.fixed_dictionaries({}, optional={column: CELLS | st.text(max_size=8) for column in ELM}), max_size=3
)


@given(rows=TABLES)
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_is_loaded_or_refused_whole(table: Callable[..., Path], rows: list[dict[str, str]]) -> None:
    before = Dealership.objects.count(), DealershipAlias.objects.count()
    try:
        load_dealerships(path=table(*rows))
    except BadInput as error:
        refused: BadInput | None = error
    else:
        refused = None
    if refused:
        assert str(refused).startswith("Row ")
        assert (Dealership.objects.count(), DealershipAlias.objects.count()) == before
    else:
        assert load_dealerships(path=table(*rows)) == LoadResult(unchanged=max(1, len(rows)))


def test_dealerships_that_had_the_switch_on_are_migrated_to_the_built_in_rules() -> None:
    elm, oak = make_dealership(text_rewrites=True), make_dealership(name="Oak Hill Cars")
    import_module("dealerships.migrations.0002_add_text_rewrites").add_rules(apps, None)
    assert (elm.text_rules(), oak.text_rules()) == (BUILT_IN, ())
