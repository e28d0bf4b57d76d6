"""Bulk rows into PostgreSQL by COPY, in chunks, so that memory stays flat."""

import io
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from django.db import connection, models

# PostgreSQL holds no NUL in a text, so this can stand for a missing value until the chunk is complete.
_MISSING = "\0"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class CopyThread:
    """Sends one chunk at a time while the next is made: the database and Python work side by side.

    Until `wait` returns, nobody else may use the connection.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._sending: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._thread.shutdown()

    def send(self, statement: str, lines: list[str]) -> None:
        """Send lines of COPY's text format, after the chunk before; raises what went wrong with that one."""
        self.wait()
        self._sending = self._thread.submit(_copy, connection.cursor(), statement, lines)

    def wait(self) -> None:
        """Wait until the database has every line that was sent; raises what went wrong."""
        if self._sending:
            self._sending.result()
        self._sending = None


class CopyBuffer:
    """Collects rows of one table for `CopyThread`; None is a missing value."""

    def __init__(
        self, thread: CopyThread, model: type[models.Model], columns: Sequence[str], *, chunk: int = 5000
    ) -> None:
        fields: list[Any] = [model._meta.get_field(name) for name in columns]
        names = ", ".join(f'"{field.column}"' for field in fields)
        self._statement = f'COPY "{model._meta.db_table}" ({names}) FROM STDIN'
        self._thread = thread
        self._lines: list[str] = []
        self._chunk = chunk

    def add(self, row: Sequence[Any]) -> None:
        self._lines.append(_line(row))
        if len(self._lines) >= self._chunk:
            self.flush()

    def flush(self) -> None:
        if self._lines:
            self._thread.send(self._statement, self._lines)
            self._lines = []


def _line(row: Sequence[Any]) -> str:
    """One line of COPY's text format; a CSV writer would look at every character and take twice the time."""
    cells = [cell if type(cell) is str else _MISSING if cell is None else str(cell) for cell in row]
    line = "\t".join(cells)
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") >= len(cells):
        line = "\t".join([cell.translate(_ESCAPES) for cell in cells])
    return f"{line}\n"


def _copy(cursor: Any, statement: str, lines: list[str]) -> None:
    data = "".join(lines).replace(_MISSING, "\\N").encode()
    # Django translates the errors of its own calls only, and COPY is the driver's.
    with cursor, cursor.db.wrap_database_errors:
        # In one piece: for every piece this thread would wait for its turn among Python's threads.
        cursor.copy_expert(statement, io.BytesIO(data), len(data))
