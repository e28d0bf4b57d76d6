"""Check digit, model year, reading and suggestion of VINs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.vin import (
    Suggestions,
    VinReading,
    check_digit,
    decode_year,
    has_valid_check_digit,
    is_vin,
    model_years,
    normalise_vin,
    suggest,
)

VALID = [
    ("1M8GDM9AXKP042788", "X", 1989),
    ("11111111111111111", "1", 2001),
    ("5GZCZ43D13S812715", "1", 2003),
    ("1HGCM82633A004352", "3", 2003),
    ("1C4RJHAG3P8900725", "3", 2023),
    ("KM8K2CAB4PU001140", "4", 2023),
    ("1FTFW5L86RFB45612", "6", 2024),
    ("4S4SLDB69T3023252", "9", 2026),
    ("WBAVL1C5XFVY41004", "X", 2015),
    ("2HKRW2H20NH207506", "0", 2022),
    ("3GYK3GM46TS148439", "6", 2026),
    ("5LMPJ8KA4SJ919859", "4", 2025),
    ("JTHFN45Y389019133", "3", 2008),
    ("2B3CJ7DW4AH121212", "4", 2010),
    ("1C6SRFETXKN545625", "X", 2019),
    ("WP0AB2Y18LSA50759", "8", 2020),
    ("1C6PJTAG8SL533540", "8", 2025),
    ("ZACNJDB19NPN70500", "9", 2022),
]
CHECK_DIGIT_FAULTS = [
    ("1HGCM82633A123456", "7"),
    ("SGZCZ43D13S812715", "X"),
    ("WP0ZZZ99ZTS392124", "8"),
    ("1HGBH41JXMN109187", "1"),
    ("W1KVK8AB0NF004145", "X"),
    ("12345678910121314", "6"),
]
ALPHABET = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
vins = st.text(ALPHABET, min_size=17, max_size=17).filter(lambda vin: len(set(vin)) > 1)


@pytest.mark.parametrize(("vin", "digit", "year"), VALID)
def test_check_digit_and_year_of_a_correct_vin(vin: str, digit: str, year: int) -> None:
    assert check_digit(vin) == digit
    assert has_valid_check_digit(vin)
    assert decode_year(vin, 2026) == year


@pytest.mark.parametrize(("vin", "expected"), CHECK_DIGIT_FAULTS)
def test_a_wrong_check_digit_is_told_and_the_vin_still_reads(vin: str, expected: str) -> None:
    assert check_digit(vin) == expected
    assert not has_valid_check_digit(vin)
    assert normalise_vin(vin) == VinReading(vin=vin)


def test_the_corrected_neighbour_of_a_faulty_vin_is_valid_and_of_1991() -> None:
    assert has_valid_check_digit("1HGBH41JXMN109186")
    assert decode_year("1HGBH41JXMN109186", 2026) == 1991


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("2T3P1RFV6SC07I385", "E_VIN_CHARS", id="letter I"),
        pytest.param("58AJZ1B1XSU21Q355", "E_VIN_CHARS", id="letter Q"),
        pytest.param("58AJZ1B1XSU21O355", "E_VIN_CHARS", id="letter O"),
        pytest.param("1HGCM82633A 04352", "E_VIN_CHARS", id="blank inside"),
        pytest.param("1HGCM826-33A004352", "E_VIN_CHARS", id="hyphen inside"),
        pytest.param("1HGCM82633A\u200b004352", "E_VIN_CHARS", id="zero-width blank"),
        pytest.param("\uff11HGCM82633A004352", "E_VIN_CHARS", id="full-width digit"),
        pytest.param("1HG\u0421M82633A004352", "E_VIN_CHARS", id="Cyrillic look-alike"),
        pytest.param("1HGCM82633A00435\u00b2", "E_VIN_CHARS", id="superscript"),
        pytest.param("1HGCM82633A00435\u017f", "E_VIN_CHARS", id="long s, upper case S"),
        pytest.param("WVGAV7AX7AW51328", "E_VIN_LEN", id="16 characters"),
        pytest.param("1HGCM82633A0043522", "E_VIN_LEN", id="18 characters"),
        pytest.param("WVGAV7AX7AW5I328", "E_VIN_LEN", id="16 characters with I"),
        pytest.param("TEST123456789", "E_VIN_LEN", id="13 characters"),
        pytest.param("VIN", "E_VIN", id="the word VIN"),
        pytest.param("N/A", "E_VIN", id="not available"),
        pytest.param("", "E_VIN", id="empty"),
        pytest.param("  \t ", "E_VIN", id="only blanks"),
        pytest.param("-", "E_VIN", id="dash"),
        pytest.param("0", "E_VIN", id="zero"),
        pytest.param("0" * 17, "E_VIN", id="17 zeros"),
        pytest.param("1" * 17, "E_VIN", id="17 ones"),
        pytest.param("1.23E+16", "E_VIN_SCI", id="number of a spreadsheet"),
        pytest.param("1,23e+16", "E_VIN_SCI", id="number of a spreadsheet, decimal comma"),
    ],
)
def test_what_is_no_vin_is_refused_with_its_code(text: str, code: str) -> None:
    reading = normalise_vin(text)
    assert (reading.vin, reading.code) == ("", code)
    assert reading.message.isascii()


@pytest.mark.parametrize("text", ["1hgcm82633a004352", "  1HGCM82633A004352\t", "\u00a01HGCM82633a004352"])
def test_lower_case_and_outer_blanks_are_normalised(text: str) -> None:
    assert normalise_vin(text) == VinReading(vin="1HGCM82633A004352")


def test_the_message_names_the_length_and_the_wrong_characters() -> None:
    assert normalise_vin("WVGAV7AX7AW51328").message == (
        "This VIN has 16 characters; a VIN has 17. Compare it with the vehicle's page or its windshield."
    )
    assert normalise_vin("1HG\u0421M8263 A0I4352").message == (
        "A VIN has only digits and letters, never I, O or Q; this one has U+0421, a blank, I. "
        "Compare it with the vehicle's page or its windshield."
    )


@pytest.mark.parametrize(
    "text", ["1hgcm82633a004352", "1HGCM82633A004352\n", " 1HGCM82633A004352", "1HGCM82633A00435", ""]
)
def test_is_vin_takes_the_exact_form_only(text: str) -> None:
    assert is_vin("1HGCM82633A004352")
    assert not is_vin(text)


@given(st.text(max_size=30))
def test_any_text_reads_as_a_vin_or_as_a_code_with_a_message(text: str) -> None:
    reading = normalise_vin(text)
    assert bool(reading.vin) != bool(reading.code and reading.message)
    assert not reading.vin or (is_vin(reading.vin) and reading.vin == text.strip().upper())


@given(vins)
def test_exactly_one_character_in_position_nine_is_the_check_digit(vin: str) -> None:
    variants = [vin[:8] + digit + vin[9:] for digit in "0123456789X"]
    assert sum(has_valid_check_digit(variant) for variant in variants) == 1


def test_every_year_code_names_its_two_years() -> None:
    codes = "ABCDEFGHJKLMNPRSTVWXY123456789"
    decoded = [model_years(f"1HGCM8263{code}A004352") for code in codes]
    assert decoded == [(year, year + 30) for year in range(1980, 2010)]


@pytest.mark.parametrize("code", "UZ0")
def test_a_character_that_is_no_year_code_gives_no_year(code: str) -> None:
    vin = f"1HGCM8263{code}A004352"
    assert model_years(vin) == ()
    assert decode_year(vin, 2026) is None


def test_what_is_no_vin_has_no_year() -> None:
    assert decode_year("1HGCM8263", 2026) is None


@pytest.mark.parametrize(
    ("vin", "today_year", "year"),
    [
        pytest.param("YV4H600NXP1948386", 2025, 1993, id="a digit in position 7 is the early cycle"),
        pytest.param("YV4H60ANXP1948386", 2025, 2023, id="a letter in position 7 is the late cycle"),
        pytest.param("1FTFW5L8651B45612", 2026, 2005, id="a late year too far ahead falls back"),
        pytest.param("4S4SLDB69V3023252", 2025, 2027, id="two years ahead is possible"),
        pytest.param("4S4SLDB69V3023252", 2024, 1997, id="three years ahead is not"),
    ],
)
def test_position_seven_selects_the_cycle(vin: str, today_year: int, year: int) -> None:
    assert decode_year(vin, today_year) == year


ACTIVE = ["1HGCM82633A004352", "5GZCZ43D13S812715", "WP0AB2Y18LSA50759"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("IHGCM82633A004352", "1HGCM82633A004352", id="I for 1"),
        pytest.param("1HGCM82633AOQ4352", "1HGCM82633A004352", id="O and Q for 0"),
        pytest.param("ihgcm82633aoo4352 ", "1HGCM82633A004352", id="lower case"),
        pytest.param("IHGCM82633AO04353", "1HGCM82633A004352", id="look-alikes and one slip"),
        pytest.param("SGZCZ43D13S812715", "5GZCZ43D13S812715", id="changed first character"),
        pytest.param("5GZCZ43D13S812716", "5GZCZ43D13S812715", id="changed last character"),
        pytest.param("GZCZ43D13S812715", "5GZCZ43D13S812715", id="missing first character"),
        pytest.param("5GZCZ43D13S81271", "5GZCZ43D13S812715", id="missing last character"),
        pytest.param("5GZCZ43D13SS812715", "5GZCZ43D13S812715", id="extra character"),
        pytest.param("5GZCZ43D13S8127155", "5GZCZ43D13S812715", id="extra last character"),
        pytest.param("5GZCZ43D1S3812715", "5GZCZ43D13S812715", id="swapped characters"),
        pytest.param("G5ZCZ43D13S812715", "5GZCZ43D13S812715", id="swapped at the start"),
        pytest.param("5GZCZ43D13S812751", "5GZCZ43D13S812715", id="swapped at the end"),
        pytest.param("5GZCZ43D13S812700", "", id="two changed"),
        pytest.param("5GZCZ4D313S812751", "", id="two swaps"),
        pytest.param("3GZCZ45D13S812715", "", id="swapped across a distance"),
        pytest.param("5GZCZ43D13S8127", "", id="two missing"),
        pytest.param("1HGCM82633A004352", "", id="already one of them"),
        pytest.param("", "", id="empty"),
    ],
)
def test_suggestion(text: str, expected: str) -> None:
    assert suggest(text, ACTIVE) == expected


def test_two_near_vins_give_no_suggestion() -> None:
    assert suggest("1HGCM82633A004350", ["1HGCM82633A004352", "1HGCM82633A004359"]) == ""


def test_a_vin_listed_twice_is_one_vin() -> None:
    assert suggest("1HGCM82633A004350", ["1HGCM82633A004352"] * 2) == "1HGCM82633A004352"


@given(vins, st.integers(0, 16), st.sampled_from(ALPHABET), st.sampled_from(["change", "missing", "extra", "swap"]))
def test_every_single_slip_finds_its_vin(vin: str, at: int, char: str, slip: str) -> None:
    typed = {
        "change": vin[:at] + char + vin[at + 1 :],
        "missing": vin[:at] + vin[at + 1 :],
        "extra": vin[:at] + char + vin[at:],
        "swap": vin[:at] + vin[at : at + 2][::-1] + vin[at + 2 :],
    }[slip]
    assert suggest(typed, [vin]) == ("" if typed == vin else vin)


def test_the_near_one_is_found_among_a_thousand_for_one_text_after_the_other() -> None:
    suggestions = Suggestions(f"1HGCM82633A{number:06d}" for number in range(1000))
    meant = {
        "2HGCM82633A000500": "1HGCM82633A000500",
        "1HGCM82633A000500": "",
        "1HGCM82633A0005O1": "1HGCM82633A000501",
        "1HGCM82633B00502": "",
        "1HGCM82633A00O999": "1HGCM82633A000999",
    }
    assert {text: suggestions.of(text) for text in meant} == meant
