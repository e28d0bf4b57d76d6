"""VIN logs: every layout of a sheet, what is new, and the copy that reads back."""

import csv
import io
import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import BadInput
from inventory.domain.vin import check_digit, normalise_vin
from orders.domain.vin_log import (
    LogProblem,
    ParsedEntry,
    ParsedLog,
    is_baseline_label,
    parse_log,
    read_sheet,
    render_log,
    split_new,
)

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[4] / "shared") / "data"
SHARED_LOGS = sorted(SHARED.glob("vin-logs/*.csv")) + sorted(SHARED.glob("backtest/*/vinlog_before.csv"))


def make_vin(number: int) -> str:
    vin = f"1FTFW5L80RFB{number:05d}"
    return vin[:8] + check_digit(vin) + vin[9:]


A, B, C, D, E = (make_vin(number) for number in range(1, 6))


def parse(text: str, *, columns: tuple[int, int] | None = None) -> ParsedLog:
    log = parse_log(read_sheet(text.encode()), columns=columns)
    assert log.rows_read == len(log.entries) + log.blank_rows + len(log.problems)
    assert log.rows_read >= sum(one.rows_read for one in log.lists)
    return log


def labelled(log: ParsedLog) -> list[tuple[str, str]]:
    return [(entry.label, entry.vin) for entry in log.entries]


def counts(log: ParsedLog) -> tuple[int, int, int, int]:
    return log.rows_read, len(log.entries), log.blank_rows, len(log.problems)


def codes(problems: tuple[LogProblem, ...]) -> list[tuple[int, str, str]]:
    return [(problem.row_number, problem.value, problem.code) for problem in problems]


def stored(entries: tuple[ParsedEntry, ...]) -> list[tuple[str, str, date | None, bool]]:
    return [(entry.vin, entry.label, entry.order_date, entry.is_baseline) for entry in entries]


@pytest.mark.parametrize(
    "header",
    [
        "ORDER,VIN",
        "ORDER,VINS",
        "ORDER,VINS:",
        "ORDERS,VINS",
        "ORDER #,VIN",
        "ORDER#,VIN LOG",
        "ORDER #:,STOCK:",
        "ORDER ,SOCO VINS",
        "order,vin",
        ",VIN",
        ",VINS",
        ",VINS:",
        ",VIN NUMBER",
    ],
)
def test_a_title_is_no_row_however_it_is_worded(header: str) -> None:
    log = parse(f"{header}\n40001,{A}\n,{B}\n")
    assert labelled(log) == [("40001", A), ("40001", B)]
    assert counts(log) == (2, 2, 0, 0)


def test_a_sheet_without_titles_is_read_from_its_first_row() -> None:
    log = parse(f"40001,{A}\n,{B}\n")
    assert labelled(log) == [("40001", A), ("40001", B)]


def test_the_first_vin_in_the_title_row_is_a_row_and_the_title_beside_it_no_label() -> None:
    log = parse(f"ORDER,{A}\n40001,{B}\n")
    assert labelled(log) == [("", A), ("40001", B)]
    assert counts(log) == (2, 2, 0, 0)


def test_a_label_applies_downward_across_blank_rows_until_the_next_label() -> None:
    log = parse(f"ORDER,VIN\n40001,{A}\n,\n,{B}\n\n,{C}\n40002,{D}\n,{E}\n")
    assert labelled(log) == [("40001", A), ("40001", B), ("40001", C), ("40002", D), ("40002", E)]
    assert counts(log) == (7, 5, 2, 0)


def test_groups_need_no_blank_row_between_them() -> None:
    assert labelled(parse(f"ORDER,VIN\n40001,{A}\n40002,{B}\n")) == [("40001", A), ("40002", B)]


def test_a_label_on_a_row_of_its_own_is_a_blank_row_and_names_the_rows_below() -> None:
    log = parse(f"ORDER,VIN\n40001,\n,{A}\n40002,\n")
    assert labelled(log) == [("40001", A)]
    assert counts(log) == (3, 1, 2, 0)


def test_vins_before_the_first_label_have_an_empty_label() -> None:
    assert labelled(parse(f"ORDER,VIN\n,{A}\n,{B}\n40001,{C}\n")) == [("", A), ("", B), ("40001", C)]


