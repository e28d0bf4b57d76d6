"""What lies in an order's ZIP."""

import csv
import io
import zipfile
from pathlib import Path


def read_zip(path: Path) -> tuple[list[str], list[list[str]], set[str]]:
    """Header and rows of the order's CSV, and the names of its QR images."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        table = next(name for name in names if name.endswith(" - CSV.csv"))
        header, *rows = csv.reader(io.StringIO(archive.read(table).decode("ascii"), newline=""))
    return header, rows, {name.rpartition("/")[2] for name in names if name.endswith(".png")}
