"""Generated inventory files for tests."""

import csv
import io
from collections.abc import Iterable, Sequence

from inventory.domain.facts import INVENTORY_HEADER, RAW_FIELD_NAMES, RawFields
from inventory.domain.sheets import RowFault, Sheet, SheetLimits, open_sheet

VINS = ("1HGCM82633A004352", "1C4RJHAG3P8900725", "KM8K2CAB4PU001140", "1FTFW5L86RFB45612")


def make_raw(**texts: str) -> RawFields:
    """The texts of a good row; name those that shall differ."""
    values = {
        "vin": VINS[1],
        "stock": "A1001",
        "type": "New",
        "year": "2023",
        "make": "Jeep",
        "model": "Grand Cherokee",
        "trim": "Limited",
        "ext_color": "Black",
        "status": "On-Lot",
        "price": "43210",
        "body_style": "SUV",
        "fuel_type": "Gasoline",
        "msrp": "45000",
        "date_in_stock": "05/09/2025",
        "street_address": "1 Main Street",
        "locality": "Springfield",
        "postal_code": "62701",
        "region": "IL",
        "country": "US",
        "location": "Springfield Motors",
        "vehicle_url": "https://www.springfieldmotors.example/new/1",
    }
    return RawFields(**(values | texts))


def make_cells(**texts: str) -> list[str]:
    raw = make_raw(**texts)
    return [getattr(raw, name) for name in RAW_FIELD_NAMES]


def make_text(
    rows: Iterable[Sequence[str]] | None = None,
    *,
    header: Sequence[str] = INVENTORY_HEADER,
    delimiter: str = ",",
    line_end: str = "\n",
) -> str:
    """A whole file as text; by default the header and four good rows."""
    rows = [make_cells(vin=vin) for vin in VINS] if rows is None else rows
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=line_end).writerows([header, *rows])
    return out.getvalue()


def sheet_of(content: str | bytes, *, limits: SheetLimits | None = None) -> Sheet:
    return open_sheet(io.BytesIO(content.encode() if isinstance(content, str) else content), limits=limits)


def raws_of(content: str | bytes) -> list[RawFields]:
    """The rows of a file in which every row can be read."""
    rows = [row for _, row in sheet_of(content)]
    raws = [row for row in rows if isinstance(row, RawFields)]
    assert len(raws) == len(rows)
    return raws


def outcomes_of(content: str | bytes) -> list[tuple[int, str]]:
    """Row number and either the VIN or the code of the fault, for each row."""
    return [(number, row.problem.code if isinstance(row, RowFault) else row.vin) for number, row in sheet_of(content)]