@pytest.mark.parametrize(
    "label",
    [
        "MAINTENANCE",
        "Maintenance",
        "40040 - 40042",
        "40036 & 40038",
        "5/9/25",
        "7/14",
        "(header)",
        "  padded  ",
        "two  blanks",
        "é",
        "=1+1",
        "'quoted",
        "12:00:00",
    ],
)
def test_any_text_is_a_label_exactly_as_found(label: str) -> None:
    assert labelled(parse(f"ORDER,VIN\n{label},{A}\n,{B}\n")) == [(label, A), (label, B)]


def test_a_label_over_two_lines_is_one_label() -> None:
    assert labelled(parse(f'ORDER,VIN\n"40001\n40002",{A}\n')) == [("40001\n40002", A)]


@pytest.mark.parametrize(
    ("cell", "label"),
    [
        ("2025-05-23 00:00:00", "2025-05-23"),
        ("2025-05-23T00:00:00", "2025-05-23"),
        ("5/23/2025 0:00", "5/23/2025"),
        ("2025-05-23 10:00:00", "2025-05-23 10:00:00"),
    ],
)
def test_only_a_midnight_time_is_dropped_from_a_label(cell: str, label: str) -> None:
    assert labelled(parse(f"ORDER,VIN\n{cell},{A}\n")) == [(label, A)]


def test_a_label_that_the_log_cannot_hold_is_refused_with_its_row() -> None:
    assert labelled(parse(f"ORDER,VIN\n{'x' * 200},{A}\n")) == [("x" * 200, A)]
    with pytest.raises(BadInput, match=r"^Row 2: the label has 201 characters; 200 fit\."):
        parse(f"ORDER,VIN\n{'x' * 201},{A}\n")


@pytest.mark.parametrize(
    "label", ["BASELINE", "BASELINE 1.24", "baseline 5.30", "12.13 SCRAPER FOR BASELINE", "scraper for Baseline"]
)
def test_a_label_with_the_word_baseline_marks_its_group_and_no_other(label: str) -> None:
    log = parse(f"ORDER,VIN\n40001,{A}\n{label},{B}\n,{C}\n40002,{D}\n")
    assert [entry.is_baseline for entry in log.entries] == [False, True, True, False]
    assert is_baseline_label(label)
    assert not is_baseline_label("BASE LINE")


def test_a_baseline_label_in_the_first_row_of_a_sheet_without_titles_is_no_title() -> None:
    log = parse(f"BASELINE,{A}\n40001,{B}\n")
    assert [entry.is_baseline for entry in log.entries] == [True, False]


def test_two_stores_side_by_side_are_two_lists_and_rows_read_is_their_sum() -> None:
    text = f"ORDER ,SOCO VINS,,ORDER,MANCHESTER VINS\n40001,{A},,41001,{C}\n,{B},,,\n,,,41002,{D}\n"
    log = parse(text)
    assert labelled(log) == [("40001", A), ("40001", B), ("41001", C), ("41002", D)]
    assert [entry.list_title for entry in log.entries] == ["SOCO VINS"] * 2 + ["MANCHESTER VINS"] * 2
    assert [(one.title, one.label_column, one.vin_column, one.rows_read, one.entries) for one in log.lists] == [
        ("SOCO VINS", 1, 2, 3, 2),
        ("MANCHESTER VINS", 4, 5, 3, 2),
    ]
    assert counts(log) == (6, 4, 2, 0)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [((1, 2), [("40001", A)]), ((4, 5), [("41001", C)]), ((0, 5), [("", C)]), ((1, 5), [("40001", C)])],
)
def test_staff_may_choose_the_columns_of_one_list(columns: tuple[int, int], expected: list[tuple[str, str]]) -> None:
    text = f"ORDER ,SOCO VINS,,ORDER,MANCHESTER VINS\n40001,{A},,41001,{C}\n"
    assert labelled(parse(text, columns=columns)) == expected


@pytest.mark.parametrize("columns", [(1, 3), (3, 1), (1, 0), (2, 2), (-1, 1)])
def test_columns_that_the_sheet_does_not_have_are_refused(columns: tuple[int, int]) -> None:
    with pytest.raises(BadInput, match=r"^The sheet has 2 columns; label column -?\d and VIN column \d do not fit\.$"):
        parse(f"ORDER,VIN\n40001,{A}\n", columns=columns)


def test_a_second_store_without_vins_is_no_list() -> None:
    log = parse(f"ORDER ,SOCO VINS,,ORDER,MANCHESTER VINS\n40001,{A},,,\n")
    assert [one.title for one in log.lists] == ["SOCO VINS"]


