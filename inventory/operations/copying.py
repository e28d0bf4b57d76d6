"""Bulk rows into PostgreSQL by COPY, in chunks, so that memory stays flat."""

import io
from collections.abc import Sequence
from typing import Any

from django.db import connection, models

# PostgreSQL holds no NUL in a text, so this can stand for a missing value until the chunk is complete.
_MISSING = "\0"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class CopyBuffer:
    """Collects rows of one table and sends them by COPY; None is a missing value."""

    def __init__(self, model: type[models.Model], columns: Sequence[str], *, chunk: int = 5000) -> None:
        fields: list[Any] = [model._meta.get_field(name) for name in columns]
        names = ", ".join(f'"{field.column}"' for field in fields)
        self._statement = f'COPY "{model._meta.db_table}" ({names}) FROM STDIN'
        self._lines: list[str] = []
        self._chunk = chunk

    def add(self, row: Sequence[Any]) -> None:
        self.add_texts([cell if type(cell) is str else _MISSING if cell is None else str(cell) for cell in row])

    def add_texts(self, cells: Sequence[str]) -> None:
        """A row of texts only, as they are."""
        self._lines.append(_line(cells))
        if len(self._lines) >= self._chunk:
            self.flush()

    def flush(self) -> None:
        if not self._lines:
            return
        data = "".join(self._lines).replace(_MISSING, "\\N").encode()
        self._lines.clear()
        # Django translates the errors of its own calls only, and COPY is the driver's.
        with connection.cursor() as cursor, connection.wrap_database_errors:
            cursor.copy_expert(self._statement, io.BytesIO(data), len(data))


def _line(cells: Sequence[str]) -> str:
    """One line of COPY's text format; a CSV writer would look at every character and take twice the time."""
    line = "\t".join(cells)
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") >= len(cells):
        line = "\t".join([cell.translate(_ESCAPES) for cell in cells])
    return f"{line}\n"
