"""What a usual program does for QR codes and order files: the peer that ours are measured against."""

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import qrcode
from PIL import Image

from orders.domain.lines import LineContent, OrderContent
from orders.domain.qr import SIZE, qr_text

_HEADER = ("YEARMAKE", "MODEL", "TRIM", "STOCK", "VIN", "@QR", "QRYEARMODEL", "QRSTOCK", "@QR2", "MISC")


def one_bit_png(text: str) -> bytes:
    """The image of the library itself, resized."""
    return _png(_code(text).make_image().get_image().resize((SIZE, SIZE)))


def rgb_png(text: str) -> bytes:
    """The same by way of a colour image and a smoothing resize."""
    return _png(_code(text).make_image().get_image().convert("RGB").resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def _code(text: str) -> Any:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    code.make(fit=True)
    return code


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", dpi=(300, 300))
    return buffer.getvalue()


def write_order(content: OrderContent, folder: Path) -> None:
    """A CSV, one QR code per line and a ZIP of them: no check, no record, nothing made durable."""
    folder.mkdir()
    with (folder / "order.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        writer.writerows(_row(line, content) for line in content.lines)
    for line in content.lines:
        (folder / f"{line.vin}.png").write_bytes(one_bit_png(qr_text(line, content.settings)))
    files = sorted(folder.iterdir())
    with zipfile.ZipFile(folder / "order.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.name)


def _row(line: LineContent, content: OrderContent) -> Sequence[str]:
    label, vin = f"{line.year} {line.model} - {line.stock}".upper(), f"{line.condition} - {line.vin}".upper()
    image = f"{content.settings.profile_base}\\{line.vin}.png"
    name = f"{line.year} {line.make}".upper()
    return (name, line.model, line.trim, label, vin, image, label, vin, image, f"{label} - {vin}")