def test_columns_of_repeats_are_lists_without_labels_even_with_one_vin() -> None:
    log = parse(f"ORDER#,VIN LOG,,Printed twice,Printed 3x,Printed 4x+\n40001,{A},,{B},{C},\n,{D},,,,\n")
    assert labelled(log) == [("40001", A), ("40001", D), ("", B), ("", C)]
    assert [(one.title, one.label_column) for one in log.lists] == [
        ("VIN LOG", 1),
        ("Printed twice", 0),
        ("Printed 3x", 0),
    ]
    assert counts(log) == (6, 4, 2, 0)


def test_columns_of_repeats_without_vins_are_ignored() -> None:
    log = parse(f"ORDER#,VIN LOG,,Printed twice,Printed 3x\n40001,{A},,,\n")
    assert counts(log) == (1, 1, 0, 0)


def test_a_baseline_column_that_starts_in_the_title_row_is_a_baseline_list() -> None:
    log = parse(f"ORDER,VINS,,BASELINE FOR CAO,{C}\n40001,{A},,,{D}\n,{B},,,\n")
    assert stored(log.entries) == [
        (A, "40001", None, False),
        (B, "40001", None, False),
        (C, "BASELINE FOR CAO", None, True),
        (D, "BASELINE FOR CAO", None, True),
    ]
    assert [(one.title, one.is_baseline) for one in log.lists] == [("VINS", False), ("BASELINE FOR CAO", True)]
    assert counts(log) == (5, 4, 1, 0)


def test_baseline_in_the_title_of_a_list_marks_all_of_it() -> None:
    log = parse(f"ORDER,VINS,,,BASELINE VINS\n40001,{A},,,{B}\n")
    assert stored(log.entries) == [(A, "40001", None, False), (B, "", None, True)]


def test_a_second_column_of_dates_and_vins_is_a_list_with_dates_as_labels() -> None:
    log = parse(f"ORDER,VIN,DATE,VIN\n40001,{A},5/9/25,{B}\n,{C},,{D}\n")
    assert labelled(log) == [("40001", A), ("40001", C), ("5/9/25", B), ("5/9/25", D)]
    assert log.warnings == ()


def test_a_column_of_vins_far_from_any_other_has_no_labels() -> None:
    log = parse(f"ORDER,VIN,,,,,\n40001,{A},,,,,\n,,,,,,{B}\n")
    assert labelled(log) == [("40001", A), ("", B)]
    assert log.lists[1].label_column == 0


@pytest.mark.parametrize("vin_title", ["VIN", "VINNUMBER", "VIN_NUMBER"])
@pytest.mark.parametrize("order_title", ["ORDER_NUMBER", "ORDERNUMBER", "ORDER_NUM", "ORDER"])
@pytest.mark.parametrize("date_title", ["ORDER_DATE", "ORDERDATE", "DATE"])
def test_columnar_file_in_any_of_its_titles(vin_title: str, order_title: str, date_title: str) -> None:
    header = f"{vin_title},{order_title},{date_title}"
    log = parse(f"{header}\n{A},40001,2025-05-23\n{B},40002,05/24/2025\n{C},,\n")
    assert stored(log.entries) == [
        (A, "40001", date(2025, 5, 23), False),
        (B, "40002", date(2025, 5, 24), False),
        (C, "", None, False),
    ]


def test_columnar_file_without_dates() -> None:
    assert labelled(parse(f"VIN,ORDER_NUMBER\n{A},40001\n{B},baseline 1.24\n")) == [("40001", A), ("baseline 1.24", B)]


def test_order_and_date_may_stand_in_any_place_beside_the_vin() -> None:
    for header, row in (("ORDER,DATE,VIN", "40001,2025-05-23,{}"), ("ORDER,VIN,DATE", "40001,{},2025-05-23")):
        log = parse(f"{header}\n{row.format(A)}\n")
        assert stored(log.entries) == [(A, "40001", date(2025, 5, 23), False)]


def test_a_date_that_is_none_is_a_warning_and_the_vin_is_kept() -> None:
    log = parse(f"VIN,ORDER_NUMBER,ORDER_DATE\n{A},40001,2025-02-30\n{B},40001,2025-05-23 00:00:00\n")
    assert stored(log.entries) == [(A, "40001", None, False), (B, "40001", date(2025, 5, 23), False)]
    assert codes(log.warnings) == [(2, "2025-02-30", "W_DATE")]


def test_labels_that_look_like_vins_stay_labels_of_a_columnar_file() -> None:
    log = parse(f"VIN,ORDER_NUMBER\n{A},{B}\n{C},{D}\n")
    assert labelled(log) == [(B, A), (D, C)]


