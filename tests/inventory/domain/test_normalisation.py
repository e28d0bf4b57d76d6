from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerships.domain.rules import Condition, fold_text
from inventory.domain.facts import RAW_FIELD_NAMES, LotStatus, Problem, RawFields, VehicleFacts
from inventory.domain.normalisation import (
    DEFAULT_CONDITIONS,
    DEFAULT_LOT_STATUSES,
    DEFAULT_PRICE_PHRASES,
    Mappings,
    Normalised,
    normalise,
)
from inventory.domain.sheets import open_sheet
from tests.inventory.domain.sheet_texts import VINS, make_raw, make_text, raws_of

MAPPINGS = Mappings.default()
REAL_FILES = Path(__file__).parents[4] / "shared" / "data" / "inventory"


def normalised(**texts: str) -> Normalised:
    return normalise(7, make_raw(**texts), MAPPINGS, year_now=2025, approved_hosts=frozenset())


def hosted(url: str, approved_host: str) -> Normalised:
    raw = make_raw(vehicle_url=url)
    return normalise(7, raw, MAPPINGS, year_now=2025, approved_hosts=frozenset({approved_host}))


def accepted(**texts: str) -> VehicleFacts:
    """The vehicle of a row that is accepted without a word."""
    result = normalised(**texts)
    assert (result.problems, result.unmapped) == ([], [])
    assert result.facts is not None
    return result.facts


def warned(**texts: str) -> tuple[VehicleFacts, list[tuple[str, str]]]:
    """The vehicle of a row and its warnings as (column, code)."""
    result = normalised(**texts)
    assert result.facts is not None
    return result.facts, [(problem.column, problem.code) for problem in result.problems]


def rejected(**texts: str) -> list[tuple[str, str]]:
    """The errors of a rejected row as (column, code)."""
    result = normalised(**texts)
    assert result.facts is None
    assert result.unmapped == []
    return [(problem.column, problem.code) for problem in result.problems]


def test_a_good_row_becomes_a_typed_vehicle_without_a_word() -> None:
    assert accepted() == VehicleFacts(
        vin=VINS[1],
        stock="A1001",
        condition=Condition.NEW,
        raw_type="New",
        year=2023,
        make="Jeep",
        model="Grand Cherokee",
        trim="Limited",
        ext_color="Black",
        lot_status=LotStatus.ON_LOT,
        raw_status="On-Lot",
        price=Decimal("43210.00"),
        raw_price="43210",
        body_style="SUV",
        fuel_type="Gasoline",
        msrp=Decimal("45000.00"),
        date_in_stock=date(2025, 5, 9),
        street_address="1 Main Street",
        locality="Springfield",
        postal_code="62701",
        region="IL",
        country="US",
        url="https://www.springfieldmotors.example/new/1",
    )


def test_a_problem_names_row_column_value_code_and_remedy() -> None:
    assert normalised(year="1885").problems == [
        Problem(7, "Year", "1885", "E_YEAR", "The year must be a number from 1981 to 2027. Correct it.")
    ]


@pytest.mark.parametrize("control", ["\x01", "\x0b", "\x1f", "\x7f", "\x85", "\x9f"])
def test_case_14_control_characters_reject_the_row(control: str) -> None:
    assert rejected(model=f"a{control}b", year="x") == [("Model", "E_CONTROL")]


def test_case_14_the_value_of_a_control_character_is_shown_escaped() -> None:
    assert [problem.value for problem in normalised(trim="a\0\ud800").problems] == ["a\\x00\\ud800"]


def test_case_16_marks_of_writing_direction_are_stripped_with_a_warning() -> None:
    facts, warnings = warned(model="Grand \u202eeekorehC")
    assert (facts.model, warnings) == ("Grand eekorehC", [("Model", "W_BIDI")])


def test_case_17_a_zero_width_blank_in_the_vin_rejects_the_row() -> None:
    assert rejected(vin="1C4RJHAG3P89\u200b00725") == [("Vin", "E_VIN_CHARS")]
    assert rejected(vin="1C4RJHAG3P8900725\u202c") == [("Vin", "E_VIN_CHARS")]


def test_case_19_a_line_break_becomes_one_blank() -> None:
    assert accepted(model="Grand \r\n\t Cherokee").model == "Grand Cherokee"


@pytest.mark.parametrize("vin", ["1C4RJHAG3P890072", "1C4RJHAG3P89007255"])
def test_case_42_a_vin_of_wrong_length_rejects_the_row(vin: str) -> None:
    assert rejected(vin=vin) == [("Vin", "E_VIN_LEN")]


