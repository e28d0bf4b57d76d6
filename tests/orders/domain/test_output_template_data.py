from typing import Any

import pytest

from foundation.errors import BadInput
from orders.domain.cell_text import TextEncoding
from orders.domain.output_template_data import output_template_data, output_template_from
from orders.domain.output_templates import OutputOptions, OutputTemplate
from tests.orders.domain.layouts import BUILT_IN, DATA

POSTER: dict[str, Any] = {
    "code": "poster",
    "name": "Poster",
    "abbreviation": "PO1",
    "columns": [
        {"header": "TITLE", "formula": "{model|upper}", "required": True, "max_length": 20},
        {"header": "@QR", "formula": "{qr}"},
    ],
    "options": {"uppercase": ["make"], "star_for_empty": True},
}


@pytest.mark.parametrize("data", [POSTER, *DATA], ids=lambda data: str(data["code"]))
def test_data_and_output_template_say_the_same(data: dict[str, Any]) -> None:
    assert output_template_data(output_template_from(data)) == data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encoding_and_the_data_sheet_stand_in_the_data(encoding: str) -> None:
    data = POSTER | {
        "columns": [{"header": "Ext Color", "formula": "{raw.ext_color}"}, {"header": "QR_Path", "formula": "{qr}"}],
        "options": {"data_sheet": True, "encoding": encoding},
    }
    template = output_template_from(data)
    assert (template.options.data_sheet, template.options.encoding) == (True, TextEncoding(encoding))
    assert output_template_data(template) == data


def test_plain_text_is_the_encoding_that_nobody_names() -> None:
    named = output_template_from({**POSTER, "options": {"encoding": "ascii"}})
    assert "encoding" not in output_template_data(named)["options"]


@pytest.mark.parametrize("template", BUILT_IN.values(), ids=lambda template: str(template.code))
def test_an_output_template_comes_back_from_its_data(template: OutputTemplate) -> None:
    assert output_template_from(output_template_data(template)) == template


def test_options_left_out_are_off() -> None:
    assert output_template_from({**POSTER, "options": {}}, version=7).options == OutputOptions()
    assert output_template_from({**POSTER, "options": {}}, version=7).label == "poster v7"


def column(**values: Any) -> dict[str, Any]:
    return {"columns": [{"header": "TITLE", "formula": "{model}"} | values]}


KEYS = "the keys are code, name, abbreviation, columns, options."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": "red"}, f"The output template has colour; {KEYS}"),
        ({"name": 5}, "The output template: name is 5, which is no text."),
        ({"name": ""}, "The name '' cannot be used: 1 to 60 printed characters, no blank at either end."),
        ({"name": "Poster "}, "The name 'Poster ' cannot be used: 1 to 60 printed characters, no blank at either end."),
        (
            {"code": "My Poster"},
            "The code 'My Poster' cannot be used: small letters, digits and _, at most 40 characters.",
        ),
        (
            {"abbreviation": "a/b"},
            "The abbreviation 'a/b' cannot be used in file names: capitals and digits, at most 10.",
        ),
        ({"columns": []}, "The output template has no columns; describe at least one with header and formula."),
        (
            {"columns": ["TITLE"]},
            "Column 1 is no JSON object; its keys are header, formula, required, max_length.",
        ),
        (
            {"columns": [{"header": "TITLE"}]},
            "Column 1 lacks formula; the keys are header, formula, required, max_length.",
        ),
        (column(required="yes"), "Column 1: required is 'yes', which is no true or false."),
        (column(max_length=True), "Column 1: max_length is True, which is no whole number."),
        (column(max_length=0), "Column 1: max_length is a number from 1 to 10000."),
        (column(max_length=10_001), "Column 1: max_length is a number from 1 to 10000."),
        (
            column(formula="{modle}"),
            "Column 1 (TITLE): The formula '{modle}' has an unknown placeholder {modle} at character 1. Did you ",
        ),
        (column(formula="{qr}"), "TITLE: {qr} stands alone in a column whose header starts with @."),
        ({"options": {"shiny": True}}, "The options has shiny; the keys are "),
        (
            {"options": {"encoding": "latin-1"}},
            "The option encoding is 'latin-1'; the encodings are ascii, utf-8, utf-8-sig, utf-16.",
        ),
        ({"options": {"encoding": True}}, "The options: encoding is True, which is no text."),
        (
            {"options": {"encoding": "utf-8"}},
            "Adobe takes utf-8 without a byte order mark for ANSI; choose the encoding ascii, utf-8-sig or utf-16.",
        ),
        ({"options": {"data_sheet": "yes"}}, "The options: data_sheet is 'yes', which is no true or false."),
        ({"options": {"uppercase": ["modell"]}}, "The option uppercase names modell; its fields are year, make, "),
    ],
)
def test_data_that_describes_no_output_template_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as refusal:
        output_template_from(POSTER | change)
    assert refusal.value.message[: len(words)] == words


def test_data_that_is_no_object_is_refused() -> None:
    with pytest.raises(BadInput) as refusal:
        output_template_from([])  # type: ignore[arg-type]
    assert refusal.value.message == (
        "The output template is no JSON object; its keys are code, name, abbreviation, columns, options."
    )
