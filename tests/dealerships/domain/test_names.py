import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerships.domain.names import file_name_of, fold_name


@pytest.mark.parametrize(
    "text",
    [
        "Serra Honda O'Fallon",
        "SERRA HONDA OFALLON",
        "serra honda o\u2019fallon",
        "Serra Honda O\u2018Fallon",
        "Serra Honda O`Fallon",
        "Serra Honda O\u00b4Fallon",
        "Serra Honda O\u02bcFallon",
        "Serra Honda O\uff07Fallon",
        "  Serra\u00a0Honda \t O'Fallon  ",
        "Serra-Honda_O'Fallon",
        "Serra Honda, O'Fallon.",
        "\uff33erra Honda O'Fallon",
    ],
)
def test_one_name_in_many_spellings_folds_to_one_text(text: str) -> None:
    assert fold_name(text) == "serra honda ofallon"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("BMW of West St. Louis", "bmw of west st louis"),
        ("Smith & Sons", "smith and sons"),
        ("Smith&Sons", "smith and sons"),
        ("Smith and Sons", "smith and sons"),
        ("../x", "x"),
        ("a/b", "a b"),
        ("Caf\u00e9 Cars", "caf\u00e9 cars"),
        ("Cafe\u0301 Cars", "caf\u00e9 cars"),
        ("STRASSE", "strasse"),
        ("Stra\u00dfe", "strasse"),
        ("", ""),
        (" -/.' ", ""),
    ],
)
def test_a_name_folds_to_its_words(text: str, folded: str) -> None:
    assert fold_name(text) == folded


def test_different_words_stay_different() -> None:
    names = ["Suntrup Ford Kirkwood", "Suntrup Ford Westport", "Suntrup Fordkirkwood", "Suntrup Ford", "Suntrup 4 Ford"]
    assert len({fold_name(name) for name in names}) == 5


@given(st.text())
def test_the_folded_form_has_single_blanks_between_words_of_letters_and_digits(text: str) -> None:
    words = fold_name(text).split(" ") if fold_name(text) else []
    assert [word for word in words if not word.isalnum()] == []


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_case_and_outer_blanks_never_matter(text: str) -> None:
    assert fold_name(f" {text.upper()} ") == fold_name(text.lower())


@pytest.mark.parametrize(
    ("text", "file_name"),
    [
        ("Serra Honda O'Fallon", "Serra_Honda_OFallon"),
        ("BMW of West St. Louis", "BMW_of_West_St_Louis"),
        ("Smith & Sons", "Smith_and_Sons"),
        ("../../etc/passwd", "etc_passwd"),
        ("Citro\u00ebn / DS", "Citroen_DS"),
        ("\u8eca", ""),
    ],
)
def test_a_file_name_has_ascii_letters_digits_and_underscores(text: str, file_name: str) -> None:
    assert file_name_of(text) == file_name


@given(st.text())
def test_no_file_name_leaves_its_folder(text: str) -> None:
    assert set(file_name_of(text)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