@pytest.mark.parametrize("vin", ["2T3P1RFV6SC07I385", "58AJZ1B1XSU21Q355", "58AJZ1B1XSU21O355"])
def test_case_43_a_vin_with_i_o_or_q_rejects_the_row(vin: str) -> None:
    assert rejected(vin=vin) == [("Vin", "E_VIN_CHARS")]


@pytest.mark.parametrize("vin", ["1c4rjhag3p8900725", " 1C4RJHAG3P8900725\t", "\xa01C4RJHAG3P8900725"])
def test_case_44_lower_case_and_outer_blanks_of_a_vin_are_normalised(vin: str) -> None:
    assert accepted(vin=vin).vin == VINS[1]


@pytest.mark.parametrize("vin", ["VIN", "N/A", "0" * 17, ""])
def test_case_45_a_text_that_is_no_vin_rejects_the_row(vin: str) -> None:
    assert rejected(vin=vin) == [("Vin", "E_VIN")]


@pytest.mark.parametrize("vin", ["１C4RJHAG3P8900725", "1С4RJHAG3P8900725"])  # noqa: RUF001 - look-alikes on purpose
def test_case_46_look_alikes_in_a_vin_reject_the_row(vin: str) -> None:
    assert rejected(vin=vin) == [("Vin", "E_VIN_CHARS")]


def test_case_47_a_wrong_check_digit_is_only_a_warning() -> None:
    facts, warnings = warned(vin="W1KVK8AB0NF004145", year="2022")
    assert (facts.vin, warnings) == ("W1KVK8AB0NF004145", [("Vin", "W_CHECKDIGIT")])


def test_case_48_a_vin_turned_into_a_number_rejects_the_row_with_a_hint() -> None:
    result = normalised(vin="1.23E+16")
    assert [problem.code for problem in result.problems] == ["E_VIN_SCI"]
    assert "spreadsheet" in result.problems[0].message


def test_case_102_a_made_up_vin_is_accepted_with_warnings() -> None:
    assert warned(vin="12345678910121314", year="2001")[1] == [("Vin", "W_CHECKDIGIT")]


@pytest.mark.parametrize(
    "price",
    [
        "-5",
        "-1",
        "2000000.01",
        "99,999,999",
        "99999999",
        "1e400",
        "9" * 400,
        "NaN",
        "Infinity",
        "-0",
        "-0.00",
        "23 456",
        "23.456,00",
        "23.456",
        "\u0661\u0662\u0663",
        "1_000",
        "0x10",
        "1,00",
        "12,345,6",
        "$",
        "$$5",
        "5$",
        "+5",
        "23456.",
        "Ask Bob",
        "1" * 8,
    ],
)
def test_cases_53_to_59_an_unreadable_price_is_missing_and_listed(price: str) -> None:
    result = normalised(price=price)
    assert result.facts is not None
    assert (result.facts.price, result.facts.raw_price) == (None, price)
    assert [(problem.column, problem.code) for problem in result.problems] == [("Price", "W_PRICE_TEXT")]
    assert result.unmapped == [("Price", price)]


@pytest.mark.parametrize(
    "price",
    [
        "",
        "0",
        "0.00",
        "$0",
        "*",
        "Call",
        "TBD",
        "Market",
        "Contact",
        "Please Call",
        "please  CALL for price",
        "n/a",
        "Call for Price",
        "-1000",
        '<span class="callforprice">Please call for price</span>',
        "<b></b>",
    ],
)
def test_cases_54_95_and_96_a_missing_price_is_only_remarked(price: str) -> None:
    facts, warnings = warned(price=price)
    assert (facts.price, warnings) == (None, [("Price", "W_PRICE")])
    assert normalised(price=price).unmapped == []


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        ("$23,456.00", "23456.00"),
        ("23456", "23456.00"),
        ("23456.5", "23456.50"),
        (" 23456.75 ", "23456.75"),
        ("1,234,567", "1234567.00"),
        ("2000000", "2000000.00"),
        ("<b>$9,999</b>", "9999.00"),
        ("0.01", "0.01"),
    ],
)
def test_case_57_a_price_is_stored_with_two_decimals(price: str, amount: str) -> None:
    assert str(accepted(price=price).price) == amount


def test_an_msrp_reads_like_a_price_but_its_absence_is_normal() -> None:
    assert str(accepted(msrp="$30,000").msrp) == "30000.00"
    assert accepted(msrp="").msrp is None
    assert accepted(msrp="Call").msrp is None
    facts, warnings = warned(msrp="1e5")
    assert (facts.msrp, warnings) == (None, [("MSRP", "W_PRICE_TEXT")])


