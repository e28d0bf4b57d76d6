from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from orders.domain.output_template_data import read_json
from orders.operations.output_templates import save_version


class Command(JsonCommand):
    help = "Add the output template of a JSON file; a changed one becomes a new version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def run(self, **options: Any) -> Outcome:
        version, is_new = save_version(data=_read(options["file"]))
        code = version.output_template.code
        words = "added" if is_new else "is in force already; nothing was changed"
        return Outcome(
            {"code": code, "version": version.number, "new": is_new},
            f"Output template {code} version {version.number} {words}.",
        )


def _read(file: Path) -> Any:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}. Name an existing JSON file.") from error
    return read_json(data, name=str(file))
