from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.list_entries import (
    MOST_ENTRIES,
    EntryResult,
    ListedVehicle,
    TooManyEntries,
    replace_entry,
    resolve_entries,
    split_entries,
    typing_hints,
)
from tests.factories import make_vin

FIRST, SECOND, THIRD, MISSING = (make_vin(number=number) for number in (111111, 222222, 333333, 999999))
LOT = [
    ListedVehicle(FIRST, "A100"),
    ListedVehicle(SECOND, "SHARED"),
    ListedVehicle(THIRD, "SHARED"),
]


def resolve(*entries: str, include_missing: bool = False, taken: dict[str, str] | None = None) -> list[EntryResult]:
    return resolve_entries(entries, LOT, taken or {}, include_missing=include_missing)


def short(results: list[EntryResult]) -> list[tuple[str, str]]:
    return [(result.outcome.value, result.vin) for result in results]


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", []),
        (" \r\n,;\t\n", []),
        ("a\nb\r\nc\rd", ["a", "b", "c", "d"]),
        ("a,b;c\td", ["a", "b", "c", "d"]),
        ("  a 1 ,\n\n b ", ["a 1", "b"]),
    ],
)
def test_entries_are_split_at_breaks_commas_semicolons_and_tabs(text: str, entries: list[str]) -> None:
    assert split_entries(text) == entries


def test_at_most_2000_entries_fit() -> None:
    assert len(split_entries("x," * MOST_ENTRIES)) == 2000
    with pytest.raises(TooManyEntries, match=r"^2,001 entries are too many; 2,000 fit into one order. Split them.$"):
        split_entries("x," * (MOST_ENTRIES + 1))


@pytest.mark.parametrize("text", [FIRST, FIRST.lower(), "A100", "a100", FIRST[-6:], FIRST[-7:].lower(), FIRST[-8:]])
def test_a_vin_its_end_or_a_stock_number_names_the_vehicle_in_any_case(text: str) -> None:
    assert resolve(text) == [EntryResult(text=text, outcome=resolve(FIRST)[0].outcome, vin=FIRST)]
    assert short(resolve(text)) == [("produced", FIRST)]


@pytest.mark.parametrize("text", [FIRST[-5:], FIRST[-9:], FIRST[:16], "A10"])
def test_another_part_of_a_vin_or_stock_number_names_nothing(text: str) -> None:
    assert short(resolve(text)) == [("not_on_website", "")]


def test_the_same_text_or_vehicle_again_refers_to_the_first_entry() -> None:
    results = resolve(FIRST, "nobody", FIRST.lower(), "A100", "NOBODY", "shared", "SHARED")
    assert short(results) == [
        ("produced", FIRST),
        ("not_on_website", ""),
        ("duplicate_entry", FIRST),
        ("duplicate_entry", FIRST),
        ("duplicate_entry", ""),
        ("ambiguous", ""),
        ("duplicate_entry", ""),
    ]
    assert [result.detail for result in results if result.outcome == "duplicate_entry"] == [
        "The same as entry 1.",
        "The same as entry 1.",
        "The same as entry 2.",
        "The same as entry 6.",
    ]


def test_a_missing_vin_is_left_out_unless_a_placeholder_is_asked_for() -> None:
    assert short(resolve(MISSING)) == [("not_on_website", MISSING)]
    assert short(resolve(MISSING, include_missing=True)) == [("placeholder", MISSING)]
    assert short(resolve(MISSING, MISSING, include_missing=True)) == [
        ("placeholder", MISSING),
        ("duplicate_entry", MISSING),
    ]


def test_a_single_missing_vin_can_be_asked_for_alone() -> None:
    other = make_vin(number=888888)
    results = resolve_entries([MISSING.lower(), other], LOT, {}, include_missing=False, vin_only=[MISSING])
    assert short(results) == [("placeholder", MISSING), ("not_on_website", other)]


def test_a_stock_number_never_becomes_a_placeholder() -> None:
    assert short(resolve("B200", include_missing=True)) == [("not_on_website", "")]