@pytest.mark.parametrize(
    "year", ["0", "1885", "1980", "2028", "2100", "23", "\u0662\u0660\u0662\u0663", "2023.5", "2023a", "9" * 5000]
)
def test_cases_60_and_62_a_year_out_of_range_rejects_the_row(year: str) -> None:
    assert rejected(year=year) == [("Year", "E_YEAR")]


def test_cases_60_and_61_a_year_in_range_is_a_number() -> None:
    assert accepted(year="2023.0").year == 2023
    assert warned(year="1981")[0].year == 1981
    assert warned(year="2027")[0].year == 2027


def test_a_missing_year_is_a_warning() -> None:
    facts, warnings = warned(year=" ")
    assert (facts.year, warnings) == (None, [("Year", "W_YEAR")])


def test_a_year_that_neither_cycle_of_the_vin_allows_is_a_warning() -> None:
    assert warned(year="2022")[1] == [("Year", "W_YEAR_VIN")]
    assert accepted(year="1993").year == 1993
    # Position 10 holds no code of a year, so there is nothing to compare with.
    assert warned(vin="WBACH71010LA35027", year="1997")[1] == []


@pytest.mark.parametrize(
    "text",
    [
        "0000-00-00",
        "31/02/2025",
        "13/02/2025",
        "02/30/2025",
        "1899-12-30",
        "12/31/1980",
        "45000",
        "2025.05.09",
        "05/09/25",
        "2025-05/09",
        "\u0660\u0665/\u0660\u0669/2025",
        "May 9",
        "9" * 5000,
    ],
)
def test_case_64_an_impossible_date_is_stored_empty(text: str) -> None:
    facts, warnings = warned(date_in_stock=text)
    assert (facts.date_in_stock, warnings) == (None, [("Date In Stock", "W_DATE")])


@pytest.mark.parametrize("text", ["05/09/2025", "2025/05/09", "2025-05-09", "05-09-2025", "5/9/2025", " 05/09/2025 "])
def test_every_accepted_form_of_a_date_puts_the_month_before_the_day(text: str) -> None:
    assert accepted(date_in_stock=text).date_in_stock == date(2025, 5, 9)


def test_a_blank_date_is_normal_and_a_future_one_is_kept() -> None:
    assert accepted(date_in_stock="").date_in_stock is None
    assert accepted(date_in_stock="01/01/2031").date_in_stock == date(2031, 1, 1)
    assert accepted(date_in_stock="01/01/1981").date_in_stock == date(1981, 1, 1)


@pytest.mark.parametrize("text", ["", "Nearly new", "Used car"])
def test_case_65_an_unknown_or_blank_type_is_listed_for_mapping(text: str) -> None:
    result = normalised(type=text)
    assert result.facts is not None
    assert (result.facts.condition, result.facts.raw_type) == (Condition.UNKNOWN, text)
    assert (result.problems, result.unmapped) == ([], [("Type", text)])


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0",
        "@SUM(A1)",
        "+1",
        "-1",
        "<script>alert(1)</script>",
        '"><img onerror=x>',
        "{{7*7}}",
        "{% load x %}",
        "'; DROP TABLE vehicles",
        "Wrangler 🚙 \U0001d7dc",
        "שלום",
        "50% & more",
        "a|b",
    ],
)
def test_cases_66_to_69_and_72_texts_are_kept_literally(text: str) -> None:
    facts = accepted(model=text, trim=text)
    assert (facts.model, facts.trim) == (text, text)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example",
        "http://127.0.0.1/",
        "https://a.example/" + "x" * 3000,
        "https://a.example/x\ny",
        "https://user@a.example/",
    ],
)
def test_cases_70_and_71_an_unsafe_url_is_dropped(url: str) -> None:
    facts, warnings = warned(vehicle_url=url)
    assert (facts.url, warnings) == ("", [("Vechile URL", "W_URL")])


def test_a_url_is_trimmed_and_may_be_missing() -> None:
    assert accepted(vehicle_url=" https://a.example/x \n").url == "https://a.example/x"
    assert accepted(vehicle_url=" ").url == ""


def test_a_url_too_long_for_a_qr_code_is_kept_with_a_warning() -> None:
    longest = "https://a.example/".ljust(455, "x")
    assert accepted(vehicle_url=longest).url == longest
    facts, warnings = warned(vehicle_url=longest + "x")
    assert (facts.url, warnings) == (longest + "x", [("Vechile URL", "W_URL_LONG")])


