"""Django's PostgreSQL engine, which starts the embedded server when a connection finds none."""

from typing import Any

from django.db.backends.postgresql import base
from django.utils.asyncio import async_unsafe
from psycopg2 import OperationalError

from silverfox import db_embedded


class DatabaseWrapper(base.DatabaseWrapper):
    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except OperationalError:
            db_embedded.ensure_running()
            return super().get_new_connection(conn_params)
