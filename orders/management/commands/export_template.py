import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from orders.operations.output_templates import export_output_template


class Command(JsonCommand):
    help = "Write the newest version of an output template to a JSON file that imports as the same."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code")
        parser.add_argument("file", type=Path)

    def run(self, **options: Any) -> Outcome:
        code, file = options["code"], options["file"]
        data = export_output_template(code=code)
        try:
            file.write_text(json.dumps(data, indent=2) + "\n", encoding="ascii")
        except OSError as error:
            raise BadInput(f"{file} cannot be written: {error.strerror}. Name a file that can.") from error
        columns = len(data["columns"])
        return Outcome({"code": code, "columns": columns}, f"Output template {code}: {columns} columns in {file}.")