@pytest.mark.parametrize("approved", ["a.example", "www.a.example"])
@pytest.mark.parametrize("host", ["a.example", "www.a.example", "WWW.A.example"])
def test_an_approved_host_is_accepted_with_and_without_www(approved: str, host: str) -> None:
    assert hosted(f"https://{host}/x", approved).problems == []


def test_another_host_is_kept_with_a_warning() -> None:
    result = hosted("https://shop.a.example/x", "a.example")
    assert result.facts is not None
    assert result.facts.url == "https://shop.a.example/x"
    assert [(problem.code, problem.message) for problem in result.problems] == [
        ("W_HOST", "shop.a.example is not an approved web site of the dealership. Approve it.")
    ]


@pytest.mark.parametrize("texts", [{"make": "2023"}, {"type": "", "year": ""}, {"type": " ", "year": "", "vin": "x"}])
def test_case_94_a_row_with_shifted_columns_is_rejected_for_that_alone(texts: dict[str, str]) -> None:
    assert rejected(**texts) == [("Make", "E_SHIFT")]


def test_a_make_that_only_resembles_a_year_is_no_shift() -> None:
    assert accepted(make="1066").make == "1066"
    assert normalised(type="", year="", make="").facts is not None


@pytest.mark.parametrize("stock", ["", "*", "N/A", "none", "NULL", "NaN", "auto", "TBD", "tba", " n/a "])
def test_case_97_a_stock_text_that_means_none_is_empty(stock: str) -> None:
    assert accepted(stock=stock).stock == ""


@pytest.mark.parametrize("stock", ["007", "1e5", "SOLD Springman/Brink", "a1b", "N/A2"])
def test_a_stock_number_is_never_read_as_a_number(stock: str) -> None:
    assert accepted(stock=f" {stock} ").stock == stock


def test_case_98_a_blank_status_is_on_the_lot_and_a_new_wording_unknown() -> None:
    assert accepted(status=" ").lot_status == LotStatus.ON_LOT
    result = normalised(status="Fresh  Arrival")
    assert result.facts is not None
    assert (result.facts.lot_status, result.facts.raw_status) == (LotStatus.UNKNOWN, "Fresh Arrival")
    assert result.unmapped == [("Status", "Fresh Arrival")]


def test_case_99_odd_blanks_and_case_of_a_status_do_not_matter() -> None:
    facts = accepted(status=" in  TRANSIT\xa0")
    assert (facts.lot_status, facts.raw_status) == (LotStatus.OFF_LOT, "in TRANSIT")


@pytest.mark.parametrize(
    ("text", "condition"),
    [("CarBravo", "cpo"), ("Demo", "new"), ("Certified Used", "cpo"), ("PRE-OWNED", "po"), ("used", "po")],
)
def test_case_100_types_map_to_conditions(text: str, condition: str) -> None:
    facts = accepted(type=text)
    assert (facts.condition, facts.raw_type) == (Condition(condition), text)
    assert type(facts.condition) is Condition


def test_case_101_the_entity_of_an_ampersand_is_replaced() -> None:
    assert accepted(model="Town &amp; Country", trim="A &amp;amp; B").model == "Town & Country"


def test_text_keeps_its_case_and_wording_with_single_blanks() -> None:
    facts = accepted(trim="  New  SR ", street_address=" 1050 Berg Blvd", ext_color="Red <sup>1</sup>")
    assert (facts.trim, facts.street_address, facts.ext_color) == ("New SR", "1050 Berg Blvd", "Red <sup>1</sup>")


def test_all_errors_of_a_row_are_told_at_once_and_no_warnings() -> None:
    assert rejected(vin="2T3P1RFV6SC07I385", year="x", price="", vehicle_url="x") == [
        ("Vin", "E_VIN_CHARS"),
        ("Year", "E_YEAR"),
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"vin": "2T3P1RFV6SC07I385", "status": "Build Phase"}, True),
        ({"vin": "2t3p1rfv6sc07i385 ", "status": "Allocated"}, True),
        ({"vin": "2T3P1RFV6SC07I385", "status": "On-Lot"}, False),
        ({"vin": "2T3P1RFV6SC07I385", "status": "Fresh Arrival"}, False),
        ({"vin": "2T3P1RFV6SC07I385", "status": "Build Phase", "year": "x"}, False),
        ({"vin": "2T3P1RFV6SC07#385", "status": "Build Phase"}, False),
        ({"vin": "2T3P1RFV6SC07I38", "status": "Build Phase"}, False),
        ({"status": "Build Phase"}, False),
    ],
)
def test_a_temporary_vin_is_a_factory_vin_of_a_vehicle_off_the_lot(texts: dict[str, str], *, expected: bool) -> None:
    assert normalised(**texts).is_temporary_vin is expected


