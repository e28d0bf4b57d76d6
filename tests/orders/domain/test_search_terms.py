"""What a typed text may mean, and which VIN a mistyped one meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.vin import VIN_END
from orders.domain.search_terms import LONGEST, ends_one_slip_away, read_terms, suggest_vin

JEEP, TWIN = "1C4RJFAG0NC890725", "1C4RJFAG0NC111111"
ALPHABET = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"


@pytest.mark.parametrize(
    ("typed", "vin_part", "words"),
    [
        ("  c8900725 ", "C8900725", ("c8900725",)),
        ("1C4RJFAG0 NC890725", JEEP, ("1c4rjfag0", "nc890725")),
        ("Jeep  WRANGLER,2025", "", ("jeep", "wrangler", "2025")),
        ("F-150", "", ("f", "150")),
        ("45182", "", ("45182",)),
        ("jeep jeep", "", ("jeep",)),
        ("890\x00725\n", "890725", ("890", "725")),
        ("\u017f" * 6, "", ("\u017f" * 6,)),
        ("'; DROP TABLE--", "", ("drop", "table")),
    ],
)
def test_a_text_is_read_as_everything_that_it_may_mean(typed: str, vin_part: str, words: tuple[str, ...]) -> None:
    terms = read_terms(typed)
    assert (terms.vin_part, terms.words) == (vin_part, words)


@pytest.mark.parametrize("typed", ["", "  ", "ab", "%", "--", "a b", "\x00\x00\x00", "()&|!:*<->"])
def test_less_than_three_letters_or_figures_are_too_short(typed: str) -> None:
    assert read_terms(typed).is_too_short


@given(st.text(max_size=300))
def test_any_text_becomes_words_of_letters_and_figures(typed: str) -> None:
    terms = read_terms(typed)
    assert len(terms.text) <= LONGEST
    assert all(word.isalnum() for word in terms.words)
    assert read_terms(terms.text) == terms


@given(st.data(), st.text(ALPHABET, min_size=17, max_size=17), st.integers(7, 17))
def test_every_single_slip_leads_back_to_the_end_of_the_vin(data: st.DataObject, vin: str, length: int) -> None:
    end = vin[-length:]
    at = data.draw(st.integers(0, length - 1))
    char = data.draw(st.sampled_from(ALPHABET))
    typed = data.draw(
        st.sampled_from(
            [
                f"{end[:at]}{char}{end[at + 1 :]}",
                f"{end[:at]}{end[at + 1 :]}",
                f"{end[:at]}{char}{end[at:]}",
                f"{end[:at]}{end[at + 1 : at + 2]}{end[at : at + 1]}{end[at + 2 :]}",
            ]
        )
    )
    assert vin[-VIN_END:] in ends_one_slip_away(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("C8917052", ""),  # two slips
        ("NC890752", JEEP),
        ("890752", JEEP),
        ("8907255", JEEP),
        ("C89O725", JEEP),
        ("1C4RJFAG0NC890752", JEEP),
        ("1C4RJFAG0NC89072", JEEP),
        ("1C4RJFAG0NCB90725", JEEP),
        ("1C4RJFAG0NC8", ""),
    ],
)
def test_one_slip_away_is_suggested_and_nothing_else(typed: str, meant: str) -> None:
    assert suggest_vin(typed, [JEEP, TWIN]) == meant


def test_two_vehicles_that_it_may_have_been_are_none() -> None:
    assert suggest_vin("NC890724", ["1C4RJFAG0NC890725", "1C4RJFAG0NC890726"]) == ""
