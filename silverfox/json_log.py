"""Log records as one line of JSON each, so that programs can read them and nobody can forge a line."""

import json
import logging
import re
from datetime import UTC, datetime

from foundation import context

STANDARD_ATTRIBUTES = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# A VIN is seventeen letters and figures, both of them, alone or in the name of a file.
_VIN = re.compile(r"(?<![A-Za-z0-9])(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[A-HJ-NPR-Z0-9]{17}(?![A-Za-z0-9])", re.IGNORECASE)
# Where the database quotes the row that it refused.
_ROW_OF_DATABASE = re.compile(r"^DETAIL:.*$", re.MULTILINE)
_SECRET = re.compile("password|secret|cookie|authorization|csrf|session", re.IGNORECASE)


class JsonFormatter(logging.Formatter):
    """A record with its own details and the facts of the work that it was written in: request, user, order, job.

    What identifies a customer's vehicle is left out wherever it stands; the ids of orders and lines lead to it.
    """

    def format(self, record: logging.LogRecord) -> str:
        details = {name: value for name, value in vars(record).items() if name not in STANDARD_ATTRIBUTES}
        # Django hangs the whole request on its records; it says nothing that the message does not.
        details.pop("request", None)
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in context.facts().items() if value != ""},
            **{name: "[removed]" if _SECRET.search(name) else value for name, value in details.items()},
        }
        if record.exc_info:
            entry["exception"] = _ROW_OF_DATABASE.sub("DETAIL: [removed]", self.formatException(record.exc_info))
        return json.dumps({name: _without_vins(value) for name, value in entry.items()})


def _without_vins(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(name): _without_vins(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_vins(item) for item in value]
    return _VIN.sub("[VIN]", str(value))
