"""An output template while somebody writes it: what is typed, in its order, and what is wrong with each column."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from foundation.errors import BadInput
from orders.domain.formulas import FormulaError, parse_formula
from orders.domain.output_template_data import (
    LONGEST_LENGTH,
    MOST_COLUMNS,
    output_template_data,
    output_template_from,
    too_many_columns,
)
from orders.domain.output_templates import Column, OutputOptions, OutputTemplate

LONGEST_CODE = 40
_NOT_OF_A_CODE = re.compile(r"[^a-z0-9]+")
_NOT_OF_A_HEADER = re.compile(r"[^A-Z0-9@]+")


@dataclass(frozen=True, slots=True)
class ColumnDraft:
    """One column as typed; `key` tells it from the others while it is moved."""

    key: int
    header: str = ""
    formula: str = ""
    is_required: bool = False
    max_length: str = ""

    def data(self) -> dict[str, Any]:
        """The column as JSON data of an output template; a length that is no number stays as typed."""
        data: dict[str, Any] = {"header": self.header, "formula": self.formula}
        if self.is_required:
            data["required"] = True
        if self.max_length:
            data["max_length"] = _length(self.max_length) or self.max_length
        return data


@dataclass(frozen=True, slots=True)
class ColumnProblem:
    """What keeps a column from being used: the part that is wrong (header, formula, max_length) and the remedy."""

    part: str
    message: str


@dataclass(frozen=True, kw_only=True)
class OutputTemplateDraft:
    """Everything typed of an output template; `options` is JSON data."""

    code: str = ""
    name: str = ""
    abbreviation: str = ""
    columns: tuple[ColumnDraft, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """The JSON data that `output_template_from` reads."""
        return {
            "code": self.code,
            "name": self.name,
            "abbreviation": self.abbreviation,
            "columns": [column.data() for column in self.columns],
            "options": dict(self.options),
        }

    def with_column(self) -> "OutputTemplateDraft":
        """The draft with an empty column behind the others."""
        key = max((column.key for column in self.columns), default=0) + 1
        return replace(self, columns=(*self.columns, ColumnDraft(key)))

    def without_column(self, key: int) -> "OutputTemplateDraft":
        return replace(self, columns=tuple(column for column in self.columns if column.key != key))

    def with_moved_column(self, key: int, by: int) -> "OutputTemplateDraft":
        """The draft with a column `by` places further; at either end it stays where it is."""
        columns = list(self.columns)
        place = next((place for place, column in enumerate(columns) if column.key == key), None)
        if place is not None and 0 <= place + by < len(columns):
            columns.insert(place + by, columns.pop(place))
        return replace(self, columns=tuple(columns))


def draft_of(template: OutputTemplate) -> OutputTemplateDraft:
    """A draft that says what the output template says."""
    data = output_template_data(template)
    return OutputTemplateDraft(
        code=template.code,
        name=template.name,
        abbreviation=template.abbreviation,
        columns=tuple(
            ColumnDraft(
                key=key,
                header=column.header,
                formula=column.formula.source,
                is_required=column.is_required,
                max_length=str(column.max_length or ""),
            )
            for key, column in enumerate(template.columns, start=1)
        ),
        options=data["options"],
    )


def proposed_code(name: str) -> str:
    """A code made of the name's letters and digits, such as `wide_poster`."""
    return _NOT_OF_A_CODE.sub("_", name.lower()).strip("_")[:LONGEST_CODE].rstrip("_")


def column_problems(
    columns: Sequence[ColumnDraft], options: OutputOptions | None = None
) -> dict[int, tuple[ColumnProblem, ...]]:
    """What is wrong with each column, by its key; columns that can be used are not named."""
    options = options or OutputOptions()
    first_of: dict[str, int] = {}
    problems = {}
    for number, column in enumerate(columns, start=1):
        found = [*_header_problems(column, options), *_formula_problems(column, options), *_length_problems(column)]
        first = first_of.setdefault(column.header.lower(), number)
        if column.header and first != number:
            found.append(ColumnProblem("header", f"The header {column.header!r} stands in column {first} already."))
        if found:
            problems[column.key] = tuple(found)
    return problems


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with a draft: `problems` by the key of the column, `fault` of the options, empty for none.

    `template` holds the columns without problems, to be looked at; None when nothing can be printed. Its names are not
    those of the draft, which are nobody's business before it is saved.
    """

    problems: Mapping[int, tuple[ColumnProblem, ...]]
    fault: str
    template: OutputTemplate | None

    @property
    def count(self) -> int:
        return sum(len(found) for found in self.problems.values()) + bool(self.fault)


def judge(draft: OutputTemplateDraft) -> Judgement:
    """Everything that keeps the columns and options of a draft from being saved, and what of it can be printed."""
    try:
        options = _options_of(draft.options)
    except BadInput as error:
        kind = OutputOptions(data_sheet=bool(draft.options.get("data_sheet")))
        return Judgement(column_problems(draft.columns, kind), error.message, None)
    problems = column_problems(draft.columns, options)
    if len(draft.columns) > MOST_COLUMNS:
        return Judgement(problems, too_many_columns(len(draft.columns)), None)
    columns = [column.data() for column in draft.columns if column.key not in problems]
    template = output_template_from(_stub(columns, draft.options)) if columns else None
    return Judgement(problems, "", template)


def _options_of(data: Mapping[str, Any]) -> OutputOptions:
    return output_template_from(_stub([{"header": "ANY", "formula": "{vin}"}], data)).options


def _stub(columns: list[dict[str, Any]], options: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": "draft", "name": "Draft", "abbreviation": "DRAFT", "columns": columns, "options": dict(options)}


def _header_problems(column: ColumnDraft, options: OutputOptions) -> list[ColumnProblem]:
    if not column.header:
        return [ColumnProblem("header", "The column has no header.")]
    formula = parse_formula("{qr}" if column.header.startswith("@") else "{vin}")
    message = _message_of(Column(header=column.header, formula=formula), options)
    if not message:
        return []
    proposal = _proposed_header(column.header)
    usable = proposal and not _message_of(Column(header=proposal, formula=formula), options)
    return [ColumnProblem("header", f"{message} Did you mean {proposal}?" if usable else message)]


def _formula_problems(column: ColumnDraft, options: OutputOptions) -> list[ColumnProblem]:
    if not column.formula.strip():
        return [ColumnProblem("formula", "The column has no formula, so nothing would be printed.")]
    try:
        formula = parse_formula(column.formula)
    except FormulaError as error:
        return [ColumnProblem("formula", str(error))]
    header = "@IMAGE" if column.header.startswith("@") and not options.data_sheet else "TEXT"
    message = _message_of(Column(header=header, formula=formula), options)
    return [ColumnProblem("formula", message.removeprefix(f"{header}: "))] if message else []


def _length_problems(column: ColumnDraft) -> list[ColumnProblem]:
    if not column.max_length or _length(column.max_length):
        return []
    return [
        ColumnProblem("max_length", f"A whole number of characters from 1 to {LONGEST_LENGTH}; empty for any length.")
    ]


def _message_of(column: Column, options: OutputOptions) -> str:
    """Why a template of this column alone cannot be; empty when it can."""
    try:
        OutputTemplate(code="draft", name="Draft", abbreviation="DRAFT", columns=(column,), options=options)
    except FormulaError as error:
        return str(error)
    return ""


def _proposed_header(header: str) -> str:
    return _NOT_OF_A_HEADER.sub("_", header.upper()).strip("_")


def _length(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        return None
    return int(text) if 1 <= int(text) <= LONGEST_LENGTH else None
