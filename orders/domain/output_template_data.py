"""An output template as JSON: how a version is stored, exported and imported."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from foundation.errors import BadInput
from orders.domain.cell_text import TextEncoding
from orders.domain.formulas import FIELDS, FormulaError, parse_formula
from orders.domain.output_templates import Column, OutputOptions, OutputTemplate

_KEYS = {"code": str, "name": str, "abbreviation": str, "columns": list, "options": dict}
_COLUMN_KEYS = {"header": str, "formula": str, "required": bool, "max_length": int}
_CODE = re.compile(r"[a-z0-9_]{1,40}")
_ABBREVIATION = re.compile(r"[A-Z0-9]{1,10}")
_LONGEST_NAME = 60
MOST_COLUMNS = 100
LONGEST_LENGTH = 10_000


def output_template_data(template: OutputTemplate) -> dict[str, Any]:
    """JSON-serialisable data without the version; `output_template_from` gives the same output template back."""
    plain = _option_values(OutputOptions())
    return {
        "code": template.code,
        "name": template.name,
        "abbreviation": template.abbreviation,
        "columns": [_column_data(column) for column in template.columns],
        "options": {name: value for name, value in _option_values(template.options).items() if value != plain[name]},
    }


def _option_values(options: OutputOptions) -> dict[str, Any]:
    return asdict(options) | {"uppercase": sorted(options.uppercase), "encoding": options.encoding.value}


def _column_data(column: Column) -> dict[str, Any]:
    data = {
        "header": column.header,
        "formula": column.formula.source,
        "required": column.is_required,
        "max_length": column.max_length,
    }
    return {name: value for name, value in data.items() if value not in (False, None)}


def read_json(data: bytes, *, name: str = "The file") -> Any:
    """What a JSON file holds. Raises `BadInput`, with the name of the file, for what is no JSON."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is not JSON: {error}. Export an output template for an example.") from error


def output_template_from(data: Mapping[str, Any], *, version: int = 1) -> OutputTemplate:
    """The output template that JSON data describes.

    Raises `BadInput` naming the key or the column, and the remedy, for what is missing, unknown, of another type or
    would mislead Adobe.
    """
    _require_keys("The output template", data, _KEYS, required=("code", "name", "abbreviation", "columns"))
    _require_names(data)
    if not data["columns"]:
        raise BadInput("The output template has no columns; describe at least one with header and formula.")
    if len(data["columns"]) > MOST_COLUMNS:
        raise BadInput(too_many_columns(len(data["columns"])))
    try:
        return OutputTemplate(
            code=data["code"],
            name=data["name"],
            abbreviation=data["abbreviation"],
            version=version,
            columns=tuple(_column(number, column) for number, column in enumerate(data["columns"], start=1)),
            options=_options(data.get("options", {})),
        )
    except FormulaError as error:
        raise BadInput(str(error)) from error


def too_many_columns(count: int) -> str:
    return f"The output template has {count} columns; it may have {MOST_COLUMNS}. Remove the others."


def _require_names(data: Mapping[str, Any]) -> None:
    if not _CODE.fullmatch(data["code"]):
        raise BadInput(f"The code {data['code']!r} cannot be used: small letters, digits and _, at most 40 characters.")
    if not _ABBREVIATION.fullmatch(data["abbreviation"]):
        raise BadInput(
            f"The abbreviation {data['abbreviation']!r} cannot be used in file names: capitals and digits, at most 10."
        )
    name = data["name"]
    if not 1 <= len(name) <= _LONGEST_NAME or name != name.strip() or not name.isprintable():
        raise BadInput(
            f"The name {name!r} cannot be used: 1 to {_LONGEST_NAME} printed characters, no blank at either end."
        )


def _column(number: int, data: Any) -> Column:
    where = f"Column {number}"
    _require_keys(where, data, _COLUMN_KEYS, required=("header", "formula"))
    if not 1 <= data.get("max_length", 1) <= LONGEST_LENGTH:
        raise BadInput(f"{where}: max_length is a number from 1 to {LONGEST_LENGTH}.")
    try:
        formula = parse_formula(data["formula"])
    except FormulaError as error:
        raise BadInput(f"{where} ({data['header']}): {error}") from error
    return Column(
        header=data["header"],
        formula=formula,
        is_required=data.get("required", False),
        max_length=data.get("max_length"),
    )


def _options(data: Mapping[str, Any]) -> OutputOptions:
    kinds = {option.name: _OPTION_KINDS.get(option.name, bool) for option in fields(OutputOptions)}
    _require_keys("The options", data, kinds, required=())
    unknown = [str(name) for name in data.get("uppercase", []) if name not in FIELDS]
    if unknown:
        raise BadInput(f"The option uppercase names {', '.join(unknown)}; its fields are {', '.join(FIELDS)}.")
    encoding = data.get("encoding", TextEncoding.ASCII)
    if encoding not in list(TextEncoding):
        raise BadInput(f"The option encoding is {encoding!r}; the encodings are {', '.join(TextEncoding)}.")
    typed = {"uppercase": frozenset(data.get("uppercase", [])), "encoding": TextEncoding(encoding)}
    return OutputOptions(**{**data, **typed})


def _require_keys(where: str, data: Any, kinds: Mapping[str, type], *, required: tuple[str, ...]) -> None:
    if not isinstance(data, Mapping):
        raise BadInput(f"{where} is no JSON object; its keys are {', '.join(kinds)}.")
    missing = [f"lacks {key}" for key in required if key not in data]
    unknown = [f"has {key}" for key in sorted(data.keys() - kinds.keys())]
    if missing or unknown:
        raise BadInput(f"{where} {' and '.join([*missing, *unknown])}; the keys are {', '.join(kinds)}.")
    for key, value in data.items():
        if type(value) is not kinds[key]:
            raise BadInput(f"{where}: {key} is {value!r}, which is no {_WORDS[kinds[key]]}.")


_OPTION_KINDS = {"uppercase": list, "encoding": str}
_WORDS = {str: "text", list: "list", dict: "object", bool: "true or false", int: "whole number"}
