"""The names of an order's folder, files and images; each is made here and nowhere else."""

import re

from dealerships.domain.output import BillingLayout, PathLayout, QrNaming
from dealerships.domain.paths import PathError, require_base
from foundation.errors import Refused
from orders.domain.lines import LineContent, OrderContent, OutputSettings
from orders.domain.output_templates import OutputTemplate

QR_FOLDER = "qr_codes"
SUMMARY_NAME = "order_summary.json"
LONGEST_WINDOWS_PATH = 259
_IMAGE_NAME = re.compile(r"[A-Za-z0-9_-]+\.(?:png|PNG)")
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_BILLING_SUFFIXES = {BillingLayout.BILLING2: "BILLING2", BillingLayout.PRINTED_VEHICLES: "BILLING"}


def order_folder(content: OrderContent) -> str:
    """The folder of an order: `South_County_DCJR_CAO_20250819_101500`, with the time of completion."""
    kind = content.kind.value.upper()
    return f"{_safe(content.settings.file_name)}_{kind}_{content.completed_at:%Y%m%d_%H%M%S}"


def csv_name(content: OrderContent, template: OutputTemplate, group: str = "") -> str:
    """`SOCODCJR_SCP_8.19 - CSV.csv`; with two output templates the group NEW or USED follows the abbreviation."""
    return _dated(content, "_".join(filter(None, (template.abbreviation, group))), "CSV")


def billing_name(content: OrderContent) -> str:
    """`SOCODCJR_SCP_8.19 - BILLING2.csv`; an order with two output templates names both."""
    templates = dict.fromkeys((content.settings.template_new, content.settings.template_used))
    abbreviations = "_".join(template.abbreviation for template in templates)
    return _dated(content, abbreviations, _BILLING_SUFFIXES[content.settings.billing_layout])


def billing_workbook_name(content: OrderContent) -> str:
    return f"{billing_name(content).removesuffix('.csv')}.xlsx"


def vehicles_name(content: OrderContent) -> str:
    return f"{_safe(content.settings.file_name)}_vehicles.csv"


def zip_name(content: OrderContent) -> str:
    return f"{order_folder(content)}.zip"


def image_name(line: LineContent, settings: OutputSettings) -> str:
    """The name of a line's QR image: its VIN, or the dealership's name with the line's number.

    Raises `Refused` for a VIN or name that Adobe could not link to.
    """
    if settings.qr_naming is QrNaming.NUMBERED:
        name = f"{settings.file_name}_QR_Code_{line.seq}.PNG"
    else:
        name = f"{line.vin}.png"
    if not _IMAGE_NAME.fullmatch(name):
        raise Refused(f"Line {line.seq}: {name!r} cannot name an image; use letters, digits, - and _ only.")
    return name


def image_file(line: LineContent, settings: OutputSettings) -> str:
    """Where a line's QR image lies in the order's folder."""
    return f"{QR_FOLDER}/{image_name(line, settings)}"


def image_path(line: LineContent, content: OrderContent) -> str:
    """A line's QR image as the designer's computer sees it, by the order's path profile.

    A profile without a base names it relative to the order's folder. Raises `Refused` when there is no profile, when
    its base is not an absolute 7-bit path, and when the path is too long for Windows.
    """
    settings = content.settings
    base, separator = settings.profile_base, settings.profile_separator
    _require_profile(settings)
    if not base:
        return separator.join([QR_FOLDER, image_name(line, settings)])
    folders = [order_folder(content), QR_FOLDER] if settings.profile_layout is PathLayout.PER_ORDER else []
    path = separator.join([base.rstrip(separator), *folders, image_name(line, settings)])
    if separator == "\\" and len(path) > LONGEST_WINDOWS_PATH:
        raise Refused(
            f"Line {line.seq}: the image path has {len(path)} characters and Windows allows {LONGEST_WINDOWS_PATH}; "
            f"shorten the base folder of the path profile {settings.profile_name!r}."
        )
    return path


def _require_profile(settings: OutputSettings) -> None:
    if not settings.profile_name:
        raise Refused("The order has no path profile. Give the dealership one and prepare the order again.")
    try:
        require_base(settings.profile_base, settings.profile_separator)
    except PathError as error:
        raise Refused(
            f"The path profile {settings.profile_name!r} has the base folder {settings.profile_base!r}. {error}"
        ) from error


def _dated(content: OrderContent, abbreviation: str, suffix: str) -> str:
    code = _safe(content.settings.short_code or content.settings.file_name)
    day = content.completed_at
    return f"{code}_{abbreviation}_{day.month}.{day.day} - {suffix}.csv"


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name).strip(". ")
