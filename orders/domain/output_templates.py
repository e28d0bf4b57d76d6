"""Output templates: the column layouts of the files that Adobe reads."""

import re
from dataclasses import dataclass, field

from dealerships.domain.output import OutputTemplateCode
from foundation.errors import BadInput
from orders.domain.formulas import Formula, FormulaError, parse_formula

REQUIRED_HEADERS = frozenset({"VIN", "STOCK", "QRSTOCK", "QRYEARMODEL", "YEARMAKE", "YEARMODEL", "MODEL", "PRICE"})
_HEADER = re.compile(r"@?[A-Z_][A-Z0-9_]*")
_LONGEST_HEADER = 31


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its header, its formula, and whether an empty field of the formula stops the order.

    A text longer than `max_length` is a warning in review.
    """

    header: str
    formula: Formula
    is_required: bool = False
    max_length: int | None = None

    @property
    def is_image(self) -> bool:
        """Adobe links the image whose path stands in a column with `@`."""
        return self.header.startswith("@")


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """How fields are spelled: `uppercase` names the fields printed in capitals, the rest are choices of a layout."""

    uppercase: frozenset[str] = frozenset()
    certified_prefix: bool = False
    new_in_year_make: bool = False
    star_for_empty: bool = False
    dollar_sign: bool = False
    markup_on_msrp: bool = False
    inches_for_quotes: bool = False


@dataclass(frozen=True, kw_only=True)
class OutputTemplate:
    """An ordered list of columns. Illustrator documents bind to the headers, so they are frozen per version.

    Raises `FormulaError` for headers that Adobe misreads and for an image path outside a column of its own.
    """

    code: str
    name: str
    abbreviation: str
    columns: tuple[Column, ...]
    version: int = 1
    options: OutputOptions = field(default_factory=OutputOptions)

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for column in self.columns:
            _check_header(column.header, seen)
            seen.add(column.header.lower())
            if column.is_image != (column.formula.source == "{qr}") or (
                not column.is_image and "qr" in column.formula.fields
            ):
                raise FormulaError(f"{column.header}: {{qr}} stands alone in a column whose header starts with @.")

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(column.header for column in self.columns)

    @property
    def label(self) -> str:
        """Code and version, as stored with each file."""
        return f"{self.code} v{self.version}"


def _check_header(header: str, seen: set[str]) -> None:
    if not _HEADER.fullmatch(header) or header.lstrip("@").startswith("XML") or len(header) > _LONGEST_HEADER:
        raise FormulaError(
            f"The header {header!r} cannot be used: capitals, digits and _, at most {_LONGEST_HEADER} characters, "
            "not starting with a digit or XML; @ in front marks an image."
        )
    if header.lower() in seen:
        raise FormulaError(f"The header {header!r} stands twice.")


def _columns(*pairs: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(
        Column(
            header=header,
            formula=parse_formula(source),
            is_required=header in REQUIRED_HEADERS or header.startswith("@"),
        )
        for header, source in pairs
    )


_STOCK = "{year} {model} - {stock}"
_VIN = "{prefix} - {vin}"
_PACK_TAIL = (
    ("STOCK", _STOCK),
    ("VIN", _VIN),
    ("@QR", "{qr}"),
    ("QRYEARMODEL", _STOCK),
    ("QRSTOCK", _VIN),
    ("@QR2", "{qr}"),
    ("MISC", f"{_STOCK} - {_VIN}"),
)
_IN_CAPITALS = OutputOptions(uppercase=frozenset({"year", "make", "model", "trim"}))

SHORTCUT = OutputTemplate(
    code=OutputTemplateCode.SHORTCUT.value,
    name="Shortcut",
    abbreviation="SC",
    columns=_columns(("QRYEARMODEL", _STOCK), ("QRSTOCK", _VIN), ("@QR2", "{qr}")),
    options=_IN_CAPITALS,
)
SHORTCUT_PACK = OutputTemplate(
    code=OutputTemplateCode.SHORTCUT_PACK.value,
    name="Shortcut Pack",
    abbreviation="SCP",
    columns=_columns(("YEARMAKE", "{year} {make}"), ("MODEL", "{model}"), ("TRIM", "{trim}"), *_PACK_TAIL),
    options=_IN_CAPITALS,
)
PRICED_SHORTCUT_PACK = OutputTemplate(
    code=OutputTemplateCode.PRICED_SHORTCUT_PACK.value,
    name="Priced Shortcut Pack",
    abbreviation="SCPP",
    columns=_columns(("YEARMODEL", "{year} {model}"), ("TRIM", "{trim}"), ("PRICE", "{price+markup}"), *_PACK_TAIL),
    options=OutputOptions(uppercase=frozenset({"model"})),
)
FLYOUT = OutputTemplate(
    code=OutputTemplateCode.FLYOUT.value,
    name="Flyout",
    abbreviation="FLY",
    columns=_columns(("QRYEARMODEL", "{year} {make} {model}"), ("QRPRICE", "{price}"), ("@QR2", "{qr}")),
)
BUILT_IN = {template.code: template for template in (SHORTCUT, SHORTCUT_PACK, PRICED_SHORTCUT_PACK, FLYOUT)}


def output_template(code: str) -> OutputTemplate:
    """The output template named by `code`; raises `BadInput` for an unknown one."""
    if code not in BUILT_IN:
        raise BadInput(f"There is no output template named {code!r}; choose one of {', '.join(BUILT_IN)}.")
    return BUILT_IN[code]


@dataclass(frozen=True, kw_only=True)
class ResolvedTemplates:
    """The output templates for new and for all other vehicles; `notice` is what review tells about the choice."""

    new: OutputTemplate
    used: OutputTemplate
    notice: str = ""


def resolve(template_new: str, template_used: str) -> ResolvedTemplates:
    """The output templates for a dealership's two settings, either of which may be empty or `custom`.

    One set serves all lines. None set, or `custom` for a layout that nobody has described yet, gives Shortcut Pack
    with a notice. Raises `BadInput` for an unknown code.
    """
    if not template_new and not template_used:
        return ResolvedTemplates(
            new=SHORTCUT_PACK,
            used=SHORTCUT_PACK,
            notice="This dealership has no output template; its lines use Shortcut Pack. Choose one on its page.",
        )
    codes = (template_new or template_used, template_used or template_new)
    new, used = (SHORTCUT_PACK if code == OutputTemplateCode.CUSTOM else output_template(code) for code in codes)
    notice = "The custom layout of this dealership is not described yet; its lines use Shortcut Pack."
    return ResolvedTemplates(new=new, used=used, notice=notice if OutputTemplateCode.CUSTOM in codes else "")