def test_vins_under_a_wrong_title_are_found() -> None:
    assert labelled(parse(f"ORDER\n{A}\n{B}\n")) == [("", A), ("", B)]


@pytest.mark.parametrize("header", ["VIN\n", "VINS:\n", ""])
def test_vins_only(header: str) -> None:
    log = parse(f"{header}{A}\n{B}\n\n{A}\n")
    assert labelled(log) == [("", A), ("", B), ("", A)]
    assert counts(log) == (4, 3, 1, 0)


@pytest.mark.parametrize(
    ("vin", "code"),
    [
        pytest.param(A[:16], "W_VIN_LEN", id="16 characters"),
        pytest.param(f"{A}9", "W_VIN_LEN", id="18 characters"),
        pytest.param("9F02M123456", "W_VIN_LEN", id="11 characters, before 1981"),
        pytest.param(f"{A[:13]}I{A[14:]}", "W_VIN_CHARS", id="letter I"),
        pytest.param(f"{A[:13]}O{A[14:]}", "W_VIN_CHARS", id="letter O"),
        pytest.param(f"{A[:14]}Q{A[15:]}", "W_VIN_CHARS", id="letter Q"),
        pytest.param("12345678910121314", "W_CHECKDIGIT", id="wrong check digit"),
    ],
)
def test_a_vin_that_breaks_todays_rules_is_kept_as_typed_with_a_warning(vin: str, code: str) -> None:
    log = parse(f"ORDER,VIN\n40001,{vin}\n,{B}\n")
    assert labelled(log) == [("40001", vin), ("40001", B)]
    assert codes(log.warnings) == [(2, vin, code)]
    assert counts(log) == (2, 2, 0, 0)


def test_outer_blanks_and_lower_case_are_normalised_without_a_remark() -> None:
    log = parse(f"ORDER,VIN\n40001, {A.lower()} \n")
    assert labelled(log) == [("40001", A)]
    assert log.warnings == ()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        pytest.param("GENERIC_ORDER_1", "E_NOTE", id="order note"),
        pytest.param("Generic Order 12", "E_NOTE", id="order note in words"),
        pytest.param("TOTAL", "E_VIN", id="word"),
        pytest.param("see the other sheet", "E_VIN", id="words"),
        pytest.param("0" * 17, "E_VIN", id="one repeated character"),
        pytest.param("P1234", "E_VIN_LEN", id="stock number"),
        pytest.param("1.23E+16", "E_VIN_SCI", id="number of a spreadsheet"),
        pytest.param(f"{A[:5]} {A[5:]}", "E_VIN_CHARS", id="blank inside"),
        pytest.param(f"{A} {B}", "E_VIN_CHARS", id="two VINs in a cell"),
        pytest.param(f"USED - {A}", "E_VIN_CHARS", id="prefix"),
        pytest.param(f"{A[:16]}\uff11", "E_VIN_CHARS", id="full-width digit"),
        pytest.param("DISCONTINUED OLDS", "E_VIN_CHARS", id="17 characters of words"),
    ],
)
def test_what_is_no_vin_is_a_problem_with_its_row_and_its_label_still_applies(cell: str, code: str) -> None:
    log = parse(f"ORDER,VIN\n40001,{cell}\n,{B}\n")
    assert labelled(log) == [("40001", B)]
    assert codes(log.problems) == [(2, cell, code)]
    assert counts(log) == (2, 1, 0, 1)


def test_a_problem_says_what_is_wrong_and_what_to_do() -> None:
    log = parse(f"ORDER,VIN\n40001,P1234\n,GENERIC_ORDER_1\n,{A}\n")
    stock_number, note = log.problems
    assert stock_number.message == (
        "This VIN has 5 characters; a VIN has 17. Compare it with the vehicle's page or its windshield. "
        "It was not logged. Correct the cell and import the file again; rows that are already logged are not added "
        "twice."
    )
    assert note.message == "This is an order note, not a VIN; it was not logged."


def test_titles_repeated_further_down_are_no_rows() -> None:
    log = parse(f"ORDER,VIN\n40001,{A}\nORDER,VIN\n,{B}\n40002,VINS\n,{C}\n")
    assert labelled(log) == [("40001", A), ("40001", B), ("40002", C)]
    assert counts(log) == (3, 3, 0, 0)


