"""A lost database is told apart from a refused statement, however it was lost."""

import psycopg2
import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.utils import DatabaseErrorWrapper

from foundation.connections import is_connection_lost


def raised_by_django(error: psycopg2.Error) -> Exception:
    with pytest.raises(DatabaseError) as raised, DatabaseErrorWrapper(connection):
        raise error
    return raised.value


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("connection refused"),
        InterfaceError("connection already closed"),
        raised_by_django(psycopg2.DatabaseError("server closed the connection unexpectedly")),
    ],
)
def test_a_server_that_went_away_is_a_lost_connection(error: Exception) -> None:
    assert is_connection_lost(error)


@pytest.mark.django_db
def test_a_refused_statement_and_any_other_fault_are_none() -> None:
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    own = DatabaseError("Save with update_fields did not affect any rows.")
    assert [is_connection_lost(error) for error in (refused.value, own, ValueError(), None)] == [False] * 4
