import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from orders.operations.output_templates import import_output_template


class Command(JsonCommand):
    help = "Add the output template of a JSON file; a changed one becomes a new version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def run(self, **options: Any) -> Outcome:
        version, is_new = import_output_template(data=_read(options["file"]))
        code = version.output_template.code
        words = "added" if is_new else "is in force already; nothing was changed"
        return Outcome(
            {"code": code, "version": version.number, "new": is_new},
            f"Output template {code} version {version.number} {words}.",
        )


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}. Name an existing JSON file.") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{file} is not JSON: {error}. Export an output template for an example.") from error
