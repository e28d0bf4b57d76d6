"""An independent reading of released files, and an independent computation of what they must hold."""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyrxing
from django.conf import settings
from PIL import Image

from orders.models import Artifact, Order

PACK_HEADER = ["YEARMAKE", "MODEL", "TRIM", "STOCK", "VIN", "@QR", "QRYEARMODEL", "QRSTOCK", "@QR2", "MISC"]
_SPELLED_OUT = {
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2013": "-",
    "\u2014": "-",
}


def released_bytes(order: Order, kind: str | None = None) -> dict[str, bytes]:
    """The order's released files by name, read from disk where their records say they are."""
    artifacts = order.artifacts.filter(kind=kind) if kind else order.artifacts.all()
    return {artifact.name: (Path(settings.ORDERS_DIR) / artifact.path).read_bytes() for artifact in artifacts}


def csv_rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("ascii"), newline="")))


def zip_members(data: bytes) -> dict[str, bytes]:
    """Members of an order's ZIP by their name inside its one folder."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def decoded(png: bytes) -> tuple[tuple[int, int], list[str]]:
    """Size and texts of a QR image, read by another library than the one that draws and checks them."""
    image = Image.open(io.BytesIO(png))
    return image.size, [code.text for code in pyrxing.read_barcodes(image, formats=["QRCode"])]


def printed(text: str) -> str:
    plain = "".join(_SPELLED_OUT.get(character, character) for character in text.replace("&amp;", "&"))
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()).strip()


def pack_row(row: Mapping[str, str], base: str) -> list[str]:
    """The cells of a Shortcut Pack for one row of an inventory file."""
    year, make, model, trim = (printed(row[name]).upper() for name in ("Year", "Make", "Model", "Trim"))
    vin, stock = row["Vin"].strip().upper(), printed(row["Stock"])
    prefix = "NEW" if row["Type"].strip().lower() in {"new", "demo"} else "USED"
    label, image = f"{year} {model} - {stock}", f"{base}\\{vin}.png"
    return [
        f"{year} {make}",
        model,
        trim,
        label,
        f"{prefix} - {vin}",
        image,
        label,
        f"{prefix} - {vin}",
        image,
        f"{label} - {prefix} - {vin}",
    ]


def qr_content(row: Mapping[str, str]) -> str:
    """What the QR code of one row of an inventory file says."""
    address, sign, fragment = row["Vechile URL"].strip().partition("#")
    if not address:
        return row["Vin"].strip().upper()
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}utm_source=SilverFox&utm_medium=VDP_ShortCut{sign}{fragment}"


def counts_by_kind(artifacts: Sequence[Artifact]) -> dict[str, int]:
    return {kind: sum(artifact.kind == kind for artifact in artifacts) for kind in Artifact.Kind.values}
