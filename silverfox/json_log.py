"""Log records as one line of JSON each, so that programs can read them and nobody can forge a line."""

import json
import logging
import re
from datetime import UTC, datetime

from foundation import context

STANDARD_ATTRIBUTES = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET = re.compile("password|secret|cookie|authorization|csrf|session", re.IGNORECASE)


class JsonFormatter(logging.Formatter):
    """A record with its own details and the facts of the work that it was written in: request, user, order, job."""

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
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)
