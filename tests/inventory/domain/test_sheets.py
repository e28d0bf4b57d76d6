import gc
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import BadInput
from inventory.domain.facts import INVENTORY_HEADER
from inventory.domain.sheets import RowFault, SheetLimits, open_sheet
from tests.inventory.domain.sheet_texts import (
    VINS,
    make_cells,
    make_raw,
    make_text,
    outcomes_of,
    raws_of,
    sheet_of,
)

GOOD = [(2, VINS[0]), (3, VINS[1]), (4, VINS[2]), (5, VINS[3])]


def refusal_of(content: str | bytes, *, limits: SheetLimits | None = None) -> BadInput:
    with pytest.raises(BadInput) as caught:
        list(sheet_of(content, limits=limits))
    return caught.value


def code_of(content: str | bytes, *, limits: SheetLimits | None = None) -> str:
    return refusal_of(content, limits=limits).code


def without(*names: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows without some columns."""
    kept = [i for i, name in enumerate(INVENTORY_HEADER) if name not in names]
    rows = [make_cells(vin=vin) for vin in VINS]
    return [INVENTORY_HEADER[i] for i in kept], [[row[i] for i in kept] for row in rows]


def test_a_plain_file_gives_its_rows_verbatim_with_spreadsheet_numbers() -> None:
    sheet = sheet_of(make_text())
    assert list(sheet) == [(number, make_raw(vin=vin)) for number, vin in GOOD]
    assert (sheet.notices, sheet.holds, sheet.extra_columns, sheet.warnings) == ((), (), (), [])


def test_a_sheet_can_be_read_twice_and_leaves_the_stream_open() -> None:
    stream = io.BytesIO(make_text().encode())
    sheet = open_sheet(stream)
    assert list(sheet) == list(sheet)
    assert not stream.closed


def test_a_stream_closed_before_the_last_row_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "inventory.csv"
    path.write_text(make_text())
    with path.open("rb") as stream:
        rows = iter(open_sheet(stream))
        assert next(rows)[0] == 2
    del rows
    assert gc.collect() >= 0


def test_case_1_an_empty_file_is_refused() -> None:
    assert code_of(b"") == "E_EMPTY"


@pytest.mark.parametrize("tail", ["", "\n\n", " , ,\n", ",,,,\n"])
def test_case_2_a_header_alone_is_refused(tail: str) -> None:
    assert code_of(make_text([]) + tail) == "E_NO_ROWS"


@pytest.mark.parametrize("content", ["\n\n\n", ",,,\n,,,\n", " \t \n", "\ufeff\n"])
def test_case_3_blank_lines_or_commas_alone_are_refused(content: str) -> None:
    assert code_of(content) == "E_NO_ROWS"


def test_case_4_a_file_without_header_is_refused_and_the_missing_columns_named() -> None:
    refusal = refusal_of(make_text().split("\n", 1)[1])
    assert refusal.code == "E_HEADER"
    assert refusal.message == (
        "The header lacks the columns Vin, Stock, Type, Year, Make, Model, Location. "
        "The first line must name the columns; add them and import again."
    )


def test_case_5_a_byte_order_mark_is_removed_from_the_first_header() -> None:
    assert outcomes_of(b"\xef\xbb\xbf" + make_text().encode()) == GOOD


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_case_6_utf_16_with_byte_order_mark_is_accepted(codec: str) -> None:
    text = "\ufeff" + make_text([make_cells(model="Citroën 🚗")])
    assert raws_of(text.encode(codec)) == [make_raw(model="Citroën 🚗")]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_case_7_utf_16_without_byte_order_mark_is_refused(codec: str) -> None:
    assert code_of(make_text().encode(codec)) == "E_ENCODING"


@pytest.mark.parametrize("codec", ["utf-32", "utf-32-le", "utf-32-be"])
def test_case_8_utf_32_is_refused(codec: str) -> None:
    assert code_of(make_text().encode(codec)) == "E_ENCODING"


def test_case_9_windows_1252_is_accepted_with_a_notice_and_a_sample() -> None:
    sheet = sheet_of(make_text([make_cells(model="Café 500 €")]).encode("cp1252"))
    assert list(sheet) == [(2, make_raw(model="Café 500 €"))]
    (notice,) = sheet.notices
    assert notice.startswith("The file is not UTF-8; it was read as Windows-1252. Check this sample: ")
    assert "Café 500 €" in notice


def test_case_10_utf_8_encoded_twice_is_held() -> None:
    twice = "Citroën Café".encode().decode("cp1252")
    assert sheet_of(make_text([make_cells(model=twice)] * 2)).holds == ("W_MOJIBAKE",)
    assert sheet_of(make_text([make_cells(model=twice)])).holds == ()


@pytest.mark.parametrize("order", [("utf-8", "cp1252"), ("cp1252", "utf-8")])
def test_case_11_mixed_encodings_are_refused_with_the_line(order: tuple[str, str]) -> None:
    first, second = (make_text([make_cells(model="Café")]).split("\n")[1].encode(codec) for codec in order)
    refusal = refusal_of(make_text([]).encode() + first + b"\n" + second + b"\n")
    assert refusal.code == "E_ENCODING"
    assert f"Line {2 + order.index('cp1252')} " in refusal.message


def test_case_12_a_nul_byte_is_refused_with_the_line() -> None:
    refusal = refusal_of(make_text([make_cells(), make_cells(model="a\0b")]))
    assert (refusal.code, refusal.message[:7]) == ("E_NUL", "Line 3 ")


def test_case_13_a_tail_of_nul_is_refused() -> None:
    assert code_of(make_text().encode() + b"\0" * 4096) == "E_NUL"


def test_case_13_a_tail_of_nul_after_a_short_file_is_refused() -> None:
    assert code_of(make_text([make_cells()]).encode() + b"\0" * 400) == "E_NUL"


@pytest.mark.parametrize("quote", ["", '"'])
def test_case_13_a_file_cut_within_its_last_row_is_refused(quote: str) -> None:
    row = ",".join(f"{quote}{cell}{quote}" for cell in make_cells())
    refusal = refusal_of(make_text() + row[:60])
    assert (refusal.code, refusal.message) == ("E_TRUNCATED", "The file is cut off in line 6. Export it again.")


def test_case_13_utf_16_cut_within_a_character_is_refused() -> None:
    assert code_of(make_text().encode("utf-16")[:-1]) == "E_TRUNCATED"


def test_a_last_line_without_line_end_is_whole_when_its_cells_are() -> None:
    assert outcomes_of(make_text().rstrip("\n")) == GOOD


@pytest.mark.parametrize("damage", [b"\xed\xa0\x80", b"\xff", b"\xc3(", b"\x81", b"\xe2\x82\xac \xe9"])
def test_case_15_invalid_utf_8_in_the_middle_is_refused(damage: bytes) -> None:
    assert code_of(make_text([make_cells(model="MODEL")]).encode().replace(b"MODEL", damage)) == "E_ENCODING"


def test_case_15_a_lone_surrogate_in_utf_16_is_refused() -> None:
    content = ("\ufeff" + make_text([make_cells(model="a\ud800b")])).encode("utf-16-le", "surrogatepass")
    assert code_of(content) == "E_ENCODING"


@pytest.mark.parametrize("line_end", ["\r", "\r\n", "\n"])
def test_case_18_any_line_end_is_accepted(line_end: str) -> None:
    assert outcomes_of(make_text(line_end=line_end)) == GOOD


def test_case_18_mixed_line_ends_are_accepted() -> None:
    header, *rows = make_text().splitlines()
    assert outcomes_of(f"{header}\r\n{rows[0]}\r{rows[1]}\n{rows[2]}\r\n{rows[3]}") == GOOD


def test_case_19_a_line_break_inside_quotes_belongs_to_the_cell_and_to_one_row() -> None:
    assert raws_of(make_text([make_cells(model="Grand\r\nCherokee"), make_cells()])) == [
        make_raw(model="Grand\r\nCherokee"),
        make_raw(),
    ]
    assert outcomes_of(make_text([make_cells(model="a\nb", vin=VINS[0]), make_cells(vin=VINS[1])])) == GOOD[:2]


def test_case_20_an_unclosed_quote_is_refused_with_its_line() -> None:
    lines = make_text().splitlines()
    lines[2] = lines[2].replace("Jeep", '"Jeep')
    refusal = refusal_of("\n".join(lines) + "\n")
    assert refusal.code == "E_QUOTE"
    assert refusal.message.startswith("The quote that opens in line 3 is not closed")


def test_case_20_an_unclosed_quote_far_from_the_end_is_refused_with_its_line() -> None:
    rows = make_text([make_cells()] * 3000).splitlines()
    rows[1] = rows[1].replace("Jeep", '"Jeep')
    assert refusal_of("\n".join(rows) + "\n").message.startswith("The quote that opens in line 2 ")


def test_case_20_a_quote_closed_rows_later_is_refused_instead_of_losing_them() -> None:
    lines = make_text().splitlines()
    lines[2] = lines[2].replace("Jeep", '"Jeep')
    lines[4] = lines[4].replace("Jeep", 'Jeep"')
    assert code_of("\n".join(lines) + "\n") == "E_QUOTE"


def test_case_21_a_quote_within_an_unquoted_cell_is_literal() -> None:
    line = ",".join(make_cells(trim="TRIM")).replace("TRIM", '12" screen')
    assert raws_of(make_text([]) + line + "\n") == [make_raw(trim='12" screen')]


def test_case_21_a_quote_within_a_quoted_cell_rejects_its_row_only() -> None:
    line = ",".join(make_cells(trim="TRIM")).replace("TRIM", '"12" screen"')
    assert outcomes_of(make_text() + line + "\n" + make_text().splitlines()[1] + "\n") == [
        *GOOD,
        (6, "E_QUOTE"),
        (7, VINS[0]),
    ]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_case_22_other_delimiters_are_accepted_with_all_required_columns(delimiter: str) -> None:
    assert outcomes_of(make_text(delimiter=delimiter)) == GOOD


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_case_22_other_delimiters_are_refused_without_a_required_column(delimiter: str) -> None:
    header, rows = without("Location")
    refusal = refusal_of(make_text(rows, header=header, delimiter=delimiter))
    assert refusal.code == "E_DELIM"
    assert "the columns Location are missing" in refusal.message


@pytest.mark.parametrize("delimiter", [";", ",", "|", "\t"])
def test_case_23_a_first_line_may_declare_the_delimiter(delimiter: str) -> None:
    assert outcomes_of(f"sep={delimiter}\r\n" + make_text(delimiter=delimiter)) == [(n + 1, vin) for n, vin in GOOD]


def test_case_23_an_unknown_declared_delimiter_is_refused() -> None:
    assert code_of("sep=^\n" + make_text(delimiter="^")) == "E_DELIM"


@pytest.mark.parametrize("cells", [[*make_cells(), ""], [*make_cells(), "x", "y"], make_cells()[:-1], ["x"]])
def test_cases_24_and_25_a_row_with_another_number_of_cells_is_rejected(cells: list[str]) -> None:
    content = make_text([make_cells(vin=VINS[0]), cells, make_cells(vin=VINS[2])])
    assert outcomes_of(content) == [GOOD[0], (3, "E_COLS"), GOOD[2]]


def test_cases_26_and_27_two_headers_for_one_column_are_refused() -> None:
    for twin in ("Vin", " VIN ", "\ufeffvin", "Vin\xa0Number", "vin_number", "vin-number"):
        refusal = refusal_of(make_text([[*make_cells(), "x"]], header=[*INVENTORY_HEADER, twin]))
        assert refusal.code == "E_DUP_HEADER"
        assert refusal.message.startswith("The columns 1 ('Vin') and 22 ")


def test_case_27_headers_differing_by_case_blanks_and_marks_are_normalised() -> None:
    odd = [f" \ufeff{name.upper()}\xa0 ".replace(" COLOR", "_\xa0color") for name in INVENTORY_HEADER]
    assert outcomes_of(make_text(header=odd)) == GOOD


def test_case_28_extra_columns_are_listed_and_not_stored() -> None:
    sheet = sheet_of(make_text([[*make_cells(), "Red", "", "9"]], header=[*INVENTORY_HEADER, "Interior", "", "Doors"]))
    assert list(sheet) == [(2, make_raw())]
    assert sheet.extra_columns == ("Interior", "Doors")
    assert sheet.notices == ("These columns are not stored: Interior, Doors.",)


@pytest.mark.parametrize("name", ["Vin", "Stock", "Type", "Year", "Make", "Model", "Location"])
def test_case_29_a_missing_required_column_is_refused_by_name(name: str) -> None:
    header, rows = without(name)
    refusal = refusal_of(make_text(rows, header=header))
    assert refusal.code == "E_HEADER"
    assert refusal.message.startswith(f"The header lacks the columns {name}. ")


def test_other_missing_columns_give_a_notice_and_stay_empty() -> None:
    header, rows = without("Trim", "MSRP")
    sheet = sheet_of(make_text(rows[1:2], header=header))
    assert list(sheet) == [(2, make_raw(trim="", msrp=""))]
    assert sheet.notices == ("These columns are missing and stay empty: Trim, MSRP.",)


def test_case_30_a_file_above_the_limit_is_refused_unread() -> None:
    limits = SheetLimits(max_bytes=1000)
    assert code_of(b"x" * 1001, limits=limits) == "E_TOO_LARGE"
    assert SheetLimits().max_bytes == 25 * 1024 * 1024


def test_case_31_too_many_rows_are_refused() -> None:
    assert code_of(make_text(), limits=SheetLimits(max_rows=3)) == "E_TOO_MANY"
    assert len(list(sheet_of(make_text(), limits=SheetLimits(max_rows=4)))) == 4


def test_case_31_200_001_rows_are_refused() -> None:
    header = ["Vin", "Stock", "Type", "Year", "Make", "Model", "Location"]
    row = f"{VINS[0]},1,New,2023,Jeep,Compass,Here\n"
    assert code_of(",".join(header) + "\n" + row * 200_001) == "E_TOO_MANY"


@pytest.mark.parametrize("header", [["c"] * 10_000, [*INVENTORY_HEADER, *["c"] * 180]])
def test_case_32_too_many_columns_are_refused(header: list[str]) -> None:
    assert code_of(make_text([["x"] * len(header)], header=header)) == "E_TOO_WIDE"


@pytest.mark.parametrize("size", [10_001, 200_000])
def test_case_33_a_huge_cell_is_refused_with_its_line(size: int) -> None:
    refusal = refusal_of(make_text([make_cells(), make_cells(trim="x" * size)]))
    assert (refusal.code, refusal.message[:7]) == ("E_CELL", "Line 3 ")
    assert code_of(make_text([make_cells(trim=("x" * 100 + "\n") * (size // 100))])) in {"E_CELL", "E_QUOTE"}


def test_case_33_a_huge_cell_in_place_of_a_header_is_refused() -> None:
    assert code_of("x" * 200_000 + "\n") == "E_CELL"


def test_a_long_row_of_allowed_cells_is_accepted() -> None:
    assert raws_of(make_text([make_cells(trim="x" * 10_000, model="y" * 10_000)])) == [
        make_raw(trim="x" * 10_000, model="y" * 10_000)
    ]


def test_case_63_a_negative_mileage_rejects_the_row_and_an_absurd_one_warns() -> None:
    header = [*INVENTORY_HEADER, "Mileage"]
    sheet = sheet_of(
        make_text([[*make_cells(), miles] for miles in ("-5", "9,999,999", "999,999", "", "new")], header=header)
    )
    rows = list(sheet)
    assert [row.problem.code for _, row in rows if isinstance(row, RowFault)] == ["E_MILEAGE"]
    assert [number for number, row in rows if not isinstance(row, RowFault)] == [3, 4, 5, 6]
    assert [(w.row_number, w.code) for w in sheet.warnings] == [(3, "W_MILEAGE")]


def test_case_91_one_extra_line_above_the_header_is_ignored_with_a_notice() -> None:
    sheet = sheet_of(",,,,2025-07-08,10:41:10,,,,,,,,,,,,,,,\n" + make_text())
    assert [number for number, _ in sheet] == [3, 4, 5, 6]
    assert sheet.notices == ("The header is in row 2; no row above it was read as a vehicle.",)


def test_case_91_two_extra_lines_above_the_header_are_refused() -> None:
    assert code_of("a,,\nb,,\n" + make_text()) == "E_HEADER"


@pytest.mark.parametrize("name", ["Vehicle URL", "url", "Link", "vechile_url"])
def test_case_92_synonyms_name_the_same_column(name: str) -> None:
    assert outcomes_of(make_text(header=[*INVENTORY_HEADER[:-1], name])) == GOOD
    assert raws_of(make_text(header=[*INVENTORY_HEADER[:-1], name]))[1] == make_raw()


def test_case_93_a_file_without_status_column_is_held_with_every_status_blank() -> None:
    header, rows = without("Status")
    sheet = sheet_of(make_text(rows[1:2], header=header))
    assert list(sheet) == [(2, make_raw(status=""))]
    assert (sheet.has_status, sheet.holds) == (False, ("W_NO_STATUS",))


def test_the_second_format_is_accepted_through_the_synonyms() -> None:
    header = (
        "vin,stock_number,year,make,model,trim,price,msrp,mileage,exterior_color,interior_color,fuel_type,"
        "transmission,condition,url,dealer_name,scraped_at"
    )
    row = "V,S,2023,Jeep,Compass,Sport,1,2,3,Red,Grey,Gas,Auto,Used,https://x.example/,Here,2025-01-01"
    sheet = sheet_of(f"{header}\n{row}\n")
    assert sheet.extra_columns == ("mileage", "interior_color", "transmission", "scraped_at")
    expected = make_raw(
        vin="V", stock="S", model="Compass", trim="Sport", price="1", msrp="2", ext_color="Red", fuel_type="Gas",
        type="Used", vehicle_url="https://x.example/", location="Here", status="", body_style="", date_in_stock="",
        street_address="", locality="", postal_code="", region="", country="",
    )  # fmt: skip
    assert list(sheet) == [(2, expected)]


def test_blank_rows_are_left_out_and_still_counted_in_row_numbers() -> None:
    lines = make_text().splitlines()
    content = "\n".join([lines[0], "", lines[1], "," * 20, " ,", lines[2], ""])
    assert outcomes_of(content) == [(3, VINS[0]), (6, VINS[1])]


def test_a_row_with_blank_vin_is_a_row() -> None:
    assert outcomes_of(make_text([make_cells(vin=" ")])) == [(2, " ")]


def test_memory_stays_flat_while_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text(make_text([make_cells()] * 20_000))
    assert path.stat().st_size > 3_000_000
    with path.open("rb") as stream:
        tracemalloc.start()
        assert sum(1 for _ in open_sheet(stream)) == 20_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 500_000


# Without what the writer leaves unquoted or the reader refuses by other rules.
plain_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff"), max_size=30)


@given(st.lists(plain_texts, min_size=21, max_size=21))
def test_any_texts_come_back_verbatim(cells: list[str]) -> None:
    cells = ["V" + cells[0], *cells[1:]]
    (row,) = raws_of(make_text([cells]))
    assert list(row) == cells


@given(st.binary(max_size=400))
def test_any_bytes_below_a_header_give_rows_or_a_refusal_with_a_code(tail: bytes) -> None:
    try:
        codes = [row.problem.code for _, row in sheet_of(make_text().encode() + tail) if isinstance(row, RowFault)]
    except BadInput as refusal:
        codes = [refusal.code]
    assert all(code.startswith("E_") for code in codes)


@given(st.binary(max_size=400))
def test_any_bytes_alone_are_refused_with_a_code(content: bytes) -> None:
    assert code_of(content).startswith("E_")