def test_a_vin_in_the_label_column_is_a_problem_and_never_a_label() -> None:
    log = parse(f"ORDER,VIN\n40001,{A}\n{B},\n,{C}\n40002,{D}\n,{E}\n")
    assert labelled(log) == [("40001", A), ("40001", C), ("40002", D), ("40002", E)]
    assert codes(log.problems) == [(3, B, "E_VIN_PLACE")]
    assert counts(log) == (6, 4, 1, 1)


def test_a_vin_among_notes_is_a_problem_and_not_lost() -> None:
    log = parse(f"ORDER,VIN,NOTES\n40001,{A},reprint\n,{B},again\n,,{C}\n,{D},late\n")
    assert codes(log.problems) == [(4, C, "E_VIN_PLACE")]
    assert counts(log) == (5, 3, 1, 1)


@pytest.mark.parametrize("text", ["ORDER,VINS\n", "ORDER,VIN", ",VINS:\n\n"])
def test_an_empty_log_is_valid(text: str) -> None:
    log = parse(text)
    assert (log.entries, log.problems) == ((), ())


def test_a_titled_column_without_a_single_vin_reports_every_row() -> None:
    log = parse("ORDER,VIN\n40001,P1234\n40002,\n,P1235\n")
    assert counts(log) == (3, 0, 1, 2)


def test_no_rows_at_all_are_an_empty_log() -> None:
    assert parse_log([]).rows_read == 0
    assert parse_log([["", ""], []]).entries == ()


def test_a_sheet_without_vins_and_without_titles_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^No column of this file holds VINs\."):
        parse("name,phone\nMiller,555\n")


def test_repeats_inside_a_file_are_all_new() -> None:
    log = parse(f"ORDER,VIN\n40001,{A}\n,{A}\n40002,{A}\n")
    new, already = split_new(log.entries, {})
    assert (len(new), len(already)) == (3, 0)


def test_a_second_import_adds_nothing() -> None:
    log = parse(f"ORDER,VIN\n40001,{A}\n,{A}\n40002,{A}\n,{B}\n")
    logged = Counter((entry.label, entry.vin) for entry in log.entries)
    assert split_new(log.entries, logged) == ((), log.entries)


def test_a_longer_file_adds_only_what_the_log_lacks_of_each_label_and_vin() -> None:
    log = parse(f"ORDER,VIN\n40001,{A}\n,{B}\n,{A}\n,{A}\n40002,{A}\n")
    new, already = split_new(log.entries, {("40001", A): 2, ("40003", B): 1})
    assert [entry.row_number for entry in already] == [2, 4]
    assert [entry.row_number for entry in new] == [3, 5, 6]


labels = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t"), max_size=30).filter(
    lambda label: not label or label.strip()
)
entry_lists = st.lists(
    st.builds(
        ParsedEntry,
        vin=st.sampled_from([A, B, C, "WVGAV7AX7AW51328", "2T3P1RFV6SC07I385", "12345678910121314"]),
        label=labels | st.sampled_from(["", "BASELINE", "ORDER", "VIN", A, "=1+1", "'=1+1", "''x", "'x", '"', ",;\t|"]),
        order_date=st.none() | st.dates(),
        is_baseline=st.booleans(),
    )
)


@given(entry_lists)
def test_an_exported_log_reads_back_as_the_same_entries(entries: list[ParsedEntry]) -> None:
    log = parse_log(read_sheet(render_log(entries).encode()))
    assert stored(log.entries) == stored(tuple(entries))
    assert (log.rows_read, log.blank_rows, log.problems) == (len(entries), 0, ())


@pytest.mark.parametrize("label", ["=1+1", "+cmd", "-x", "@sum", "\t=1", "\n=1", "  =1", "\uff1d1"])
def test_an_exported_label_is_never_a_formula(label: str) -> None:
    rows = list(csv.reader(io.StringIO(render_log([ParsedEntry(vin=A, label=label)]), newline="")))
    assert rows == [["VIN", "ORDER_NUMBER", "ORDER_DATE", "BASELINE"], [A, f"'{label}", "", "no"]]


def test_export_of_an_entry() -> None:
    entry = ParsedEntry(vin=A, label="BASELINE 1.24", order_date=date(2025, 5, 23), is_baseline=True)
    assert render_log([entry]) == f"VIN,ORDER_NUMBER,ORDER_DATE,BASELINE\r\n{A},BASELINE 1.24,2025-05-23,yes\r\n"


