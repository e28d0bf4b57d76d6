from dataclasses import replace

import pytest

from orders.domain.output_template_data import output_template_from
from orders.domain.output_template_drafts import (
    ColumnDraft,
    OutputTemplateDraft,
    column_problems,
    draft_of,
    judge,
    proposed_code,
)
from tests.orders.domain.layouts import BUILT_IN

THREE = OutputTemplateDraft(columns=(ColumnDraft(1, "A", "{vin}"), ColumnDraft(2, "B", "{vin}"), ColumnDraft(5)))


def headers_after(draft: OutputTemplateDraft) -> str:
    return "".join(column.header or "-" for column in draft.columns)


def said(**column: str) -> list[tuple[str, str]]:
    """What is wrong with one column: the part and the message."""
    draft = ColumnDraft(1, **{"header": "STOCK", "formula": "{stock}", **column})  # type: ignore[arg-type]
    return [(problem.part, problem.message) for found in column_problems([draft]).values() for problem in found]


@pytest.mark.parametrize("code", BUILT_IN)
def test_a_draft_of_an_output_template_describes_the_same_output_template(code: str) -> None:
    assert output_template_from(draft_of(BUILT_IN[code]).data()) == BUILT_IN[code]


@pytest.mark.parametrize(
    ("key", "by", "after"), [(1, 1, "BA-"), (1, -1, "AB-"), (5, -1, "A-B"), (5, 1, "AB-"), (9, 1, "AB-")]
)
def test_a_column_moves_one_place_and_stays_at_the_ends(key: int, by: int, after: str) -> None:
    assert headers_after(THREE.with_moved_column(key, by)) == after


def test_a_new_column_has_a_key_of_its_own_and_a_removed_one_leaves_the_others() -> None:
    assert [column.key for column in THREE.with_column().columns] == [1, 2, 5, 6]
    assert headers_after(THREE.without_column(2)) == "A-"


def test_a_column_that_can_be_used_has_no_problem() -> None:
    assert said() == []


@pytest.mark.parametrize("header", ["#STOCK", "%STOCK", "stock", "STOCK NO", "1STOCK", "XMLSTOCK", "S" * 32])
def test_a_header_that_adobe_misreads_is_told(header: str) -> None:
    [(part, message)] = said(header=header)
    assert (part, repr(header) in message) == ("header", True)


@pytest.mark.parametrize(("header", "proposal"), [("stock no.", "STOCK_NO"), ("#Stock", "STOCK"), ("@q r", "@Q_R")])
def test_a_wrong_header_comes_with_a_usable_one(header: str, proposal: str) -> None:
    [(_, message)] = said(header=header, formula="{qr}" if header.startswith("@") else "{stock}")
    assert message.endswith(f"Did you mean {proposal}?")


def test_an_unknown_placeholder_is_told_with_its_place_and_the_nearest_one() -> None:
    [(part, message)] = said(formula="{year} {modle}")
    assert part == "formula"
    assert message.endswith("unknown placeholder {modle} at character 8. Did you mean {model}?")


def test_a_header_and_a_formula_are_told_at_once() -> None:
    assert [part for part, _ in said(header="1", formula="{", max_length="0")] == ["header", "formula", "max_length"]


@pytest.mark.parametrize(("header", "formula"), [("@QR", "{vin}"), ("QR", "{qr}"), ("@QR", "{qr} {vin}")])
def test_an_image_path_stands_alone_in_a_column_with_an_at_sign(header: str, formula: str) -> None:
    [(part, message)] = said(header=header, formula=formula)
    assert (part, "stands alone" in message) == ("formula", True)


def test_a_header_that_stands_twice_names_the_first_column() -> None:
    columns = [ColumnDraft(4, "VIN", "{vin}"), ColumnDraft(2, "@QR", "{qr}"), ColumnDraft(3, "VIN", "{vin}")]
    assert {key: found[0].message for key, found in column_problems(columns).items()} == {
        3: "The header 'VIN' stands in column 1 already."
    }


@pytest.mark.parametrize("length", ["0", "-1", "1.5", "ten", "\u0661", "99999"])
def test_a_length_is_a_whole_number(length: str) -> None:
    assert [part for part, _ in said(max_length=length)] == ["max_length"]


@pytest.mark.parametrize("formula", ["{vin}\x00", "{vin}\n", "\u202e{vin}", "\ud800"])
def test_a_formula_holds_nothing_that_cannot_be_printed(formula: str) -> None:
    [(part, message)] = said(formula=formula)
    assert (part, "cannot be printed at character" in message) == ("formula", True)


@pytest.mark.parametrize("formula", ["", "  "])
def test_an_empty_formula_is_told(formula: str) -> None:
    assert [part for part, _ in said(formula=formula)] == ["formula"]


def test_the_columns_without_problems_can_be_printed_already() -> None:
    draft = OutputTemplateDraft(columns=(ColumnDraft(1, "A", "{vin}"), ColumnDraft(2, "b", "{vin}")))
    judgement = judge(draft)
    assert judgement.template is not None
    assert (judgement.template.headers, judgement.count) == (("A",), 1)
    assert judge(draft.without_column(1)).template is None


def test_a_data_sheet_has_free_headers() -> None:
    draft = OutputTemplateDraft(columns=(ColumnDraft(1, "Ext Color", "{color}"), ColumnDraft(2, "QR_Path", "{qr}")))
    assert sorted(judge(draft).problems) == [1, 2]
    assert judge(replace(draft, options={"data_sheet": True})).count == 0


def test_options_that_contradict_each_other_are_told_beside_the_columns() -> None:
    draft = OutputTemplateDraft(columns=(ColumnDraft(1, "A", "{vin}"),), options={"encoding": "utf-8"})
    judgement = judge(draft)
    assert "Adobe takes utf-8 without a byte order mark" in judgement.fault
    assert (judgement.count, judgement.problems, judgement.template) == (1, {}, None)


@pytest.mark.parametrize(
    ("name", "code"),
    [("Wide Poster", "wide_poster"), ("  SCP+$ (new)", "scp_new"), ("\u00c9t\u00e9", "t"), ("\u65e5", "")],
)
def test_the_code_is_proposed_from_the_name(name: str, code: str) -> None:
    assert proposed_code(name) == code