def test_without_inventory_every_valid_vin_is_not_on_the_website_or_a_placeholder() -> None:
    assert short(resolve_entries([FIRST], [], {}, include_missing=False)) == [("not_on_website", FIRST)]
    assert short(resolve_entries([FIRST], [], {}, include_missing=True)) == [("placeholder", FIRST)]


def test_an_entry_that_fits_several_vehicles_waits_for_a_choice() -> None:
    [result] = resolve("shared")
    assert (result.outcome, result.vin, result.candidates) == ("ambiguous", "", tuple(sorted([SECOND, THIRD])))
    assert result.detail == f"It fits 2 vehicles: {', '.join(sorted([SECOND, THIRD]))}. Choose one."


def test_a_stock_number_that_is_the_end_of_another_vehicles_vin_is_ambiguous() -> None:
    lot = [ListedVehicle(FIRST, "X"), ListedVehicle(SECOND, FIRST[-6:])]
    [result] = resolve_entries([FIRST[-6:]], lot, {}, include_missing=False)
    assert (result.outcome, result.candidates) == ("ambiguous", tuple(sorted([FIRST, SECOND])))


def test_a_stock_number_that_is_the_end_of_its_own_vin_is_one_vehicle() -> None:
    lot = [ListedVehicle(FIRST, FIRST[-6:])]
    assert short(resolve_entries([FIRST[-6:]], lot, {}, include_missing=False)) == [("produced", FIRST)]


def test_two_vehicles_whose_vins_end_alike_are_ambiguous() -> None:
    other = make_vin(number=111111, year=2020)
    lot = [ListedVehicle(FIRST, "1"), ListedVehicle(other, "2")]
    assert short(resolve_entries(["111111", FIRST], lot, {}, include_missing=False)) == [
        ("ambiguous", ""),
        ("produced", FIRST),
    ]


def test_a_vehicle_of_another_open_order_is_named_with_that_order() -> None:
    taken = {FIRST: "open order 7", MISSING: "open order 8"}
    assert [(result.outcome, result.vin, result.detail) for result in resolve("A100", MISSING, taken=taken)] == [
        ("in_another_order", FIRST, "It stands in open order 7."),
        ("in_another_order", MISSING, "It stands in open order 8."),
    ]
    assert short(resolve(MISSING, taken=taken, include_missing=True)) == [("in_another_order", MISSING)]


@pytest.mark.parametrize(
    ("text", "length"), [(FIRST + "1", 18), ("x" * 40, 40), (FIRST[:8] + " " + FIRST[8:], 18)], ids=["18", "40", "gap"]
)
def test_more_than_17_characters_are_invalid(text: str, length: int) -> None:
    [result] = resolve(text)
    assert (result.outcome, result.vin) == ("invalid", "")
    hint = f" Did you mean {FIRST}?" if length == 18 else ""
    assert result.detail == f"This entry has {length} characters; a VIN has 17. Compare it with the windshield.{hint}"


@pytest.mark.parametrize("wrong", ["I", "O", "Q", "-", " ", "\u0410"])
def test_17_characters_with_one_that_no_vin_holds_are_invalid(wrong: str) -> None:
    [result] = resolve(FIRST[:4] + wrong + FIRST[5:])
    assert (result.outcome, result.vin) == ("invalid", "")
    fault = "A VIN has no I, O, Q and only letters and digits. Compare it with the windshield."
    assert result.detail == f"{fault} Did you mean {FIRST}?"


def test_letters_that_only_resemble_those_of_a_vin_are_not_repaired() -> None:
    lot = [ListedVehicle("1S" + FIRST[2:], "X")]
    [result] = resolve_entries(["1\u017f" + FIRST[2:]], lot, {}, include_missing=True)
    assert (result.outcome, result.vin) == ("invalid", "")


def test_a_wrong_check_digit_alone_is_no_reason_to_refuse() -> None:
    wrong = FIRST[:8] + ("1" if FIRST[8] != "1" else "2") + FIRST[9:]
    assert short(resolve(wrong, include_missing=True)) == [("placeholder", wrong)]


