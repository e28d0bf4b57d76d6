"""Django's PostgreSQL engine, which waits for a free connection and starts the embedded server when there is none."""

import time
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from django.utils.asyncio import async_unsafe
from psycopg2 import OperationalError

from silverfox import db_embedded

# A server whose connections are all taken is busy, not gone: others end theirs in a moment.
PATIENCE_SECONDS = 10
# A refused connection has no code, only the server's words.
_FULL = ("too many clients", "too many connections", "connection slots are reserved")


class DatabaseWrapper(base.DatabaseWrapper):
    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return super().get_new_connection(conn_params)
            except OperationalError as error:
                if not _is_full(error):
                    break
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        if settings.EMBEDDED_DATABASE:
            db_embedded.ensure_running()
        return super().get_new_connection(conn_params)


def _is_full(error: OperationalError) -> bool:
    return any(words in str(error) for words in _FULL)
