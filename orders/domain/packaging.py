"""The order as one ZIP to download."""

import io
import zipfile
from collections.abc import Iterable

from dealerships.domain.output import PathLayout
from orders.domain.file_names import QR_FOLDER, order_folder
from orders.domain.lines import FileContent, OrderContent

README_NAME = "README.txt"
_EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)  # one date for all members, so that equal files give an equal ZIP
_UNIX, _READABLE = 3, 0o644 << 16


def order_zip(content: OrderContent, files: Iterable[FileContent]) -> bytes:
    """The files under the order folder's name with a README; nothing is deflated, as PNG files do not shrink."""
    folder, buffer = order_folder(content), io.BytesIO()
    members = [(README_NAME, readme(content)), *((file.name, file.data) for file in files)]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            member = zipfile.ZipInfo(f"{folder}/{name}", _EARLIEST_DATE)
            member.create_system, member.external_attr = _UNIX, _READABLE
            archive.writestr(member, data)
    return buffer.getvalue()


def readme(content: OrderContent) -> bytes:
    """What the designer does with the folder; names the base path at which the CSV looks for its images.

    Order number and time stand in the summary and in the folder's name: the same lines give the same text.
    """
    settings = content.settings
    per_order = settings.profile_layout is PathLayout.PER_ORDER
    step = "Put this folder, with its name as it is," if per_order else f"Copy the images of the folder {QR_FOLDER}"
    lines = [
        f"{settings.dealership_name}, {content.kind.value.upper()}",
        f"Vehicles: {len(content.lines)}",
        "",
        f"Path profile: {settings.profile_name}",
        f"Base path: {settings.profile_base}",
        "",
        f"{step} into the base path before opening the CSV in Illustrator.",
        "Keep the names of the images, capitals included: the CSV links them by name.",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()
