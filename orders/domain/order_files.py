"""All files of an order from its content; the only way in which files come into being."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from dealerships.domain.rules import Condition
from foundation.errors import Refused
from orders.domain.adobe_csv import adobe_csv
from orders.domain.billing import billing_sheet, billing_workbook
from orders.domain.file_names import (
    SUMMARY_NAME,
    billing_name,
    billing_workbook_name,
    csv_name,
    image_file,
    image_name,
    vehicles_name,
    zip_name,
)
from orders.domain.lines import FileContent, LineContent, OrderContent
from orders.domain.output_templates import OutputTemplate
from orders.domain.packaging import order_zip
from orders.domain.qr import qr_png, qr_text
from orders.domain.rendering import render_line
from orders.domain.summary import order_summary
from orders.domain.vehicle_export import vehicle_export


@dataclass(frozen=True, kw_only=True)
class CsvGroup:
    """The lines that one CSV holds, its output template and its name."""

    template: OutputTemplate
    name: str
    lines: tuple[LineContent, ...]


def csv_groups(content: OrderContent) -> list[CsvGroup]:
    """Which lines go to which CSV.

    With two output templates the new vehicles go to one file and all others to another, each in row order; a group
    without lines has no file. With one output template there is one file.
    """
    new, used = content.settings.template_new, content.settings.template_used
    if new == used:
        return [CsvGroup(template=new, name=csv_name(content, new), lines=content.lines)]
    groups = [
        CsvGroup(
            template=template,
            name=csv_name(content, template, suffix),
            lines=tuple(line for line in content.lines if (line.condition is Condition.NEW) is wants_new),
        )
        for template, suffix, wants_new in ((new, "NEW", True), (used, "USED", False))
    ]
    return [group for group in groups if group.lines]


def build_order_files(content: OrderContent) -> Iterator[FileContent]:
    """The files of an order one after the other: CSV, QR codes in row order, billing, vehicles, summary, ZIP.

    Pure: the same content gives the same bytes. Raises `RenderError` for an empty required field and `Refused` for
    an order without lines, two lines with one image name, or an image path that Adobe could not follow.
    """
    _refuse_unprintable(content)
    files: list[FileContent] = []
    for file in _files_of_lines(content):
        files.append(file)
        yield file
    tables = [file for file in files if file.kind != "qr"]
    summary = FileContent(
        kind="summary", name=SUMMARY_NAME, data=order_summary(content, tables), rows=len(content.lines)
    )
    yield summary
    packed = [*files, summary]
    yield FileContent(kind="zip", name=zip_name(content), data=order_zip(content, packed), rows=len(packed))


def _refuse_unprintable(content: OrderContent) -> None:
    if not content.lines:
        raise Refused("The order has no lines, so there is nothing to write; add a vehicle or cancel the order.")
    names = Counter(image_name(line, content.settings).lower() for line in content.lines)
    name, count = names.most_common(1)[0]
    if count > 1:
        raise Refused(f"{count} lines would share the QR image {name!r}; remove the repeated vehicle.")


def _files_of_lines(content: OrderContent) -> Iterator[FileContent]:
    for group in csv_groups(content):
        rows = [render_line(line, group.template, content) for line in group.lines]
        data, label = adobe_csv(group.template, rows), group.template.label
        yield FileContent(kind="csv", name=group.name, data=data, rows=len(rows), output_template=label)
    for line in content.lines:
        image = qr_png(qr_text(line, content.settings))
        yield FileContent(kind="qr", name=image_file(line, content.settings), data=image, rows=1)
    count = len(content.lines)
    yield FileContent(kind="billing", name=billing_name(content), data=billing_sheet(content), rows=count)
    if content.settings.has_workbook:
        workbook = billing_workbook(content)
        yield FileContent(kind="billing", name=billing_workbook_name(content), data=workbook, rows=count)
    yield FileContent(kind="vehicles", name=vehicles_name(content), data=vehicle_export(content), rows=count)
