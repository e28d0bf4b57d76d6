"""A file for spreadsheets that is written in pieces."""

from collections.abc import Iterator

from foundation.spreadsheet_csv import spreadsheet_csv, stream_spreadsheet_csv


def rows(count: int) -> Iterator[list[str]]:
    yield from ([str(number), "=1+1", "a\nb", "é"] for number in range(count))


def test_the_pieces_are_the_same_file() -> None:
    for count in (0, 1, 499, 500, 501, 2000):
        assert b"".join(stream_spreadsheet_csv(rows(count))) == spreadsheet_csv(rows(count))


def test_rows_are_read_as_the_pieces_are_taken() -> None:
    read = []

    def watched() -> Iterator[list[str]]:
        for row in rows(5000):
            read.append(row)
            yield row

    pieces = stream_spreadsheet_csv(watched())
    assert next(pieces).startswith(b"0,'=1+1,a b,")
    assert len(read) == 500
