"""JSON data of an output template that tests write and change."""

from typing import Any


def poster(*, formula: str = "{model|upper}", **values: Any) -> dict[str, Any]:
    return {
        "code": "poster",
        "name": "Poster",
        "abbreviation": "PST",
        "columns": [{"header": "TITLE", "formula": formula, "required": True}, {"header": "@QR", "formula": "{qr}"}],
        "options": {},
    } | values
