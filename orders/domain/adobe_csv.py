"""The CSV that Illustrator and InDesign merge: 7-bit, CRLF, quotes only where needed."""

import csv
import io
from collections.abc import Sequence

from foundation.errors import Refused
from orders.domain.output_templates import OutputTemplate


def adobe_csv(template: OutputTemplate, rows: Sequence[Sequence[str]]) -> bytes:
    """One header row and the rendered rows as bytes, without byte order mark, each row ended by CRLF.

    Raises `Refused` for zero rows: Adobe takes a header without rows for a broken file.
    """
    if not rows:
        raise Refused(f"There is no row for {template.name}; a file needs at least one vehicle.")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(template.headers)
    writer.writerows(rows)
    return text.getvalue().encode("ascii")