LOG = f"ORDER,VIN\r\ncaf\u00e9,{A}\r\n,{B}\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    assert read_sheet(LOG.encode(encoding)) == [["ORDER", "VIN"], ["caf\u00e9", A], ["", B]]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_line_end_and_delimiter_is_read(line_end: str, delimiter: str) -> None:
    text = LOG.replace("\r\n", line_end).replace(",", delimiter)
    assert read_sheet(text.encode()) == [["ORDER", "VIN"], ["caf\u00e9", A], ["", B]]


def test_other_delimiters_inside_labels_change_nothing() -> None:
    assert read_sheet(f'ORDER,VIN\n"40001; 40002",{A}\n40003 | 40004,{B}\n'.encode()) == [
        ["ORDER", "VIN"],
        ["40001; 40002", A],
        ["40003 | 40004", B],
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "The file is empty.", id="empty"),
        pytest.param(b"\xef\xbb\xbf \r\n", "The file is empty.", id="blank"),
        pytest.param(b"ORDER,VIN\n40001,\x00\n", "Line 2 holds a control character", id="NUL"),
        pytest.param("ORDER,VIN\n".encode("utf-16-le"), "Line 1 holds a control character", id="UTF-16 without mark"),
        pytest.param(b"ORDER,VIN\n\x81\x8d,x\n", "The file's text cannot be read.", id="no encoding"),
        pytest.param(b"\xff\xfea", "The file's text cannot be read.", id="half a UTF-16 character"),
        pytest.param(b"PK\x03\x04rest", "This is no CSV file.", id="xlsx"),
        pytest.param(b"\xd0\xcf\x11\xe0rest", "This is no CSV file.", id="xls"),
        pytest.param(b"%PDF-1.7", "This is no CSV file.", id="PDF"),
        pytest.param(b'ORDER,VIN\n"40001,x\n', "The file is no CSV", id="open quotation mark"),
        pytest.param(b'ORDER,VIN\n"40001;,x\n', "The file is no CSV", id="open quotation mark and a semicolon"),
        pytest.param(b"ORDER,VIN\n" + b"x" * 200_000, "The file is no CSV", id="endless cell"),
    ],
)
def test_what_is_no_text_or_no_csv_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_sheet(data)
    assert refusal.value.message.startswith(message)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_and_balanced_or_refused(data: bytes) -> None:
    try:
        log = parse_log(read_sheet(data))
    except BadInput as refusal:
        assert refusal.message.endswith(".")  # noqa: PT017 - both ends are right, an exception of another kind is not
    else:
        assert log.rows_read == len(log.entries) + log.blank_rows + len(log.problems)


cells = st.sampled_from(
    ["", " ", "ORDER", "VIN", "DATE", "BASELINE", "40001", "GENERIC_ORDER_1", "P1234", A, B, A[:16]]
)


@given(st.lists(st.lists(cells, max_size=5), max_size=12))
def test_in_any_sheet_every_vin_is_an_entry_or_a_problem_and_the_rows_add_up(rows: list[list[str]]) -> None:
    try:
        log = parse_log(rows)
    except BadInput:
        assert 2 * sum(bool(normalise_vin(cell).vin) for row in rows for cell in row) < sum(map(len, rows))
        return
    assert log.rows_read == len(log.entries) + log.blank_rows + len(log.problems)
    labels_right = {one.label_column - 1 for one in log.lists if one.label_column > one.vin_column}
    vins = [c for row in rows for column, c in enumerate(row) if normalise_vin(c).vin and column not in labels_right]
    kept = [entry.vin for entry in log.entries] + [problem.value for problem in log.problems]
    assert Counter(vins) == Counter(vin for vin in kept if normalise_vin(vin).vin)


@pytest.mark.skipif(not SHARED_LOGS, reason="needs the real VIN logs in ../shared/data beside the project")
@pytest.mark.parametrize("path", SHARED_LOGS, ids=[f"{path.parent.name}/{path.stem}" for path in SHARED_LOGS])
def test_every_vin_of_a_real_log_is_imported_once_and_reads_back(path: Path) -> None:
    rows = read_sheet(path.read_bytes())
    log = parse_log(rows)
    assert log.rows_read == len(log.entries) + log.blank_rows + len(log.problems)
    vins = Counter(reading.vin for row in rows for cell in row if (reading := normalise_vin(cell)).vin)
    assert Counter(entry.vin for entry in log.entries if normalise_vin(entry.vin).vin) == vins
    logged = Counter((entry.label, entry.vin) for entry in log.entries)
    assert split_new(log.entries, logged) == ((), log.entries)
    assert stored(parse_log(read_sheet(render_log(log.entries).encode())).entries) == stored(log.entries)
