"""The commands as a person or a program runs them: exit code, standard output and standard error."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from django.core.management import get_commands, load_command_class


@dataclass(frozen=True)
class Answer:
    exit_code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document of standard output."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def error_code(self) -> str:
        return str(self.document["error"]["code"])


def run_command(name: str, *arguments: object) -> Answer:
    """Run a command in this process; as every command it closes its connections, so the test must not be in a
    transaction."""
    app = get_commands()[name]
    assert isinstance(app, str)
    code: str | int | None = 0
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            load_command_class(app, name).run_from_argv(["manage.py", name, *map(str, arguments)])
        except SystemExit as stop:
            code = stop.code
    assert isinstance(code, int)
    return Answer(code, out.getvalue(), err.getvalue())
