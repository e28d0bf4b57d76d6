"""`manage.py db start|stop|status|url`: the embedded server, by hand."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from foundation.errors import Refused
from silverfox import db_embedded


class Command(JsonCommand):
    help = "Start, stop or show the embedded PostgreSQL server, or print its URL for psql and pg_dump."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status", "url"])

    def run(self, **options: Any) -> Outcome:
        return {"start": start, "stop": stop, "status": status, "url": url}[options["action"]]()


def start() -> Outcome:
    _refuse_external()
    db_embedded.ensure_running()
    return Outcome({"running": True}, f"PostgreSQL runs in {settings.DATABASE_DIR}.")


def stop() -> Outcome:
    _refuse_external()
    stopped = db_embedded.stop()
    words = "PostgreSQL is stopped." if stopped else "PostgreSQL was not running."
    return Outcome({"running": False, "stopped": stopped}, words)


def status() -> Outcome:
    if not settings.EMBEDDED_DATABASE:
        return Outcome({"embedded": False, "url": _url()}, f"DATABASE_URL is set: {_url()}.")
    running = db_embedded.is_running()
    words = f"PostgreSQL {'runs' if running else 'is stopped'} in {settings.DATABASE_DIR}."
    return Outcome({"embedded": True, "running": running, "directory": settings.DATABASE_DIR, "url": _url()}, words)


def url() -> Outcome:
    return Outcome({"url": _url()}, _url())


def _refuse_external() -> None:
    if not settings.EMBEDDED_DATABASE:
        raise Refused("DATABASE_URL is set: start and stop that server with its own tools.")


def _url() -> str:
    """The address without a password: it may end in a terminal's history."""
    database = settings.DATABASES["default"]
    host = quote(database["HOST"], safe="/")
    port = f"&port={database['PORT']}" if database["PORT"] else ""
    return f"postgresql://{quote(database['USER'], safe='')}@/{quote(database['NAME'], safe='')}?host={host}{port}"