def test_the_start_mappings_cover_each_known_wording() -> None:
    assert {text: MAPPINGS.conditions[fold_text(text)] for text in DEFAULT_CONDITIONS} == DEFAULT_CONDITIONS
    assert {text: MAPPINGS.lot_statuses[fold_text(text)] for text in DEFAULT_LOT_STATUSES} == DEFAULT_LOT_STATUSES
    assert len(MAPPINGS.conditions) == len(DEFAULT_CONDITIONS) == 12
    assert len(MAPPINGS.lot_statuses) == len(DEFAULT_LOT_STATUSES) == 31
    assert len(MAPPINGS.price_phrases) == len(DEFAULT_PRICE_PHRASES)


def test_mappings_made_by_people_decide() -> None:
    mappings = Mappings(
        conditions={"nearly new": "po"}, lot_statuses={"": "off_lot"}, price_phrases=frozenset({"ask bob"})
    )
    raw = make_raw(type="Nearly  New", status="", price="ASK Bob")
    result = normalise(1, raw, mappings, year_now=2025, approved_hosts=frozenset())
    assert result.facts is not None
    assert (result.facts.condition, result.facts.lot_status) == (Condition.PRE_OWNED, LotStatus.OFF_LOT)
    assert ([problem.code for problem in result.problems], result.unmapped) == (["W_PRICE"], [])


def test_a_row_reads_the_same_after_a_round_trip_through_a_file() -> None:
    (raw,) = raws_of(make_text([[getattr(make_raw(), name) for name in RAW_FIELD_NAMES]]))
    assert normalise(7, raw, MAPPINGS, year_now=2025, approved_hosts=frozenset()).facts == accepted()


@given(st.fixed_dictionaries(dict.fromkeys(RAW_FIELD_NAMES, st.text(max_size=20))))
def test_any_texts_give_a_vehicle_or_errors(texts: dict[str, str]) -> None:
    result = normalise(1, RawFields(**texts), MAPPINGS, year_now=2025, approved_hosts=frozenset())
    is_rejected = any(problem.code.startswith("E_") for problem in result.problems)
    assert (result.facts is None) is is_rejected


@given(st.fixed_dictionaries({name: st.text(max_size=20) for name in RAW_FIELD_NAMES if name not in {"vin", "year"}}))
def test_any_texts_beside_a_good_vin_and_year_come_out_trimmed(texts: dict[str, str]) -> None:
    result = normalise(1, make_raw(**texts), MAPPINGS, year_now=2025, approved_hosts=frozenset())
    if result.facts is not None:
        for name in ("stock", "make", "model", "trim", "raw_type", "raw_status", "raw_price", "locality"):
            value = getattr(result.facts, name)
            assert value == " ".join(value.split())


@pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the shop's own inventory files are not beside the project")
def test_the_shops_largest_file_loses_only_the_vehicles_not_yet_built() -> None:
    with (REAL_FILES / "2025-05-20_30_dealerships.csv").open("rb") as stream:
        results = [
            normalise(number, row, MAPPINGS, year_now=2025, approved_hosts=frozenset())
            for number, row in open_sheet(stream)
            if isinstance(row, RawFields)
        ]
    lost = [result for result in results if result.facts is None]
    assert (len(results), len(lost)) == (8535, 21)
    assert {tuple(problem.code for problem in result.problems) for result in lost} == {("E_VIN_CHARS",)}
    assert all(result.is_temporary_vin for result in lost)
    assert [text for result in results for text in result.unmapped] == []


@pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the shop's own inventory files are not beside the project")
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("2025-07-08_extra_first_line", 3203),
        ("2025-08-11_one_dealership", 119),
        ("2025-09-25_no_stock_dates", 84),
        ("2025-09-25_small_dealership", 20),
    ],
)
def test_the_shops_other_files_lose_no_row(name: str, rows: int) -> None:
    with (REAL_FILES / f"{name}.csv").open("rb") as stream:
        results = [
            normalise(number, row, MAPPINGS, year_now=2025, approved_hosts=frozenset())
            for number, row in open_sheet(stream)
            if isinstance(row, RawFields)
        ]
    assert sum(result.facts is not None for result in results) == len(results) == rows
