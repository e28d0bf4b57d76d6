import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import Refused
from orders.domain.adobe_csv import adobe_csv
from orders.domain.rendering import render_line
from tests.orders.domain.content import make_content, make_gladiator, make_line
from tests.orders.domain.layouts import PRICED_SHORTCUT_PACK, SHORTCUT


def test_the_bytes_are_those_of_the_shop() -> None:
    line = make_gladiator()
    assert adobe_csv(SHORTCUT, [render_line(line, SHORTCUT, make_content(line))]) == (
        b"QRYEARMODEL,QRSTOCK,@QR2\r\n"
        b"2025 GLADIATOR - SL533540,NEW - 1C6PJTAG8SL533540,"
        b"C:\\Users\\Nick_Workstation\\Documents\\QRS\\1C6PJTAG8SL533540.png\r\n"
    )


def test_quotes_stand_only_where_they_are_needed() -> None:
    line = make_line(trim="5'7\" Box, Long")
    row = adobe_csv(PRICED_SHORTCUT_PACK, [render_line(line, PRICED_SHORTCUT_PACK, make_content(line))]).split(b"\r\n")[
        1
    ]
    assert row.startswith(b'2022 RENEGADE,"5\'7"" Box, Long","21,995",2022 RENEGADE - NPN70500,USED - ')


def test_no_rows_give_no_file_and_a_clear_message() -> None:
    with pytest.raises(Refused) as refusal:
        adobe_csv(SHORTCUT, [])
    assert refusal.value.message == "There is no row for Shortcut; a file needs at least one vehicle."


cells = st.text(st.characters(min_codepoint=32, max_codepoint=126))


@given(st.lists(st.tuples(cells, cells, cells), min_size=1))
def test_every_row_reads_back_and_ends_with_crlf(rows: list[tuple[str, str, str]]) -> None:
    data = adobe_csv(SHORTCUT, rows)
    assert data.isascii()
    assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n") == len(rows) + 1
    assert list(csv.reader(io.StringIO(data.decode("ascii"), newline=""), strict=True)) == [
        list(SHORTCUT.headers),
        *map(list, rows),
    ]
