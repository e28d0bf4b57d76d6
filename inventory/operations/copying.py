"""Bulk rows into PostgreSQL by COPY, in chunks, so that memory stays flat."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


class CopyBuffer:
    """Collects rows of one table and sends them by COPY; text columns take empty texts, other columns take None."""

    def __init__(self, model: type[models.Model], columns: Sequence[str], *, chunk: int = 5000) -> None:
        fields: list[Any] = [model._meta.get_field(name) for name in columns]
        names = ", ".join(f'"{field.column}"' for field in fields)
        texts = ", ".join(f'"{f.column}"' for f in fields if isinstance(f, (models.TextField, models.CharField)))
        self._statement = (
            f'COPY "{model._meta.db_table}" ({names}) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL ({texts}))'
        )
        self._rows: list[Sequence[Any]] = []
        self._chunk = chunk

    def add(self, row: Sequence[Any]) -> None:
        self._rows.append(row)
        if len(self._rows) >= self._chunk:
            self.flush()

    def extend(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self.add(row)

    def flush(self) -> None:
        if not self._rows:
            return
        buffer = io.StringIO(newline="")
        csv.writer(buffer).writerows(self._rows)
        buffer.seek(0)
        self._rows.clear()
        # Django translates the errors of its own calls only, and COPY is the driver's.
        with connection.wrap_database_errors, connection.cursor() as cursor:
            cursor.copy_expert(self._statement, buffer)