@pytest.mark.parametrize(
    "text",
    [
        FIRST.replace("1", "I", 1),
        FIRST[:5] + "X" + FIRST[6:],
        FIRST[:16] + FIRST[16] + "9",
        FIRST[:14] + FIRST[15] + FIRST[14] + FIRST[16] if FIRST[14] != FIRST[15] else FIRST[:3] + "9" + FIRST[4:],
    ],
    ids=["look-alike", "changed", "extra", "swapped"],
)
def test_a_near_vin_is_suggested_and_never_taken(text: str) -> None:
    [result] = resolve(text)
    assert (result.suggestion, result.outcome in {"invalid", "not_on_website"}) == (FIRST, True)


def test_a_missing_character_is_suggested_too() -> None:
    [result] = resolve(FIRST[:3] + FIRST[4:])
    assert (result.outcome, result.suggestion) == ("not_on_website", FIRST)
    assert result.detail == f"Not on the website. Did you mean {FIRST}?"


ENTRIES = st.lists(
    st.one_of(
        st.sampled_from([FIRST, SECOND.lower(), "A100", "a100", "shared", "111111", MISSING, "B200", "x" * 18]),
        st.text(min_size=1, max_size=20),
    ),
    max_size=40,
)


@given(
    entries=ENTRIES,
    include_missing=st.booleans(),
    taken=st.dictionaries(st.sampled_from([FIRST, MISSING]), st.just("x")),
)
def test_every_entry_ends_in_exactly_one_outcome_and_no_vehicle_is_produced_twice(
    entries: list[str], *, include_missing: bool, taken: dict[str, str]
) -> None:
    results = resolve_entries(entries, LOT, taken, include_missing=include_missing)
    assert [result.text for result in results] == entries
    assert Counter(result.outcome for result in results).total() == len(entries)
    lines = [result.vin for result in results if result.outcome in {"produced", "placeholder"}]
    assert len(lines) == len(set(lines))
    assert not set(lines) & taken.keys()


@pytest.mark.parametrize(
    ("typed", "hints"),
    [
        ("S2511331", []),
        (FIRST, []),
        (FIRST[:16], ["This entry has 16 characters; a VIN has 17."]),
        (FIRST[:9].lower(), ["This entry has 9 characters; a VIN has 17."]),
        ("1C4IOQFAG0", ["This entry has 10 characters; a VIN has 17.", "A VIN never holds I or O or Q."]),
        (f"{FIRST[:16]}Q", ["A VIN never holds Q."]),
        ("1M8GDM9A1KP042788", ["Its check digit is wrong. Compare it with the windshield."]),
        (f"{FIRST}1", []),
    ],
)
def test_what_is_typed_is_told_what_keeps_it_from_being_a_vin(typed: str, hints: list[str]) -> None:
    assert typing_hints(typed) == hints


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("a\nb\nc", 2, "a\nX\nc"),
        ("a, b ;\t\r\n c", 3, "a, b ;\t\r\nX"),
        ("\n\n  b", 1, "\n\nX"),
    ],
)
def test_one_entry_is_replaced_and_everything_around_it_stays(text: str, position: int, expected: str) -> None:
    assert replace_entry(text, position, was=split_entries(text)[position - 1], by="X") == expected


@pytest.mark.parametrize("position", [-1, 0, 1, 3])
def test_an_entry_that_is_another_one_by_now_is_not_replaced(position: int) -> None:
    with pytest.raises(ValueError, match=f"Entry {position} is not b any more, so nothing was replaced."):
        replace_entry("a\nb", position, was="b", by="X")


@given(st.text(alphabet="ab,;\t\n\r ", max_size=40), st.integers(1, 12))
def test_replacing_changes_one_entry_and_no_other(text: str, position: int) -> None:
    entries = split_entries(text)
    if position > len(entries):
        return
    replaced = replace_entry(text, position, was=entries[position - 1], by="NEW")
    assert split_entries(replaced) == [*entries[: position - 1], "NEW", *entries[position:]]
