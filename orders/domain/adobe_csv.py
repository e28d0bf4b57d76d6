"""The CSV of an output template, which Illustrator and InDesign merge: CRLF, quotes only where needed."""

import codecs
import csv
import io
from collections.abc import Sequence

from foundation.errors import Refused
from orders.domain.cell_text import TextEncoding
from orders.domain.output_templates import OutputTemplate


def adobe_csv(template: OutputTemplate, rows: Sequence[Sequence[str]]) -> bytes:
    """One header row and the rendered rows as bytes in the encoding of the output template.

    Raises `Refused` as `csv_text` does.
    """
    text, encoding = csv_text(template, rows), template.options.encoding
    if encoding is TextEncoding.UTF16:
        return codecs.BOM_UTF16_LE + text.encode("utf-16-le")  # plain utf-16 would follow the machine's byte order
    return text.encode(encoding)


def csv_text(template: OutputTemplate, rows: Sequence[Sequence[str]]) -> str:
    """One header row and the rendered rows as text, each row ended by CRLF.

    Raises `Refused` for zero rows: Adobe takes a header without rows for a broken file.
    """
    if not rows:
        raise Refused(f"There is no row for {template.name}; a file needs at least one vehicle.")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(template.headers)
    writer.writerows(rows)
    return text.getvalue()
